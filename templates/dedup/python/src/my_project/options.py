"""The words that the commands have in common, and what they mean."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from .errors import WrongUsageError
from .globs import Globs
from .grouping import Verify
from .names import absolute
from .plan import Action, Choice, Keep
from .progress import Show
from .request import CacheUse, Loudness, Request
from .scan import Places, Reading
from .selection import Devices, Hidden, Links, Selection
from .units import LARGEST, parse_duration, parse_size
from .workers import MOST_JOBS, processors

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Folders and files.")]
MinSize = Annotated[str, typer.Option(metavar="SIZE", help="Leave out smaller files.")]
MaxSize = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Leave out larger files."),
]
GlobOption = Annotated[
    list[str] | None,
    typer.Option(
        "--glob", metavar="GLOB", help="Only files that match; may be repeated.", show_default=False
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="Leave out files and folders that match; may be repeated."),
]
HiddenOption = Annotated[
    bool, typer.Option("--hidden", help="Look at names that start with a dot, too.")
]
Follow = Annotated[
    bool, typer.Option("--follow-symlinks", help="Follow symbolic links to folders.")
]
OneFileSystem = Annotated[
    bool, typer.Option("--one-file-system", help="Stay on the device of each PATH.")
]
MinAge = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Leave out files changed less than this ago: 30s, 7d."),
]
Reference = Annotated[
    list[str] | None,
    typer.Option(metavar="DIR", help="Look there too; its files are kept, and never touched."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, max=MOST_JOBS, help="Threads; as many as there are processors."
    ),
]
VerifyOption = Annotated[Verify, typer.Option(help="What shows that files are equal.")]
UseCache = Annotated[bool, typer.Option("--cache", help="Use and fill the cache of hashes.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No summary, warnings and progress.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="No progress bar.")]


@contextmanager
def usage() -> Iterator[None]:
    """Make wrong words the error that Typer ends the program for, with 2."""
    try:
        yield
    except WrongUsageError as error:
        raise typer.BadParameter(str(error)) from error


def request(words: Mapping[str, Any]) -> Request:
    """Return what the words of `scan` and `plan` ask for, by the names of their parameters.

    Raises `WrongUsageError`.
    """
    jobs, max_size, min_age = words["jobs"], words["max_size"], words["min_age"]
    quiet = words["quiet"]
    selection = Selection(
        parse_size(words["min_size"]),
        LARGEST if max_size is None else parse_size(max_size),
        globs(words["glob"]),
        globs(words["exclude"]),
        Hidden(words["hidden"]),
        Links(words["follow_symlinks"]),
        Devices(words["one_file_system"]),
        None if min_age is None else parse_duration(min_age),
    )
    return Request(
        Places(_absolute(words["paths"]), _absolute(words["reference"] or [])),
        selection,
        Reading(processors() if jobs is None else jobs, words["verify"]),
        CacheUse(words["cache"]),
        Loudness(quiet),
        Show(not (quiet or words["no_progress"])),
    )


def globs(words: list[str] | None) -> Globs:
    """Return globs as one; raise `WrongUsageError`."""
    return Globs([os.fsencode(word) for word in words or ()])


def choice(action: Action, keep: Keep, protect: list[str] | None, where: Places) -> Choice:
    """Return what is to be done; raise `WrongUsageError`."""
    return Choice(action, keep, globs(protect), list(where.references))


def _absolute(words: list[str]) -> list[bytes]:
    if "" in words:
        raise WrongUsageError("an empty PATH means nothing")
    return list(dict.fromkeys(absolute(os.fsencode(word)) for word in words))
