"""Owns standard output and error: UTF-8 whatever the locale, and whoever reads them or not."""

import errno
import io
import os
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TextIO

from .errors import StressError, one_line
from .signals import interrupts

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_OUTPUT = "standard output"
_STANDARD_ERROR = 2
_GONE = {errno.EPIPE, errno.EIO}  # what a pipe and a terminal say whose other end is closed


class _Stream(io.FileIO):
    """A file that fails once at most: what is left in buffers is not tried again."""

    def __init__(self, number: int, *, forgiving: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self._forgiving, self._broken = forgiving, False

    def write(self, data: "ReadableBuffer") -> int | None:  # type: ignore[override]  # as above it
        """Write; a reader that is gone wants nothing more, which is no fault."""
        if not self._broken:
            try:
                return super().write(data)
            except OSError as error:
                self._broken = True
                if not self._forgiving and error.errno not in _GONE:
                    error.filename = _OUTPUT
                    raise
        return memoryview(data).nbytes


def prepare_streams() -> None:
    """Set both up, before anything is opened."""
    for number in range(3):  # one that is closed would be the next file that is opened
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _open_stream(1, sys.stdout, forgiving=False)
    sys.stderr = _open_stream(_STANDARD_ERROR, sys.stderr, forgiving=True)


def _open_stream(number: int, stream: TextIO | None, *, forgiving: bool) -> TextIO:
    if os.name == "nt" and stream is not None and stream.isatty():
        return stream  # a console takes text, not bytes
    file = _Stream(number, forgiving=forgiving)
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding="utf-8",
        errors="surrogateescape",  # as names of files come
        newline="\n",
        line_buffering=forgiving or file.isatty(),
    )


def print_text(text: str) -> None:
    """Write to standard output, at the end of a command; raise `StressError`."""
    interrupts().hurry()
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise StressError(f"{_OUTPUT}: {error.strerror}") from error


def complain(sentence: str) -> None:
    """Write a line about an error, at the end of a command."""
    interrupts().hurry()
    sys.stderr.write(f"error: {one_line(sentence)}\n")
    sys.stderr.flush()


class Printer:
    """Writes to standard error from a thread of its own, for a reader may take its time."""

    def __init__(self, write: Callable[[bytes], None] | None = None) -> None:
        self._write = write or _write_error
        self._texts: SimpleQueue[str | None] = SimpleQueue()
        self._put = self._done = 0
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether something is not written yet."""
        return self._put > self._done

    def put(self, text: str) -> None:
        """Write a text after those before it; returns at once."""
        self._put += 1
        self._texts.put(text)

    def close(self) -> None:
        """Wait until all is written, however long that takes."""
        self._texts.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (text := self._texts.get()) is not None:
            self._write(text.encode(errors="replace"))
            self._done += 1


def _write_error(data: bytes) -> None:
    """Write past `sys.stderr`, whose lock the end of Python would wait for."""
    try:
        while data:
            data = data[os.write(_STANDARD_ERROR, data) :]
    except OSError:  # nobody is there, or a disk is full
        pass
