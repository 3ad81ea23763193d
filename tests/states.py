"""What a project is like at one moment: all that an update could touch and an abort restores."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from scaffold import git


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it lies there."""

    mode: int
    content: bytes
    """Its bytes, or where it leads."""
    time: int = field(compare=False)
    """When it was written, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class State:
    """A project as a user and git see it."""

    files: dict[str, Seen]
    folders: frozenset[str]
    index: str
    """What `git ls-files --stage` prints."""
    status: str
    """What `git status --porcelain=v2` prints, untracked files and the commit included."""
    kept: tuple[str, ...]
    """The folders that scaffold keeps under `.git` to undo an update."""

    def in_index(self, *, conflicts: bool = False) -> set[str]:
        """Return the paths that git knows, or else only those in conflict."""
        lines = [line.split("\t") for line in self.index.splitlines()]
        return {path for meta, path in lines if not (conflicts and meta.endswith(" 0"))}


def look(project: Path) -> dict[str, Seen]:
    """Return every file but git's own."""
    found = {}
    for path in project.rglob("*"):
        inside = path.relative_to(project)
        if inside.parts[0] != ".git" and (path.is_symlink() or not path.is_dir()):
            stat = path.lstat()
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[inside.as_posix()] = Seen(stat.st_mode, content, stat.st_mtime_ns)
    return found


def state(project: Path, root: Path | None = None) -> State:
    """Return the state of a project that lies in a repository at `root`, by default its own."""
    words = ("status", "--porcelain=v2", "--branch", "--untracked-files=all")
    folders = {path.relative_to(project) for path in project.rglob("*") if path.is_dir()}
    return State(
        look(project),
        frozenset(path.as_posix() for path in folders if path.parts[0] != ".git"),
        git.read(project, "ls-files", "--stage").decode(),
        git.read(root or project, *words).decode(),
        tuple(
            sorted(path.name for path in ((root or project) / ".git/scaffold-update").glob("*/"))
        ),
    )
