"""The words that the commands have in common, and what they mean."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from .errors import WrongUsageError
from .globs import Globs
from .grouping import Verify
from .names import absolute
from .plan import Action, Choice, Keep
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


def places(paths: list[str], references: list[str] | None) -> Places:
    """Return where to look, as absolute names, each once."""
    return Places(_absolute(paths), _absolute(references or []))


def globs(words: list[str] | None) -> Globs:
    """Return globs as one."""
    return Globs([os.fsencode(word) for word in words or ()])


def reading(jobs: int | None, verify: Verify) -> Reading:
    """Return how to read."""
    return Reading(processors() if jobs is None else jobs, verify)


def choice(action: Action, keep: Keep, protect: list[str] | None, where: Places) -> Choice:
    """Return what is to be done."""
    return Choice(action, keep, globs(protect), list(where.references))


def selection(  # noqa: PLR0913  # as many as there are options
    min_size: str,
    max_size: str | None,
    glob: list[str] | None,
    exclude: list[str] | None,
    min_age: str | None,
    *,
    hidden: bool,
    follow_symlinks: bool,
    one_file_system: bool,
) -> Selection:
    """Return what the words select."""
    return Selection(
        parse_size(min_size),
        LARGEST if max_size is None else parse_size(max_size),
        globs(glob),
        globs(exclude),
        Hidden(hidden),
        Links(follow_symlinks),
        Devices(one_file_system),
        None if min_age is None else parse_duration(min_age),
    )


def _absolute(words: list[str]) -> list[bytes]:
    if "" in words:
        raise WrongUsageError("an empty PATH means nothing")
    return list(dict.fromkeys(absolute(os.fsencode(word)) for word in words))
