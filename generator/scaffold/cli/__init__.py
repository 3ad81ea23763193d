"""The command line: parses words, calls, and prints; a module for each command."""

from typing import Annotated

import typer

from scaffold.cli import check, look, new, terminal, update
from scaffold.version import version

# Rich's help costs a third of a second's start; click's own fits in 80 columns just as well.
app = typer.Typer(
    help="Stamps out ready-made projects in Python or Rust, and proves that they work.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Start with: scaffold new calculator",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it so
    if wanted:
        typer.echo(f"scaffold {version()}")
        raise typer.Exit


@app.callback()
def _scaffold(
    wanted: Annotated[  # its callback acts on it
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


app.command("list")(look.list_templates)
app.command("show")(look.show)
app.command("new")(new.new)
app.command("update")(update.update)
app.command("status")(update.status)
app.command("diff")(update.diff)
app.command("check")(check.check)
app.command("matrix")(look.matrix)
app.command("doctor")(look.doctor)


def main() -> None:
    """Run the command line and exit with its status."""
    terminal.guard(app)
