"""The CPU's sensors: Linux's hwmon or thermal zones, its clocks, and the rest from psutil."""

import os
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

import psutil

from .sensor import Readings, Sensor

_DRIVERS = ("coretemp", "k10temp")
_ROOT = Path("/")


class CpuSensor(Sensor):
    """The sensors of the CPU, of all its sockets."""

    def __init__(self, root: Path = _ROOT) -> None:
        super().__init__()
        self._root = root
        chips = sorted((root / "sys/class/hwmon").glob("hwmon*"))
        chips = [each for each in chips if read_text(each / "name") in _DRIVERS]
        self._inputs = [path for each in chips for path in sorted(each.glob("temp*_input"))]
        zones = sorted((root / "sys/class/thermal").glob("thermal_zone*/temp"))
        self.source = "hwmon" if self._inputs else None
        if zones and not self._inputs:
            self._inputs, self.source = zones, "thermal"
        # Where Intel's and AMD's begin to slow down; `crit` of coretemp is TjMax.
        limits = _numbers(path for each in chips for path in each.glob("temp*_crit"))
        self.slowdown_c = min(limits) / 1000 if limits else None
        meter = _why_no_power(root)
        self.reasons = {
            "power_w": meter,
            "memory_clock_mhz": "no sensor tells it",
            "ecc_errors": "no sensor tells it",
            "throttle": "no sensor tells it",
            "power_limit_w": meter,
        }
        if not self._inputs:
            self.reasons["temperature_c"] = "no coretemp, no k10temp and no thermal zone"
        if self.slowdown_c is None:
            self.reasons["slowdown_c"] = "no sensor tells it"
        psutil.cpu_percent()  # the next call says what was used since this one

    def read(self) -> Readings:
        """Read all there is."""
        found = _numbers(self._inputs)
        if self._inputs and not found:
            self.reasons["temperature_c"] = f"{self._inputs[0]} cannot be read"
        return Readings(
            temperature_c=max(found) / 1000 if found else None,
            clock_mhz=self._clock(),
            utilisation_percent=psutil.cpu_percent(),
            memory_used_bytes=psutil.virtual_memory().used,
        )

    def _clock(self) -> float | None:
        """Return the mean of all cores."""
        cores = (self._root / "sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_cur_freq")
        clocks = [kilohertz / 1000 for kilohertz in _numbers(cores)]
        if not clocks:
            lines = (read_text(self._root / "proc/cpuinfo") or "").splitlines()
            told = [line.partition(":")[2] for line in lines if line.startswith("cpu MHz")]
            clocks = [float(each) for each in told]
        if not clocks:
            self.reasons["clock_mhz"] = "the system does not tell it"
        return fmean(clocks) if clocks else None


def _why_no_power(root: Path) -> str:
    """Return why the power is not read: only an administrator may read the energy that was used."""
    meters = sorted((root / "sys/class/powercap").glob("*/energy_uj"))
    if not meters:
        return "no power meter"
    return "the power meter is not read" if os.access(meters[0], os.R_OK) else "Permission denied"


def _numbers(paths: Iterable[Path]) -> list[float]:
    """Return what can be read."""
    return [value for path in paths if (value := read_number(path)) is not None]


def read_text(path: Path) -> str | None:
    """Return a line of a file of the system, if it can be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None


def read_number(path: Path) -> float | None:
    """Return the number in a file of the system, if there is one."""
    try:
        return float(read_text(path) or "")
    except ValueError:
        return None
