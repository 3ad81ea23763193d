"""Flips bits on purpose, and counts how many of the flips are seen."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from .kernels.workload import Faults, Flip, Workload

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
    """Run rounds with a flip and rounds without, in turn.

    A flip is caught if exactly one word was wrong, and at that place. Once a second what was found
    so far is told.
    """
    workload.prepare(workload.least)
    found, due = Count(), time.monotonic() + _PERIOD
    for _ in range(rounds):
        if stop.is_set():
            break
        flip = Flip(drawn(workload.words), drawn(32))
        caught = workload.run_flipped(flip) == Faults(1, (flip.word,))
        false_alarm = workload.run_flipped(None).count > 0
        found += Count(1, int(caught), 1, int(false_alarm))
        if time.monotonic() >= due:
            due += _PERIOD
            tell(found)
    return found
