"""The command `check`: makes projects and runs their own checks."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold import catalog, report, screen
from scaffold.answers import parse_data
from scaffold.catalog import LANGUAGES
from scaffold.cli import terminal
from scaffold.cli.words import Data, Language, Names
from scaffold.errors import UsageError

if TYPE_CHECKING:
    from scaffold.check import Cell, Options, Result
    from scaffold.foreign import Request


def check(  # one parameter a flag
    names: Names = None,
    language: Language = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Plant faults too; each must be found.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run also what passed and is unchanged.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", min=1, help="Cells at once; else one a core."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave the projects here.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")
    ] = None,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write them as JUnit XML.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="PATH_OR_URL", help="Check any Copier template instead.")
    ] = None,
    data: Data = None,
    packages: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PACKAGE", help="For --source: install for this run."),
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="For --source: let the template run its tasks.")
    ] = False,
    ref: Annotated[
        str | None,
        typer.Option(metavar="REV", help="For --source: not its newest tag, but this revision."),
    ] = None,
) -> None:
    """Make projects from templates and run their own checks."""
    from scaffold.check import Options
    from scaffold.foreign import Request

    ours: dict[str, object] = {"TEMPLATE": names, "--language": language, "--jobs": jobs}
    ours |= {"--faults": faults, "--fresh": fresh}
    theirs: dict[str, object] = {"--data": data, "--with": packages, "--ref": ref}
    theirs["--trust"] = trust
    for option, value in (theirs if source is None else ours).items():
        if value:
            hint = "goes with --source only" if source is None else "does not go with --source"
            raise UsageError("option", option, hint=hint)
    keep = keep and keep.absolute()
    notes: list[str] = []
    if source is None:
        wanted = _cells(names, language)
        report.check_places((json_file, junit_file), keep)
        results = _run(wanted, Options(faults, fresh, jobs or os.cpu_count() or 1, keep))
    else:
        request = Request(parse_data(data or ()), packages or (), trust, keep, ref)
        report.check_places((json_file, junit_file), keep)
        results = [_run_source(source, request, notes)]
    if json_file:
        json_file.write_text(report.text(report.results(results, notes)) + "\n", encoding="utf-8")
    if junit_file:
        junit_file.write_text(report.junit(results), encoding="utf-8")
    typer.echo(screen.summary(results, notes))
    if any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _cells(names: list[str] | None, language: str | None) -> "list[Cell]":
    from scaffold.check import cells

    if language not in (None, *LANGUAGES):
        raise UsageError("language", str(language), LANGUAGES)
    if not names:
        return cells(catalog.load_all(), language)
    templates = [catalog.load(name) for name in dict.fromkeys(names)]
    for template in templates:
        catalog.load_language(template, language)
    return cells(templates, language)


def _run(wanted: "list[Cell]", options: "Options") -> "list[Result]":
    from scaffold.check import run_cells

    with terminal.board([str(cell) for cell in wanted]) as say:
        return run_cells(wanted, options, say)


def _run_source(source: str, request: "Request", notes: list[str]) -> "Result":
    from scaffold.foreign import check_source

    with terminal.board([]) as say:
        result, found = check_source(source, request, say)
    notes += found
    return result
