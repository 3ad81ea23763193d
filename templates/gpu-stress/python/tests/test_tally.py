"""What is counted, and what is said of it."""

import signal
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from my_project.crew import Crew, Listeners, Load
from my_project.devices import describe_cpu
from my_project.kernels.names import Kernel
from my_project.precisions import Precision
from my_project.sensors.sensor import Readings
from my_project.tally import Tally
from my_project.verdict import Verdict
from my_project.watch import Watch
from my_project.workers import Worker


def batch(lane: int, end: float, work: int, errors: int = 0) -> dict[str, object]:
    places = list(range(min(errors, 16)))
    return {
        "lane": lane,
        "end": end,
        "seconds": 0.1,
        "operations": work,
        "bytes": 0,
        "errors": errors,
        "places": places,
        "written": 0,
        "together": 1,
    }


def crew(*kernels: Kernel, say: Callable[[str], None] = lambda _: None) -> Crew:
    """Return the crew of a device that has run these."""
    nobody = Listeners(say, lambda _: None)
    found = Crew(describe_cpu([]), [], Load([], 1.0, [], 0), nobody)
    found.tallies = [Tally(kernel, Precision.F32) for kernel in kernels]
    return found


def test_threads_add_up() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    assert tally.throughput() == {"unit": "operations/s", "min": None, "median": None, "max": None}
    for step in range(1, 11):
        for lane in (0, 1):
            tally.add_batch(0, batch(lane, 100 + step / 10, 5))
    assert tally.take_sample() == pytest.approx(100)
    assert tally.seconds == pytest.approx(1)
    assert (tally.batches, tally.operations) == (20, 100)
    assert tally.average == pytest.approx(100)
    assert tally.throughput()["median"] == pytest.approx(100)
    assert tally.take_sample() == 0  # nothing has ended since


def test_long_kernels_are_judged_by_their_samples() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    for second, work in enumerate((1, 2, 9, 4), 1):
        for step in range(1, 11):
            tally.add_batch(0, batch(0, second - 1 + step / 10, work))
        tally.take_sample()
    found = tally.throughput()
    assert [found[each] for each in ("min", "median", "max")] == pytest.approx([10, 30, 90])


def test_errors_keep_their_first_places() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    for end in (1.0, 2.0):
        tally.add_batch(0, batch(0, end, 0, errors=12))
    assert tally.errors == 24
    assert tally.places == [*range(12), *range(4)]


def test_errors_of_the_warm_up_count_and_its_work_does_not() -> None:
    told = list[str]()
    working = crew(Kernel.FMA, say=told.append)
    working.hear(
        object.__new__(Worker), {"is": "warm", "errors": 2, "places": [3, 4], "written": 0}
    )
    (tally,) = working.tallies
    assert (tally.errors, tally.places, tally.batches) == (2, [3, 4], 0)
    tally.add_batch(0, batch(0, 1.0, 5, errors=1))
    assert (tally.errors, tally.places, tally.batches) == (3, [3, 4, 0], 1)
    (line,) = told
    assert line.endswith("fma f32: 2 words wrong, the first at 3")


def test_passes_are_of_all_threads_and_a_part_of_one_is_noted() -> None:
    tally = Tally(Kernel.MEMORY, None)
    assert (tally.passes, tally.notes()) == (0, ["memory: only 0 % of the allocation was tested"])
    tally.patterned = 2000
    tally.add_findings({"errors": 0, "places": [], "written": 900})
    tally.add_batch(0, {**batch(0, 1.0, 5), "written": 1099})
    assert tally.record()["passes"] == pytest.approx(1999 / 2000)
    assert tally.notes() == ["memory: only 99 % of the allocation was tested"]
    tally.add_batch(1, {**batch(0, 1.0, 5), "written": 1})
    assert (tally.passes, tally.notes()) == (1, [])
    other = Tally(Kernel.FMA, Precision.F32)
    assert (other.record()["passes"], other.notes()) == (None, [])


def test_references_of_threads_are_put_together() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    good = {"samples": 2, "largest_error": 0.5, "tolerance": 1.0, "wrong": 0, "places": []}
    tally.add_reference(good)
    tally.add_reference({**good, "largest_error": 0.25, "tolerance": 0.75})
    assert tally.reference == {"samples": 4, "largest_error": 0.5, "tolerance": 0.75}
    tally.add_reference({**good, "largest_error": None, "wrong": 1, "places": [7]})
    assert tally.reference["largest_error"] is None
    assert (tally.errors, tally.places) == (1, [7])


