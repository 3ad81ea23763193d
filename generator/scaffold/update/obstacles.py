"""What stands in the way of an update in the work tree, told before anything is touched."""

import os
from collections.abc import Mapping

from scaffold.errors import DestinationError
from scaffold.update.files import is_file
from scaffold.update.place import Entry, Place

Paths = Mapping[str, Entry | None]


def check(place: Place, old: Paths, new: Paths) -> None:
    """Raise `DestinationError` for what an update from `old` to `new` would destroy.

    That is a file that git does not know, and one whose changes git was told to overlook.
    """
    _check_marked(place, old)
    check_room(place, old, new, "the template now has a file there")


def check_room(place: Place, old: Paths, new: Paths, reason: str) -> None:
    """Raise `DestinationError` where a file that git does not know stands where a new one is to be.

    The `reason` says why there has to be room.
    """
    leaving = {path for path in old if new[path] is None}
    for path, entry in new.items():
        if entry is not None and old[path] is None:
            _check_free(place, path, leaving, reason)


def _check_marked(place: Place, old: Paths) -> None:
    listed = place.git("ls-files", "-v", "-z").split(b"\0")
    marked = {os.fsdecode(each[2:]) for each in listed if each and each[:2] != b"H "}
    for path, entry in old.items():
        if entry is not None and path in marked:
            problem = "is marked in git as skip-worktree or assume-unchanged"
            step = "take the mark away with `git update-index`, or leave the sparse checkout"
            raise DestinationError(place.project / path, problem, step)


def _check_free(place: Place, path: str, leaving: set[str], reason: str) -> None:
    target = place.project / path
    strange = [] if target.is_symlink() else [each for each in target.rglob("*") if is_file(each)]
    parts = [target, *target.parents]
    strange += [part for part in parts[: parts.index(place.project)] if is_file(part)]
    for file in strange:
        if file.relative_to(place.project).as_posix() not in leaving:
            step = "move it away or commit it first"
            raise DestinationError(file, f"is not in git, and {reason}", step)
