"""What the words of a run mean: checked once, and the same for all that follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import UsageError
from .kernels.names import Kernel
from .precisions import Precision

ALL = "all"


class Command(StrEnum):
    """What can be written into a report."""

    CPU = "cpu"
    GPU = "gpu"
    TGPU = "tgpu"
    SELFTEST_CPU = "selftest cpu"
    SELFTEST_GPU = "selftest gpu"

    @property
    def takes_gpus(self) -> bool:
        """Whether it is about GPUs."""
        return self not in {Command.CPU, Command.SELFTEST_CPU}


class Backend(StrEnum):
    """What does the work."""

    NATIVE = "native"
    WGPU = "wgpu"
    TORCH = "torch"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which devices."""

    devices: tuple[str, ...] = (ALL,)
    """Indexes and UUIDs, or `all`."""
    allow_software: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All of `cpu`, `gpu` and `tgpu`; nothing stands for what the devices decide."""

    command: Command
    duration: float
    """Seconds."""
    kernels: tuple[Kernel, ...]
    precisions: tuple[Precision, ...]
    memory_fraction: float | None
    threads: int
    max_temperature: float | None
    """Degrees Celsius."""
    min_throughput: float | None
    """Operations or bytes a second."""
    backend: Backend
    json: str | None
    quiet: bool
    choice: Choice = Choice()
    sensors: str = "auto"

    def record(self) -> dict[str, Any]:
        """Return the options that the command has, as a report names them."""
        found: dict[str, Any] = {
            "duration": self.duration,
            "kernel": list(self.kernels),
            "precision": list(self.precisions),
            "memory_fraction": self.memory_fraction,
            "max_temperature": self.max_temperature,
            "min_throughput": self.min_throughput,
            "backend": self.backend,
            "json": self.json,
            "quiet": self.quiet,
        }
        if self.command is not Command.GPU:
            found["threads"] = self.threads
        if self.command.takes_gpus:
            found |= {
                "device": list(self.choice.devices),
                "sensors": self.sensors,
                "allow_software": self.choice.allow_software,
            }
        return found

    def stages(self) -> list[tuple[Kernel, Precision | None]]:
        """Return the kernels in turn, each in its precisions; `memory` has none."""
        return [
            (kernel, precision)
            for kernel in self.kernels
            for precision in ((None,) if kernel is Kernel.MEMORY else self.precisions)
        ]


def parse_kernels(words: Sequence[str] | None, backend: Backend) -> tuple[Kernel, ...]:
    """Return the kernels in the order given; raise `UsageError`."""
    offered = (Kernel.MATMUL,) if backend is Backend.TORCH else tuple(Kernel)
    if not words:
        return offered
    found = tuple(Kernel(word) for word in _distinct("--kernel", words, Kernel))
    for kernel in found:
        if kernel not in offered:
            raise UsageError(f"--kernel {kernel}: --backend {backend} has the kernel matmul alone")
    return found


def parse_precisions(words: Sequence[str] | None) -> tuple[Precision, ...]:
    """Return the precisions in the order given; raise `UsageError`."""
    found = _distinct("--precision", words or ["f32"], Precision)
    return tuple(Precision(word) for word in found)


def parse_backend(word: str, native: Backend) -> Backend:
    """Return the backend of a command, which has torch beside its own; raise `UsageError`."""
    offered = [native, Backend.TORCH]
    (found,) = _distinct("--backend", [word], offered)
    return Backend(found)


def parse_devices(words: Sequence[str] | None) -> tuple[str, ...]:
    """Return indexes and UUIDs, or `all`; raise `UsageError`."""
    found = tuple(words or [ALL])
    _refuse_repeated("--device", found)
    for word in found:
        if not word or word.startswith("-"):
            raise UsageError(f"--device {word}: not an index or a UUID")
    if ALL in found and len(found) > 1:
        raise UsageError("--device all: has all others in it")
    return found


def _distinct(option: str, words: Sequence[str], offered: Iterable[str]) -> Sequence[str]:
    names = [str(each) for each in offered]
    for word in words:
        if word not in names:
            raise UsageError(f"{option} {word}: there are {', '.join(names)}")
    _refuse_repeated(option, words)
    return words


def _refuse_repeated(option: str, words: Sequence[str]) -> None:
    for word in words:
        if words.count(word) > 1:
            raise UsageError(f"{option} {word}: given twice")
