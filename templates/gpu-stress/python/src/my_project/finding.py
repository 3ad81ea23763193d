"""Finds the devices of a command, and hires the workers that have them open."""

import time
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from .devices import (
    Device,
    attach_sensors,
    choose,
    describe_cpu,
    describe_gpus,
    set_sensors,
)
from .errors import LackingError
from .host import usable_cores
from .mail import InterruptedSearchError, Mail
from .precisions import Precision
from .settings import Backend, Choice, Command, Settings
from .workers import Worker

NATIVE = [Precision.F32, Precision.F64]
_TORCH = [Precision.F64, Precision.F32, Precision.BF16, Precision.F16]
_PATIENCE = 60  # seconds
_NO_DRIVER = "no driver for Vulkan, Metal or DX12 answers; install that of your GPU's maker"
_NO_CUDA = (
    "torch sees no CUDA device; see whether `nvidia-smi` does, and which build of torch it is"
)


@dataclass(slots=True)
class Found:
    """A device, with workers that have it open and the number of threads of each."""

    device: Device
    workers: list[Worker]
    threads: list[int]
    budget: int = 0
    """Bytes that a run is to fill."""
    is_opening: bool = False
    """Whether the first worker will say that it has the device open."""


def find_for_run(settings: Settings, mail: Mail) -> list[Found]:
    """Return the devices that a run is about; raise `LackingError`, `InterruptedSearchError`."""
    if settings.backend is Backend.TORCH:
        require_torch()
    if settings.command.takes_gpus:
        threads = settings.threads if settings.command is Command.TGPU else 1
        found = find_gpus(settings.choice, settings.backend, mail, threads)
        devices = [each.device for each in found]
        mail.wait_for(lambda: set_sensors(devices, settings.sensors))
    else:
        found = [find_cpu(settings.backend, mail, settings.threads)]
    for each in found:
        _require_precisions(each.device, settings)
    wait_until_open(found, mail)
    for each in found:
        each.budget = mail.wait_for(partial(each.device.budget, settings.memory_fraction))
    return found


def find_cpu(backend: Backend, mail: Mail, threads: int) -> Found:
    """Return the CPU: a worker for each core, or one for torch, which has its own threads."""
    if backend is Backend.TORCH:
        worker = mail.hire()
        worker.order("open", backend=backend, number=-1, threads=threads)
        return Found(describe_cpu(_TORCH), [worker], [1], is_opening=True)
    count = min(threads, usable_cores())
    workers = [mail.hire() for _ in range(count)]
    shares = [threads // count + (number < threads % count) for number in range(count)]
    return Found(describe_cpu(NATIVE), workers, shares)


def find_gpus(choice: Choice, backend: Backend, mail: Mail, threads: int) -> list[Found]:
    """Return the GPUs that are meant, with a worker for each that is opening it."""
    torch = backend is Backend.TORCH
    scout = mail.hire()
    devices = ask_devices(scout, mail, backend)
    chosen = choose(devices, choice, _NO_CUDA if torch else _NO_DRIVER)
    found = []
    for place, device in enumerate(chosen):
        worker = mail.hire() if place else scout
        if place:
            worker.order("find", torch=torch)
        worker.order("open", backend=backend, number=device.index, threads=threads)
        found.append(Found(device, [worker], [threads], is_opening=True))
    return found


def wait_until_open(found: list[Found], mail: Mail) -> None:
    """Wait for all devices that are being opened.

    Raises `LackingError` where a driver refuses, crashes or hangs, and `InterruptedSearchError`.
    """
    opening = {each.workers[0]: each.device.label for each in found if each.is_opening}
    until = time.monotonic() + _PATIENCE
    while opening:
        letter = mail.receive(until - time.monotonic())
        if letter is None:
            raise _not_opened(next(iter(opening.values())), f"no answer for {_PATIENCE} s")
        sender, message = letter
        if sender is None:
            raise InterruptedSearchError
        if sender in opening and message["is"] in {"refused", "ended"}:
            raise _not_opened(opening[sender], message["text"])
        if message["is"] == "opened":
            opening.pop(sender, None)


def _not_opened(label: str, why: str) -> LackingError:
    return LackingError(f"{label}: the driver does not open it: {why}")


def ask_devices(scout: Worker, mail: Mail, backend: Backend) -> list[Device]:
    """Return all GPUs of a backend; raise `LackingError` where a driver crashes."""
    scout.order("find", torch=backend is Backend.TORCH)
    while True:
        letter = mail.receive(_PATIENCE)
        if letter is None:
            raise LackingError(f"a driver has not answered for {_PATIENCE} seconds")
        sender, message = letter
        if sender is None:
            raise InterruptedSearchError
        if sender is not scout:
            continue
        if message["is"] == "ended":
            raise LackingError(f"a driver crashed when it was asked for devices: {message['text']}")
        if message["is"] == "devices":
            devices = describe_gpus(message["devices"])
            mail.wait_for(partial(attach_sensors, devices))
            return devices


def torch_is_here() -> bool:
    """Say whether torch is installed, without loading it."""
    return find_spec("torch") is not None


def require_torch() -> None:
    """Raise `LackingError` where torch is not installed."""
    if not torch_is_here():
        raise LackingError("--backend torch: torch is not here; `uv sync --extra torch` gets it")


def _require_precisions(device: Device, settings: Settings) -> None:
    for kernel, precision in settings.stages():
        if precision is not None and precision not in device.precisions:
            offered = ", ".join(device.precisions)
            raise LackingError(
                f"{device.label}: no precision {precision} for {kernel}, but {offered}"
            )
