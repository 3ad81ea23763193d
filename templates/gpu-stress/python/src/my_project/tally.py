"""Counts what the threads of a device have done of one kernel, and how fast."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .kernels.names import Kernel
from .precisions import Precision

_MOST_PLACES = 16  # that a report has
_RECENT = 1.0  # seconds, for a live line
_LONG_ENOUGH = 3.0  # seconds, for samples to say more than batches

Message = dict[str, Any]


@dataclass(slots=True)
class _Lane:
    """One thread that runs batches."""

    sampled: float
    """When the last batch ended that is in a sample."""
    end: float
    """When the last batch ended."""
    together: int
    """Batches that are under way at once."""
    work: int = 0
    """Since the last sample."""


@dataclass(slots=True)
class Tally:
    """One kernel in one precision on one device."""

    kernel: Kernel
    precision: Precision | None
    batches: int = 0
    operations: int = 0
    transferred: int = 0
    written: int = 0
    """Bytes of patterns, also in the warm-up."""
    patterned: int = 0
    """Bytes that they go over."""
    errors: int = 0
    places: list[int] = field(default_factory=list)
    reference: dict[str, Any] | None = None
    begin: float | None = None
    end: float = 0
    samples: list[float] = field(default_factory=list)
    first_batches: list[tuple[float, int]] = field(default_factory=list)
    """When each ended, and its work, for as long as samples say less."""
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    """When each batch of the last second ended, and its work."""
    lanes: dict[tuple[int, int], _Lane] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The kernel and its precision."""
        return self.kernel if self.precision is None else f"{self.kernel} {self.precision}"

    @property
    def seconds(self) -> float:
        """From the begin of the first batch to the end of the last one, of all threads."""
        return 0.0 if self.begin is None else self.end - self.begin

    @property
    def now(self) -> float | None:
        """Work a second in the last second, once there has been one."""
        return sum(work for _, work in self.recent) / _RECENT if self.seconds >= _RECENT else None

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
        new = _Lane(sampled=begin, end=begin, together=batch["together"])
        lane = self.lanes.setdefault((worker, batch["lane"]), new)
        self.begin = begin if self.begin is None else min(self.begin, begin)
        self.end = max(self.end, batch["end"])
        self.recent.append((batch["end"], work))
        while self.recent[0][0] <= self.end - _RECENT:
            self.recent.popleft()
        lane.end = batch["end"]
        lane.work += work
        if self.seconds < _LONG_ENOUGH:
            self.first_batches.append((batch["end"], work))
        self.batches += 1
        self.operations += batch["operations"]
        self.transferred += batch["bytes"]
        self.add_findings(batch)

    def add_findings(self, batch: Message) -> None:
        """Count what does so in a batch of the warm-up too: errors, and memory that was tested."""
        self.written += batch["written"]
        self._add_errors(batch["errors"], batch["places"])

    def take_sample(self, *, is_over: bool = False) -> float:
        """Return the work a second in the batches that have ended since the last sample.

        None may have, of a kernel that is over: that says nothing of how fast it was.
        """
        rate = 0.0
        for lane in self.lanes.values():
            if lane.end > lane.sampled:
                rate += lane.work / (lane.end - lane.sampled)
            lane.work, lane.sampled = 0, lane.end
        if rate or not is_over:
            self.samples.append(rate)
        return rate

    def rates(self) -> list[float]:
        """Return what minimum, median and maximum are over."""
        if self.seconds >= _LONG_ENOUGH and self.samples:
            return self.samples
        return self._rates_of_batches()

    def _rates_of_batches(self) -> list[float]:
        """Return the rates of groups of batches, in the order in which they ended.

        A group has as many as are under way at once; the last one may lack some, and is left out.
        """
        if self.begin is None:
            return []
        size = sum(lane.together for lane in self.lanes.values())
        batches = sorted(self.first_batches)
        whole = max(size, len(batches) // size * size)
        rates, begin = [], self.begin
        for at in range(0, whole, size):
            group = batches[at : at + size]
            end = group[-1][0]
            if end > begin:
                rates.append(sum(work for _, work in group) / (end - begin))
            begin = end
        return rates

    def throughput(self) -> dict[str, Any]:
        """Return the throughput as a report has it."""
        rates = self.rates()
        low, middle, high = (min(rates), median(rates), max(rates)) if rates else (None,) * 3
        return {"unit": self.kernel.unit, "min": low, "median": middle, "max": high}

    @property
    def passes(self) -> float | None:
        """How often the whole allocation was written; nothing where no patterns are."""
        if self.kernel is not Kernel.MEMORY:
            return None
        return self.written / self.patterned if self.patterned else 0.0

    def notes(self) -> list[str]:
        """Return what is to be known of a kernel that did not get round to everything."""
        if self.kernel is not Kernel.MEMORY or self.written >= max(1, self.patterned):
            return []
        percent = 100 * self.written // max(1, self.patterned)
        return [f"memory: only {percent} % of the allocation was tested"]

    def record(self) -> dict[str, Any]:
        """Return the kernel as a report has it."""
        return {
            "kernel": self.kernel,
            "precision": self.precision,
            "batches": self.batches,
            "seconds": self.seconds,
            "operations": self.operations,
            "bytes": self.transferred,
            "passes": self.passes,
            "throughput": self.throughput(),
            "errors": self.errors,
            "first_addresses": self.places,
            "reference": self.reference,
        }

    def _add_errors(self, count: int, places: list[int]) -> None:
        self.errors += count
        self.places += places[: _MOST_PLACES - len(self.places)]
