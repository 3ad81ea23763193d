"""Puts right what a run left behind that was killed, or that the system failed."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from .actions import FailedError, give_back, is_link_to_keeper, remove_link
from .errors import Reason, system_reason
from .files import ctime_of
from .journal import Line, State
from .looking import KnownTimes, identity, open_folder
from .plan import Action, PlannedFile
from .steps import Step


def put_right(
    step: Step, temporaries: Sequence[bytes], begin: Callable[[], None]
) -> tuple[bool, FailedError | None]:
    """Give a victim under a temporary name its name back, and remove temporary links.

    `begin` is called before anything is changed, and may raise what it likes.
    Returns whether anything had one of the names, and why something has it still.
    """
    found, trouble = False, None
    try:
        with open_folder(step) as folder:
            for temporary in temporaries:
                if _is_there(folder, temporary):
                    found = True
                    trouble = _restore(step, folder, temporary, begin) or trouble
    except (FileNotFoundError, NotADirectoryError):
        pass  # the folder is away, with all that was left in it
    except OSError as error:
        trouble = FailedError(system_reason(error))
    return found, trouble


def was_done(step: Step) -> bool:
    """Tell whether a step that has a start, but no end, came to its end all the same."""
    try:
        with open_folder(step) as folder:
            try:
                return is_link_to_keeper(step, folder, step.base)
            except FileNotFoundError:
                # On another device it is only the place where the folder was mounted.
                is_there = os.fstat(folder).st_dev == step.victim.device
                return is_there and step.action in {Action.DELETE, Action.TRASH}
    except OSError:  # then nothing can be told, and the step is tried again
        return False


def take_times(step: Step, times: KnownTimes) -> None:
    """Take the ctimes as they are: a kill came before they could be noted."""
    for file in (step.keep, step.victim):
        times.note(file, _ctime(file))


def replay(line: Line, step: Step, times: KnownTimes) -> None:
    """Take the ctimes that a line of the journal tells."""
    if line.state is not State.START:
        times.note(step.keep, line.keeper_ctime)
        times.note(step.victim, line.victim_ctime)


def _is_there(folder: int, name: bytes) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _restore(
    step: Step, folder: int, temporary: bytes, begin: Callable[[], None]
) -> FailedError | None:
    """Undo what a temporary name stands for; return why it is still there, if it is."""
    trouble = FailedError(Reason.CHANGED)
    try:
        if is_link_to_keeper(step, folder, temporary):
            begin()
            remove_link(step, folder, temporary)
        elif _is_victim(step, os.lstat(temporary, dir_fd=folder)):
            begin()
            give_back(step, folder, temporary)
        return trouble if _is_there(folder, temporary) else None
    except OSError as error:
        if not isinstance(error, FileExistsError):
            trouble = FailedError(system_reason(error))
        for note in getattr(error, "__notes__", ()):
            trouble.add_note(note)
        return trouble


def _is_victim(step: Step, status: os.stat_result) -> bool:
    return identity(status) == step.victim.identity and status.st_size == step.group.size


def _ctime(file: PlannedFile) -> int | None:
    """Return the ctime of a file by whichever of its names still is its own."""
    for name in file.names:
        with suppress(OSError):
            status = os.lstat(name)
            if identity(status) == file.identity:
                return ctime_of(status)
    return None
