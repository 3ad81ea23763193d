"""Runs of `gpu-stress` that hold: what is counted, sampled and reported."""

import itertools
import math
import os

import pytest

from contracts.gpu_runs import CONFIGURATIONS, Both, Subject, configuration, configured


@configured
def test_a_run_holds_and_its_report_fits_the_schema(tested: Subject, name: str) -> None:
    """The verdict, the exit status, the table and the settings say the same."""
    ran = configuration(tested, name)
    assert ran.status == 0, (ran.stderr, ran.reasons)
    assert ran.report["verdict"] == {"status": "held", "exit_status": 0, "reasons": []}
    assert ran.report["command"] == CONFIGURATIONS[name][0]
    assert ran.report["program"]["language"] == tested.language
    assert ran.report["host"]["cores"] == len(os.sched_getaffinity(0))
    device = ran.device
    kind = ("cpu", None, "cpu") if ran.report["command"] == "cpu" else ("software", 0, "vulkan")
    assert (device["kind"], device["index"], device["backend"]) == kind
    rows = [line for line in ran.stdout.splitlines() if device["name"] in line]
    for kernel, row in zip(device["kernels"], rows, strict=True):
        assert kernel["kernel"] in row
        assert (kernel["precision"] or "-") in row
        assert ("GB/s" if kernel["kernel"] == "memory" else "FLOP/s") in row
        assert row.split()[-1] == "0"
    assert ran.stdout.splitlines()[-1].startswith("held")


@configured
def test_what_is_counted_is_whole_batches_of_verified_work(tested: Subject, name: str) -> None:
    """Operations are a multiple of the kernel's unit, and fit the throughput and the time."""
    ran = configuration(tested, name)
    words = CONFIGURATIONS[name]
    expected = [word for at, word in enumerate(words) if words[at - 1] == "--kernel"]
    precisions = [word for at, word in enumerate(words) if words[at - 1] == "--precision"]
    order = [
        (kernel, precision)
        for kernel in expected or ["fma", "matmul", "memory"]
        for precision in ([None] if kernel == "memory" else precisions or ["f32"])
    ]
    kernels = ran.device["kernels"]
    assert [(each["kernel"], each["precision"]) for each in kernels] == order
    for each in kernels:
        memory = each["kernel"] == "memory"
        work, none = (each["bytes"], each["operations"])[:: 1 if memory else -1]
        assert none == 0
        assert work > 0
        assert work % {"fma": 64, "matmul": 2 * 256**3, "memory": 4}[each["kernel"]] == 0
        throughput = each["throughput"]
        assert throughput["unit"] == ("bytes/s" if memory else "operations/s")
        assert 0 < throughput["min"] <= throughput["median"] <= throughput["max"]
        rate = work / each["seconds"]
        # Batches of several threads overlap, the last ones do not fill the time, and a machine
        # that does something else meanwhile lets time pass between them.
        assert throughput["min"] / 1.5 <= rate <= throughput["max"] * 1.5, each
        assert (each["errors"], each["first_addresses"]) == (0, [])
        assert (each["passes"] is None) != memory
        if memory:  # written, checked at once, and again but for the first time; or to warm up
            assert 0 < each["bytes"] <= 3.01 * each["passes"] * ran.device["allocated_bytes"]
        assert (each["reference"] is None) == memory
        if not memory:
            reference = each["reference"]
            assert 0 <= reference["largest_error"] <= reference["tolerance"]
            samples = reference["samples"]  # a matrix for each thread, or one for all
            assert samples % {"fma": 64 * 32, "matmul": 64 * 64}[each["kernel"]] == 0


@configured
def test_batches_are_short_and_the_time_is_kept(tested: Subject, name: str) -> None:
    """Kernels share the duration; batches last 50 to 100 ms, within a busy machine's share."""
    ran = configuration(tested, name)
    words = CONFIGURATIONS[name]
    duration = float(words[words.index("--duration") + 1].removesuffix("s"))
    kernels = ran.device["kernels"]
    threads = ran.report["settings"].get("threads", 1)
    for each in kernels:
        share = duration / len(kernels)
        assert share * 0.9 <= each["seconds"] <= share + 0.5, each
        length = threads * each["seconds"] / each["batches"]
        assert 0.025 <= length <= 0.4 * (threads if "gpu" in name else 1), each
    assert duration * 0.9 <= ran.report["duration_s"]


def test_memory_that_was_never_touched_is_told(tested: Subject) -> None:
    """Where there was no time to write all of it."""
    words = ("cpu", "--memory-fraction", "0.2", "--kernel", "memory", "--duration", "0.3s")
    ran = tested.run(*words, "--json", "report.json")
    (kernel,) = ran.device["kernels"]
    assert (ran.status, 0 < kernel["passes"] < 1) == (0, True)
    told = f"memory: only {math.floor(100 * kernel['passes'])} % of the allocation was tested"
    assert told in ran.device["notes"]
    assert f"note: {ran.device['name']}: {told}\n" in ran.stdout


@pytest.mark.parametrize("name", ["one kernel", "gpu", "cpu"])
def test_samples_come_once_a_second(tested: Subject, name: str) -> None:
    """Also where a kernel runs for less: a device could get hot unseen."""
    ran = configuration(tested, name)
    times = [sample["time_s"] for sample in ran.samples]
    assert len(times) >= math.floor(ran.report["duration_s"]) - 1, times
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert all(0.8 <= gap <= 1.6 for gap in gaps[:-1]), times
    known = {(each["kernel"], each["precision"]) for each in ran.device["kernels"]}
    for sample in ran.samples:
        assert (sample["kernel"], sample["precision"]) in known
    if name.startswith("one"):
        (kernel,) = ran.device["kernels"]
        rates = sorted(sample["throughput"] for sample in ran.samples)
        assert kernel["throughput"]["min"] == pytest.approx(rates[0])
        assert kernel["throughput"]["max"] == pytest.approx(rates[-1])


def test_both_languages_report_the_same_but_for_measurements(both: Both) -> None:
    """Settings, host, device and what the reference was held to."""
    for name in CONFIGURATIONS:
        left, right = (configuration(tested, name) for tested in both.values())
        assert left.report["settings"] == right.report["settings"]
        assert left.report["host"] == right.report["host"]
        keys = ("index", "name", "kind", "backend", "driver", "uuid", "pci", "memory_bytes")
        for key in keys:
            assert left.device[key] == right.device[key], key
        held = [
            [
                each["reference"]["tolerance"]
                for each in ran.device["kernels"]
                if each["kernel"] == "fma"
            ]
            for ran in (left, right)
        ]
        assert held[0] == pytest.approx(held[1], rel=1e-3)  # T may be rounded first
