"""What every sensor can be asked, and what it answers."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read at one moment; nothing where there is no such sensor."""

    temperature_c: float | None = None
    power_w: float | None = None
    clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    utilisation_percent: float | None = None
    memory_used_bytes: float | None = None
    ecc_errors: float | None = None
    throttle: tuple[str, ...] | None = None

    def record(self) -> dict[str, Any]:
        """Return it as a sample has it."""
        return asdict(self)


READINGS = tuple(field.name for field in fields(Readings))
LIMITS = ("slowdown_c", "power_limit_w")


class LostError(Exception):
    """A sensor says that its device is gone."""


class Sensor:
    """The sensors of one device; this one has none, and a reason for it."""

    source: str | None = None
    uuid: str | None = None
    pci: str | None = None
    slowdown_c: float | None = None
    """Where the device begins to slow down."""
    power_limit_w: float | None = None

    def __init__(self, reason: str | None = None) -> None:
        names = () if reason is None else (*READINGS, *LIMITS)
        self.reasons: dict[str, str] = dict.fromkeys(names, reason or "")

    def read(self) -> Readings:
        """Read all there is; raise `LostError`."""
        return Readings()

    def free_memory(self) -> int | None:
        """Return the free bytes of the device, if they are known."""
        return None

    def total_memory(self) -> int | None:
        """Return the bytes of the device, if they are known."""
        return None

    def record(self, max_temperature: float | None) -> dict[str, Any]:
        """Return what a report says about it, with the limit that it is held to."""
        return {
            "source": self.source,
            "reasons": self.reasons,
            "slowdown_c": self.slowdown_c,
            "max_temperature_c": max_temperature,
            "power_limit_w": self.power_limit_w,
        }
