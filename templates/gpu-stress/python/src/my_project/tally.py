"""Counts what the threads of a device have done of one kernel, and how fast."""

from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from .kernels.names import Kernel
from .precisions import Precision

_MOST_PLACES = 16
_MOST_RATES = 4096  # of batches: kernels that run for long are judged by their samples
_LONG_ENOUGH = 3.0  # seconds, for samples to say more than batches

Message = dict[str, Any]


@dataclass(slots=True)
class _Lane:
    """One thread that runs batches."""

    begin: float
    """Of the first batch."""
    sampled: float
    """When the last batch ended that is in a sample."""
    end: float
    """When the last batch ended."""
    work: int = 0
    """Since the last sample."""
    rates: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """One kernel in one precision on one device."""

    kernel: Kernel
    precision: Precision | None
    batches: int = 0
    operations: int = 0
    transferred: int = 0
    errors: int = 0
    places: list[int] = field(default_factory=list)
    reference: dict[str, Any] | None = None
    begin: float | None = None
    end: float = 0
    samples: list[float] = field(default_factory=list)
    lanes: dict[tuple[int, int], _Lane] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The kernel and its precision."""
        return self.kernel if self.precision is None else f"{self.kernel} {self.precision}"

    @property
    def seconds(self) -> float:
        """From the first batch to the last, on average over the threads."""
        times = [lane.end - lane.begin for lane in self.lanes.values()]
        return fmean(times) if times else 0

    @property
    def average(self) -> float | None:
        """Work a second, from the first batch on."""
        return (self.operations + self.transferred) / self.seconds if self.seconds else None

    def add_reference(self, judgement: Message) -> None:
        """Note how a thread's first result compares with the reference."""
        old, new = self.reference, judgement["largest_error"]
        tolerance, samples = judgement["tolerance"], judgement["samples"]
        if old is not None:
            known = old["largest_error"]
            new = None if new is None or known is None else max(known, new)
            tolerance, samples = min(old["tolerance"], tolerance), old["samples"] + samples
        self.reference = {"samples": samples, "largest_error": new, "tolerance": tolerance}
        self._add_errors(judgement["wrong"], judgement["places"])

    def add_batch(self, worker: int, batch: Message) -> None:
        """Count a batch of a thread; work that was wrong is no work."""
        begin, work = batch["end"] - batch["seconds"], batch["operations"] + batch["bytes"]
        lane = self.lanes.setdefault(
            (worker, batch["lane"]), _Lane(begin, sampled=begin, end=begin)
        )
        self.begin = begin if self.begin is None else min(self.begin, begin)
        self.end = max(self.end, batch["end"])
        lane.end = batch["end"]
        lane.work += work
        if len(lane.rates) < _MOST_RATES:
            lane.rates.append(work / batch["seconds"])
        self.batches += 1
        self.operations += batch["operations"]
        self.transferred += batch["bytes"]
        self._add_errors(batch["errors"], batch["places"])

    def take_sample(self) -> float:
        """Return the work a second in the batches that have ended since the last sample."""
        rate = 0.0
        for lane in self.lanes.values():
            if lane.end > lane.sampled:
                rate += lane.work / (lane.end - lane.sampled)
            lane.work, lane.sampled = 0, lane.end
        self.samples.append(rate)
        return rate

    def rates(self) -> list[float]:
        """Return what minimum, median and maximum are over."""
        if self.seconds >= _LONG_ENOUGH and self.samples:
            return self.samples
        # The first batches of all threads make one rate, and so on.
        return [
            sum(each) for each in zip(*(lane.rates for lane in self.lanes.values()), strict=False)
        ]

    def throughput(self) -> dict[str, Any]:
        """Return the throughput as a report has it."""
        rates = self.rates()
        low, middle, high = (min(rates), median(rates), max(rates)) if rates else (None,) * 3
        return {"unit": self.kernel.unit, "min": low, "median": middle, "max": high}

    def record(self) -> dict[str, Any]:
        """Return the kernel as a report has it."""
        return {
            "kernel": self.kernel,
            "precision": self.precision,
            "batches": self.batches,
            "seconds": self.seconds,
            "operations": self.operations,
            "bytes": self.transferred,
            "throughput": self.throughput(),
            "errors": self.errors,
            "first_addresses": self.places,
            "reference": self.reference,
        }

    def _add_errors(self, count: int, places: list[int]) -> None:
        self.errors += count
        self.places += places[: _MOST_PLACES - len(self.places)]
