"""The commands that only look: list, show, matrix, doctor."""

import json
from typing import Annotated

import typer

from scaffold import catalog, report, screen
from scaffold.cli.words import Json, Language, Name
from scaffold.toolchain import TOOLS, find, missing, needed


def list_templates(as_json: Json = False) -> None:
    """List the templates."""
    templates = catalog.load_all()
    document = report.catalogue(templates)
    typer.echo(report.text(document) if as_json else screen.catalogue(templates))


def show(name: Name, language: Language = None, as_json: Json = False) -> None:
    """Show a template: questions, tools, files."""
    template = catalog.load(name)
    chosen = catalog.load_language(template, language)
    tools = needed(template, chosen)
    files = template.file_list(chosen).read_text(encoding="utf-8").splitlines()
    document = report.template(template, chosen, tools, files)
    typer.echo(report.text(document) if as_json else screen.template(document, missing(tools)))


def matrix(
    changed_since: Annotated[
        str | None, typer.Option(metavar="REV", help="Only the cells that a change since touches.")
    ] = None,
) -> None:
    """Print the cells as JSON, for GitHub Actions."""
    from scaffold.check import cells
    from scaffold.matrix import changed_files, touched

    wanted = cells(catalog.load_all())
    if changed_since is not None:
        changed = changed_files(changed_since, catalog.ROOT)
        wanted = touched(wanted, changed, catalog.ROOT.name)
    typer.echo(json.dumps(report.matrix(wanted)))


def doctor(as_json: Json = False) -> None:
    """Tell which tools are here and how to get the rest."""
    serves: dict[str, list[str]] = {name: [] for name in TOOLS}
    for template in catalog.load_all():
        for language in template.languages:
            for tool in needed(template, language):
                serves[tool.name].append(f"{template.name}-{language}")
    found = [find(tool) for tool in TOOLS.values()]
    document = report.doctor(found, serves)
    typer.echo(report.text(document) if as_json else screen.doctor(found, serves))
