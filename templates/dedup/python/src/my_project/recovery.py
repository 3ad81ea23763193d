"""Puts right what a run left behind that was killed, or that the system failed."""

import os
from contextlib import suppress

from .actions import is_link_to_keeper, remove_link
from .errors import Reason, system_reason
from .journal import Line, State
from .kernel import exchange, rename_new
from .looking import KnownTimes, identity, open_folder
from .plan import Action, PlannedFile
from .steps import Step


def is_left(step: Step, temporary: bytes) -> bool:
    """Tell whether something has the temporary name of a step."""
    return os.path.lexists(os.path.join(step.folder, temporary))


def put_right(step: Step, temporary: bytes) -> Reason | None:
    """Give a victim under a temporary name its name back, or remove a temporary link.

    Returns why that cannot be done, if it cannot.
    """
    try:
        with open_folder(step) as folder:
            if is_link_to_keeper(step, folder, temporary):
                remove_link(step, folder, temporary)
            else:
                _give_back(step, folder, temporary)
    except OSError as error:
        return system_reason(error)
    return Reason.CHANGED if is_left(step, temporary) else None


def _give_back(step: Step, folder: int, temporary: bytes) -> None:
    try:
        rename_new(folder, temporary, step.base)
    except FileExistsError:
        if is_link_to_keeper(step, folder, step.base):
            exchange(folder, temporary, step.base)
            remove_link(step, folder, temporary)


def was_done(step: Step) -> bool:
    """Tell whether a step that has a start, but no end, came to its end all the same."""
    try:
        with open_folder(step) as folder:
            return is_link_to_keeper(step, folder, step.base)
    except FileNotFoundError:
        return step.action in {Action.DELETE, Action.TRASH}
    except OSError:
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


def _ctime(file: PlannedFile) -> int | None:
    """Return the ctime of a file by whichever of its names still is its own."""
    for name in file.names:
        with suppress(OSError):
            status = os.lstat(name)
            if identity(status) == file.identity:
                return status.st_ctime_ns
    return None
