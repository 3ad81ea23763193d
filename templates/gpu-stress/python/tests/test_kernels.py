"""Every kernel in every precision, on the CPU and on a GPU: right, verified, and seen if wrong."""

import platform
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import psutil
import pytest

from my_project import shared_files
from my_project.adapters import find_adapters
from my_project.batches import calibrate
from my_project.errors import DeviceError
from my_project.kernels.cpu import CpuTarget
from my_project.kernels.cpu_matmul import Matrix
from my_project.kernels.cpu_memory import expect
from my_project.kernels.gpu import Gpu, groups_over
from my_project.kernels.gpu_buffers import Buffers, faults_of
from my_project.kernels.gpu_target import GpuTarget
from my_project.kernels.names import Kernel
from my_project.kernels.patterns import Pattern, filling
from my_project.kernels.workload import (
    Faults,
    Flip,
    Outcome,
    Workload,
)
from my_project.precisions import Precision
from my_project.selftest import Count, count_flips
from my_project.targets import Target, allocate

from .program import need_gpu

F64, F32, F16 = Precision.F64, Precision.F32, Precision.F16
BUDGET, LITTLE = 4 << 20, 1 << 18
CASES = [
    ("cpu", Kernel.FMA, F64),
    ("cpu", Kernel.FMA, F32),
    ("cpu", Kernel.MATMUL, F64),
    ("cpu", Kernel.MATMUL, F32),
    ("cpu", Kernel.MEMORY, None),
    ("gpu", Kernel.FMA, F64),
    ("gpu", Kernel.FMA, F32),
    ("gpu", Kernel.FMA, F16),
    ("gpu", Kernel.MATMUL, F64),
    ("gpu", Kernel.MATMUL, F32),
    ("gpu", Kernel.MATMUL, F16),
    ("gpu", Kernel.MEMORY, None),
]
Make = Callable[..., Workload]


@pytest.fixture(scope="module")
def make() -> Make:
    targets: dict[str, Target] = {"cpu": CpuTarget()}

    def make(
        where: str, kernel: Kernel, precision: Precision | None, budget: int = BUDGET
    ) -> Workload:
        if where == "gpu" and where not in targets:
            need_gpu()
            targets[where] = GpuTarget(find_adapters()[0][0])
        if precision is not None and where == "gpu":
            offered = find_adapters()[0][1].precisions
            if precision not in offered:
                pytest.skip(f"this device has no {precision}")
        return targets[where].workload(kernel, precision, budget, 77)

    return make


@pytest.mark.parametrize(("where", "kernel", "precision"), CASES)
def test_a_kernel_is_right_and_counts_what_it_did(
    make: Make, where: str, kernel: Kernel, precision: Precision | None
) -> None:
    workload = make(where, kernel, precision)
    judgement = workload.check_reference()
    assert (judgement is None) == (kernel is Kernel.MEMORY)
    if judgement is not None:
        assert judgement.wrong == 0
        assert judgement.largest_error is not None
        assert judgement.largest_error <= judgement.tolerance
        values = {Kernel.FMA: 64 * 32, Kernel.MATMUL: 64 * 64 if where == "gpu" else 256 * 256}
        assert judgement.samples >= values[kernel]
    amount = workload.least + 1
    workload.prepare(amount)
    done = []
    for _ in range(4):
        for _ in range(workload.depth):
            workload.submit()
        done += [workload.collect() for _ in range(workload.depth)]
    assert {outcome.faults for outcome in done} == {Faults()}
    if kernel is Kernel.MEMORY:
        assert all(outcome.transferred > 0 == outcome.operations for outcome in done)
        assert workload.patterned > 0.97 * BUDGET
    else:
        (work,) = {outcome.operations for outcome in done}
        assert work % (amount * 2) == 0 < work
        assert {outcome.written for outcome in done} == {workload.patterned} == {0}
    assert 0 < workload.allocated <= BUDGET + (1 << 20)
    workload.close()


@pytest.mark.parametrize(("where", "kernel", "precision"), CASES)
def test_every_flip_is_caught_and_nothing_else(
    make: Make, where: str, kernel: Kernel, precision: Precision | None
) -> None:
    """In any product or buffer of a batch, to its last word, and in what the memory held."""
    workload = make(where, kernel, precision, LITTLE)
    assert count_flips(workload, 4, Event()) == Count(4, 4, 4, 0)
    assert workload.holds == (kernel is Kernel.MEMORY)
    part = workload.words // 3  # count_flips has prepared for three
    for word, bit in ((0, 0), (part - 1, 31), (part, 7), (workload.words - 1, 31)):
        for is_held in {workload.holds, False}:
            for _ in range(workload.depth):  # each has a record of its own
                place = workload.place(word)
                workload.submit(Flip(word, bit, is_held))
                assert workload.collect().faults == Faults(1, (place,))
                workload.submit()
                workload.submit() if workload.depth > 1 else None
                assert {workload.collect().faults for _ in range(workload.depth)} == {Faults()}
    stopped = Event()
    stopped.set()
    assert count_flips(workload, 3, stopped) == Count()
    workload.close()


