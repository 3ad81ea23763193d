"""What can go wrong, and the words for it."""

import errno
from enum import IntEnum, StrEnum


class ExitStatus(IntEnum):
    """What the program says to the one that called it."""

    DONE = 0
    PARTLY = 1
    REFUSED = 2
    LEFT_ALONE = 3


class Reason(StrEnum):
    """Why a file was not read or not acted on; the first six can come up in a scan."""

    MISSING = "missing"
    PERMISSION = "permission denied"
    CHANGED = "changed"
    NAME_TOO_LONG = "name too long"
    TOO_MANY_OPEN = "too many open files"
    INPUT_OUTPUT = "i/o error"
    READ_ONLY = "read-only file system"
    NO_SPACE = "no space left"
    OTHER_FILE_SYSTEM = "another file system"
    NOT_SUPPORTED = "not supported"
    TOO_MANY_LINKS = "too many links"
    FOLDER = "is a folder"
    DIFFERS = "differs"
    SAME_FILE = "same file"
    IN_USE = "in use"
    NOT_REGULAR = "not a regular file"
    NO_TRASH = "cannot be moved to the trash"


_IN_A_SCAN = {
    errno.ENOENT: Reason.MISSING,
    errno.ENOTDIR: Reason.MISSING,
    errno.ELOOP: Reason.MISSING,
    errno.EACCES: Reason.PERMISSION,
    errno.EPERM: Reason.PERMISSION,
    errno.ENAMETOOLONG: Reason.NAME_TOO_LONG,
    errno.EMFILE: Reason.TOO_MANY_OPEN,
    errno.ENFILE: Reason.TOO_MANY_OPEN,
}
_ELSEWHERE = {
    errno.EROFS: Reason.READ_ONLY,
    errno.ENOSPC: Reason.NO_SPACE,
    errno.EDQUOT: Reason.NO_SPACE,
    errno.EXDEV: Reason.OTHER_FILE_SYSTEM,
    errno.EOPNOTSUPP: Reason.NOT_SUPPORTED,
    errno.ENOTTY: Reason.NOT_SUPPORTED,
    errno.ENOSYS: Reason.NOT_SUPPORTED,
    errno.EINVAL: Reason.NOT_SUPPORTED,
    errno.EMLINK: Reason.TOO_MANY_LINKS,
    errno.EISDIR: Reason.FOLDER,
}


def scan_reason(error: OSError) -> Reason:
    """Say in the words of a scan why the system refused."""
    return _IN_A_SCAN.get(error.errno or 0, Reason.INPUT_OUTPUT)


def system_reason(error: OSError) -> Reason:
    """Say why the system refused something that is no part of a scan."""
    return _ELSEWHERE.get(error.errno or 0) or scan_reason(error)


class DedupError(Exception):
    """What ends the program with one line: `error: SUBJECT: REASON`."""

    status = ExitStatus.PARTLY

    def __init__(self, subject: bytes, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject = subject
        self.reason = reason


class RefusedError(DedupError):
    """A plan, a journal or a folder that the program does not go by; nothing was done."""

    status = ExitStatus.REFUSED


class WrongUsageError(Exception):
    """A word of the command line that means nothing here."""


class FileChangedError(Exception):
    """A file is not, or no longer, the one that was met."""


class StoppedError(BaseException):
    """A signal asked the program to end; no handler of ordinary errors must catch it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.status = 128 + signal_number
