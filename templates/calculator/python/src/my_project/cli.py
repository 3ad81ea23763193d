"""The command line: reads expressions, prints values and errors, and sets the exit status."""

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from .arithmetic import CalculatorError, evaluate, format_value

SHOWN_CHARACTERS = 60  # of an expression, beside its error
_DISTRIBUTION = "my-project"
_OPTIONS = ("--json", "--help")
_MISSPELT_OPTION = re.compile(r"--[-A-Za-z]*[A-Za-z]")

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,  # a fault shows an ordinary traceback, good for a report
    rich_markup_mode=None,  # plain help: loading Rich takes longer than a calculation
)


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Evaluate expressions with checked arithmetic."""
    if version:
        from importlib import metadata  # noqa: PLC0415  # slow to load, and only needed here

        typer.echo(f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("eval")
def evaluate_all(
    expressions: Annotated[list[str], typer.Argument(metavar="EXPRESSION")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the value of each expression.

    `-` stands for every line of standard input.
    """
    for word in expressions:
        if _MISSPELT_OPTION.fullmatch(word):
            fault = f"{word} is no option here; options come before the first expression"
            raise typer.BadParameter(fault)
    results = [
        _print_result(expression, as_json=as_json)
        for word in expressions
        for expression in (_standard_input() if word == "-" else [_argument(word)])
    ]
    if not all(results):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; the one place where an error outside of expressions becomes a message.

    Typer itself ends the program with 2 for wrong usage, with 130 for Ctrl-C,
    and quietly when the reader of a pipe has gone away.
    """
    try:
        app(args=_with_separator(sys.argv[1:]))
    except OSError as error:  # such as a full disk, or a standard input that is a folder
        typer.echo(f"error: {error.strerror}", err=True)
        # What could not be written must not be tried again on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)


def _with_separator(words: list[str]) -> list[str]:
    """Put `--` where the options of `eval` end, so that an expression may start with a minus."""
    end = 1
    while end < len(words) and words[end] in _OPTIONS:
        end += 1
    if words[:1] != ["eval"] or words[end : end + 1] in ([], ["--"]):
        return words
    return [*words[:end], "--", *words[end:]]


def _argument(word: str) -> str:
    """Decode as standard input is decoded: Python hides bytes that are not UTF-8 in surrogates."""
    return os.fsencode(word).decode("utf-8", errors="replace")


def _standard_input() -> Iterator[str]:
    with open(0, "rb", closefd=False) as lines:
        for line in lines:
            end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
            yield line.removesuffix(end).decode("utf-8", errors="replace")


def _print_result(expression: str, *, as_json: bool) -> bool:
    """Print the value or the error, and tell whether it was a value."""
    try:
        value = format_value(evaluate(expression))
    except CalculatorError as error:
        describe = _error_as_json if as_json else _error_line
        _print(describe(expression, error), err=not as_json)
        return False
    _print(f'{{"expression": {_quoted(expression)}, "value": {value}}}' if as_json else value)
    return True


def _error_as_json(expression: str, error: CalculatorError) -> str:
    fields = {"code": error.code, "message": error.code.message, "position": error.position}
    return json.dumps({"expression": expression, "error": fields}, ensure_ascii=False)


def _error_line(expression: str, error: CalculatorError) -> str:
    shown = expression[:SHOWN_CHARACTERS] + ("…" if len(expression) > SHOWN_CHARACTERS else "")
    return f"error: {error} in {_quoted(shown)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _print(line: str, *, err: bool = False) -> None:
    # Bytes, so that the output is UTF-8 in every locale. `echo` flushes, so each answer is out
    # before the next expression is read, and a pipe whose reader has gone is noticed here.
    typer.echo(f"{line}\n".encode(), nl=False, err=err)
