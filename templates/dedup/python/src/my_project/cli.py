"""The command line: what the words mean, how the program ends, and its only handler of errors."""

import os
import sys
from typing import Annotated

import typer

from . import options, output, signals
from .errors import DedupError, StoppedError
from .grouping import Verify
from .names import shown
from .plan import Action, Keep
from .progress import Show
from .report import Format
from .request import Loudness

_DISTRIBUTION = "my-project"

app = typer.Typer(
    pretty_exceptions_enable=False,  # a fault shows an ordinary traceback, good for a report
    rich_markup_mode=None,  # plain help: loading Rich takes longer than many a scan
)
cache_app = typer.Typer(no_args_is_help=True)
app.add_typer(cache_app, name="cache")


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Find duplicate files and remove them, without ever losing the last copy of anything.

    \b
    Examples:
      my-project scan ~/Pictures --min-size 1MiB
      my-project plan ~/Pictures --action hardlink -o plan.json
      my-project apply plan.json
      my-project apply plan.json --yes
    """  # noqa: D301  # `\b` keeps the lines of the examples apart
    if version:
        from importlib import metadata

        typer.echo(f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def scan(
    paths: options.Paths,
    *,
    min_size: options.MinSize = "1",
    max_size: options.MaxSize = None,
    glob: options.GlobOption = None,
    exclude: options.Exclude = None,
    hidden: options.HiddenOption = False,
    follow_symlinks: options.Follow = False,
    one_file_system: options.OneFileSystem = False,
    min_age: options.MinAge = None,
    reference: options.Reference = None,
    jobs: options.Jobs = None,
    verify: options.VerifyOption = Verify.HASH,
    cache: options.UseCache = False,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Find groups of identical files, and change nothing.

    \b
    Examples:
      my-project scan ~/Pictures ~/Downloads --exclude .git --min-size 10KiB
      my-project scan . --format null | xargs -0 ls -li
    """  # noqa: D301  # as above
    with options.usage():
        request = options.request(locals())  # every word by the name of its parameter
    from .commands import run_scan

    signals.end_at_once()
    raise typer.Exit(run_scan(request, form))


@app.command()
def plan(
    paths: options.Paths,
    action: Annotated[Action, typer.Option(help="What becomes of the victims.")],
    *,
    keep: Annotated[Keep, typer.Option(help="Which file is kept.")] = Keep.FIRST_PATH,
    out: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to write the plan.")
    ] = "-",
    protect: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Never a victim.")
    ] = None,
    min_size: options.MinSize = "1",
    max_size: options.MaxSize = None,
    glob: options.GlobOption = None,
    exclude: options.Exclude = None,
    hidden: options.HiddenOption = False,
    follow_symlinks: options.Follow = False,
    one_file_system: options.OneFileSystem = False,
    min_age: options.MinAge = None,
    reference: options.Reference = None,
    jobs: options.Jobs = None,
    verify: options.VerifyOption = Verify.HASH,
    cache: options.UseCache = False,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
) -> None:
    """Write what would be done; nothing is done yet.

    \b
    Examples:
      my-project plan ~/Pictures --action hardlink -o plan.json
      my-project plan ~/Downloads --reference ~/Pictures --action trash -o plan.json
    """  # noqa: D301  # as above
    with options.usage():
        request = options.request(locals())  # every word by the name of its parameter
        choice = options.choice(action, keep, protect, request.places)
    from .commands import run_plan

    signals.end_at_once()
    raise typer.Exit(run_plan(request, choice, os.fsencode(out)))


@app.command()
def apply(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="What `plan` wrote.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only say what it would be.")
    ] = False,
    journal: Annotated[
        str | None, typer.Option(metavar="FILE", help="What was done; PLAN.journal unless said.")
    ] = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
) -> None:
    """Say what a plan would do, or do it; a second run goes on where the first one stopped.

    \b
    Examples:
      my-project apply plan.json
      my-project apply plan.json --yes
    """  # noqa: D301  # as above
    from .commands import run_apply, run_preview

    loudness, name = Loudness(quiet), os.fsencode(plan)
    signals.end_at_once()
    if not yes:
        raise typer.Exit(run_preview(name, loudness))
    target = name + b".journal" if journal is None else os.fsencode(journal)
    raise typer.Exit(run_apply(name, target, loudness, Show(not (quiet or no_progress))))


@cache_app.callback()
def look_at_cache() -> None:
    """Look at the cache of hashes, or remove it.

    \b
    Examples:
      my-project cache info
      my-project cache clear
    """  # noqa: D301  # as above


@cache_app.command()
def info() -> None:
    """Say where the cache is, and what is in it."""
    from .commands import describe_cache

    output.put([describe_cache()])


@cache_app.command()
def clear() -> None:
    """Remove the cache."""
    from .commands import clear_cache

    output.put([clear_cache()])


def main() -> None:
    """Run the command line; the one place where an error becomes a message.

    Typer itself ends the program with 2 for wrong usage, and quietly where a reader has gone.
    """
    output.prepare()
    try:
        app()
    except DedupError as error:
        typer.echo(f"error: {shown(error.subject)}: {error.reason}".encode(), err=True)
        output.forget()
        sys.exit(error.status)
    except StoppedError as stopped:
        output.forget()
        sys.exit(stopped.status)
