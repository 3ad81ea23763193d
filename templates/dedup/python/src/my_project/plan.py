"""Decides in each group which file is kept, and which are the victims."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from .files import Files
from .globs import Globs
from .names import is_below
from .scan import Scan


class Action(StrEnum):
    """What becomes of a victim."""

    HARDLINK = "hardlink"
    REFLINK = "reflink"
    SYMLINK = "symlink"
    TRASH = "trash"
    DELETE = "delete"


class Keep(StrEnum):
    """Which file of a group is kept."""

    FIRST_PATH = "first-path"
    OLDEST = "oldest"
    NEWEST = "newest"
    SHORTEST = "shortest"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as it was when the plan was made."""

    names: list[bytes]
    device: int
    inode: int
    mtime: int
    ctime: int

    @property
    def path(self) -> bytes:
        """The first of its names."""
        return self.names[0]

    @property
    def identity(self) -> tuple[int, int]:
        """What it is known by, whatever its name."""
        return self.device, self.inode


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """Files of one content: one to keep, and one victim or more."""

    size: int
    keep: PlannedFile
    victims: list[PlannedFile]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done; every name lies in one of the roots."""

    action: Action
    roots: list[bytes]
    groups: list[PlannedGroup]

    @property
    def victims(self) -> int:
        """How many files would go."""
        return sum(len(group.victims) for group in self.groups)

    @property
    def gain(self) -> int:
        """The bytes that would be free."""
        return sum(group.size * len(group.victims) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user wants to be done."""

    action: Action
    keep: Keep
    protected: Globs
    references: list[bytes]


def make_plan(scan: Scan, roots: list[bytes], choice: Choice) -> Plan:
    """Return the plan for what a scan found; a group without a victim is not in it."""
    return Plan(choice.action, roots, list(planned_groups(scan, choice)))


def planned_groups(scan: Scan, choice: Choice) -> Iterator[PlannedGroup]:
    """Yield the groups of the plan one by one: a plan can take more memory than its scan."""
    files = scan.files
    is_protected = _protection(choice.protected)
    for group in scan.groups:
        for rows in _divided(files, group.rows, choice.action):
            untouchable = {row for row in rows if _in_reference(files, row, choice.references)}
            keep = min(untouchable or rows, key=_rank(files, choice.keep))
            victims = [
                row
                for row in rows
                if row != keep
                and row not in untouchable
                and not any(map(is_protected, files.names(row)))
            ]
            if victims:
                planned = [_planned(files, row) for row in victims]
                yield PlannedGroup(group.size, _planned(files, keep), planned)


def _protection(globs: Globs) -> Callable[[bytes], bool]:
    """Return what tells whether a glob matches a name or a folder above it."""

    @lru_cache(maxsize=1024)  # many names have one folder
    def is_below_protected(folder: bytes) -> bool:
        return globs.match(folder) or (
            folder != b"/" and is_below_protected(os.path.dirname(folder))
        )

    return lambda name: (
        bool(globs) and (globs.match(name) or is_below_protected(os.path.dirname(name)))
    )


def _divided(files: Files, rows: list[int], action: Action) -> list[list[int]]:
    """Divide a group by device where the action cannot reach from one to another."""
    if action not in {Action.HARDLINK, Action.REFLINK}:
        return [rows]
    divided: dict[int, list[int]] = {}
    for row in rows:
        divided.setdefault(files.devices[row], []).append(row)
    return list(divided.values())


def _in_reference(files: Files, row: int, references: list[bytes]) -> bool:
    return files.is_reference(row) or any(
        is_below(name, reference) for reference in references for name in files.names(row)
    )


def _rank(files: Files, keep: Keep) -> Callable[[int], tuple[int, bytes]]:
    def rank(row: int) -> tuple[int, bytes]:
        path = files.paths[row]
        match keep:
            case Keep.FIRST_PATH:
                return 0, path
            case Keep.OLDEST:
                return files.mtimes[row], path
            case Keep.NEWEST:
                return -files.mtimes[row], path
            case Keep.SHORTEST:  # pragma: no branch  # mypy holds that there is no other
                return len(path), path

    return rank


def _planned(files: Files, row: int) -> PlannedFile:
    return PlannedFile(
        files.names(row),
        files.devices[row],
        files.inodes[row],
        files.mtimes[row],
        files.ctimes[row],
    )
