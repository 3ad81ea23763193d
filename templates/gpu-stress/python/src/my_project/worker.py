"""The process that loads a device: takes orders on standard input, answers in lines of JSON.

A device's driver may crash or hang; it then takes this process with it, and not the report.
"""

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, TextIO

from .batches import Batch, Signals, run_batches, warm_up
from .kernels.cpu import CpuTarget
from .kernels.names import Kernel
from .kernels.workload import Outcome
from .precisions import Precision
from .selftest import Count, count_flips
from .targets import Target, allocate

_SEEDS = 1 << 32
_SELFTEST_BUDGET = 1 << 19  # bytes: little, so that many rounds are quick

Message = dict[str, Any]


class Worker:
    """Does one order after the other; the answers of its threads are told apart by `lane`."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._lock = Lock()
        self._signals = Signals(go=Event(), stop=Event())
        self._adapters: list[Any] = []
        self._target: Target = CpuTarget()

    def stop(self) -> None:
        """Have batches end with those that are under way."""
        self._signals.stop.set()

    def go(self) -> None:
        """Have the batches count that follow."""
        self._signals.go.set()

    def say(self, what: str, **values: object) -> None:
        """Answer."""
        line = json.dumps({"is": what, **values})
        with self._lock:
            self._answers.write(f"{line}\n")
            self._answers.flush()

    def find(self, *, torch: bool) -> None:
        """Answer which devices there are."""
        from .adapters import find_adapters, find_cuda  # noqa: PLC0415  # slow, and not for the CPU

        if torch:
            found = find_cuda()
        else:
            pairs = find_adapters()
            self._adapters, found = [each for each, _ in pairs], [each for _, each in pairs]
        self.say("devices", devices=[asdict(each) for each in found])

    def open(self, backend: str, number: int, threads: int) -> None:
        """Open a device by its number in what `find` answers; the CPU of torch has none."""
        make: Callable[[], Target]
        failures: tuple[type[Exception], ...]
        if backend == "torch":
            from .kernels.torch_target import TorchTarget  # noqa: PLC0415  # an extra

            name = "cpu" if number < 0 else f"cuda:{number}"
            make, failures = partial(TorchTarget, name, threads), TorchTarget.failures
        else:
            from .kernels.gpu_target import GpuTarget  # noqa: PLC0415  # not for the CPU

            make, failures = partial(GpuTarget, self._adapters[number]), GpuTarget.failures
        try:
            self._target = make()
        except failures as error:
            self.say("refused", text=str(error))
        else:
            self.say("opened")

    def run(self, threads: int, **order: Any) -> None:  # noqa: ANN401  # what `_lane` takes
        """Run a kernel in some threads, and wait for all of them."""
        self._signals.go.clear()
        lanes = [Thread(target=self._lane, args=(lane,), kwargs=order) for lane in range(threads)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        self.say("done")

    def _lane(  # noqa: PLR0913, PLR0917  # as many as an order has
        self,
        lane: int,
        kernel: str,
        precision: str | None,
        budget: int,
        least: int,
        seconds: float,
    ) -> None:
        def report(batch: Batch) -> None:
            outcome = batch.outcome
            self.say(
                "batch",
                lane=lane,
                end=batch.end,
                seconds=batch.seconds,
                together=batch.together,
                operations=outcome.operations,
                bytes=outcome.transferred,
                **_findings(outcome),
            )

        with_precision = None if precision is None else Precision(precision)
        try:
            seed = random.randrange(_SEEDS)  # noqa: S311  # inputs are no secret
            workload = allocate(self._target, Kernel(kernel), with_precision, budget, seed, least)
            try:
                size = workload.allocated
                self.say("allocated", bytes=size, patterned=workload.patterned)
                judgement = workload.check_reference()
                if judgement is not None:
                    self.say("reference", **asdict(judgement))
                if judgement is None or not judgement.wrong:
                    amount = warm_up(
                        workload,
                        self._signals,
                        lambda: self.say("ready"),
                        lambda outcome: self.say("warm", **_findings(outcome)),
                    )
                    run_batches(workload, amount, seconds, self._signals.stop, report)
            finally:
                workload.close()
        except self._target.failures as error:
            self.say("fault", text=str(error))

    def selftest(self, rounds: int) -> None:
        """Flip bits in all three kernels, and answer now and then how many flips were seen."""
        found = Count()

        def tell(more: Count) -> None:
            self.say("counts", **asdict(found + more))

        try:
            for kernel in Kernel:
                precision = None if kernel is Kernel.MEMORY else Precision.F32
                seed = random.randrange(_SEEDS)  # noqa: S311  # inputs are no secret
                workload = allocate(self._target, kernel, precision, _SELFTEST_BUDGET, seed)
                try:
                    found += count_flips(workload, rounds, self._signals.stop, tell)
                finally:
                    workload.close()
        except self._target.failures as error:
            self.say("fault", text=str(error))
        self.say("counts", **asdict(found))
        self.say("done")


def _findings(outcome: Outcome) -> Message:
    """Return what counts of every batch, that of a warm-up too."""
    faults = outcome.faults
    return {"errors": faults.count, "places": faults.places, "written": outcome.written}


def main() -> None:
    """Work until whoever gives the orders is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever gives the orders says when to end
        signal.signal(number, signal.SIG_IGN)
    # Drivers write to standard output what they like; the answers have a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    threading.excepthook = _end
    worker = Worker(answers)
    orders: SimpleQueue[Message] = SimpleQueue()
    at_once = {"go": worker.go, "stop": worker.stop}
    Thread(target=_listen, args=(orders, at_once), daemon=True).start()
    while True:
        order = orders.get()
        getattr(worker, order.pop("do"))(**order)


def _listen(orders: SimpleQueue[Message], at_once: dict[str, Callable[[], None]]) -> None:
    """Take orders while others are carried out, for some are obeyed at once."""
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] in at_once:
            at_once[order["do"]]()
        else:
            orders.put(order)
    os._exit(0)  # at once: a driver may never return


def _end(fault: threading.ExceptHookArgs) -> None:
    """End the process for a fault of its own in a thread, as one in the main thread does."""
    sys.__excepthook__(fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    os._exit(1)


if __name__ == "__main__":
    main()
