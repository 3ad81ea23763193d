"""A worker does what it is ordered, and answers in lines of JSON."""

import io
import json
import time
from threading import Event, Thread, Timer
from typing import Any

import pytest

from my_project import selftest
from my_project.batches import (
    LONGEST,
    Batch,
    Signals,
    calibrate,
    run_batches,
    warm_up,
)
from my_project.kernels import cpu
from my_project.kernels.comparing import flip_bit
from my_project.kernels.cpu import CpuTarget
from my_project.kernels.cpu_fma import CpuFma
from my_project.kernels.cpu_memory import CpuMemory
from my_project.kernels.gpu import LIMITS as GPU_LIMITS
from my_project.kernels.names import Kernel
from my_project.kernels.workload import Faults, Flip, Outcome
from my_project.precisions import ARITHMETIC, Precision
from my_project.shares import least_share
from my_project.worker import Worker

from .program import need_gpu

Message = dict[str, Any]


class Hearing:
    """A worker, and what it has said."""

    def __init__(self) -> None:
        self._answers = io.StringIO()
        self.worker = Worker(self._answers)

    def heard(self, what: str) -> list[Message]:
        """Return the answers of one kind."""
        lines = map(json.loads, self._answers.getvalue().splitlines())
        return [line for line in lines if line["is"] == what]

    def wait_until_ready(self, run: Thread, threads: int = 1) -> None:
        """Wait for the threads of a run, which must not end before."""
        while len(self.heard("ready")) < threads:
            assert run.is_alive()
            time.sleep(0.01)


def test_a_kernel_runs_in_several_threads() -> None:
    hearing = Hearing()
    order = {"kernel": "fma", "precision": "f32", "budget": 4 << 20, "seconds": 0.3}
    together = Thread(target=hearing.worker.run, kwargs={"threads": 2, **order})
    together.start()
    hearing.wait_until_ready(together, 2)
    assert hearing.heard("batch") == []
    hearing.worker.go()
    together.join()
    batches = hearing.heard("batch")
    assert {batch["lane"] for batch in batches} == {0, 1}
    assert all(batch["operations"] > 0 == batch["errors"] for batch in batches)
    warm = hearing.heard("warm")
    assert warm
    assert {(batch["errors"], batch["written"]) for batch in warm} == {(0, 0)}
    assert len(hearing.heard("reference")) == len(hearing.heard("allocated")) == 2
    assert hearing.heard("fault") == []
    assert len(hearing.heard("done")) == 1


def test_a_gpu_is_found_opened_and_tested() -> None:
    need_gpu()
    hearing = Hearing()
    hearing.worker.find(torch=False)
    (found,) = hearing.heard("devices")
    device = found["devices"][0]
    assert device["backend"] in {"vulkan", "metal", "dx12"}
    if "llvmpipe" in device["name"]:
        assert device["driver"].startswith("llvmpipe Mesa ")
    hearing.worker.open("wgpu", 0, 1)
    assert len(hearing.heard("opened")) == 1
    hearing.worker.selftest(rounds=1)
    (count,) = hearing.heard("counts")
    assert (count["flips"], count["caught"], count["false_alarms"]) == (3, 3, 0)


def run_briefly(kernel: str, precision: str | None) -> Hearing:
    """Run a kernel for a tenth of a second in one thread."""
    hearing, order = Hearing(), {"kernel": kernel, "precision": precision, "budget": 4 << 20}
    together = Thread(
        target=hearing.worker.run, kwargs={"threads": 1, "least": 1, "seconds": 0.1, **order}
    )
    together.start()
    while together.is_alive() and not hearing.heard("ready"):
        time.sleep(0.01)
    hearing.worker.go()
    together.join()
    return hearing


class Spoilt(CpuFma):
    """Has its first result spoilt, so that all that follow differ from it."""

    def prepare(self, amount: int) -> None:
        super().prepare(amount)
        flip_bit(self._first, 3, 5)


def test_errors_count_before_the_first_batch_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "CpuFma", Spoilt)
    monkeypatch.setattr(Spoilt, "check_reference", lambda _: None)
    hearing = run_briefly("fma", "f32")
    for found in hearing.heard("warm") + hearing.heard("batch"):
        assert found["errors"] == 16  # the same word of each repeat
        assert found["places"][:2] == [3, 1024 + 3]
    assert hearing.heard("warm")
    assert {batch["operations"] for batch in hearing.heard("batch")} == {0}


