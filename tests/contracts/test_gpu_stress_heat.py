"""What sensors say against a device: heat, hardware that slows down, a device that is lost."""

import re
from collections.abc import Callable

import pytest

from contracts.gpu_nvml import UUID
from contracts.gpu_runs import GPU, Subject, long_form, sense


def test_a_ramp_of_temperature_stops_the_run(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """At 3 below the card's threshold, in the sample that has it; the report is written."""
    env = sensing(temperature="80 80 86 87 88 99")
    ran = sense(tested, env, "--duration", "30s")
    assert (ran.status, ran.report["verdict"]["status"]) == (4, "stopped for temperature")
    temperatures = [sample["temperature_c"] for sample in ran.samples]
    assert temperatures[-1] >= 87
    assert all(each < 87 for each in temperatures[:-1])
    assert "temperature" in ran.reasons
    assert re.search(r"\b87\b", ran.reasons)
    assert ran.device["kernels"][0]["operations"] > 0
    assert ran.seconds < 15


@pytest.mark.parametrize(
    ("said", "status"), [({"temperature": "95 50"}, 4), ({"lost": "0"}, 1)], ids=["hot", "lost"]
)
def test_the_first_reading_counts(
    tested: Subject, sensing: Callable[..., dict[str, str]], said: dict[str, str], status: int
) -> None:
    """Before there is any sample."""
    ran = sense(tested, sensing(**said), "--duration", "0.5s")
    assert ran.status == status, ran.reasons


def test_a_report_that_cannot_be_written_hides_no_heat(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """The higher status counts, and both are told."""
    words = ("gpu", *GPU, "--sensors", UUID, "--kernel", "fma", "--duration", "20s", "--quiet")
    ran = tested.run(*words, "--json", "/dev/full", env=sensing(temperature="95"))
    assert ran.status == 4
    assert "/dev/full" in ran.stderr
    assert "temperature" in ran.stderr
    assert re.fullmatch(r"(error: .+\n)+", ran.stderr), ran.stderr


def test_the_limit_that_was_asked_for(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """`--max-temperature` counts, whatever the card says, and also where it says nothing."""
    env = sensing(temperature="60", slowdown="!3")
    ran = sense(tested, env, "--duration", "20s", "--max-temperature", "60")
    assert ran.status == 4
    assert ran.device["sensors"]["max_temperature_c"] == 60
    assert (ran.device["sensors"]["slowdown_c"], ran.seconds < 10) == (None, True)
    ran = sense(tested, sensing(temperature="99", slowdown="!3"))
    assert (ran.status, ran.device["sensors"]["max_temperature_c"]) == (0, None)
    assert "slowdown_c" in ran.device["sensors"]["reasons"]


def test_throttle_reasons_are_told_bit_by_bit(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Combined, also bits that have no name yet; none of these is a fault."""
    ran = sense(tested, sensing(throttle="0x8000000000010337"))
    assert ran.status == 0, ran.reasons
    (told,) = {tuple(sample["throttle"]) for sample in ran.samples}
    named = ["gpu_idle", "applications_clocks", "sw_power_cap", "sync_boost", "sw_thermal",
             "display_clocks"]  # fmt: skip
    assert [*told] == [*named, "unknown_0x200", "unknown_0x10000", "unknown_0x8000000000000000"]


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        ("0x49", ["hw_slowdown", "hw_thermal"]),
        pytest.param("0x8", ["hw_slowdown"], marks=long_form),
        pytest.param("0x80", ["hw_power_brake"], marks=long_form),
    ],
)
def test_hardware_that_slows_down_is_a_fault(
    tested: Subject, sensing: Callable[..., dict[str, str]], bits: str, names: list[str]
) -> None:
    """In any sample after the warm-up."""
    ran = sense(tested, sensing(throttle=f"0x0 0x0 {bits} {bits} 0x0"), "--duration", "3.2s")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert all(name in ran.reasons for name in names), ran.reasons
    assert "gpu_idle" not in ran.reasons
    assert () in {tuple(sample["throttle"]) for sample in ran.samples}


def test_all_reasons_are_told_and_the_last_status_counts(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Slow hardware, too little throughput, and too hot: 4."""
    env = sensing(throttle="0x40", temperature="50 50 50 95")
    ran = sense(tested, env, "--duration", "20s", "--min-throughput", "1P")
    assert ran.status == 4
    for word in ("hw_thermal", "temperature", "FLOP/s"):
        assert word in ran.reasons


def test_a_device_that_is_lost_is_a_fault(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Its run ends, and the reason says so."""
    ran = sense(tested, sensing(lost="2"), "--duration", "30s")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert re.search(r"lost after \d+\.\d s: ", ran.reasons)
    assert ran.seconds < 15
