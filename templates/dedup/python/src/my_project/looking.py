"""Looks at a victim and its keeper right before something is done, through open descriptors."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .comparing import same_bytes
from .errors import Reason
from .files import ctime_of, mtime_of
from .kernel import keep_writers_away
from .plan import PlannedFile
from .steps import Step

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# O_PATH needs no right to list the folder, and only Linux has it.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_GONE = {errno.ENOENT, errno.ENOTDIR}
# What the answers to the opening of a file that was there a moment before mean.
_REFUSALS = {
    errno.ELOOP: Reason.NOT_REGULAR,
    errno.ENXIO: Reason.NOT_REGULAR,
    errno.EAGAIN: Reason.IN_USE,  # somebody has a lease for writing
}


class LeftAloneError(Exception):
    """Something is not as planned, perhaps with one file; nothing is done to this name."""

    def __init__(self, reason: Reason, file: PlannedFile | None = None) -> None:
        super().__init__(reason, file)
        self.reason = reason
        self.file = file


class KnownTimes:
    """The ctimes that the program's own work led to, by file; the plan has all others."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}

    def note(self, file: PlannedFile, ctime: int | None) -> None:
        """Take the time of a file as the one to expect."""
        if ctime is not None:
            self._known[file.identity] = ctime

    def expected(self, file: PlannedFile) -> int:
        """Return the time that the file must have."""
        return self._known.get(file.identity, file.ctime)


@dataclass(slots=True)
class Sight:
    """Two files that are as planned and equal: open, with the folder of the victim."""

    step: Step
    folder: int
    keep: int
    victim: int
    keep_ctime: int
    victim_ctime: int


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what a file is known by."""
    return status.st_dev, status.st_ino


@contextmanager
def open_folder(step: Step) -> Iterator[int]:
    """Open the folder of a name, so that all that is done to the name is done in one folder."""
    descriptor = os.open(step.folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def look(step: Step, times: KnownTimes) -> Iterator[Sight]:
    """Open keeper and victim, and hold them against the plan and against each other.

    Raises `LeftAloneError` if anything is not as planned, and `OSError`.
    """
    with ExitStack() as stack:
        with _leave_alone_if_gone(Reason.MISSING):
            keep, keep_status = _open(stack, step.keep.path, None)
            folder = stack.enter_context(open_folder(step))
            victim, victim_status = _open(stack, step.base, folder)
        if _is_same(keep_status, victim_status):
            raise LeftAloneError(Reason.SAME_FILE)
        expected = times.expected
        sight = Sight(step, folder, keep, victim, expected(step.keep), expected(step.victim))
        check_both(sight)
        if not (keep_writers_away(keep) and keep_writers_away(victim)):
            raise LeftAloneError(Reason.IN_USE)
        if not same_bytes(keep, victim, step.group.size):
            raise LeftAloneError(Reason.DIFFERS)
        check_both(sight)
        yield sight


def check_both(sight: Sight) -> None:
    """See that neither file was touched; raise `LeftAloneError`, and `OSError`.

    Whoever writes to a file can put its mtime back, but not its ctime.
    """
    step = sight.step
    _check(os.fstat(sight.keep), step.keep, step.group.size, sight.keep_ctime)
    _check(os.fstat(sight.victim), step.victim, step.group.size, sight.victim_ctime)


def check_removal(sight: Sight, name: bytes) -> None:
    """See that a name has the victim, and that the keeper has its own name and its bytes.

    Asked right before the victim goes. Its ctime may have changed by then, for that of a file
    that is renamed does. Raises `LeftAloneError`, and `OSError`.
    """
    step, size = sight.step, sight.step.group.size
    with _leave_alone_if_gone(Reason.CHANGED):
        _check(os.lstat(name, dir_fd=sight.folder), step.victim, size, None)
        for status in (os.fstat(sight.keep), os.lstat(step.keep.path)):
            _check(status, step.keep, size, sight.keep_ctime)


@contextmanager
def _leave_alone_if_gone(reason: Reason) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _GONE:
            raise
        raise LeftAloneError(reason) from error


def _check(status: os.stat_result, file: PlannedFile, size: int, ctime: int | None) -> None:
    if (
        not stat.S_ISREG(status.st_mode)
        or identity(status) != file.identity
        or status.st_size != size
        or mtime_of(status) != file.mtime
        or ctime not in {None, ctime_of(status)}
    ):
        raise LeftAloneError(Reason.CHANGED, file)


def _is_same(one: os.stat_result, other: os.stat_result) -> bool:
    """Tell whether it is one file, be it that two devices show it, as overlays do."""
    return identity(one) == identity(other) or _traits(one) == _traits(other)


def _traits(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _open(stack: ExitStack, name: bytes, folder: int | None) -> tuple[int, os.stat_result]:
    """Open a regular file, and nothing else: opening a device can set it going."""
    if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
        raise LeftAloneError(Reason.NOT_REGULAR)
    try:
        descriptor = os.open(name, _OPEN, dir_fd=folder)
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0)
        if reason is None:
            raise
        raise LeftAloneError(reason) from error
    stack.callback(os.close, descriptor)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise LeftAloneError(Reason.NOT_REGULAR)
    return descriptor, status
