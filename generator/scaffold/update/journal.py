"""Remembers what an update does to a project, and how to undo it, under the `.git` folder."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from scaffold import git
from scaffold.errors import DestinationError, ToolError
from scaffold.update import files
from scaffold.update.index import Stages
from scaffold.update.place import Entry, Place, committed, staged

_JOURNAL = "journal.json"
APPLYING, APPLIED, UNDOING = "applying", "applied", "undoing"


@dataclass(frozen=True, slots=True)
class Journal:
    """What an update does to a project, and what was there before."""

    phase: str
    title: str
    """What was done, as the first line of a message for its commit."""
    old: dict[str, Entry | None]
    """Path that the update touches -> what the index held for it."""
    new: dict[str, Entry | None]
    """Path that the update touches -> what is put there; a file in conflict has its markers."""
    conflicts: dict[str, dict[int, Entry]]

    @property
    def digits(self) -> int:
        """How long the names of objects are."""
        entries = (*self.old.values(), *self.new.values())
        return max((len(each[1]) for each in entries if each), default=0)


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Hold the repository against other updates; raise `ToolError` where one is at work."""
    folder = place.state.parent
    folder.mkdir(exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            yield
    except Timeout as error:
        step = "wait until it has ended"
        raise ToolError("another scaffold", "is at work in this repository", step) from error


def read(place: Place) -> Journal | None:
    """Return what is remembered of the last update of the project, if it is."""
    try:
        values = json.loads((place.state / _JOURNAL).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    pairs = {
        part: {path: each and (each[0], each[1]) for path, each in values[part].items()}
        for part in ("old", "new")
    }
    conflicts = {
        path: {int(stage): (each[0], each[1]) for stage, each in stages.items()}
        for path, stages in values["conflicts"].items()
    }
    return Journal(values["phase"], values["title"], **pairs, conflicts=conflicts)


def write(state: Path, journal: Journal, phase: str) -> None:
    """Write the journal into its folder, in one step."""
    text = json.dumps({**asdict(journal), "phase": phase})
    written = state / "journal.new"
    written.write_text(text, encoding="ascii")
    files.flush(written)
    written.replace(state / _JOURNAL)


def unfinished(place: Place) -> Path:
    """Return the folder for what is not whole, yet or any more."""
    return place.state.with_name(f"{place.state.name}.unfinished")


def forget(place: Place) -> None:
    """Remove what is remembered of the last update, in one step for those who read it."""
    gone = unfinished(place)
    shutil.rmtree(gone, ignore_errors=True)
    if place.state.exists():
        place.state.rename(gone)
        shutil.rmtree(gone)


def current(place: Place) -> Journal:
    """Return the update that is not committed yet; raise `DestinationError` where there is none."""
    journal = read(place)
    if journal is None or not _is_there(place, journal):
        step = "`git log` and `git revert` undo what was committed"
        raise DestinationError(place.project, "has no update that is not committed", step)
    return journal


def check_none(place: Place) -> None:
    """Raise `DestinationError` where an update is not committed yet."""
    journal = read(place)
    if journal is not None and _is_there(place, journal):
        step = "commit it, or run `scaffold update` with --continue or --abort"
        raise DestinationError(place.project, "has an update that is not committed", step)


def _is_there(place: Place, journal: Journal) -> bool:
    """Return whether an update is neither committed, nor undone by git itself."""
    if committed_since(place, journal):
        return False
    before = {path: {0: entry} if entry else {} for path, entry in journal.old.items()}
    left = (path for path in _as_left(place, journal) if journal.new[path] != journal.old[path])
    return not holds(place, before) or any(left)


def committed_since(place: Place, journal: Journal) -> set[str]:
    """Return the paths of an update of which the commit has something else than before it."""
    now = committed(place)
    return {path for path, entry in journal.old.items() if now.get(path) != entry}


def holds(place: Place, stages: Stages) -> bool:
    """Return whether the index holds these entries."""
    now = staged(place)
    return all(now.get(path, {}) == each for path, each in stages.items())


def edited_since(place: Place, journal: Journal) -> set[str]:
    """Return the paths whose files are neither as before the update nor as it leaves them.

    Where an abort had begun, that is only what was written after its beginning.
    """
    begun = (place.state / _JOURNAL).stat().st_mtime_ns if journal.phase == UNDOING else 0
    return {
        path
        for path in set(journal.old) - _as_left(place, journal)
        if files.is_file(place.project / path)
        and (place.project / path).lstat().st_mtime_ns > begun
        and not files.is_same(place.state / "old" / path, place.project / path)
    }


def _as_left(place: Place, journal: Journal) -> set[str]:
    """Return the paths whose files are as the update leaves them."""
    index = {"GIT_INDEX_FILE": str(place.state / "index")}
    git.run(place.project, "update-index", "-q", "--refresh", more=index)
    words = ("diff-files", "-z", "--name-only", "--relative", "--ignore-submodules")
    other = git.read(place.project, *words, more=index).split(b"\0")
    return {path for path, entry in journal.new.items() if entry} - {os.fsdecode(p) for p in other}
