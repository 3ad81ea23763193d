"""Reads files that a walk met, and makes sure that they still are what was met."""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import FileChangedError
from .files import Files, mtime_of
from .hashing import Hasher, NewHash
from .holes import has_holes, next_data

BLOCK = 4096  # bytes of the first and the last part that are looked at
CHUNK = 256 * 1024  # bytes of a buffer: fits the cache of a core, and few calls are needed
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_SEQUENTIAL_FROM = 4 * CHUNK  # below this, the hint costs more than it gains


_ZEROS = memoryview(bytes(CHUNK))


class StoppedReadingError(Exception):
    """All is over, and the thread that reads has to end."""


class Reader:
    """Reads the rows of a table; each thread has a buffer of its own."""

    def __init__(self, files: Files, stopped: threading.Event, note: Callable[[int], None]) -> None:
        """`note` gets the count of bytes whenever some were read."""
        self._note = note
        self._files = files
        self._stopped = stopped
        self._local = threading.local()

    def note(self, count: int) -> None:
        """Tell that so many bytes were read; raise `StoppedReadingError` if nobody wants more."""
        if self._stopped.is_set():
            raise StoppedReadingError
        self._note(count)

    @contextmanager
    def open(self, row: int) -> Iterator[int]:
        """Open a file, and check before and after that it is the one that was met.

        Raises `FileChangedError` if it is not, and `OSError`.
        """
        try:
            descriptor = os.open(self._files.paths[row], _FLAGS)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENXIO}:
                raise FileChangedError from error
            raise
        try:
            self._check(descriptor, row)
            yield descriptor
            self._check(descriptor, row)
        finally:
            os.close(descriptor)

    def block(self, row: int, offset: int) -> bytes:
        """Return one block of a file, from the offset on."""
        with self.open(row) as descriptor:
            self.note(BLOCK)
            return os.pread(descriptor, BLOCK, offset)

    def whole(self, row: int, new_hash: NewHash) -> Hasher:
        """Return the hash of all bytes of a file."""
        size = self._files.sizes[row]
        hasher = new_hash()
        with self.open(row) as descriptor:
            if size >= _SEQUENTIAL_FROM and hasattr(os, "posix_fadvise"):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            for piece in self._pieces(descriptor, size):
                self.note(len(piece))
                hasher.update(piece)
        return hasher

    def _pieces(self, descriptor: int, size: int) -> Iterator[memoryview]:
        """Yield all bytes of an open file; each piece is good until the next one."""
        buffer = self._buffer()
        sparse = has_holes(descriptor, size)
        offset = 0
        while offset < size:
            hole = next_data(descriptor, offset, size) - offset if sparse else 0
            if hole:
                piece = _ZEROS[:hole]
            else:
                piece = buffer[: os.preadv(descriptor, [buffer], offset)]
                if not piece:
                    raise FileChangedError
            yield piece
            offset += len(piece)

    def _buffer(self) -> memoryview:
        buffer: memoryview | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = memoryview(bytearray(CHUNK))
        return buffer

    def _check(self, descriptor: int, row: int) -> None:
        status = os.fstat(descriptor)
        files = self._files
        if (
            status.st_ino != files.inodes[row]
            or status.st_dev != files.devices[row]
            or status.st_size != files.sizes[row]
            or mtime_of(status) != files.mtimes[row]
            or not stat.S_ISREG(status.st_mode)
        ):
            raise FileChangedError
