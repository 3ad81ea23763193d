"""The command `new`: makes a project from a template."""

from pathlib import Path
from typing import Annotated

import typer

from scaffold import catalog, screen
from scaffold.answers import parse_data, read_data_file, settle
from scaffold.cli import terminal
from scaffold.cli.words import Data, Language, Name
from scaffold.errors import DestinationError, UsageError
from scaffold.toolchain import missing, needed


def new(  # one parameter a flag
    template_name: Name,
    destination: Annotated[
        Path | None,
        typer.Argument(
            metavar="DESTINATION",
            help="The folder to make.",
            show_default="./TEMPLATE",
            readable=False,  # `project` tells what is wrong with it
        ),
    ] = None,
    language: Language = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The project's name; else the destination's."),
    ] = None,
    data: Data = None,
    data_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answers as YAML: NAME: VALUE.")
    ] = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    git: Annotated[bool, typer.Option("--git/--no-git", help="Make a git repository.")] = True,
) -> None:
    """Make a project from a template."""
    from scaffold import project
    from scaffold.answers import check_not_a_dependency
    from scaffold.release import open_release
    from scaffold.render import render

    template = catalog.load(template_name)
    given = (read_data_file(data_file) if data_file else {}) | parse_data(data or ())
    other = given.pop("template", template.name)
    if other != template.name:
        hint = f"are the answers for another template; give {template.name!r} answers of its own"
        raise UsageError("template", other, hint=hint)
    recorded = given.pop("language", None)
    chosen = catalog.load_language(template, language or recorded)
    place = destination or Path(template_name)
    _check_current_folder(place)
    recorded = given.pop("project_name", None)
    named = recorded or place.absolute().name if name is None else name
    project.check_destination(place.absolute())
    asking = terminal.is_interactive() and not defaults
    answers = settle(template, chosen, named, given, terminal.ask if asking else None)
    files = render(open_release(template, chosen), answers)
    manifests = ("pyproject.toml", "Cargo.toml")
    check_not_a_dependency(answers.name, [files[p].content for p in manifests if p in files])
    typer.echo(screen.names(answers))
    if dry_run:
        typer.echo(f"Would make {place} with {len(files)} files, and write nothing now:")
        typer.echo("\n".join(f"  {path}" for path in files))
        return
    nested = git and project.inside_repository(place.absolute().parent)
    made = project.write(files, place.absolute(), git=git and not nested)
    tools = missing(needed(template, chosen))
    typer.echo(screen.closing(answers, place, tools, git=made, nested=nested))


def _check_current_folder(path: Path) -> None:
    try:
        path.absolute()
    except FileNotFoundError as error:
        step = "change to one that exists, or give a path from the root"
        raise DestinationError(
            path, "lies in the current folder, which was removed", step
        ) from error