def test_a_batch_that_was_wrong_is_no_work(make: Make) -> None:
    for kernel in Kernel:
        workload = make("cpu", kernel, None if kernel is Kernel.MEMORY else F32)
        workload.prepare(workload.least)
        workload.submit(Flip(5, 5))
        outcome = workload.collect()
        assert (outcome.operations, outcome.transferred) == (0, 0)
        assert (outcome.written > 0) == (kernel is Kernel.MEMORY)


@pytest.mark.parametrize("where", ["cpu", "gpu"])
def test_memory_is_checked_before_and_after_it_is_written(make: Make, where: str) -> None:
    """In one batch, and all that is read and written counts."""
    workload = make(where, Kernel.MEMORY, None)
    workload.prepare(1)
    workload.submit()
    first = workload.collect()
    size = first.written
    assert first.transferred == 2 * size  # nothing was held yet
    turn = workload.patterned // size
    assert turn * size == workload.patterned
    for batch in range(1, 2 * turn):
        assert workload.holds == (batch >= turn)
        workload.submit()
        checks = 2 if batch >= turn else 1
        assert workload.collect() == Outcome(0, (1 + checks) * size, Faults(), size)
    workload.prepare(2 * turn)  # as many parts as two turns have
    workload.submit()
    assert workload.collect() == Outcome(0, 6 * turn * size, Faults(), 2 * turn * size)
    workload.close()


@pytest.mark.usefixtures("gpu")
def test_a_turn_may_end_within_a_batch(make: Make) -> None:
    workload = make("gpu", Kernel.MEMORY, None)
    workload.prepare(workload.patterned * 3 // 4 // (workload.patterned // 8))
    seen = []
    for _ in range(3):
        workload.submit()
        seen.append(workload.collect())
    assert {outcome.faults for outcome in seen} == {Faults()}
    assert [outcome.transferred // (workload.patterned // 8) for outcome in seen] == [12, 16, 18]
    workload.close()


Mutate = Callable[[str, str, str], None]


@pytest.fixture
def mutate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mutate:
    """Have the program read shaders of which one was changed."""
    folder = tmp_path / "shaders"

    def mutate(name: str, old: str, new: str) -> None:
        for each in ("fma", "matmul", "memory", "compare"):
            text = shared_files.read_shared("shaders", f"{each}.wgsl")
            assert each != name or old in text
            folder.mkdir(exist_ok=True)
            changed = text.replace(old, new) if each == name else text
            (folder / f"{each}.wgsl").write_text(changed, encoding="utf-8")
        monkeypatch.setattr(shared_files, "_PACKAGE", tmp_path)

    return mutate


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("name", "old", "new", "kernel"),
    [
        ("fma", "0.6180339887498949", "0.6180349887498949", Kernel.FMA),
        ("fma", "fma(minus, y0, x0)", "fma(plus, y0, x0)", Kernel.FMA),
        ("matmul", "k < 16u", "k < 15u", Kernel.MATMUL),
        ("matmul", "real(512.0)", "real(511.0)", Kernel.MATMUL),
    ],
)
def test_a_fault_in_a_shader_is_caught_by_the_reference(
    mutate: Mutate, name: str, old: str, new: str, kernel: Kernel
) -> None:
    mutate(name, old, new)
    workload = GpuTarget(find_adapters()[0][0]).workload(kernel, F32, BUDGET, 3)
    judgement = workload.check_reference()
    assert judgement is not None
    assert judgement.wrong > 0
    assert len(judgement.places) == min(16, judgement.wrong)
    workload.close()


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("name", "old", "new", "kernel"),
    [
        ("fma", "let place", "if id.x == 200u { x0.y += T; }\nlet place", Kernel.FMA),
        ("matmul", "sum[row].w);", "sum[row].w + total(at == 100u));", Kernel.MATMUL),
    ],
)
def test_a_part_of_a_device_that_always_errs_alike_is_caught(
    mutate: Mutate, name: str, old: str, new: str, kernel: Kernel
) -> None:
    """Its results are the same each time, but not those of the other parts."""
    mutate(name, old, new)
    workload = GpuTarget(find_adapters()[0][0]).workload(kernel, F32, BUDGET, 3)
    judgement = workload.check_reference()
    assert judgement is not None
    assert judgement.wrong == 0
    workload.prepare(workload.least)
    for _ in range(3):
        workload.submit()
        faults = workload.collect().faults
        assert (faults.count, len(faults.places)) == (1, 1)
    workload.close()


