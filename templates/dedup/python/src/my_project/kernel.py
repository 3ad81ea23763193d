"""Calls of Linux that Python does not offer as such: careful renames, shared blocks, leases."""

import ctypes
import errno
import fcntl
import os
import struct
from functools import cache

# linux/fs.h. Renames that either exchange two names or refuse to replace one need renameat2:
# rename(2) would silently drop whatever has taken the victim's name since it was looked at.
_NO_REPLACE = 1
_EXCHANGE = 2

# linux/fs.h: _IOWR(0x94, 54, struct file_dedupe_range). Unlike FICLONERANGE, the kernel compares
# both ranges while it holds both files locked, so it cannot share what differs.
_DEDUPE_RANGE = 0xC0189436
_RANGE = struct.Struct("=QQHHIqQQiI")
_DIFFERS = 1
_MOST_AT_ONCE = 16 * 1024 * 1024  # bytes; Btrfs takes no more in one call

CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})


def exchange(folder: int, one: bytes, other: bytes) -> None:
    """Exchange two names in an open folder in one step; raise `OSError`."""
    _rename(folder, one, other, _EXCHANGE)


def rename_new(folder: int, name: bytes, new: bytes) -> None:
    """Rename in an open folder, but never over another name; raise `OSError`."""
    _rename(folder, name, new, _NO_REPLACE)


def keep_writers_away(descriptor: int) -> bool:
    """Let whoever opens the file for writing wait until this descriptor is closed.

    Returns false if somebody has it open for writing already. Where there are no leases
    (another owner's file, a file system or a system without), nobody is kept away.
    The system tells of a waiting writer by SIGIO, which has to be ignored.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return True
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno != errno.EAGAIN
    return True


class DiffersError(Exception):
    """The kernel found that the bytes of two ranges differ."""


def share(source: int, target: int, size: int) -> int:
    """Let two open files share their blocks; return the bytes that the kernel shared.

    Raises `DiffersError`, and `OSError` where the file system cannot.
    """
    shared = 0
    while shared < size:
        length = min(size - shared, _MOST_AT_ONCE)
        request = bytearray(_RANGE.pack(shared, length, 1, 0, 0, target, shared, 0, 0, 0))
        fcntl.ioctl(source, _DEDUPE_RANGE, request)
        *_, done, status, _ = _RANGE.unpack(request)
        if status == _DIFFERS:
            raise DiffersError
        if status < 0:
            raise OSError(-status, os.strerror(-status))
        if done == 0:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        shared += done
    return shared


def _rename(folder: int, old: bytes, new: bytes, flags: int) -> None:
    function = _renameat2()
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if function(folder, old, folder, new, flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@cache
def _renameat2() -> "ctypes._NamedFuncPointer | None":
    """Return the function of the C library; older ones, and other systems, have none."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = (
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        )
    return function
