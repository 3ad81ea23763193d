"""Every kernel in every precision, on the CPU and on a GPU: right, verified, and seen if wrong."""

import platform
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
from my_project.kernels.cpu_memory import expect
from my_project.kernels.gpu import Gpu, groups_over
from my_project.kernels.gpu_buffers import Buffers
from my_project.kernels.gpu_target import GpuTarget
from my_project.kernels.names import Kernel
from my_project.kernels.patterns import Pattern, filling
from my_project.kernels.workload import Faults, Flip, Workload
from my_project.precisions import Precision
from my_project.selftest import Count, count_flips
from my_project.targets import Target, allocate

from .program import need_gpu

F64, F32, F16 = Precision.F64, Precision.F32, Precision.F16
BUDGET = 4 << 20
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
Make = Callable[[str, Kernel, Precision | None], Workload]


@pytest.fixture(scope="module")
def make() -> Make:
    targets: dict[str, Target] = {"cpu": CpuTarget()}

    def make(where: str, kernel: Kernel, precision: Precision | None) -> Workload:
        if where == "gpu" and where not in targets:
            need_gpu()
            targets[where] = GpuTarget(find_adapters()[0][0])
        if precision is not None and where == "gpu":
            offered = find_adapters()[0][1].precisions
            if precision not in offered:
                pytest.skip(f"this device has no {precision}")
        return targets[where].workload(kernel, precision, BUDGET, 77)

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
    else:
        (work,) = {outcome.operations for outcome in done}
        assert work % (amount * 2) == 0 < work
    assert 0 < workload.allocated <= BUDGET + (1 << 20)
    workload.close()


@pytest.mark.parametrize(("where", "kernel", "precision"), CASES)
def test_every_flip_is_caught_and_nothing_else(
    make: Make, where: str, kernel: Kernel, precision: Precision | None
) -> None:
    workload = make(where, kernel, precision)
    assert count_flips(workload, 3, Event()) == Count(3, 3, 3, 0)
    for flip in (Flip(0, 0), Flip(workload.words - 1, 31)):
        assert workload.run_flipped(flip) == Faults(1, (flip.word,))
    stopped = Event()
    stopped.set()
    assert count_flips(workload, 3, stopped) == Count()
    workload.close()


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
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    old: str,
    new: str,
    kernel: Kernel,
) -> None:
    texts = {
        each: shared_files.read_shared("shaders", f"{each}.wgsl")
        for each in ("fma", "matmul", "compare")
    }
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new)
    folder = tmp_path / "shaders"
    folder.mkdir()
    for each, text in texts.items():
        (folder / f"{each}.wgsl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(shared_files, "_PACKAGE", tmp_path)
    workload = GpuTarget(find_adapters()[0][0]).workload(kernel, F32, BUDGET, 3)
    judgement = workload.check_reference()
    assert judgement is not None
    assert judgement.wrong > 0
    assert len(judgement.places) == min(16, judgement.wrong)
    workload.close()


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


def test_calibration_ends_in_the_range() -> None:
    workload = CpuTarget().workload(Kernel.FMA, F32, BUDGET, 1)
    amount = calibrate(workload, Event())
    assert amount > workload.least
