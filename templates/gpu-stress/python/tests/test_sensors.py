"""Sensors: what is there is read, and what is not there says why."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.devices import (
    Device,
    attach_sensors,
    choose,
    describe_cpu,
    set_sensors,
)
from my_project.errors import LackingError, UsageError
from my_project.precisions import Precision
from my_project.sensors.amdgpu import match_amdgpu
from my_project.sensors.hwmon import CpuSensor
from my_project.sensors.nvml import (
    is_named,
    plain_pci,
    throttle_reasons,
)
from my_project.sensors.sensor import READINGS, Sensor
from my_project.settings import Choice

from .program import need_gpu, run_for_report

FAKE = """
#include <string.h>
typedef unsigned int u;
static int asked;
int nvmlInitWithFlags(u flags) { return 0; }
int nvmlDeviceGetCount_v2(u *count) { *count = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(u index, void **device) { *device = &asked; return 0; }
int nvmlDeviceGetName(void *d, char *name, u size) { strcpy(name, "Fake"); return 0; }
int nvmlDeviceGetUUID(void *d, char *uuid, u size) { strcpy(uuid, "GPU-fake"); return 0; }
int nvmlDeviceGetTemperature(void *d, u sensor, u *value) { *value = TEMPERATURE; return 0; }
int nvmlDeviceGetTemperatureThreshold(void *d, u which, u *value) { *value = 90; return 0; }
int nvmlDeviceGetPowerUsage(void *d, u *value) { *value = 123456; return 0; }
int nvmlDeviceGetUtilizationRates(void *d, u *rates) { return 4; }  /* no permission */
int nvmlDeviceGetCurrentClocksThrottleReasons(void *d, unsigned long long *bits) {
    if (LOST && asked++) return 15;
    *bits = THROTTLE;
    return 0;
}
"""


@given(st.integers(0, (1 << 64) - 1))
def test_each_bit_of_the_throttle_reasons_has_one_name(bits: int) -> None:
    names = throttle_reasons(bits)
    assert len(names) == len(set(names)) == bits.bit_count()
    assert throttle_reasons(0) == ()


def test_a_pci_address_is_the_same_with_a_long_domain_and_in_capitals() -> None:
    assert plain_pci("00000000:AF:00.0") == plain_pci("0000:af:00.0")
    sensor = Sensor()
    sensor.pci, sensor.uuid = "0000:af:00.0", "GPU-1"
    assert is_named(sensor, "00000000:AF:00.0")
    assert is_named(sensor, "gpu-1")
    assert not is_named(sensor, "")
    assert not is_named(Sensor(), "")


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n", encoding="ascii")


def test_the_cpu_has_coretemp_or_else_the_hottest_zone(tmp_path: Path) -> None:
    zones = {"thermal_zone0": "41000", "thermal_zone1": "52000"}
    for name, value in zones.items():
        write(tmp_path / "thermal" / name, {"temp": value})
    zoned = CpuSensor(tmp_path)
    assert (zoned.source, zoned.read().temperature_c) == ("thermal", 52)
    write(tmp_path / "hwmon/hwmon0", {"name": "nvme", "temp1_input": "99000"})
    cores = {"temp1_input": "60000", "temp2_input": "63000", "temp1_crit": "100000"}
    write(tmp_path / "hwmon/hwmon1", {"name": "coretemp", **cores})
    sensor = CpuSensor(tmp_path)
    assert (sensor.source, sensor.slowdown_c) == ("hwmon", 100)
    assert sensor.read().temperature_c == 63
    (tmp_path / "hwmon/hwmon1/temp1_input").write_text("no number", encoding="ascii")
    (tmp_path / "hwmon/hwmon1/temp2_input").unlink()
    assert sensor.read().temperature_c is None
    assert "cannot be read" in sensor.reasons["temperature_c"]


def test_what_the_cpu_lacks_has_a_reason(tmp_path: Path) -> None:
    sensor = CpuSensor(tmp_path)
    read = sensor.read().record()
    assert sensor.source is None
    for name in READINGS:
        assert (read[name] is None) == (name in sensor.reasons)
    assert read["memory_used_bytes"] > 0


def test_a_card_of_amdgpu_is_found_by_its_address(tmp_path: Path) -> None:
    for number, used in enumerate(("1000", "2000")):
        card = tmp_path / f"devices/0000:0{number}:00.0"
        write(
            card,
            {
                "vendor": "0x1002",
                "device": "0x744c",
                "unique_id": f"abc{number}",
                "mem_info_vram_total": "9000",
                "mem_info_vram_used": used,
                "gpu_busy_percent": "97",
            },
        )
        write(
            card / "hwmon/hwmon3",
            {
                "temp1_input": "71000",
                "temp1_crit": "100000",
                "power1_input": "250000000",
                "freq1_input": "2400000000",
                "power1_cap": "300000000",
            },
        )
        write(tmp_path / f"drm/card{number}", {})
        (tmp_path / f"drm/card{number}/device").symlink_to(card)
    found = match_amdgpu(0x1002, 0x744C, "0000:01:00.0", tmp_path)
    assert found is not None
    assert (found.pci, found.uuid, found.free_memory()) == ("0000:01:00.0", "abc1", 7000)
    assert (found.slowdown_c, found.power_limit_w) == (100, 300)
    read = found.read()
    assert (read.temperature_c, read.power_w, read.clock_mhz) == (71, 250, 2400)
    assert read.memory_clock_mhz is None
    assert found.reasons["memory_clock_mhz"] == "freq2_input cannot be read"
    assert match_amdgpu(0x1002, 0x744C, None, tmp_path) is None  # there are two of this kind
    assert match_amdgpu(0x10DE, 0x744C, "0000:01:00.0", tmp_path) is None


def device(index: int, kind: str, uuid: str | None = None) -> Device:
    return Device(index, f"card {index}", kind, "vulkan", None, [Precision.F32], uuid=uuid)


def test_devices_are_chosen_by_index_or_uuid() -> None:
    devices = [device(0, "discrete", "GPU-A"), device(1, "software"), device(2, "integrated")]
    assert choose(devices, Choice(), "") == [devices[0], devices[2]]
    assert choose(devices, Choice(("2", "gpu-a")), "") == [devices[2], devices[0]]
    assert choose(devices, Choice(allow_software=True), "") == devices
    with pytest.raises(UsageError, match="twice"):
        choose(devices, Choice(("0", "GPU-A")), "")
    for words, sentence in ((("1",), "--allow-software"), (("7",), "no device 7")):
        with pytest.raises(LackingError, match=sentence):
            choose(devices, Choice(words), "")
    with pytest.raises(LackingError, match=r"only a software adapter \(card 1\)"):
        choose([devices[1]], Choice(), "")
    with pytest.raises(LackingError, match="no GPU found: no driver"):
        choose([], Choice(), "no driver")


def test_memory_that_nothing_tells_is_taken_to_be_a_gigabyte() -> None:
    card = device(0, "discrete")
    assert card.budget(0.5) == 1 << 29
    assert "taken to be 1 GiB" in card.notes[0]
    cpu = describe_cpu([Precision.F32])
    assert cpu.budget(1e-9) == 16 << 20
    assert cpu.budget(None) > 16 << 20


def test_sensors_that_are_not_wanted_or_not_there_say_so() -> None:
    card = device(0, "discrete")
    card.vendor_id = 0x10DE
    attach_sensors([card])
    assert card.sensor.source in {None, "nvml"}
    assert card.sensor.source or "NVML" in card.sensor.reasons["temperature_c"]
    set_sensors([card], "none")
    assert set(card.sensor.reasons.values()) == {"--sensors none"}
    with pytest.raises(LackingError, match="--sensors GPU-none"):
        set_sensors([card], "GPU-none")


@pytest.fixture(scope="module")
def compiler() -> str:
    found = shutil.which("cc")
    if found is None:
        pytest.skip("no C compiler to build a stand-in for NVML with")
    need_gpu()
    return found


@pytest.mark.parametrize(
    ("temperature", "throttle", "lost", "status", "reason"),
    [(88, 0, 0, 4, "temperature"), (60, 0x48, 0, 1, "hw_thermal"), (60, 0, 1, 1, "lost")],
    ids=["hot", "throttled", "lost"],
)
def test_what_nvml_says_is_in_the_verdict(
    compiler: str,
    tmp_path: Path,
    temperature: int,
    throttle: int,
    lost: int,
    status: int,
    reason: str,
) -> None:
    source = tmp_path / "nvml.c"
    defined = (
        f"#define TEMPERATURE {temperature}\n#define THROTTLE {throttle}\n#define LOST {lost}\n"
    )
    source.write_text(defined + FAKE, encoding="ascii")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    env = {"LD_LIBRARY_PATH": f"{tmp_path}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
    words = ["gpu", "--allow-software", "--kernel", "fma", "--duration", "1.5s"]
    words += ["--memory-fraction", "0.001", "--sensors", "GPU-fake"]
    report = run_for_report(tmp_path / "report.json", *words, env=env)
    (found,) = report["devices"]
    assert report["verdict"]["exit_status"] == status
    assert reason in " ".join(report["verdict"]["reasons"])
    assert found["sensors"]["source"] == "nvml"
    assert found["sensors"]["max_temperature_c"] == 87
    assert "Permission" in found["sensors"]["reasons"].get("utilisation_percent", "Permission")
    for sample in found["samples"]:
        assert sample["power_w"] == 123.456
        assert sample["utilisation_percent"] is None
        assert sample["throttle"] == list(throttle_reasons(throttle))
    assert bool(found["samples"]) == bool(throttle)
