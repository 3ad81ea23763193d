"""Sensors: what is there is read, and what is not there says why."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.devices import Device, attach_sensors
from my_project.precisions import Precision
from my_project.sensors.amdgpu import match_amdgpu
from my_project.sensors.hwmon import CpuSensor
from my_project.sensors.nvml import (
    NvmlSensor,
    is_named,
    match_nvml,
    plain_pci,
    throttle_reasons,
)
from my_project.sensors.sensor import READINGS, Sensor

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
    system = tmp_path / "sys/class"
    for name, value in (("thermal_zone0", "41000"), ("thermal_zone1", "52000")):
        write(system / "thermal" / name, {"temp": value})
    zoned = CpuSensor(tmp_path)
    assert (zoned.source, zoned.slowdown_c, zoned.read().temperature_c) == ("thermal", None, 52)
    write(system / "hwmon/hwmon0", {"name": "nvme", "temp1_input": "99000", "temp1_crit": "1000"})
    cores = {"temp1_input": "60000", "temp2_input": "63000", "temp1_crit": "100000"}
    write(system / "hwmon/hwmon1", {"name": "coretemp", **cores})
    sensor = CpuSensor(tmp_path)
    assert (sensor.source, sensor.slowdown_c) == ("hwmon", 100)
    assert sensor.read().temperature_c == 63
    (system / "hwmon/hwmon1/temp1_input").write_text("no number", encoding="ascii")
    (system / "hwmon/hwmon1/temp2_input").unlink()
    assert sensor.read().temperature_c is None
    assert "cannot be read" in sensor.reasons["temperature_c"]


def test_of_several_sockets_the_hottest_counts_and_the_lowest_threshold(tmp_path: Path) -> None:
    for number, (heat, limit) in enumerate((("50000", "95000"), ("81000", "100000"))):
        files = {
            "name": "k10temp",
            "temp1_input": heat,
            "temp1_crit": "105000",
            "temp3_crit": limit,
        }
        write(tmp_path / f"sys/class/hwmon/hwmon{number}", files)
    sensor = CpuSensor(tmp_path)
    assert (sensor.slowdown_c, sensor.read().temperature_c) == (95, 81)


def test_the_clock_of_the_cpu_is_the_mean_of_its_cores(tmp_path: Path) -> None:
    sensor = CpuSensor(tmp_path)
    assert sensor.read().clock_mhz is None
    assert "clock_mhz" in sensor.reasons
    write(tmp_path / "proc", {"cpuinfo": "cpu MHz\t\t: 1000.5\nflags: x\ncpu MHz\t\t: 2000.5"})
    assert CpuSensor(tmp_path).read().clock_mhz == 1500.5
    for core, clock in enumerate(("2000000", "3000000")):
        write(tmp_path / f"sys/devices/system/cpu/cpu{core}/cpufreq", {"scaling_cur_freq": clock})
    assert CpuSensor(tmp_path).read().clock_mhz == 2500


def test_why_the_power_of_the_cpu_is_not_told(tmp_path: Path) -> None:
    assert CpuSensor(tmp_path).reasons["power_w"] == "no power meter"
    meter = tmp_path / "sys/class/powercap/intel-rapl:0"
    write(meter, {"energy_uj": "1"})
    (meter / "energy_uj").chmod(0)
    told = "the power meter is not read" if os.geteuid() == 0 else "Permission denied"
    assert CpuSensor(tmp_path).reasons["power_w"] == told


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


def test_a_card_whose_address_is_told_is_not_guessed_by_its_name() -> None:
    sensor = NvmlSensor.__new__(NvmlSensor)
    sensor.name, sensor.uuid, sensor.pci = "Fake", "GPU-1", "0000:01:00.0"
    assert match_nvml([sensor], name="Fake", uuid=None, pci=None) is sensor
    assert match_nvml([sensor], name="Fake", uuid="gpu-1", pci=None) is sensor
    assert match_nvml([sensor], name="Fake", uuid=None, pci="00000000:01:00.0") is sensor
    assert match_nvml([sensor], name="Fake", uuid="GPU-2", pci=None) is None
    assert match_nvml([sensor], name="Fake", uuid=None, pci="0000:02:00.0") is None
    assert match_nvml([sensor, sensor], name="Fake", uuid=None, pci=None) is None


def test_a_card_without_nvml_says_so() -> None:
    card = Device(0, "card", "discrete", "vulkan", None, [Precision.F32], vendor_id=0x10DE)
    attach_sensors([card])
    assert card.sensor.source in {None, "nvml"}
    assert card.sensor.source or "NVML" in card.sensor.reasons["temperature_c"]


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
    reasons = found["sensors"]["reasons"]
    assert lost or "Permission" in reasons["utilisation_percent"]
    for sample in found["samples"]:
        assert sample["power_w"] == 123.456
        assert sample["utilisation_percent"] is None
        assert sample["throttle"] == list(throttle_reasons(throttle))
    assert bool(found["samples"]) == bool(throttle)
