"""Runs a workload in batches of 50 to 100 ms, for as long as it is told."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from threading import Event

from .kernels.workload import Outcome, Workload

SHORTEST, LONGEST = 0.050, 0.100  # seconds of a batch
_AIM = 0.072
_GROWTH = 8  # at most, from one measurement to the next: the first ones tell little
_MEASUREMENTS = 12
_PATIENCE = 5  # batches in a row that are too short or too long, before they are adapted


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that has ended."""

    end: float
    """Seconds of the monotonic clock, which all processes of a machine share."""
    seconds: float
    """That it lasted; of several under way at once, that each took on average."""
    outcome: Outcome
    together: int = 1
    """How many were under way at once."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What comes from outside."""

    go: Event
    """All are warm: what follows counts."""
    stop: Event
    """Begin no more batches."""


def warm_up(
    workload: Workload,
    signals: Signals,
    ready: Callable[[], None],
    report: Callable[[Outcome], None],
) -> int:
    """Calibrate, say so, and keep the device busy until all are ready; return the amount.

    Batches are reported, for their errors count although their work does not.
    """
    amount = calibrate(workload, signals.stop, report)
    ready()
    while not (signals.go.is_set() or signals.stop.is_set()):
        workload.submit()
        report(workload.collect())
    return amount


def run_batches(
    workload: Workload, amount: int, seconds: float, stop: Event, report: Callable[[Batch], None]
) -> None:
    """Run for so long, and report each batch.

    There is one batch at least, unless the run is stopped.
    """
    deadline = time.monotonic() + seconds
    first = True
    while not stop.is_set() and (first or time.monotonic() < deadline):
        took = _run_steadily(workload, amount, deadline, stop, report)
        first = False
        if took is not None:
            amount = fitting(amount, took, workload)
            workload.prepare(amount)


def _run_steadily(
    workload: Workload, amount: int, deadline: float, stop: Event, report: Callable[[Batch], None]
) -> float | None:
    """Run until the end; or until batches are too short or long, and return how long they last."""
    # Of batches that overlap, those that end together have not been quick: a batch lasts as long
    # as it takes on average to end as many as are under way at once.
    ends = deque([time.monotonic()], maxlen=workload.depth + 1)
    strays: list[float] = []
    begun = ended = 0
    while True:
        over = begun > 0 and (stop.is_set() or ends[-1] >= deadline or len(strays) >= _PATIENCE)
        while not over and begun - ended < workload.depth:
            workload.submit()
            begun += 1
        if begun == ended:
            return fmean(strays) if len(strays) >= _PATIENCE else None
        outcome = workload.collect()
        ended += 1
        ends.append(time.monotonic())
        took = (ends[-1] - ends[0]) / (len(ends) - 1)
        report(Batch(ends[-1], took, outcome, workload.depth))
        strayed = not SHORTEST <= took <= LONGEST and fitting(amount, took, workload) != amount
        strays = [*strays, took] if strayed else []


def calibrate(workload: Workload, stop: Event, report: Callable[[Outcome], None]) -> int:
    """Return the amount that makes batches last as long as they should; warms up as it goes."""
    amount = workload.least
    workload.prepare(amount)
    for _ in range(_MEASUREMENTS):
        if stop.is_set():
            break
        begin = time.monotonic()
        for _ in range(workload.depth):
            workload.submit()
        for _ in range(workload.depth):
            report(workload.collect())
        took = (time.monotonic() - begin) / workload.depth
        better = fitting(amount, took, workload)
        if SHORTEST <= took <= LONGEST or better == amount:
            break
        amount = better
        workload.prepare(amount)
    return amount


def fitting(amount: int, took: float, workload: Workload) -> int:
    """Return the amount that would have lasted as long as a batch should."""
    factor = min(_AIM / max(took, 1e-6), _GROWTH)
    return max(workload.least, min(workload.most, round(amount * factor)))
