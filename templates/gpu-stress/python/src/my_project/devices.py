"""The devices: what there is, which of them are meant, and whose sensors belong to them."""

import re
from dataclasses import dataclass, field
from typing import Any

from .errors import LackingError, UsageError
from .host import cpu_name, free_memory, total_memory
from .precisions import Precision
from .sensors.amdgpu import match_amdgpu
from .sensors.hwmon import CpuSensor
from .sensors.sensor import LostError, Sensor
from .settings import ALL, Choice
from .shares import LEAST

_TAKEN_FOR_FREE = 1 << 30  # bytes, where nothing says what is free
_SHARE, _SHARE_OF_HOST = 0.9, 0.5  # of the free memory
_NVIDIA = 0x10DE  # its number on PCI


@dataclass(slots=True)
class Device:
    """A device, as `list` and reports have it."""

    index: int | None
    """Nothing for the CPU."""
    name: str
    kind: str
    backend: str
    driver: str | None
    precisions: list[Precision]
    vendor_id: int = 0
    device_id: int = 0
    uuid: str | None = None
    pci: str | None = None
    memory_bytes: int | None = None
    sensor: Sensor = field(default_factory=Sensor)
    notes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name, after its index if it has one."""
        return self.name if self.index is None else f"{self.index}: {self.name}"

    @property
    def short_label(self) -> str:
        """What tells it from the others, in a line that has little room."""
        return "cpu" if self.index is None else f"device {self.index}"

    @property
    def in_host_memory(self) -> bool:
        """Whether its memory is the host's."""
        return self.kind in {"integrated", "software", "cpu"}

    def record(self) -> dict[str, Any]:
        """Return what `list` and reports say alike."""
        return {
            "index": self.index,
            "name": self.name,
            "kind": self.kind,
            "backend": self.backend,
            "driver": self.driver,
            "uuid": self.uuid,
            "pci": self.pci,
            "memory_bytes": self.memory_bytes,
        }

    def budget(self, fraction: float | None) -> int:
        """Return the bytes to be filled: a fraction of what is free."""
        if self.in_host_memory:  # whatever part of it a driver calls the device's
            free, share = free_memory(), _SHARE_OF_HOST
        else:
            free, share = self._free_memory(), _SHARE
        return max(LEAST, int(free * (share if fraction is None else fraction)))

    def _free_memory(self) -> int:
        try:
            free = self.sensor.free_memory()
        except LostError:  # the first sample will say so
            free = None
        if free is None:
            free = _TAKEN_FOR_FREE
            self.notes.append("nothing says how much memory is free; taken to be 1 GiB")
        return free


def describe_cpu(precisions: list[Precision]) -> Device:
    """Return the CPU."""
    return Device(
        index=None,
        name=cpu_name(),
        kind="cpu",
        backend="cpu",
        driver=None,
        precisions=precisions,
        memory_bytes=total_memory(),
        sensor=CpuSensor(),
    )


def describe_gpus(adapters: list[dict[str, Any]]) -> list[Device]:
    """Return the GPUs that a worker has found, in its order."""
    found = []
    for index, adapter in enumerate(adapters):
        precisions = [Precision(each) for each in adapter.pop("precisions")]
        found.append(Device(index=index, precisions=precisions, **adapter))
    return found


def attach_sensors(devices: list[Device]) -> None:
    """Find each device's sensors, and fill in what they know of it and its driver does not."""
    for device in devices:
        device.sensor = _sensor(device)
        device.uuid = device.uuid or device.sensor.uuid
        device.pci = device.pci or device.sensor.pci
        if device.memory_bytes is None:
            device.memory_bytes = _total_memory(device)


def _total_memory(device: Device) -> int | None:
    if device.in_host_memory:
        return total_memory()
    try:
        return device.sensor.total_memory()
    except LostError:  # as above
        return None


def set_sensors(devices: list[Device], word: str) -> None:
    """Take the sensors that were asked for: `auto`, `none`, or a UUID or PCI address of NVML's.

    Raises `LackingError` where NVML has no such device.
    """
    for device in devices:
        if word == "none":
            device.sensor = Sensor("--sensors none")
        elif word != "auto":
            device.sensor = _named(word)


def _named(word: str) -> Sensor:
    from .sensors.nvml import NvmlError, find_nvml, is_named  # noqa: PLC0415  # slow to load

    try:
        found = [sensor for sensor in find_nvml() if is_named(sensor, word)]
    except NvmlError as error:
        raise LackingError(f"--sensors {word}: {error}") from error
    if not found:
        raise LackingError(f"--sensors {word}: NVML has no such device; `nvidia-smi -L` lists them")
    return found[0]


def _sensor(device: Device) -> Sensor:
    if device.kind == "software":
        return Sensor("a software adapter has no sensors")
    numbers = (device.vendor_id, device.device_id)
    return match_amdgpu(*numbers, device.pci) or _matching(device)


def _matching(device: Device) -> Sensor:
    if device.vendor_id != _NVIDIA:
        return Sensor("no sensors are read for devices of this maker")
    from .sensors.nvml import NvmlError, find_nvml, match_nvml  # noqa: PLC0415  # slow to load

    try:
        found = match_nvml(find_nvml(), name=device.name, uuid=device.uuid, pci=device.pci)
    except NvmlError as error:
        return Sensor(str(error))
    return found or Sensor("NVML has no device with this address or alone with this name")


def choose(devices: list[Device], choice: Choice, nothing: str) -> list[Device]:
    """Return the devices that are meant, in the order given; raise `LackingError`, `UsageError`.

    `nothing` says why there may be none.
    """
    if not devices:
        raise LackingError(f"no GPU found: {nothing}")
    real = [each for each in devices if choice.allow_software or each.kind != "software"]
    everything = choice.devices == (ALL,)
    found = real if everything else [_find(devices, word) for word in choice.devices]
    if len({id(each) for each in found}) < len(found):
        raise UsageError("--device: the same device is given twice")
    if not real:
        name = devices[0].name
        sentence = f"no GPU found, only a software adapter ({name}); --allow-software takes it"
        raise LackingError(sentence)
    for each in found:
        if each not in real:
            raise LackingError(f"{each.label} is a software adapter; --allow-software takes it")
    return found


def _find(devices: list[Device], word: str) -> Device:
    for device in devices:
        if _is_index(word, device.index) or word.lower() == (device.uuid or "").lower():
            return device
    raise LackingError(f"no device {word}: `list` shows the indexes and UUIDs that there are")


def _is_index(word: str, index: int | None) -> bool:
    """Say whether digits are an index, be there zeros before it.

    >>> _is_index("00", 0), _is_index("10", 1)
    (True, False)
    """
    return re.fullmatch("[0-9]+", word) is not None and (word.lstrip("0") or "0") == str(index)
