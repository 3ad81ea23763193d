"""What `gpu-stress` takes of memory and cores, and that it shares and gives way."""

import os
import signal
import time
from pathlib import Path

from contracts.gpu_runs import GPU, LITTLE, Subject, configuration, configured
from helpers import need


@configured
def test_memory_is_what_was_asked_for_and_little_more(tested: Subject, name: str) -> None:
    """Less than 200 MB beside the allocation, which is a part of what is free."""
    ran = configuration(tested, name)
    allocated = ran.device["allocated_bytes"]
    assert 0 < allocated <= 0.003 * ran.report["host"]["memory_bytes"]
    if name != "one kernel":  # `fma` needs no memory
        assert allocated >= 16 << 20
    assert 0 < ran.peak_bytes - allocated < 200e6, (ran.peak_bytes, allocated)


def test_all_the_cores_that_it_may_use_and_no_other(tested: Subject) -> None:
    """The affinity is respected, and seen from outside by the time that it took."""
    need("taskset")
    words = ("cpu", *LITTLE, "--duration", "1.5s", "--kernel", "fma", "--json", "report.json")
    ran = tested.run(*words, before=("taskset", "-c", str(min(os.sched_getaffinity(0)))))
    assert ran.status == 0
    assert (ran.report["host"]["cores"], ran.report["settings"]["threads"]) == (1, 1)
    assert ran.cpu_seconds <= 1.05 * ran.seconds
    whole = configuration(tested, "cpu")
    assert whole.report["settings"]["threads"] == len(os.sched_getaffinity(0))
    single = configuration(tested, "one thread")
    assert single.report["settings"]["threads"] == 1
    assert single.cpu_seconds <= 1.25 * single.seconds


def test_no_core_is_idle(tested: Subject) -> None:
    """All that this process may use are busy 95 % of the time or more, whoever else uses them."""
    words = ("cpu", *LITTLE, "--duration", "20s", "--kernel", "matmul", "--json", "report.json")
    running = tested.start(*words)
    cores = os.sched_getaffinity(0)
    running.wait_until(lambda: running.cpu_seconds() > 1.5 * len(cores))
    before = idle_seconds(cores)
    time.sleep(1)
    idle = idle_seconds(cores) - before
    running.send(signal.SIGINT)
    assert running.finish().status == 130
    assert idle <= 0.05 * len(cores)


def idle_seconds(cores: set[int]) -> float:
    """Return how long these cores have had nothing to do."""
    lines = [line.split() for line in Path("/proc/stat").read_text("ascii").splitlines()]
    names = {f"cpu{core}" for core in cores}
    ticks = sum(int(values[4]) for values in lines if values[0] in names)
    return ticks / os.sysconf("SC_CLK_TCK")


def test_two_runs_at_once_on_one_device(tested: Subject) -> None:
    """Each holds, and each writes its report."""
    words = ("gpu", *GPU, "--duration", "1s", "--kernel", "memory", "--json", "report.json")
    running = [tested.start(*words) for _ in range(2)]
    for each in running:
        assert each.finish().status == 0


def test_out_of_memory_takes_less(tested: Subject) -> None:
    """With a limit far below what was asked for, each run goes on with what it can have."""
    room = 600 << 20  # bytes, of which the driver takes some 250 MB
    limit = ("prlimit", f"--data={room}")
    need(limit[0])
    fraction = f"{(1 << 30) / available():.4f}"
    for command in (("cpu",), ("gpu", "--allow-software")):
        kernels = ("--kernel", "memory", "--kernel", "matmul")
        words = (*command, "--memory-fraction", fraction, "--duration", "0.4s", *kernels)
        ran = tested.run(*words, "--json", "report.json", before=limit)
        assert ran.status == 0, (command, ran.stderr)
        processes = len(os.sched_getaffinity(0)) if command[0] == "cpu" else 1  # each has the limit
        assert 16 << 20 <= ran.device["allocated_bytes"] <= processes * room, command


def available() -> int:
    """Return the bytes of memory that can be had without swapping."""
    lines = [line.split() for line in Path("/proc/meminfo").read_text("ascii").splitlines()]
    return next(int(values[1]) << 10 for values in lines if values[0] == "MemAvailable:")
