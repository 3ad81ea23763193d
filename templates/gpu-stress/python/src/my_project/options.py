"""The words that the commands have in common, and what they mean."""

from typing import Annotated

import typer

from .settings import (
    Backend,
    Choice,
    Command,
    Settings,
    parse_backend,
    parse_devices,
    parse_kernels,
    parse_precisions,
)
from .units import parse_duration, parse_number, parse_throughput, parse_whole

MOST_THREADS = 1024
_MOST_ROUNDS = 100_000

Duration = Annotated[
    str, typer.Option(metavar="D", help="How long, for all kernels together: 90s, 10m, 1h.")
]
DeviceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        metavar="all|INDEX|UUID",
        help="As `list` has it; repeatable.",
        show_default="all",
    ),
]
KernelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kernel",
        metavar="fma|matmul|memory",
        help="Repeatable, in this order.",
        show_default="all that there are",
    ),
]
PrecisionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--precision",
        metavar="P",
        help="f64, f32, tf32, bf16 or f16; repeatable.",
        show_default="f32",
    ),
]
MemoryFraction = Annotated[
    str | None,
    typer.Option(
        metavar="X", help="Of the free memory.", show_default="0.9, and 0.5 of the host's own"
    ),
]
ThreadsOfCpu = Annotated[
    str | None,
    typer.Option(metavar="N", help="1 to 1024.", show_default="cores that may be used"),
]
ThreadsOfTgpu = Annotated[
    str | None,
    typer.Option(metavar="N", help="1 to 1024, for each device.", show_default="4"),
]
MaxTemperature = Annotated[
    str | None,
    typer.Option(
        metavar="C",
        help="Stop at so many degrees Celsius.",
        show_default="3 below the slowdown threshold",
    ),
]
MinThroughput = Annotated[
    str | None,
    typer.Option(
        metavar="X", help="A fault if a kernel's median is below: 9.5T.", show_default="none"
    ),
]
Sensors = Annotated[
    str, typer.Option(metavar="auto|none|UUID", help="Whose sensors to read, if not its own.")
]
BackendOption = Annotated[
    str, typer.Option("--backend", metavar="B", help="Or torch, for matmul through its library.")
]
AllowSoftware = Annotated[
    bool,
    typer.Option(
        "--allow-software", help="A software adapter counts as a device.", show_default="off"
    ),
]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write a report.", show_default="none"),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="No live lines; errors still.", show_default="off")
]
Rounds = Annotated[str, typer.Option(metavar="N", help="Flips of each kind.")]


def settings(  # noqa: PLR0913  # as many as there are options
    command: Command,
    *,
    duration: str,
    kernel: list[str] | None,
    precision: list[str] | None,
    memory_fraction: str | None,
    max_temperature: str | None,
    min_throughput: str | None,
    backend: str,
    json: str | None,
    quiet: bool,
    threads: int = 1,
    device: list[str] | None = None,
    sensors: str = "auto",
    allow_software: bool = False,
) -> Settings:
    """Return what the words of a run mean; raise `UsageError`."""
    native = Backend.WGPU if command.takes_gpus else Backend.NATIVE
    chosen = parse_backend(backend, native)
    return Settings(
        command=command,
        duration=parse_duration(duration),
        kernels=parse_kernels(kernel, chosen),
        precisions=parse_precisions(precision),
        memory_fraction=_number("--memory-fraction", memory_fraction, 0, 1),
        threads=threads,
        max_temperature=_number("--max-temperature", max_temperature, 1, 150),
        min_throughput=None if min_throughput is None else parse_throughput(min_throughput),
        backend=chosen,
        json=json,
        quiet=quiet,
        choice=choice(device, allow_software=allow_software),
        sensors=sensors,
    )


def threads(word: str | None, otherwise: int) -> int:
    """Return a number of threads; raise `UsageError`."""
    return otherwise if word is None else parse_whole("--threads", word, MOST_THREADS)


def rounds(word: str) -> int:
    """Return a number of rounds; raise `UsageError`."""
    return parse_whole("--rounds", word, _MOST_ROUNDS)


def choice(device: list[str] | None, *, allow_software: bool) -> Choice:
    """Return which devices are meant; raise `UsageError`."""
    return Choice(parse_devices(device), allow_software)


def _number(option: str, word: str | None, least: float, most: float) -> float | None:
    return None if word is None else parse_number(option, word, least, most)
