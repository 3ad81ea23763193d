"""Looks at a victim and its keeper right before something is done, through open descriptors."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .comparing import same_bytes
from .errors import Reason
from .plan import PlannedFile
from .steps import Step

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# O_PATH needs no right to list the folder, and only Linux has it.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_GONE = {errno.ENOENT, errno.ENOTDIR}


class LeftAloneError(Exception):
    """Something is not as planned; nothing is done to this name."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


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


@dataclass(frozen=True, slots=True)
class Sight:
    """Two files that are as planned and equal: open, with the folder of the victim."""

    folder: int
    keep: int
    victim: int


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what a file is known by."""
    return status.st_dev, status.st_ino


def is_unwritten(status: os.stat_result, file: PlannedFile, size: int) -> bool:
    """Tell whether it is this file and nobody has written to it; names may have come and gone."""
    return (
        stat.S_ISREG(status.st_mode)
        and identity(status) == file.identity
        and status.st_size == size
        and status.st_mtime_ns == file.mtime
    )


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
        try:
            keep, keep_status = _open(stack, step.keep.path, None)
            folder = stack.enter_context(open_folder(step))
            victim, victim_status = _open(stack, step.base, folder)
        except OSError as error:
            if error.errno in _GONE:
                raise LeftAloneError(Reason.MISSING) from error
            if error.errno in {errno.ELOOP, errno.ENXIO}:
                raise LeftAloneError(Reason.NOT_REGULAR) from error
            raise
        if identity(keep_status) == identity(victim_status):
            raise LeftAloneError(Reason.SAME_FILE)
        size = step.group.size
        for status, file in ((keep_status, step.keep), (victim_status, step.victim)):
            if not is_unwritten(status, file, size) or status.st_ctime_ns != times.expected(file):
                raise LeftAloneError(Reason.CHANGED)
        if not same_bytes(keep, victim):
            raise LeftAloneError(Reason.DIFFERS)
        yield Sight(folder, keep, victim)


def is_kept(step: Step, keep: int) -> bool:
    """Tell whether the keeper still has its name and its bytes; asked right before a removal."""
    size = step.group.size
    return is_unwritten(os.fstat(keep), step.keep, size) and is_unwritten(
        os.lstat(step.keep.path), step.keep, size
    )


def _open(stack: ExitStack, name: bytes, folder: int | None) -> tuple[int, os.stat_result]:
    """Open a regular file, and nothing else: opening a device can set it going."""
    if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
        raise LeftAloneError(Reason.NOT_REGULAR)
    descriptor = os.open(name, _OPEN, dir_fd=folder)
    stack.callback(os.close, descriptor)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise LeftAloneError(Reason.NOT_REGULAR)
    return descriptor, status
