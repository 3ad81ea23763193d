"""Notes the first SIGINT or SIGTERM, and ends the program at once with the second."""

import os
import signal
from collections.abc import Callable
from functools import cache
from threading import Thread, Timer

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 0.2  # seconds for a reader of standard output to take what is left


@cache
def interrupts() -> "Interrupts":
    """Return what has come since the first call, which the program makes when it starts."""
    return Interrupts()


class Interrupts:
    """What has come.

    A thread hears of it, for the main one may be inside a driver that does not return, and Python
    calls handlers in the main one only.
    """

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self._notify: Callable[[], None] = lambda: None
        heard, told = os.pipe()
        if os.name == "posix":
            os.set_blocking(told, False)  # as Python wants it, and knows how to there
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        Thread(target=self._listen, args=(heard,), daemon=True).start()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
                signal.signal(number, lambda *_: None)

    def tell(self, notify: Callable[[], None]) -> None:
        """Call this when a signal comes, or now if one has; from any thread, and maybe twice."""
        self._notify = notify
        if self.number is not None:
            notify()

    def hurry(self) -> None:
        """From now on end soon after a signal, for a pipe that nobody reads holds a writer up."""
        self.tell(self._end_soon)

    def _end_soon(self) -> None:
        timer = Timer(_PATIENCE, os._exit, [128 + (self.number or 0)])
        timer.daemon = True
        timer.start()

    def _listen(self, heard: int) -> None:
        """Take the numbers of signals, which Python writes as bytes."""
        while number := os.read(heard, 1)[0]:
            if number not in _SIGNALS:
                continue
            if self.number is not None:
                os._exit(128 + number)
            self.number = signal.Signals(number)
            self._notify()