def test_the_last_of_faults_heat_and_interrupts_counts() -> None:
    found = Verdict()
    assert (found.status, found.exit_status, found.reasons()) == ("held", 0, [])
    found.faults += ["slow", "slow"]
    assert (found.status, found.exit_status, found.reasons()) == ("fault", 1, ["slow"])
    found.too_hot.append("hot")
    assert (found.status, found.exit_status) == ("stopped for temperature", 4)
    found.interrupt = signal.SIGTERM
    assert (found.status, found.exit_status) == ("interrupted", 143)
    assert found.reasons() == ["slow", "hot", "interrupted by SIGTERM"]


def test_sensors_are_read_once_a_second_and_judged() -> None:
    watch = Watch(describe_cpu([]), 70.0)
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    watch.start(told.put)
    times = []
    for _ in range(2):
        assert told.get(timeout=5)["is"] == "read"
        times.append(time.monotonic())
    watch.stop()
    assert 0.8 < times[1] - times[0] < 1.5
    working = crew(Kernel.FMA)
    working.tallies[0].add_batch(0, batch(0, 0.5, 5))
    watch.judge(Readings(temperature_c=69.5, throttle=("sw_power_cap",)))
    watch.add_sample(working, 1.0)
    assert (watch.too_hot, watch.faults()) == (None, [])
    watch.judge(Readings(temperature_c=70.0, throttle=("hw_thermal", "gpu_idle")))
    watch.add_sample(working, 2.0)
    assert "temperature 70 C" in str(watch.too_hot)
    assert "hw_thermal" in watch.faults()[0]
    assert [sample["throughput"] for sample in watch.samples] == pytest.approx([50, 0])


def test_a_sample_of_a_device_that_warms_up_counts_for_nothing() -> None:
    watch, working = Watch(describe_cpu([]), None), crew(Kernel.FMA)
    watch.judge(Readings(throttle=("hw_thermal",)))
    watch.add_sample(working, 1.0)
    assert [(each["kernel"], each["throughput"]) for each in watch.samples] == [("fma", 0)]
    assert (working.tallies[0].samples, watch.faults()) == ([], [])


def test_readings_come_at_the_full_seconds_from_the_first_batch_on() -> None:
    watch = Watch(describe_cpu([]), 70.0)
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    watch.start(told.put)
    told.get(timeout=5)
    time.sleep(0.5)
    begin = time.monotonic()
    watch.count_from(begin)
    for second in (1, 2):
        told.get(timeout=5)
        assert second <= time.monotonic() - begin < second + 0.4
    watch.stop()


def test_a_sample_is_of_the_kernel_before_until_the_next_has_run_for_a_while() -> None:
    assert crew(Kernel.FMA, Kernel.MATMUL).tally is None
    working, now = crew(Kernel.FMA, Kernel.MATMUL), time.monotonic()
    first, second = working.tallies
    first.add_batch(0, batch(0, now - 1, 5))
    assert working.tally is first  # the other one warms up
    second.add_batch(0, batch(0, now, 5))
    assert working.tally is first
    second.begin = now - 0.6
    assert working.tally is second


def test_a_sample_of_a_kernel_that_is_over_is_no_rate_if_nothing_ended() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    for step in range(1, 41):
        tally.add_batch(0, batch(0, step / 10, 5))
    assert tally.take_sample(is_over=True) == pytest.approx(50)
    assert tally.take_sample(is_over=True) == 0
    assert tally.throughput()["min"] == pytest.approx(50)


def test_short_kernels_are_judged_by_all_threads_together() -> None:
    tally = Tally(Kernel.FMA, Precision.F32)
    # Two threads, of which one is late; the last batch has no fellow and is left out.
    for lane, end in ((0, 0.1), (1, 0.2), (0, 0.3), (1, 0.6), (0, 0.7)):
        tally.add_batch(0, batch(lane, end, 6))
    found = tally.throughput()
    assert [found[each] for each in ("min", "max")] == pytest.approx([12 / 0.4, 12 / 0.2])


def test_errors_of_all_kernels_add_up() -> None:
    working = crew(Kernel.FMA, Kernel.MATMUL)
    for tally in working.tallies:
        tally.add_batch(0, batch(0, 1.0, 0, errors=2))
    assert working.errors == 4
