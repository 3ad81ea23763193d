"""Writes to the standard streams: bytes, so that names come out as they are in every locale."""

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import DedupError, system_reason
from .names import shown
from .problems import Problems
from .progress import Progress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_OUTPUT, _ERRORS = 1, 2  # the numbers of the standard streams


class _Output(io.FileIO):
    """Standard output, whose errors say what they are about."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write; raise `DedupError`, but `BrokenPipeError` where the reader has gone."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise DedupError(b"standard output", system_reason(error)) from error


class _Errors(io.FileIO):
    """Standard error; what cannot be written there is dropped, for there is nobody to tell."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, or do not."""
        try:
            written: int | None = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


def prepare() -> None:
    """Put streams that behave as said above in the place of Python's, also of closed ones."""
    # A file that is opened later would get the number of a closed stream, and the messages.
    # Nothing can be written to this one, so a closed standard output still is an error.
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= _ERRORS:
        pass
    os.close(descriptor)
    for name, stream in (
        ("stdout", _Output(_OUTPUT, "w", closefd=False)),
        ("stderr", _Errors(_ERRORS, "w", closefd=False)),
    ):
        before = getattr(sys, name)
        encoding = before.encoding if before else "utf-8"
        text = io.TextIOWrapper(
            io.BufferedWriter(stream), encoding, "backslashreplace", line_buffering=True
        )
        setattr(sys, name, text)


def put(pieces: Iterable[bytes]) -> None:
    """Write to standard output, and make sure that it has gone out; raise `DedupError`."""
    out = sys.stdout.buffer
    out.writelines(pieces)
    out.flush()


def warn(problems: Problems, progress: Progress) -> None:
    """Tell what could not be read."""
    for name, reason in problems.in_order():
        progress.say(f"warning: {shown(name)}: {reason}")


def forget() -> None:
    """Drop what the streams still hold; what nobody takes is not tried again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _OUTPUT)
    os.dup2(nowhere, _ERRORS)
