"""The workers of one device, which run the kernels in turn, and what they answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .devices import Device
from .kernels.names import Kernel
from .precisions import Precision
from .shares import least_share
from .tally import Tally
from .workers import Message, Worker

_PATIENCE = 30  # seconds without a word of a worker that has something to do
_LEAST_OF_A_SAMPLE = 0.5  # seconds of a kernel; until then it is too early to tell


@dataclass(frozen=True, slots=True)
class Load:
    """What the workers of a device are to do."""

    stages: list[tuple[Kernel, Precision | None]]
    seconds: float
    """Of each stage."""
    threads: list[int]
    """Of each worker."""
    budget: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told what happens."""

    say: Callable[[str], None]
    """About a fault, in a sentence."""
    stage_over: Callable[["Crew"], None]


class Crew:
    """Runs a device's stages one after the other; `hear` is called with each answer."""

    def __init__(
        self, device: Device, workers: list[Worker], load: Load, listeners: Listeners
    ) -> None:
        self.device, self.workers = device, workers
        self.tallies: list[Tally] = []
        self.allocated = 0
        self.fault: str | None = None
        self.finished = False
        self._load, self._listeners = load, listeners
        self._stages = iter(load.stages)
        self._busy: set[Worker] = set()
        self._heard: dict[Worker, float] = {}
        self._stage_bytes = 0
        self._warming = 0
        self._stopping = False
        self._begin = time.monotonic()

    @property
    def tally(self) -> Tally | None:
        """The kernel that a sample is of: the last that has run for a while, if one has begun."""
        begun = [tally for tally in self.tallies if tally.begin is not None]
        if len(begun) > 1 and time.monotonic() - (begun[-1].begin or 0) < _LEAST_OF_A_SAMPLE:
            return begun[-2]
        return begun[-1] if begun else None

    @property
    def errors(self) -> int:
        """How many there were in all kernels."""
        return sum(tally.errors for tally in self.tallies)

    @property
    def seconds_left(self) -> float:
        """How long the stages that are left will take, without what comes between them."""
        left = len(self._load.stages) - len(self.tallies) + 1
        done = self.tallies[-1].seconds if self.tallies else 0
        return max(0.0, left * self._load.seconds - done)

    def begin_next(self) -> None:
        """Begin the next stage, if there is one and none is over."""
        stage = None if self._stopping else next(self._stages, None)
        if stage is None:
            self.end()
            return
        self.tallies.append(Tally(*stage))
        self._busy, self._stage_bytes = set(self.workers), 0
        self._warming = count = sum(self._load.threads)
        self.forgive()
        least = least_share(stage[1], count)
        for worker, threads in zip(self.workers, self._load.threads, strict=True):
            if len(self.tallies) == 1:
                worker.begin_run()
            worker.order(
                "run",
                threads=threads,
                kernel=stage[0],
                precision=stage[1],
                budget=max(least, self._load.budget // count),
                least=least,
                seconds=self._load.seconds,
            )

    def hear(self, worker: Worker, message: Message) -> None:
        """Take in what a worker answers."""
        if self.finished:
            return
        self._heard[worker] = time.monotonic()
        hears: dict[str, Callable[[Worker, Message], None]] = {
            "allocated": self._hear_allocated,
            "reference": self._hear_reference,
            "batch": self._hear_batch,
            "warm": self._hear_warm,
            "ready": self._hear_ready,
            "done": self._hear_done,
            "fault": self._hear_fault,
            "ended": self._hear_fault,
        }
        if message["is"] in hears:
            hears[message["is"]](worker, message)

    def forgive(self) -> None:
        """Begin anew to wait for a word of each worker."""
        self._heard = dict.fromkeys(self.workers, time.monotonic())

    def check_answers(self) -> None:
        """Give the device up if a worker that is to work has said nothing for long."""
        silent = time.monotonic() - _PATIENCE
        if not self.finished and any(self._heard[each] < silent for each in self._busy):
            self.lose(f"no answer for {_PATIENCE} s")

    def stop(self) -> None:
        """Let the batches under way end, and begin no others; before the first one, end at once."""
        self._stopping = True
        if not self.tallies or self.tallies[-1].begin is None:
            self.end()
        for worker in self.workers:
            worker.order("stop")

    def end(self) -> None:
        """Be done, and leave nothing running."""
        self.finished = True
        for worker in self.workers:
            worker.kill()

    def lose(self, text: str) -> None:
        """Give the device up."""
        seconds, line = time.monotonic() - self._begin, " ".join(text.split())
        self.fault = f"{self.device.label}: lost after {seconds:.1f} s: {line}"
        self._listeners.say(f"error: {self.fault}")
        self.end()

    def _hear_allocated(self, _: Worker, message: Message) -> None:
        self._stage_bytes += message["bytes"]
        self.allocated = max(self.allocated, self._stage_bytes)
        self.tallies[-1].patterned += message["patterned"]

    def _hear_reference(self, worker: Worker, message: Message) -> None:
        tally = self.tallies[-1]
        tally.add_reference(message)
        if message["wrong"]:
            self._report(
                f"{message['wrong']} of {message['samples']} values off", message["places"]
            )
            self._hear_ready(worker, message)  # it runs no batch

    def _hear_batch(self, worker: Worker, message: Message) -> None:
        self._report_wrong(message)
        self.tallies[-1].add_batch(self.workers.index(worker), message)

    def _hear_warm(self, _: Worker, message: Message) -> None:
        self._report_wrong(message)
        self.tallies[-1].add_findings(message)

    def _hear_ready(self, _: Worker, __: Message) -> None:
        """Let all threads begin to count together, once each is warm."""
        self._warming -= 1
        if self._warming == 0:
            self.forgive()  # those who were ready had nothing to say
            for each in self.workers:
                each.order("go")

    def _hear_done(self, worker: Worker, _: Message) -> None:
        self._busy.discard(worker)
        if not self._busy:
            self._listeners.stage_over(self)
            self.begin_next()

    def _hear_fault(self, _: Worker, message: Message) -> None:
        self.lose(message["text"])

    def _report_wrong(self, message: Message) -> None:
        if message["errors"] and not self.tallies[-1].errors:
            self._report(f"{message['errors']} words wrong", message["places"])

    def _report(self, what: str, places: list[Any]) -> None:
        tally = self.tallies[-1]
        self._listeners.say(
            f"error: {self.device.label}: {tally.name}: {what}, the first at {places[0]}"
        )
