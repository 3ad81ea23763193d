"""Ends the program in good order on Ctrl-C, SIGTERM and SIGHUP."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .errors import StoppedError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_at_once() -> None:
    """Let a signal end what the program does, wherever it is: right for all that only reads."""

    def stop(number: int, _: FrameType | None) -> None:
        raise StoppedError(number)

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
            signal.signal(number, stop)


class Signals:
    """A signal waits for the current step to end."""

    def __init__(self) -> None:
        self._is_waiting = False
        self._number: int | None = None
        # Says that somebody waits to write to a file that is looked at; it would end the program.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def obey(self) -> None:
        """End the program if a signal has come; called between two steps."""
        if self._number is not None:
            raise StoppedError(self._number)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal end the program at once, while it waits for somebody to read a message."""
        self._is_waiting = True
        try:
            yield
        finally:
            self._is_waiting = False

    def _note(self, number: int, _: FrameType | None) -> None:
        self._number = number
        if self._is_waiting:
            self.obey()