def test_a_part_of_the_cpu_that_always_errs_alike_is_caught(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole product is held to the reference, as the first one is the measure of the others."""
    multiply = np.matmul

    def err(left: Matrix, right: Matrix, out: Matrix | None = None) -> Matrix:
        product: Matrix = multiply(left, right, out=out)
        product[-1, 70] += 1
        return product

    monkeypatch.setattr(np, "matmul", err)
    workload = make("cpu", Kernel.MATMUL, F32)
    judgement = workload.check_reference()
    assert judgement is not None
    assert judgement.wrong == 1
    side = round(judgement.samples**0.5)
    assert judgement.places == ((side - 1) * side + 70,)


def test_a_record_of_faults_tells_of_those_whose_count_has_wrapped_around() -> None:
    places = range(100, 116)
    for seen, count, wrong, told in ((0, 0, 0, 0), (2, 5, 5, 2), (70000, 0, 70000, 16)):
        found = faults_of(struct.pack("<18I", seen, count, *places))
        assert found == Faults(wrong, tuple(places[:told]))


@pytest.mark.parametrize("turn", range(6))
def test_the_patterns_of_the_cpu_are_those_of_the_shader(gpu: Gpu, turn: int) -> None:
    size, offset, seed = 1 << 12, 0xFFFFFF00, 12345
    this = filling(turn, seed)
    words, scratch = np.empty(size, np.uint32), np.empty(size, np.uint32)
    expect(words, offset, this, np.arange(size, dtype=np.uint32) * np.uint32(747796405), scratch)
    buffers = Buffers(gpu.device)
    memory = buffers.storage(4 * size)
    parameters = buffers.uniform(this.pattern, this.seed, offset, this.inverted)
    write = gpu.step(gpu.pipeline("memory", "write"), [parameters, memory], groups_over(size))
    gpu.submit([write])
    np.testing.assert_array_equal(np.frombuffer(gpu.read(memory, 0, 4 * size), np.uint32), words)
    buffers.close()


def test_turns_go_over_all_patterns_with_new_seeds() -> None:
    turns = [filling(turn, 1) for turn in range(12)]
    assert [turn.pattern for turn in turns[:6:2]] == list(Pattern)
    assert [turn.inverted for turn in turns[:2]] == [0, 0xFFFFFFFF]
    assert len({turn.seed for turn in turns}) == 2


class Hungry(Target):
    """Has room for so much."""

    def __init__(self, room: int) -> None:
        self.room, self.asked = room, list[int]()

    def workload(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        self.asked.append(budget)
        if budget > self.room:
            raise MemoryError
        return CpuTarget().workload(kernel, precision, 1 << 20, seed)


def test_where_memory_runs_out_five_percent_less_are_asked_for() -> None:
    target = Hungry(31 << 20)
    allocate(target, Kernel.MEMORY, None, 32 << 20, 1)
    assert target.asked == [32 << 20, (32 << 20) * 95 // 100]
    with pytest.raises(DeviceError, match="out of memory"):
        allocate(Hungry(1 << 20), Kernel.MEMORY, None, 64 << 20, 1)


def test_a_gpu_that_has_no_room_says_so() -> None:
    need_gpu()
    target = GpuTarget(find_adapters()[0][0])
    for kernel, precision in ((Kernel.MEMORY, None), (Kernel.MATMUL, F32)):
        with limited(64 << 20), pytest.raises(MemoryError):
            target.workload(kernel, precision, 1 << 30, 1)


@contextmanager
def limited(room: int) -> Iterator[None]:
    """Let this process have so much more memory, and no more."""
    if platform.system() != "Linux":
        pytest.skip("only Linux limits what a process maps")
    resource = pytest.importorskip("resource")
    had = resource.getrlimit(resource.RLIMIT_DATA)
    used = psutil.Process().memory_info().data
    resource.setrlimit(resource.RLIMIT_DATA, (used + room, had[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, had)


def test_calibration_ends_in_the_range_and_tells_what_it_saw() -> None:
    workload = CpuTarget().workload(Kernel.FMA, F32, BUDGET, 1)
    seen: list[Outcome] = []
    amount = calibrate(workload, Event(), seen.append)
    assert amount > workload.least
    assert {outcome.faults for outcome in seen} == {Faults()}


def test_all_of_little_memory_is_used() -> None:
    for budget in ((3 << 18) + 5000, (2 << 20) - 4096, (5 << 20) + (1 << 19)):
        workload = CpuTarget().workload(Kernel.MEMORY, None, budget, 1)
        assert 0.97 * budget < workload.patterned <= budget


@pytest.mark.usefixtures("gpu")
def test_all_of_little_memory_of_a_gpu_is_used() -> None:
    target = GpuTarget(find_adapters()[0][0])
    for budget in ((3 << 18) + 5000, (9 << 20) - 4096, (5 << 20) + (1 << 19)):
        workload = target.workload(Kernel.MEMORY, None, budget, 1)
        assert 0.97 * budget < workload.patterned <= budget
        workload.close()
