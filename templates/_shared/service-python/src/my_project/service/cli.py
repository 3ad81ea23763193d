"""The command line: the only module that prints, but for the log."""

import sys
from typing import Annotated, NoReturn

import typer

from .settings import Settings, SettingsError, read_settings

_DISTRIBUTION = "my-project"

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,  # a fault shows an ordinary traceback, good for a report
    rich_markup_mode=None,  # plain help: loading Rich takes longer than a health check
)


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Serve over HTTP; settings come from the environment."""
    if version:
        from importlib import metadata

        typer.echo(f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def serve() -> None:
    """Serve until SIGTERM or SIGINT comes."""
    settings = _settings()
    from .app import create_app
    from .server import ListenError, Server

    try:
        status = Server(create_app(settings)).run()
    except ListenError as error:
        _fail(str(error), status=1)
    raise typer.Exit(status)


@app.command()
def healthcheck() -> None:
    """Ask the running service whether it lives."""
    settings = _settings()
    from .healthcheck import UnhealthyError, check_health

    try:
        check_health(settings)
    except UnhealthyError as error:
        _fail(str(error), status=1)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from .app import create_app
    from .openapi import text

    typer.echo(text(create_app().routes).encode(), nl=False)


def run() -> None:
    """Run the command line."""
    app()


def _settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        _fail(*error.faults, status=2)


def _fail(*lines: str, status: int) -> NoReturn:
    # Bytes, so that the output is UTF-8 in every locale.
    sys.stderr.buffer.write("".join(f"error: {line}\n" for line in lines).encode())
    raise typer.Exit(status)
