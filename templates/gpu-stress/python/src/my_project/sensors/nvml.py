"""NVIDIA's sensors, through NVML, which is loaded when it is needed."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import pynvml

from .sensor import LostError, Readings, Sensor

Value = TypeVar("Value")

# Source: nvml.h, "Clock Throttle Reasons".
_THROTTLE = {
    0x1: "gpu_idle",
    0x2: "applications_clocks",
    0x4: "sw_power_cap",
    0x8: "hw_slowdown",
    0x10: "sync_boost",
    0x20: "sw_thermal",
    0x40: "hw_thermal",
    0x80: "hw_power_brake",
    0x100: "display_clocks",
}


class NvmlError(Exception):
    """Why NVML cannot be asked."""


def throttle_reasons(bits: int) -> tuple[str, ...]:
    """Return the names of all bits that are set.

    >>> throttle_reasons(0x44)
    ('sw_power_cap', 'hw_thermal')
    >>> throttle_reasons(0x400)
    ('unknown_0x400',)
    """
    single = (1 << place for place in range(bits.bit_length()))
    return tuple(_THROTTLE.get(bit, f"unknown_{bit:#x}") for bit in single if bits & bit)


class NvmlSensor(Sensor):
    """A device that NVML knows."""

    source = "nvml"

    def __init__(self, handle: Any) -> None:  # noqa: ANN401  # pynvml brings no types
        super().__init__()
        self._handle = handle
        self.name = self._ask("name", pynvml.nvmlDeviceGetName)
        self.uuid = self._ask("uuid", pynvml.nvmlDeviceGetUUID)
        address = self._ask("pci", pynvml.nvmlDeviceGetPciInfo_v3)
        self.device_id = None if address is None else address.pciDeviceId >> 16
        self.pci = None if address is None else plain_pci(_text(address.busId))
        slowdown = pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
        self.slowdown_c = self._ask(
            "slowdown_c", pynvml.nvmlDeviceGetTemperatureThreshold, slowdown
        )
        limit = self._ask("power_limit_w", pynvml.nvmlDeviceGetEnforcedPowerLimit)
        self.power_limit_w = None if limit is None else limit / 1000
        for beside in ("name", "uuid", "pci"):
            self.reasons.pop(beside, None)

    def read(self) -> Readings:
        """Read all there is; raise `LostError`."""
        power = self._ask("power_w", pynvml.nvmlDeviceGetPowerUsage)
        used = self._ask("utilisation_percent", pynvml.nvmlDeviceGetUtilizationRates)
        memory = self._ask("memory_used_bytes", pynvml.nvmlDeviceGetMemoryInfo)
        bits = self._ask("throttle", pynvml.nvmlDeviceGetCurrentClocksThrottleReasons)
        return Readings(
            temperature_c=self._ask(
                "temperature_c", pynvml.nvmlDeviceGetTemperature, pynvml.NVML_TEMPERATURE_GPU
            ),
            power_w=None if power is None else power / 1000,
            clock_mhz=self._ask("clock_mhz", pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_SM),
            memory_clock_mhz=self._ask(
                "memory_clock_mhz", pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_MEM
            ),
            utilisation_percent=None if used is None else used.gpu,
            memory_used_bytes=None if memory is None else memory.used,
            ecc_errors=self._ask(
                "ecc_errors",
                pynvml.nvmlDeviceGetTotalEccErrors,
                pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
                pynvml.NVML_VOLATILE_ECC,
            ),
            throttle=None if bits is None else throttle_reasons(bits),
        )

    def free_memory(self) -> int | None:
        """Return the free bytes of the device, if they are known."""
        memory = self._ask("memory_used_bytes", pynvml.nvmlDeviceGetMemoryInfo)
        return None if memory is None else int(memory.free)

    def total_memory(self) -> int | None:
        """Return the bytes of the device, if they are known."""
        memory = self._ask("memory_used_bytes", pynvml.nvmlDeviceGetMemoryInfo)
        return None if memory is None else int(memory.total)

    def _ask(self, name: str, call: Callable[..., Value], *more: object) -> Value | None:
        """Return an answer, or note why there is none; a device that is gone is no such reason."""
        try:
            return call(self._handle, *more)
        except pynvml.NVMLError as error:
            if error.value == pynvml.NVML_ERROR_GPU_IS_LOST:
                raise LostError(str(error)) from error
            self.reasons[name] = f"NVML: {error}"
            return None


def find_nvml() -> list[NvmlSensor]:
    """Return all devices of NVML; raise `NvmlError` where there is no library or driver."""
    answer = _ask_nvml()
    if isinstance(answer, str):
        raise NvmlError(f"NVML: {answer}")
    return answer


@cache
def _ask_nvml() -> list[NvmlSensor] | str:
    """Return all devices, or why there are none; it is asked once, for it may take its time."""
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return str(error)
    found: list[NvmlSensor] = []
    for index in range(count):
        with suppress(pynvml.NVMLError, LostError):  # one that is not ours, or is gone
            found.append(NvmlSensor(pynvml.nvmlDeviceGetHandleByIndex(index)))
    return found


def match_nvml(
    sensors: list[NvmlSensor], *, name: str, uuid: str | None, pci: str | None
) -> NvmlSensor | None:
    """Return the device with this UUID or PCI address.

    Where the driver tells neither, the only one with this name.
    """
    for sensor in sensors:
        if is_named(sensor, uuid or "") or is_named(sensor, pci or ""):
            return sensor
    if uuid or pci:
        return None
    alike = [sensor for sensor in sensors if sensor.name == name]
    return alike[0] if len(alike) == 1 else None


def is_named(sensor: Sensor, word: str) -> bool:
    """Say whether a word is the UUID or the PCI address of a device."""
    if not word:
        return False
    return word.lower() == (sensor.uuid or "").lower() or plain_pci(word) == sensor.pci


def plain_pci(address: str) -> str:
    """Return a PCI address with a domain of four digits, in small letters.

    >>> plain_pci("00000000:65:00.0")
    '0000:65:00.0'
    """
    domain, _, rest = address.lower().partition(":")
    return f"{domain[-4:]}:{rest}"


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
