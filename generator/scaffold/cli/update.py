"""The commands `update`, `status` and `diff`: carry projects along with their templates."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold import report, screen
from scaffold.answers import parse_data
from scaffold.cli import terminal
from scaffold.cli.words import Data, Json
from scaffold.errors import DestinationError, ScaffoldError, UsageError

if TYPE_CHECKING:
    from scaffold.catalog import Question
    from scaffold.update import Order, Outcome, Result

SOMETHING_TO_DO = 10
"""The exit status of `update --dry-run` and `status --check` where there is an update."""

Projects = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PROJECT]...", help="The current folder if left out.", readable=False),
]
All = Annotated[
    Path | None,
    typer.Option("--all", metavar="DIR", help="Every project in this folder and below."),
]


def update(  # one parameter a flag
    projects: Projects = None,
    below: All = None,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Else the newest version.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; exit 10 if anything.")
    ] = False,
    data: Data = None,
    restore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Bring back a file that was deleted; may be repeated."),
    ] = None,
    carry_on: Annotated[
        bool, typer.Option("--continue", help="Stage what was in conflict and is settled.")
    ] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Undo an update not committed.")] = False,
    as_json: Json = False,
) -> None:
    """Take in the newest version of the template, by a git merge."""
    from scaffold.update import Order

    wanted = _wanted(projects, below)
    if abort or carry_on:
        if (abort and carry_on) or any((to, dry_run, data, restore, as_json)):
            flag = "--abort" if abort else "--continue"
            raise UsageError("option", flag, hint="goes with projects only")
        _end(wanted, abort=abort)
        return
    _update(wanted, Order(to, parse_data(data or ()), restore or (), dry_run), as_json=as_json)


def _update(projects: list[Path], order: "Order", *, as_json: bool) -> None:
    """Update projects, and exit as the worst of them says; a failure does not stop the others."""
    quiet = as_json or len(projects) > 1
    asks = terminal.is_interactive() and not as_json and not order.dry_run
    results = [_update_one(project, order, quiet=quiet, asks=asks) for project in projects]
    if as_json:
        typer.echo(report.text(report.updates(results)))
    elif len(projects) > 1:
        typer.echo(screen.updates(results))
    if failed := [each.error for each in results if each.error]:
        raise failed[0] if not quiet else typer.Exit(1)
    statuses = {each.outcome.status for each in results if each.outcome}
    if "conflicts" in statuses:
        raise typer.Exit(1)
    if "planned" in statuses:
        raise typer.Exit(SOMETHING_TO_DO)


def _wanted(projects: list[Path] | None, below: Path | None) -> list[Path]:
    """Return the projects that the words name."""
    from scaffold.update.status import projects_below

    if below is None:
        return projects or [Path()]
    if projects:
        raise UsageError("option", "--all", hint="names the projects itself; leave out PROJECT")
    if not below.is_dir():
        raise DestinationError(below, "is not a folder", "give one that holds projects to --all")
    found = projects_below(below)
    if not found:
        raise DestinationError(below, "holds no project made by scaffold", "check the path")
    return found


def _update_one(project: Path, order: "Order", *, quiet: bool, asks: bool) -> "Result":
    """Update one project; return what became of it, errors included."""
    from scaffold.update import Result, update

    def announce(outcome: "Outcome") -> None:
        if not quiet:
            typer.echo(screen.plan(outcome))
            if outcome.diff:
                typer.echo()
                sys.stdout.flush()
                sys.stdout.buffer.write(outcome.diff)

    def ask(question: "Question", default: str | None) -> str:
        if quiet:
            typer.echo(f"{project}:")
        return terminal.ask(question, default)

    try:
        _heal(project)
        outcome = update(project, order, ask if asks else None, announce)
    except ScaffoldError as error:
        return Result(project, None, error)
    if not quiet and outcome.status != "planned":
        typer.echo(screen.updated(outcome))
    return Result(project, outcome, None)


def _end(projects: list[Path], *, abort: bool) -> None:
    """Abort or finish the updates of projects; a failure does not stop the others."""
    from scaffold.update import abort as undo
    from scaffold.update import carry_on

    several = len(projects) > 1
    failed = []
    for project in projects:
        shown = f"{project}: " * several
        try:
            if _heal(project) and abort:
                continue  # nothing else is left to undo
            if abort:
                typer.echo(f"{shown}Undone: {undo(project)}. The project is as it was before.")
            else:
                typer.echo(shown + screen.commit(carry_on(project)))
        except ScaffoldError as error:
            failed.append(error)
            if several:
                typer.echo(f"error: {shown}{error}", err=True)
    if failed:
        raise typer.Exit(1) if several else failed[0]


def _heal(project: Path) -> bool:
    """Undo an update that was killed half way, and say so; return whether there was one."""
    from scaffold.update import heal

    kept = heal(project)
    if kept is not None:
        typer.echo(screen.healed(project, kept), err=True)
    return kept is not None


def status(
    projects: Projects = None,
    below: All = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 10 if there is something to update.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell how projects stand to their templates."""
    from scaffold.update.status import status as read_status

    wanted = _wanted(projects, below)
    found, errors = [], []
    for project in wanted:
        try:
            _heal(project)
            found.append(read_status(project))
        except ScaffoldError as error:
            errors.append((project, error))
    if as_json:
        typer.echo(report.text(report.statuses(found, errors)))
    elif found:
        typer.echo(screen.statuses(found, detailed=len(wanted) == 1))
    for project, problem in errors:
        typer.echo(
            f"error: {problem}" if len(wanted) == 1 else f"error: {project}: {problem}", err=True
        )
    if errors:
        raise typer.Exit(errors[0][1].exit_code if len(wanted) == 1 else 1)
    if check and not all(each.current for each in found):
        raise typer.Exit(SOMETHING_TO_DO)


def diff(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT", help="The project.", readable=False)
    ] = Path(),
) -> None:
    """Show what differs from a fresh generation of the same version."""
    from scaffold.update.status import diff as read_diff

    _heal(project)
    colour = terminal.wants_colour()
    patch, note = read_diff(project, colour=colour)
    sys.stdout.buffer.write(patch)
    if note:
        typer.echo(f"note: {note}", err=True)
