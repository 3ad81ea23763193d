"""Notes the first SIGINT or SIGTERM, and ends the program at once with the second."""

import os
import signal
import threading
from collections.abc import Callable
from functools import cache
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 0.2  # seconds for a reader of standard output to take what is left


@cache
def interrupts() -> "Interrupts":
    """Return what has come since the first call, which the program makes when it starts."""
    return Interrupts()


class Interrupts:
    """What has come."""

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self._notify: Callable[[], None] = lambda: None
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
                signal.signal(number, self._note)

    def tell(self, notify: Callable[[], None]) -> None:
        """Call this when a signal comes, or now if one has."""
        self._notify = notify
        if self.number is not None:
            notify()

    def hurry(self) -> None:
        """From now on end soon after a signal, for a pipe that nobody reads holds a writer up."""
        self.tell(self._end_soon)

    def _end_soon(self) -> None:
        timer = threading.Timer(_PATIENCE, os._exit, [128 + (self.number or 0)])
        timer.daemon = True
        timer.start()

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = signal.Signals(number)
        self._notify()
