"""Switches entries of a project's index in one step: a kill comes before it or after it."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from scaffold import git
from scaffold.errors import DestinationError
from scaffold.update.place import Entry, Place

Stages = Mapping[str, Mapping[int, Entry]]
"""Path in the project -> stage, 0 where there is no conflict -> what is there."""
MARK = b"locked by scaffold\n"
"""What the lock holds, to know it again after a kill."""
_PATIENCE = 5.0
"""How many seconds another git may take to end."""


def switch(place: Place, stages: Stages, digits: int) -> None:
    """Set entries of the index; a path without a stage goes. Object names have so many `digits`.

    Raises `DestinationError` where another git holds the lock. Git itself works on a copy, since
    one that outlives a killed parent would write the index when nobody expects it any more.
    """
    index = place.git_folder / "index"
    with TemporaryDirectory(dir=place.state) as name:
        made, mark = Path(name) / "index", Path(name) / "mark"
        mark.write_bytes(MARK)
        private = {"GIT_INDEX_FILE": str(made)}
        while True:
            before = _identity(index)
            shutil.copyfile(index, made)
            write(place, stages, made, digits)
            # Only so that the next command need not look into every file; some are in conflict.
            git.run(place.project, "update-index", "-q", "--refresh", more=private)
            with _locked(place, mark):
                if _identity(index) == before:  # else another git wrote it meanwhile
                    made.replace(index)
                    return


def write(place: Place, stages: Stages, index: Path, digits: int) -> None:
    """Set entries of a file that is an index, or becomes one."""
    lines = b""
    for path, each in stages.items():
        full = os.fsencode(place.prefix + path)  # from the top of the work tree
        lines += b"0 %s\t%s\0" % (b"0" * digits, full)
        for stage, (mode, name) in each.items():
            lines += b"%s %s %d\t%s\0" % (mode.encode(), name.encode(), stage, full)
    words = ("update-index", "-z", "--index-info")
    git.read(place.project, *words, given=lines, more={"GIT_INDEX_FILE": str(index)})


@contextmanager
def _locked(place: Place, mark: Path) -> Iterator[None]:
    """Hold the lock of the index as git does: nobody may write it meanwhile."""
    lock = _lock(place)
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            _make(lock, mark)
            break
        except FileExistsError as error:
            if time.monotonic() > until:
                step = f"wait for it, or remove {lock} if none is running"
                raise DestinationError(
                    place.project, "is locked by another git command", step
                ) from error
        free(place)
        time.sleep(0.01)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def free(place: Place) -> None:
    """Remove the lock of a scaffold that was killed, since no other is at work."""
    with suppress(FileNotFoundError):
        if _lock(place).read_bytes() == MARK:
            _lock(place).unlink()


def _lock(place: Place) -> Path:
    return place.git_folder / "index.lock"


def _make(lock: Path, mark: Path) -> None:
    """Make the lock with its content, in one step; raise `FileExistsError` where there is one."""
    try:
        os.link(mark, lock)
    except FileExistsError:
        raise
    except OSError:  # a file system without such links
        with lock.open("xb") as file:
            file.write(MARK)


def _identity(file: Path) -> tuple[int, int, int]:
    """Return what changes where a file is written or replaced."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
