"""Holds interrupts back while something must not be left half done."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_INTERRUPTS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


Asked = Callable[[], bool]
"""Tells whether an interrupt came."""


@contextmanager
def held() -> Iterator[Asked]:
    """Hold interrupts back until the end, and give the means to ask whether one came.

    An exception out of a signal handler could else come between a clean-up and its work.
    """
    came: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():  # no other is interrupted
        for name in _INTERRUPTS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, lambda which, _: came.append(which))
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)
