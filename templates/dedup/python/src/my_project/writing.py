"""Writes a file whole or not at all."""

import errno
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress

_PREFIX = b".my-project-"
_SUFFIX = b".tmp"
_MIDDLE = re.compile(rb"[0-9a-f]{16}")


def temporary_name() -> bytes:
    """Return a name that nothing has: the last part of it, for any folder."""
    return _PREFIX + os.urandom(8).hex().encode() + _SUFFIX


def is_temporary_name(name: bytes) -> bool:
    """Tell whether `temporary_name` could have made it: a journal can say anything."""
    middle = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return name == _PREFIX + middle + _SUFFIX and bool(_MIDDLE.fullmatch(middle))


def write_to(path: bytes, pieces: Iterable[bytes]) -> None:
    """Write pieces to what the path leads to; raise `OSError`.

    A file is written whole. What is no file, such as a FIFO or a device, stays what it is
    and gets the pieces.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:  # there is nothing yet, be it that a link leads to it
        mode = stat.S_IFREG
    if stat.S_ISREG(mode):
        write_whole(os.path.realpath(path), pieces)
    elif stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    else:
        with open(os.open(path, os.O_WRONLY | os.O_CLOEXEC), "wb") as file:
            file.writelines(pieces)


def write_whole(path: bytes, pieces: Iterable[bytes]) -> None:
    """Write pieces beside the path, and rename them over it; raise `OSError`."""
    beside = os.path.join(os.path.dirname(path), temporary_name())
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
