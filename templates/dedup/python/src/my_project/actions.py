"""The five actions, each on one name of a victim that was just compared with its keeper.

Whatever happens, and wherever a call fails, the content stays under some name:
nothing is removed but what was looked at under its temporary name a moment before,
and while the keeper was there.
"""

import os
import stat
from contextlib import suppress

from .errors import Reason
from .kernel import CANNOT, DiffersError, exchange, rename_new, share
from .looking import LeftAloneError, Sight, identity, is_kept, is_unwritten
from .plan import Action
from .steps import Step


class FailedError(Exception):
    """Something cannot be done, for a reason that no system call gave."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def act(step: Step, sight: Sight, temporary: bytes) -> int:
    """Do what the step says, and return the bytes that became free.

    Raises `LeftAloneError`, `FailedError` and `OSError`; the victim then has its name still,
    or in the worst case its temporary name.
    """
    size = step.group.size
    match step.action:
        case Action.HARDLINK | Action.SYMLINK:
            _sync(sight)
            _replace(step, sight, temporary)
        case Action.DELETE:
            _sync(sight)
            _delete(step, sight, temporary)
        case Action.TRASH:
            _trash(step)
        case Action.REFLINK:  # pragma: no branch  # mypy holds that there is no other
            try:
                return share(sight.keep, sight.victim, size)
            except DiffersError as error:
                raise LeftAloneError(Reason.DIFFERS) from error
    return size


def is_link_to_keeper(step: Step, folder: int, name: bytes) -> bool:
    """Tell whether a name is what a hardlink or a symlink would put there; raise `OSError`."""
    status = os.lstat(name, dir_fd=folder)
    if step.action is Action.SYMLINK:
        return stat.S_ISLNK(status.st_mode) and os.readlink(name, dir_fd=folder) == step.keep.path
    return step.action is Action.HARDLINK and identity(status) == step.keep.identity


def remove_link(step: Step, folder: int, name: bytes) -> None:
    """Remove a temporary link, if it is one and the keeper has its own name; raise `OSError`."""
    if is_link_to_keeper(step, folder, name) and (
        identity(os.lstat(step.keep.path)) == step.keep.identity
    ):
        os.unlink(name, dir_fd=folder)


def _sync(sight: Sight) -> None:
    """Bring the keeper to the disk: the power may fail right after the victim is gone."""
    os.fsync(sight.keep)


def _replace(step: Step, sight: Sight, temporary: bytes) -> None:
    """Put a link in the place of the victim, so that the name is never without the content."""
    folder = sight.folder
    if step.action is Action.HARDLINK:
        os.link(step.keep.path, temporary, dst_dir_fd=folder, follow_symlinks=False)
    else:
        os.symlink(step.keep.path, temporary, dir_fd=folder)
    try:
        _check_link(step, folder, temporary)
        try:
            exchange(folder, temporary, step.base)
        except OSError as error:
            if error.errno not in CANNOT:
                raise
            _rename_over(step, sight, temporary)
            return
    except (OSError, LeftAloneError):
        with suppress(OSError):
            remove_link(step, folder, temporary)
        raise
    try:
        _check(step, sight, temporary)
        os.unlink(temporary, dir_fd=folder)
    except (OSError, LeftAloneError):
        exchange(folder, temporary, step.base)
        remove_link(step, folder, temporary)
        raise


def _check_link(step: Step, folder: int, name: bytes) -> None:
    """See that the link leads to the keeper that was compared: its name may have been taken."""
    if not is_link_to_keeper(step, folder, name):
        raise LeftAloneError(Reason.CHANGED)


def _rename_over(step: Step, sight: Sight, temporary: bytes) -> None:
    """Replace where names cannot be exchanged: the last look is as close as it can be."""
    _check(step, sight, step.base)
    os.rename(temporary, step.base, src_dir_fd=sight.folder, dst_dir_fd=sight.folder)


def _delete(step: Step, sight: Sight, temporary: bytes) -> None:
    """Take the victim aside, see that it is the victim, and only then remove it."""
    folder = sight.folder
    rename_new(folder, step.base, temporary)
    try:
        _check(step, sight, temporary)
        os.unlink(temporary, dir_fd=folder)
    except (OSError, LeftAloneError):
        rename_new(folder, temporary, step.base)
        raise


def _check(step: Step, sight: Sight, name: bytes) -> None:
    """See that a name has the victim that was compared, and that the keeper is there."""
    status = os.lstat(name, dir_fd=sight.folder)
    if not is_unwritten(status, step.victim, step.group.size) or not is_kept(step, sight.keep):
        raise LeftAloneError(Reason.CHANGED)


def _trash(step: Step) -> None:
    # Slow to load, and seldom needed; it ships no types.
    from send2trash import send2trash  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        send2trash(step.name)
    except Exception as error:
        # It raises what it likes, and there is one thing to say of all of it.
        raise FailedError(Reason.NO_TRASH) from error