def test_memory_tells_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CpuMemory, "least", 3)
    hearing = run_briefly("memory", None)
    (allocated,) = hearing.heard("allocated")
    assert allocated["patterned"] == 4 << 20
    assert hearing.heard("warm")[0]["written"] == 3 * (1 << 18)
    last = hearing.heard("batch")[-1]
    assert last["bytes"] == 3 * last["written"]  # checked before and after


def test_a_stopped_worker_begins_no_batch() -> None:
    hearing = Hearing()
    hearing.worker.stop()
    order = {"kernel": "memory", "precision": None, "budget": 1 << 20}
    hearing.worker.run(threads=1, seconds=60, **order)
    assert hearing.heard("batch") == []
    assert len(hearing.heard("done")) == 1


REFUSAL = "no more devices"


class Refusing:
    """A driver that opens no device."""

    features, limits = frozenset[str](), dict.fromkeys(GPU_LIMITS, 1 << 28)

    def request_device_sync(self, **_: object) -> None:
        raise RuntimeError(REFUSAL)


def test_a_device_that_its_driver_refuses_is_told() -> None:
    hearing = Hearing()
    hearing.worker._adapters = [Refusing()]  # noqa: SLF001  # `find` has real ones alone
    hearing.worker.open("wgpu", 0, 1)
    assert hearing.heard("refused") == [{"is": "refused", "text": REFUSAL}]
    assert hearing.heard("opened") == []


def test_a_self_test_tells_its_counts_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "_PERIOD", 0.0)
    hearing = Hearing()
    hearing.worker.selftest(rounds=2)
    counts = [(each["flips"], each["rounds_without"]) for each in hearing.heard("counts")]
    assert counts == [(flips, flips) for flips in range(1, 7)] + [(6, 6)]


@pytest.mark.parametrize("kernel", Kernel)
@pytest.mark.parametrize("precision", [Precision.F32, Precision.F64])
def test_the_least_share_of_a_thread_is_enough(kernel: Kernel, precision: Precision) -> None:
    found = None if kernel is Kernel.MEMORY else precision
    share = least_share(found, 1024)
    assert share == 3 * 256 * 256 * (4 if found is None else ARITHMETIC[precision].size)
    workload = CpuTarget().workload(kernel, found, share, 1)
    workload.prepare(workload.least)
    workload.submit()
    outcome = workload.collect()
    assert (outcome.faults.count, outcome.operations + outcome.transferred > 0) == (0, True)
    workload.close()


class Sleeper(CpuFma):
    """Sleeps for a millisecond a step."""

    least, most = 1, 1000

    def __init__(self) -> None:
        super().__init__(Precision.F32, 1)
        self.pace = 0.001

    def prepare(self, amount: int) -> None:
        self.amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        assert flip is None
        time.sleep(self.pace * self.amount)

    def collect(self) -> Outcome:
        return Outcome(self.amount, 0, Faults())


def test_batches_last_as_long_as_they_should_and_again_when_the_pace_changes() -> None:
    sleeper, batches = Sleeper(), list[Batch]()
    amount = calibrate(sleeper, Event(), lambda _: None)
    # It never sleeps for less, but for more where the machine is busy.
    assert sleeper.least < amount <= LONGEST / sleeper.pace
    sleeper.pace /= 8
    run_batches(sleeper, amount, 1.0, Event(), batches.append)
    assert amount < batches[-1].outcome.operations <= LONGEST / sleeper.pace
    ends = [batch.end for batch in batches]
    assert ends == sorted(ends)


def test_batches_that_run_until_others_are_ready_are_told() -> None:
    signals, ready = Signals(go=Event(), stop=Event()), Event()
    waiting: list[Outcome] = []

    def hear(outcome: Outcome) -> None:
        if ready.is_set():
            waiting.append(outcome)

    def begin_to_wait() -> None:
        ready.set()
        Timer(0.3, signals.go.set).start()

    warm_up(Sleeper(), signals, begin_to_wait, hear)
    assert waiting


@pytest.mark.parametrize("kernel", Kernel)
def test_a_kernel_runs_until_its_time_is_over(kernel: Kernel) -> None:
    precision = None if kernel is Kernel.MEMORY else Precision.F32
    batches: list[Batch] = []
    workload = CpuTarget().workload(kernel, precision, 4 << 20, 3)
    amount, begin = calibrate(workload, Event(), lambda _: None), time.monotonic()
    run_batches(workload, amount, 0.3, Event(), batches.append)
    assert batches[-1].end >= begin + 0.3
    assert all(batch.end < begin + 0.3 for batch in batches[:-1])
