"""AMD's sensors, in the files of Linux's driver amdgpu."""

from pathlib import Path

from .hwmon import read_number, read_text
from .sensor import Readings, Sensor

_SYSTEM = Path("/sys/class")
_VENDOR = 0x1002


class AmdSensor(Sensor):
    """A card of amdgpu. Source of the files: the kernel's documentation, "GPU Power/Thermal"."""

    source = "amdgpu"

    def __init__(self, device: Path) -> None:
        super().__init__()
        self._device = device
        self._hwmon = next(iter(sorted(device.glob("hwmon/hwmon*"))), device)
        self.device_id = int(read_text(device / "device") or "0", 16)
        self.pci = device.resolve().name
        self.uuid = read_text(device / "unique_id")
        self.slowdown_c = self._ask("slowdown_c", self._hwmon / "temp1_crit", 1000)
        self.power_limit_w = self._ask("power_limit_w", self._hwmon / "power1_cap", 1e6)
        self.reasons["throttle"] = "amdgpu tells it in no file"
        self.reasons["ecc_errors"] = "not read for this card"

    def read(self) -> Readings:
        """Read all there is."""
        power = self._hwmon / "power1_average"
        if not power.exists():
            power = self._hwmon / "power1_input"
        return Readings(
            temperature_c=self._ask("temperature_c", self._hwmon / "temp1_input", 1000),
            power_w=self._ask("power_w", power, 1e6),
            clock_mhz=self._ask("clock_mhz", self._hwmon / "freq1_input", 1e6),
            memory_clock_mhz=self._ask("memory_clock_mhz", self._hwmon / "freq2_input", 1e6),
            utilisation_percent=self._ask(
                "utilisation_percent", self._device / "gpu_busy_percent", 1
            ),
            memory_used_bytes=self._ask(
                "memory_used_bytes", self._device / "mem_info_vram_used", 1
            ),
        )

    def free_memory(self) -> int | None:
        """Return the free bytes of the device, if they are known."""
        total, used = self.total_memory(), read_number(self._device / "mem_info_vram_used")
        return None if total is None or used is None else total - int(used)

    def total_memory(self) -> int | None:
        """Return the bytes of the device, if they are known."""
        total = read_number(self._device / "mem_info_vram_total")
        return None if total is None else int(total)

    def _ask(self, name: str, path: Path, divisor: float) -> float | None:
        value = read_number(path)
        if value is None:
            self.reasons[name] = f"{path.name} cannot be read"
            return None
        return value / divisor


def match_amdgpu(
    vendor_id: int, device_id: int, pci: str | None, system: Path = _SYSTEM
) -> AmdSensor | None:
    """Return the card at a PCI address, or the only one of this kind."""
    if vendor_id != _VENDOR:
        return None
    devices = {path.resolve(): path for path in sorted(system.glob("drm/card*/device"))}
    cards = [
        AmdSensor(path)
        for path in devices.values()
        if read_text(path / "vendor") == f"{_VENDOR:#06x}"
    ]
    alike = [card for card in cards if card.pci == pci]
    alike = alike or [card for card in cards if card.device_id == device_id]
    return alike[0] if len(alike) == 1 else None
