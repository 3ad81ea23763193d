"""The five actions, each on one name of a victim that was just compared with its keeper.

Whatever happens, and wherever a call fails, the content stays under some name:
what `hardlink`, `symlink` and `delete` remove is the victim that was compared, looked at under
its temporary name a moment before, while the keeper was there. Only where the file system
cannot exchange names is the victim renamed over, after a last look at its own name.
`trash` goes by the name too, right after such a look.
"""

import errno
import os
import stat
from contextlib import suppress

from .errors import Reason
from .files import ctime_of
from .kernel import CANNOT, DiffersError, exchange, rename_new, share
from .looking import LeftAloneError, Sight, check_both, check_removal, identity
from .names import shown
from .plan import Action
from .steps import Step


class FailedError(Exception):
    """Something cannot be done, for a reason that no system call gave."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def act(sight: Sight, temporary: bytes) -> int:
    """Do what the step says, and return the bytes that became free.

    Raises `LeftAloneError`, `FailedError` and `OSError`; the victim then has its name still,
    or in the worst case its temporary name, which a note of the error tells.
    """
    step = sight.step
    size = step.group.size
    if step.action is Action.REFLINK:
        try:
            return share(sight.keep, sight.victim, size)
        except DiffersError as error:
            raise LeftAloneError(Reason.DIFFERS) from error
    # The power may fail right after the victim is gone, so the keeper has to be on the disk.
    os.fsync(sight.keep)
    check_both(sight)
    match step.action:
        case Action.HARDLINK | Action.SYMLINK:
            _replace(sight, temporary)
        case Action.DELETE:
            rename_new(sight.folder, step.base, temporary)
            _remove(sight, temporary)
        case Action.TRASH:  # pragma: no branch  # mypy holds that there is no other
            _trash(sight)
    return size


def is_link_to_keeper(step: Step, folder: int, name: bytes) -> bool:
    """Tell whether a name is what a hardlink or a symlink would put there; raise `OSError`."""
    status = os.lstat(name, dir_fd=folder)
    if step.action is Action.SYMLINK:
        return stat.S_ISLNK(status.st_mode) and os.readlink(name, dir_fd=folder) == step.keep.path
    return step.action is Action.HARDLINK and identity(status) == step.keep.identity


def remove_link(step: Step, folder: int, name: bytes) -> None:
    """Remove a temporary link, unless it is the keeper's last name; raise `OSError`."""
    if not is_link_to_keeper(step, folder, name):
        return
    status = os.lstat(name, dir_fd=folder)
    if (
        stat.S_ISLNK(status.st_mode)
        or status.st_nlink > 1
        or identity(os.lstat(step.keep.path)) == step.keep.identity
    ):
        os.unlink(name, dir_fd=folder)


def give_back(step: Step, folder: int, temporary: bytes) -> None:
    """Give what has the temporary name of a step the name of the step, if nothing else has it.

    Raises `OSError`, with a note of where the file is now; `FileExistsError` if the name is taken.
    """
    try:
        try:
            linked = is_link_to_keeper(step, folder, step.base)
        except FileNotFoundError:
            linked = False
        if linked:
            exchange(folder, temporary, step.base)
            if not is_link_to_keeper(step, folder, temporary):
                # Another file came to the name right before, and has it again.
                exchange(folder, temporary, step.base)
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        else:
            rename_new(folder, temporary, step.base)
    except OSError as error:
        error.add_note(f"  it is now {shown(os.path.join(step.folder, temporary))}")
        raise
    if linked:
        with suppress(OSError):
            remove_link(step, folder, temporary)


def _replace(sight: Sight, temporary: bytes) -> None:
    """Put a link in the place of the victim, so that the name is never without the content."""
    step, folder = sight.step, sight.folder
    if step.action is Action.HARDLINK:
        os.link(step.keep.path, temporary, dst_dir_fd=folder, follow_symlinks=False)
    else:
        os.symlink(step.keep.path, temporary, dir_fd=folder)
    try:
        is_aside = _put_in_place(sight, temporary)
    except (OSError, LeftAloneError):
        with suppress(OSError):
            remove_link(step, folder, temporary)
        raise
    if is_aside:
        _remove(sight, temporary)


def _put_in_place(sight: Sight, temporary: bytes) -> bool:
    """Give a new link the victim's name; tell whether the victim has the temporary name now."""
    step, folder = sight.step, sight.folder
    if not is_link_to_keeper(step, folder, temporary):
        # Another file took the keeper's name, and has one name too many now.
        os.unlink(temporary, dir_fd=folder)
        raise LeftAloneError(Reason.CHANGED)
    _expect_link(sight)
    check_both(sight)
    try:
        exchange(folder, temporary, step.base)
    except OSError as error:
        if error.errno not in CANNOT:
            raise
    else:
        return True
    check_removal(sight, step.base)
    os.rename(temporary, step.base, src_dir_fd=folder, dst_dir_fd=folder)
    return False


def _expect_link(sight: Sight) -> None:
    """Take the keeper's ctime as it is: a new link changed it, and so does its renaming."""
    if sight.step.action is Action.HARDLINK:
        sight.keep_ctime = ctime_of(os.fstat(sight.keep))


def _remove(sight: Sight, temporary: bytes) -> None:
    """Remove what was taken aside, if it is the victim; else it gets its name back."""
    try:
        _expect_link(sight)
        check_removal(sight, temporary)
        os.unlink(temporary, dir_fd=sight.folder)
    except (OSError, LeftAloneError) as error:
        try:
            give_back(sight.step, sight.folder, temporary)
        except OSError as trouble:
            # What stopped the removal is the outcome; where the file is now has to be told too.
            for note in trouble.__notes__:
                error.add_note(note)
        raise


def _trash(sight: Sight) -> None:
    # Slow to load, and seldom needed; it ships no types.
    from send2trash import send2trash  # type: ignore[import-untyped]  # noqa: PLC0415

    check_removal(sight, sight.step.name)
    try:
        send2trash(sight.step.name)
    except Exception as error:
        # It raises what it likes, and there is one thing to say of all of it.
        raise FailedError(Reason.NO_TRASH) from error
