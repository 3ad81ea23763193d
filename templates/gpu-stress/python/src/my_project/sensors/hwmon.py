"""The CPU's temperature from Linux's hwmon or thermal zones, and the rest from psutil."""

from pathlib import Path

import psutil

from .sensor import Readings, Sensor

_DRIVERS = ("coretemp", "k10temp")
_SYSTEM = Path("/sys/class")


class CpuSensor(Sensor):
    """The sensors of the CPU."""

    def __init__(self, system: Path = _SYSTEM) -> None:
        super().__init__()
        self._inputs: list[Path] = []
        self._zones = sorted(system.glob("thermal/thermal_zone*/temp"))
        for folder in sorted(system.glob("hwmon/hwmon*")):
            if read_text(folder / "name") in _DRIVERS:
                self._inputs = sorted(folder.glob("temp*_input"))
                self.source = "hwmon"
                # Where Intel's and AMD's begin to slow down; `crit` of coretemp is TjMax.
                crit = read_number(folder / "temp1_crit")
                self.slowdown_c = None if crit is None else crit / 1000
                break
        if not self._inputs and self._zones:
            self._inputs, self.source = self._zones, "thermal"
        self.reasons = {
            "power_w": "the CPU's power is for the administrator alone",
            "memory_clock_mhz": "no sensor tells it",
            "ecc_errors": "no sensor tells it",
            "throttle": "no sensor tells it",
            "power_limit_w": "the CPU's power is for the administrator alone",
        }
        if not self._inputs:
            self.reasons["temperature_c"] = "no coretemp, no k10temp and no thermal zone"
        if self.slowdown_c is None:
            self.reasons["slowdown_c"] = "no sensor tells it"
        psutil.cpu_percent()  # the next call says what was used since this one

    def read(self) -> Readings:
        """Read all there is."""
        found = [value for path in self._inputs if (value := read_number(path)) is not None]
        if self._inputs and not found:
            self.reasons["temperature_c"] = f"{self._inputs[0]} cannot be read"
        return Readings(
            temperature_c=max(found) / 1000 if found else None,
            clock_mhz=self._clock(),
            utilisation_percent=psutil.cpu_percent(),
            memory_used_bytes=psutil.virtual_memory().used,
        )

    def _clock(self) -> float | None:
        try:
            found = psutil.cpu_freq()
        except (OSError, NotImplementedError, RuntimeError):
            found = None
        if found is None or not found.current:
            self.reasons["clock_mhz"] = "the system does not tell it"
            return None
        return float(found.current)


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
