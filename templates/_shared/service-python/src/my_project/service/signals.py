"""SIGTERM and SIGINT: the first one ends the service in order, the second one at once."""

import os
import signal
from collections.abc import Callable
from types import FrameType

_EXIT_OF_SIGNAL = 128  # what shells add to the number of a signal


class _Ending:
    """What a signal does, which depends on how far the service has come."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.drain: Callable[[], object] | None = None
        self.before_exit: Callable[[], object] = lambda: None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Begin to drain, or end the process, which nothing can hold up then."""
        if self.first is not None:
            self.before_exit()
            os._exit(_EXIT_OF_SIGNAL + number)
        if self.drain is None:  # it does not listen yet, so there is nothing to finish
            self.before_exit()
            os._exit(0)
        self.first = signal.Signals(number)
        self.drain()


_ENDING = _Ending()


def install() -> None:
    """Take over both signals; until `on_first` is called, each of them ends the process with 0."""
    # Not the event loop's own handlers: those would wait for a request that keeps it busy.
    signal.signal(signal.SIGTERM, _ENDING.handle)
    signal.signal(signal.SIGINT, _ENDING.handle)


def on_first(drain: Callable[[], object], before_exit: Callable[[], object]) -> None:
    """Set what the first signal does, and what comes before the exit at the second."""
    _ENDING.before_exit = before_exit
    _ENDING.drain = drain


def first() -> signal.Signals | None:
    """Return the signal that ends the service, or None as long as none has come."""
    return _ENDING.first
