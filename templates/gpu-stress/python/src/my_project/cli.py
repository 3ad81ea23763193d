"""The command line: what the words mean, how the program ends, and its only handler of errors."""

import sys
from typing import Annotated

import typer

from . import options
from .errors import ExitStatus, StressError, UsageError
from .settings import Choice, Command
from .streams import complain, print_text

_DISTRIBUTION = "my-project"
_THREADS_OF_TGPU = 4
_STATUSES = (
    "Exit status: 0 held, 1 a fault, 2 wrong usage, 3 no such device, driver or precision, "
    "4 stopped for temperature, 130 or 143 interrupted."
)

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # a fault shows an ordinary traceback, good for a report
    rich_markup_mode=None,  # plain help: Rich is slow to load
)
selftest_app = typer.Typer(rich_markup_mode=None)
app.add_typer(selftest_app, name="selftest")


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("-V", "--version", help="Print the version.")] = False,
) -> None:
    """Load a GPU or CPU to its limit, verify every result, and say whether it held.

    \b
    Examples:
      my-project list
      my-project gpu --duration 10m --json report.json
      my-project cpu --kernel matmul --min-throughput 500G
      my-project report report.json --svg report.svg
    """  # noqa: D301  # `\b` keeps the lines of the examples apart
    if version:
        from importlib import metadata

        print_text(f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print_text(f"{context.get_help()}\n")


@app.command(epilog=_STATUSES)
def cpu(
    *,
    duration: options.Duration = "60s",
    kernel: options.KernelOption = None,
    precision: options.PrecisionOption = None,
    memory_fraction: options.MemoryFraction = None,
    threads: options.ThreadsOfCpu = None,
    max_temperature: options.MaxTemperature = None,
    min_throughput: options.MinThroughput = None,
    backend: options.BackendOption = "native",
    json: options.Json = None,
    quiet: options.Quiet = False,
) -> None:
    """Load every core.

    \b
    Examples:
      my-project cpu --duration 10m
      my-project cpu --kernel matmul --precision f64 --threads 8
    """  # noqa: D301  # as above
    from .host import usable_cores

    settings = options.settings(
        Command.CPU,
        duration=duration,
        kernel=kernel,
        precision=precision,
        memory_fraction=memory_fraction,
        threads=options.threads(threads, usable_cores()),
        max_temperature=max_temperature,
        min_throughput=min_throughput,
        backend=backend,
        json=json,
        quiet=quiet,
    )
    from .commands import run_load  # after the words are understood

    raise typer.Exit(run_load(settings))


@app.command(epilog=_STATUSES)
def gpu(
    *,
    duration: options.Duration = "60s",
    device: options.DeviceOption = None,
    kernel: options.KernelOption = None,
    precision: options.PrecisionOption = None,
    memory_fraction: options.MemoryFraction = None,
    max_temperature: options.MaxTemperature = None,
    min_throughput: options.MinThroughput = None,
    sensors: options.Sensors = "auto",
    backend: options.BackendOption = "wgpu",
    allow_software: options.AllowSoftware = False,
    json: options.Json = None,
    quiet: options.Quiet = False,
) -> None:
    """Load GPUs, each from a thread of its own.

    \b
    Examples:
      my-project gpu --duration 10m --json report.json
      my-project gpu --device 0 --kernel fma --precision f16 --min-throughput 30T
    """  # noqa: D301  # as above
    settings = options.settings(
        Command.GPU,
        duration=duration,
        device=device,
        kernel=kernel,
        precision=precision,
        memory_fraction=memory_fraction,
        max_temperature=max_temperature,
        min_throughput=min_throughput,
        sensors=sensors,
        backend=backend,
        allow_software=allow_software,
        json=json,
        quiet=quiet,
    )
    from .commands import run_load  # as above

    raise typer.Exit(run_load(settings))


@app.command(epilog=_STATUSES)
def tgpu(
    *,
    duration: options.Duration = "60s",
    device: options.DeviceOption = None,
    kernel: options.KernelOption = None,
    precision: options.PrecisionOption = None,
    memory_fraction: options.MemoryFraction = None,
    threads: options.ThreadsOfTgpu = None,
    max_temperature: options.MaxTemperature = None,
    min_throughput: options.MinThroughput = None,
    sensors: options.Sensors = "auto",
    backend: options.BackendOption = "wgpu",
    allow_software: options.AllowSoftware = False,
    json: options.Json = None,
    quiet: options.Quiet = False,
) -> None:
    """Load GPUs, each from several threads.

    Example: my-project tgpu --threads 8 --duration 10m
    """
    settings = options.settings(
        Command.TGPU,
        duration=duration,
        device=device,
        kernel=kernel,
        precision=precision,
        memory_fraction=memory_fraction,
        threads=options.threads(threads, _THREADS_OF_TGPU),
        max_temperature=max_temperature,
        min_throughput=min_throughput,
        sensors=sensors,
        backend=backend,
        allow_software=allow_software,
        json=json,
        quiet=quiet,
    )
    from .commands import run_load  # as above

    raise typer.Exit(run_load(settings))


@app.command(name="list")
def list_devices(*, json: options.Json = None) -> None:
    """Show the devices, and what each can do.

    Example: my-project list --json devices.json
    """
    from .commands import run_list

    raise typer.Exit(run_list(json))


@app.command()
def report(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Reports of runs.")],
    *,
    svg: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw the first report over time.")
    ] = None,
) -> None:
    """Print a table of reports, and draw the first one.

    \b
    Example:
      my-project report monday.json tuesday.json --svg monday.svg
    """  # noqa: D301  # as above
    from .showing import run_report

    raise typer.Exit(run_report(files, svg))


@selftest_app.callback(invoke_without_command=True)
def selftest(context: typer.Context) -> None:
    """Inject faults, and show that they are caught.

    \b
    Examples:
      my-project selftest cpu
      my-project selftest gpu --device 0 --rounds 1000
    """  # noqa: D301  # as above
    if context.invoked_subcommand is None:
        raise UsageError("selftest needs cpu or gpu")


@selftest_app.command(name="cpu")
def selftest_cpu(*, rounds: options.Rounds = "100", json: options.Json = None) -> None:
    """Flip bits in the CPU's results and memory.

    Example: my-project selftest cpu --rounds 1000
    """
    count = options.rounds(rounds)
    from .selftests import run_selftest  # after the words are understood

    raise typer.Exit(run_selftest(Command.SELFTEST_CPU, Choice(), count, json))


@selftest_app.command(name="gpu")
def selftest_gpu(
    *,
    device: options.DeviceOption = None,
    allow_software: options.AllowSoftware = False,
    rounds: options.Rounds = "100",
    json: options.Json = None,
) -> None:
    """Flip bits in the results and memory of GPUs.

    Example: my-project selftest gpu --allow-software
    """
    chosen, count = options.choice(device, allow_software=allow_software), options.rounds(rounds)
    from .selftests import run_selftest  # as above

    raise typer.Exit(run_selftest(Command.SELFTEST_GPU, chosen, count, json))


def run() -> None:
    """Run the command line; the one place where an error becomes a message."""
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        status = _refuse(error.format_message(), ExitStatus.USAGE)
    except StressError as error:
        status = _refuse(str(error), error.status)
    except OSError as error:
        about = error.filename or "the system"
        status = _refuse(f"{about}: {error.strerror or error}", ExitStatus.FAULT)
    sys.exit(status)


def _refuse(sentence: str, status: ExitStatus) -> ExitStatus:
    complain(sentence)
    return status
