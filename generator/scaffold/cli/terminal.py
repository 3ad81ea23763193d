"""Talks with a person at the terminal: asks, shows progress, and says what went wrong."""

import io
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from scaffold import screen
from scaffold.answers import check_answer
from scaffold.catalog import Question
from scaffold.errors import ScaffoldError, UsageError

if TYPE_CHECKING:
    from scaffold.check import Say


def ask(question: Question, default: str | None) -> str:
    """Ask on the terminal until the answer is allowed."""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    shown = "" if default is None else f" [{default}]"
    while True:
        # typer.prompt takes Ctrl-C and the end of the input for the same.
        typer.echo(f"{question.help}{choices}{shown}: ", nl=False)
        try:
            return check_answer(question, input() or default or "")
        except UsageError as error:
            typer.echo(f"  {error}", err=True)
        except EOFError as error:
            typer.echo()
            hint = f"the input ended; answer with --data {question.name}=…"
            raise UsageError("question", question.name, hint=hint) from error


def is_interactive() -> bool:
    """Return whether somebody can be asked; Python has None where a stream is closed."""
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))


def wants_colour() -> bool:
    """Return whether standard output is a terminal that wants colours (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return bool(sys.stdout and sys.stdout.isatty()) and not plain


@contextmanager
def board(cells: list[str]) -> "Iterator[Say]":
    """Show how cells stand: a live table on a terminal, plain lines elsewhere."""
    if sys.stdout is None or not sys.stdout.isatty():
        yield lambda cell, stage, state: typer.echo(f"{cell}: {stage} {state}".replace(":  ", ": "))
        return
    from rich.live import Live

    rows = dict.fromkeys(cells, ("waiting", 0.0, 0.0))

    def say(cell: str, stage: str, state: str) -> None:
        now = time.monotonic()
        begun = rows.get(cell, ("", 0.0, 0.0))[1] or now
        rows[cell] = (stage, begun, 0.0) if stage else (state, begun, now)

    with Live(get_renderable=lambda: screen.board(rows, time.monotonic()), transient=True):
        yield say


def _end_by(number: int, _: object) -> None:
    sys.exit(128 + number)


def guard(command: Callable[[], object]) -> None:
    """Run the command line; map what goes wrong to a message and an exit status."""
    for name in ("SIGTERM", "SIGHUP"):  # so that what runs is ended and what is half done removed
        number = getattr(signal, name, signal.SIGTERM)
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end_by)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what its encoding lacks is escaped, no error
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):  # what is no text is refused, no error either
        sys.stdin.reconfigure(errors="surrogateescape")
    try:
        command()
    except ScaffoldError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        where = f"{error.filename!r}: " if error.filename else ""
        typer.echo(f"error: {where}{(error.strerror or str(error)).lower()}", err=True)
        sys.stdout = io.StringIO()  # where it is what failed, it would fail again at the exit
        sys.exit(1)
    except Exception:  # noqa: BLE001  # the last handler: whatever it is, a person sees what to do
        traceback.print_exc()
        typer.echo("This is a fault of scaffold; please report it with the lines above.", err=True)
        sys.exit(1)
