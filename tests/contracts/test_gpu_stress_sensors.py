"""The sensors of `gpu-stress`: what is read, and what is not there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.gpu_nvml import OTHER_UUID, UUID, calls, compile_nvml, nvml
from contracts.gpu_runs import (
    GPU,
    Subject,
    configuration,
    long_form,
    one_error,
    screen_lines,
    sense,
)
from helpers import LONG_TESTS, need


def test_what_the_sensors_say_is_in_the_samples(tested: Subject) -> None:
    """In the units of the report, on a terminal and in the JSON."""
    ran = configuration(tested, "one kernel")
    assert ran.status == 0, ran.reasons
    sensors = ran.device["sensors"]
    assert (sensors["source"], sensors["reasons"]) == ("nvml", {})
    assert (sensors["slowdown_c"], sensors["max_temperature_c"]) == (90, 87)
    assert sensors["power_limit_w"] == 300
    assert ran.samples
    for sample in ran.samples:
        assert {key: sample[key] for key in READ} == READ
    shown = screen_lines(ran.stderr, 200)
    assert any(re.search(r"41.*251\.5|41.*25[12].*300", line) for line in shown), shown
    for word in ("sw_power_cap", "0 errors", "1830 MHz", "97 %", " s left"):
        assert any(word in line for line in shown), (word, shown)
    assert not any("gpu_idle" in line for line in shown)


READ = {
    "temperature_c": 41, "power_w": 251.5, "clock_mhz": 1830, "memory_clock_mhz": 7001,
    "utilisation_percent": 97, "memory_used_bytes": 3 << 30, "ecc_errors": 0,
    "throttle": ["gpu_idle", "sw_power_cap"],
}  # fmt: skip


def test_the_device_that_was_named_and_no_other(tested: Subject, tmp_path: Path) -> None:
    """The second of two, by UUID and PCI address; the library is one from before 2023."""
    library = compile_nvml(tmp_path / "old", need("cc"), "-DOLD")
    second = {"count": "2", "1.uuid": OTHER_UUID, "1.pci": "0:66:0", "1.temperature": "57"}
    env = nvml(tmp_path, library, second)
    for name in (OTHER_UUID.lower(), OTHER_UUID, "0000:66:00.0", "00000000:66:00.0"):
        words = ("gpu", *GPU, "--duration", "1.2s", "--kernel", "fma", "--sensors", name)
        ran = tested.report(*words, env=env)
        assert (ran.status, ran.device["sensors"]["reasons"]) == (0, {})
        assert {sample["temperature_c"] for sample in ran.samples} == {57}
        if not LONG_TESTS:
            break


def test_a_device_that_nothing_matches_has_no_sensors(
    tested: Subject, sensing: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    """Not even one of its name, since its vendor is another; `none` reads nothing."""
    env = sensing(name="llvmpipe (LLVM 15.0.6, 256 bits)", temperature="149", throttle="0x40")
    for choice in ("auto", "none"):
        (tmp_path / "log").unlink(missing_ok=True)
        duration = "1.2s" if choice == "auto" else "0.3s"
        words = ("gpu", *GPU, "--duration", duration, "--kernel", "fma", "--sensors", choice)
        ran = tested.report(*words, env=env)
        assert (ran.status, ran.device["sensors"]["source"]) == (0, None)
        assert {sample["temperature_c"] for sample in ran.samples} <= {None}
        assert calls(tmp_path) == []  # no device here is of NVIDIA's


SILENT = {
    "temperature": "!4", "slowdown": "!3", "power": "!3", "limit": "!4", "clock": "!999",
    "memory_clock": "!3", "utilisation": "!4", "memory_used": "!4", "ecc": "!3", "throttle": "!4",
}  # fmt: skip


def test_a_sensor_that_is_not_there_is_null_with_its_reason(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Permission denied, not supported, unknown: never a zero; all at once, and one by one."""
    ran = sense(tested, sensing(**SILENT))
    assert ran.status == 0, ran.reasons
    sensors = ran.device["sensors"]
    assert ran.samples
    for sample in ran.samples:
        assert {sample[name] for name in READ} == {None}
    assert set(READ) | {"slowdown_c", "power_limit_w"} <= set(sensors["reasons"])
    assert all(sensors["reasons"].values())
    assert (sensors["slowdown_c"], sensors["power_limit_w"]) == (None, None)
    ran = sense(tested, sensing(power="!4"))
    assert [*ran.device["sensors"]["reasons"]] == ["power_w"]
    assert re.search("permission", ran.device["sensors"]["reasons"]["power_w"], re.IGNORECASE)
    for sample in ran.samples:
        assert {key: sample[key] for key in READ} == {**READ, "power_w": None}


@long_form
def test_a_sensor_that_fails_now_and_then(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Its value is null where it failed, and no other value stands in."""
    ran = sense(tested, sensing(ecc="0 0 !999 7"), "--duration", "4.2s")
    values = [sample["ecc_errors"] for sample in ran.samples]
    assert set(values) <= {0, 7, None}
    assert None in values
    assert values[-1] == 7
    assert "ecc_errors" in ran.device["sensors"]["reasons"]


DRIVERS = {
    "not loaded": {"init": "!9"},
    "no device": {"count": "0"},
    "no permission": {"init": "!4"},
    "another version": {"init": "!18"},
    "no access to the device": {"handle": "!4"},
}


@pytest.mark.parametrize(
    "name",
    [
        "not loaded",
        "no device",
        *(pytest.param(name, marks=long_form) for name in list(DRIVERS)[2:]),
    ],
)
def test_a_driver_that_cannot_be_had(
    tested: Subject, nvml_library: Path, tmp_path: Path, name: str
) -> None:
    """No sensors and a reason with `auto`, one line and 3 where it was named."""
    env = nvml(tmp_path, nvml_library, DRIVERS[name])
    words = ("gpu", *GPU, "--duration", "0.2s", "--kernel", "fma")
    ran = tested.report(*words, env=env)
    assert (ran.status, ran.device["sensors"]["source"]) == (0, None)
    assert set(READ) <= set(ran.device["sensors"]["reasons"])
    one_error(tested.run(*words, "--sensors", UUID, "--json", "report.json", env=env), 3)
