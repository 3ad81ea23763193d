"""Writes to the standard streams: bytes, so that names come out as they are in every locale."""

import os
import sys
from collections.abc import Iterable

from .names import shown
from .problems import Problems
from .progress import Progress


def put(pieces: Iterable[bytes]) -> None:
    """Write to standard output, and make sure that it has gone out; raise `OSError`."""
    out = sys.stdout.buffer
    out.writelines(pieces)
    out.flush()


def warn(problems: Problems, progress: Progress) -> None:
    """Tell what could not be read."""
    for name, reason in problems.in_order():
        progress.say(f"warning: {shown(name)}: {reason}")


def forget_output() -> None:
    """Drop what standard output still holds; what could not be written is not tried again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
