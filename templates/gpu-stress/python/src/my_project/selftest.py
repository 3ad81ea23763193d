"""Flips bits on purpose, and counts how many of the flips are seen."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from .kernels.workload import Faults, Flip, Workload

_AMOUNT = 3  # times the least of a batch: several products, and buffers that do not divide a turn
_PERIOD = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Count:
    """What a self-test found."""

    flips: int = 0
    caught: int = 0
    rounds_without: int = 0
    false_alarms: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.flips + other.flips,
            self.caught + other.caught,
            self.rounds_without + other.rounds_without,
            self.false_alarms + other.false_alarms,
        )


def count_flips(
    workload: Workload,
    rounds: int,
    stop: Event,
    tell: Callable[[Count], None] = lambda _: None,
    drawn: Callable[[int], int] = random.randrange,
) -> Count:
    """Run rounds of a batch with a flip and one without; once a second, tell what was found.

    A flip is caught if exactly one word was wrong, and at that place.
    """
    workload.prepare(_AMOUNT * workload.least)
    found, due = Count(), time.monotonic() + _PERIOD
    for number in range(rounds):
        if stop.is_set():
            break
        # In turn, for else of two slots always the same would have the flip.
        for flipped in (True, False) if number % 2 else (False, True):
            found += _run_flipped(workload, drawn) if flipped else _run_unflipped(workload)
        if time.monotonic() >= due:
            due += _PERIOD
            tell(found)
    return found


def _run_flipped(workload: Workload, drawn: Callable[[int], int]) -> Count:
    is_held = workload.holds and drawn(2) == 1
    flip = Flip(drawn(workload.words), drawn(32), is_held)
    place = workload.place(flip.word)
    workload.submit(flip)
    caught = workload.collect().faults == Faults(1, (place,))
    return Count(flips=1, caught=int(caught))


def _run_unflipped(workload: Workload) -> Count:
    workload.submit()
    false_alarm = workload.collect().faults.count > 0
    return Count(rounds_without=1, false_alarms=int(false_alarm))
