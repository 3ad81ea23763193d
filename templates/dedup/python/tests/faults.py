"""Lets a call to the system fail, or something happen just before it."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from my_project import kernel

CALLS = [
    "open",
    "close",
    "stat",
    "lstat",
    "fstat",
    "read",
    "pread",
    "write",
    "fsync",
    "ftruncate",
    "link",
    "symlink",
    "readlink",
    "rename",
    "replace",
    "unlink",
    "scandir",
]


EVERY = -1  # a number that stands for all calls


class Killed(BaseException):  # it is no error: nothing may catch it
    """Stands for a SIGKILL: nothing runs after it, for every later call fails likewise."""


class Calls:
    """Counts the calls to the system, and does something at one of them."""

    def __init__(self, at: int, event: Callable[[], object]) -> None:
        self.count = 0
        self.names: list[str] = []
        self._at = at
        self._event = event
        self._busy = False

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts before it does what it did."""

        def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # handed on
            if not self._busy:
                self.count += 1
                self.names.append(getattr(function, "__name__", ""))
            if self._at in {self.count, EVERY} and not self._busy:
                self._busy = True  # what the event itself calls does not count
                try:
                    self._event()
                finally:
                    self._busy = False
            elif 0 < self._at < self.count and self._event is kill:
                kill()
            return function(*arguments, **named)

        return counted


def kill() -> None:
    """End the run here, as far as it can tell."""
    raise Killed


def fail(code: int = errno.EIO) -> Callable[[], None]:
    """Return an event that is a failing call."""

    def event() -> None:
        raise OSError(code, os.strerror(code))

    return event


@contextmanager
def calls(at: int = 0, event: Callable[[], object] = kill) -> Iterator[Calls]:
    """Count the calls of everything in the block; the one numbered `at` has an event."""
    counter = Calls(at, event)
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            if name != "close":  # a descriptor is closed even where close fails
                patch.setattr(os, name, counter.wrap(getattr(os, name)))
        patch.setattr(kernel, "_rename", counter.wrap(kernel._rename))  # noqa: SLF001  # renameat2
        patch.setattr(fcntl, "ioctl", counter.wrap(fcntl.ioctl))
        yield counter
