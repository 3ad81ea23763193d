"""The arguments and options that several commands share."""

from typing import Annotated

import typer

from scaffold import catalog


def _complete(incomplete: str) -> list[str]:
    return [name for name in catalog.names() if name.startswith(incomplete)]


_SEE = "One of `scaffold list`."
Name = Annotated[str, typer.Argument(metavar="TEMPLATE", help=_SEE, autocompletion=_complete)]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TEMPLATE]...", help="All if left out.", autocompletion=_complete),
]
Language = Annotated[
    str | None, typer.Option("--language", "-l", metavar="python|rust", help="The language.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (see docs/json.md).")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="KEY=VALUE", help="Answer a question; may be repeated."),
]
