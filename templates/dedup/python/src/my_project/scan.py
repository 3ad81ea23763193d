"""Finds the groups of files with one content, and changes nothing."""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .cache import Cache
from .errors import RefusedError, scan_reason
from .files import Files
from .grouping import Grouping, Groups, Verify
from .problems import Problems
from .progress import Progress
from .selection import Selection
from .walk import walk
from .workers import affordable


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, as absolute names."""

    roots: Sequence[bytes]
    references: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read: the threads, and what shows that files are equal."""

    jobs: int
    verify: Verify = Verify.HASH


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found; the rows of its groups are those of the files."""

    files: Files
    groups: Groups
    problems: Problems
    verify: Verify

    @property
    def gain(self) -> int:
        """The bytes that would be free with one file of each group left."""
        return sum(group.gain for group in self.groups)

    @property
    def grouped(self) -> int:
        """How many files are in groups."""
        return sum(len(group.rows) for group in self.groups)


def check_references(references: Iterable[bytes]) -> None:
    """See that each can be looked at; raise `RefusedError`.

    What lies in one that cannot would not be known for it, and could become a victim.
    """
    for reference in references:
        try:
            if stat.S_ISDIR(os.stat(reference).st_mode):
                os.close(os.open(reference, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            raise RefusedError(reference, scan_reason(error)) from error


def scan(
    places: Places,
    selection: Selection,
    reading: Reading,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Look below the places; what cannot be read is a problem and leaves the rest right."""
    progress = progress or Progress()
    problems = Problems()
    files = walk(places.roots, places.references, selection, problems, progress.walked)
    jobs = affordable(reading.jobs)
    grouping = Grouping(files, problems, reading.verify, jobs, progress)
    return Scan(files, grouping.run(cache or Cache()), problems, reading.verify)
