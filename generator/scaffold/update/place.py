"""Where a project lies in its git repository, and whether it is fit for an update."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from scaffold import git
from scaffold.errors import DestinationError, ToolError
from scaffold.placeholders import ANSWERS_FILE

_OLDEST_GIT = (2, 38)  # the first with `merge-tree --write-tree`
_SHOWN = 5
_STATES = "scaffold-update"
_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


Entry = tuple[str, str]
"""A mode and the name of an object."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project, as a part of a repository's work tree."""

    project: Path
    """Absolute, links resolved."""
    git_folder: Path
    """What belongs to this work tree alone, `.git` as a rule."""
    prefix: str
    """The project's path in the work tree: empty, or with a slash at its end."""

    @property
    def state(self) -> Path:
        """The folder in which an update keeps what it needs to be undone."""
        digest = hashlib.sha256(os.fsencode(self.prefix)).hexdigest()[:16]
        name = f"project-{digest}" if self.prefix else "project"
        return self.git_folder / _STATES / name

    def git(self, *words: str, given: bytes = b"") -> bytes:
        """Run git in the project; raise `ToolError` where it fails."""
        return git.read(self.project, *words, given=given)


def find(project: Path) -> Place:
    """Find the repository that a project lies in.

    Raises `ToolError` for a git that is absent or too old, and `DestinationError` where there is no
    repository, or only its bare part.
    """
    _check_version(project)
    asked = ("--absolute-git-dir", "--is-inside-work-tree", "--show-prefix")
    done = git.run(project, "rev-parse", *asked)
    lines = git.text(done.stdout).split("\n")
    if not done.returncode and lines[1] != "true":
        step = "clone it, and update the project in the clone"
        raise DestinationError(project, "lies in no work tree of its git repository", step)
    if done.returncode:
        reason = git.reason(done)
        if "dubious ownership" in reason:
            step = f"git config --global --add safe.directory '{project}'"
            raise DestinationError(project, "lies in a repository of another user", step)
        step = "run `git init` there, add everything and commit"
        raise DestinationError(
            project, "lies in no git repository, so nothing could be undone", step
        )
    return Place(project, Path(lines[0]), lines[2])


def keeps_state(project: Path) -> bool:
    """Return whether the project's repository has an update that may have to be undone."""
    for folder in (project, *project.parents):
        found = folder / ".git"
        if found.is_file():  # of a work tree or a submodule: it says where the folder is
            told = found.read_text(encoding="utf-8", errors="surrogateescape")
            found = folder / told.removeprefix("gitdir: ").rstrip("\n")
        if found.is_dir():
            states = found / _STATES
            return states.is_dir() and any(each.is_dir() for each in states.iterdir())
    return False


def check_ready(place: Place) -> None:
    """Raise `DestinationError` where something hinders an update.

    That is a repository without a commit, a merge or its like under way, a locked index, or changes
    in the project that are not committed.
    """
    project = place.project
    if git.run(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
        step = "commit the project as it is first"
        raise DestinationError(project, "has no commit yet", step)
    for name, what in _UNDER_WAY.items():
        if (place.git_folder / name).exists():
            way_out = "reset" if what == "bisect" else "--abort"
            step = f"finish it, or run `git {what} {way_out}`"
            raise DestinationError(project, f"has a git {what} in progress", step)
    if (place.git_folder / "index.lock").exists():
        step = f"wait for it, or remove {place.git_folder / 'index.lock'} if none is running"
        raise DestinationError(project, "is locked by another git command", step)
    _check_clean(place)


def _check_version(project: Path) -> None:
    told = git.text(git.read(project, "--version"))
    found = re.search(r"(\d+)\.(\d+)", told)
    if found is None or tuple(map(int, found.groups())) < _OLDEST_GIT:
        oldest = ".".join(map(str, _OLDEST_GIT))
        raise ToolError("git", f"is too old ({told})", f"install {oldest} or newer")


def _check_clean(place: Place) -> None:
    words = (
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--ignore-submodules=dirty",
        "--",
        ".",
    )
    entries = [each for each in place.git(*words).decode(errors="replace").split("\0") if each]
    if entries:
        paths = [entry[3:].removeprefix(place.prefix) for entry in entries]
        shown = ", ".join(paths[:_SHOWN])
        if len(paths) > _SHOWN:
            shown += f" and {len(paths) - _SHOWN} more"
        problem = f"has changes that are not committed: {shown}"
        raise DestinationError(place.project, problem, "commit or stash them first")


def tree(place: Place) -> dict[str, Entry]:
    """Return the project as committed: path -> mode and object.

    Raises `DestinationError` where the project is not part of the commit.
    """
    entries = committed(place)
    if ANSWERS_FILE not in entries:
        path = place.project / ANSWERS_FILE
        raise DestinationError(path, "is not committed", "add and commit the project first")
    return entries


def committed(place: Place) -> dict[str, Entry]:
    """Return what the current commit holds of the project; empty where it holds nothing of it."""
    words = ("ls-tree", "-r", "-z", "--full-tree", f"HEAD:{place.prefix}")
    return git.parse_tree(git.run(place.project, *words).stdout)


def staged(place: Place) -> dict[str, dict[int, Entry]]:
    """Return what the index holds of the project: path -> stage -> mode and object."""
    found: dict[str, dict[int, Entry]] = {}
    for each in place.git("ls-files", "--stage", "-z").split(b"\0"):
        if each:
            meta, _, path = each.partition(b"\t")
            mode, name, stage = meta.decode().split(" ")
            found.setdefault(os.fsdecode(path), {})[int(stage)] = (mode, name)
    return found
