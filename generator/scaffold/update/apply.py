"""Applies an update whole or not at all, and undoes it."""

import shutil
from collections.abc import Collection

from scaffold import git, interrupts
from scaffold.update import files, index, obstacles
from scaffold.update.journal import (
    APPLIED,
    APPLYING,
    UNDOING,
    Journal,
    committed_since,
    current,
    edited_since,
    forget,
    holds,
    read,
    unfinished,
    write,
)
from scaffold.update.merge import Merged
from scaffold.update.place import Place
from scaffold.update.workshop import Entries, Workshop


def apply(shop: Workshop, merged: Merged, ours: Entries, title: str) -> None:
    """Put what the merge came to into index and work tree, whole or not at all.

    Raises `DestinationError` for a file in the way, before anything is touched.
    """
    place = shop.place
    paths = {p for p in {*ours, *merged.entries} if ours.get(p) != merged.entries.get(p)}
    touched = sorted(paths | set(merged.conflicts))
    old = {path: ours.get(path) for path in touched}
    new = {path: merged.entries.get(path) for path in touched}
    obstacles.check(place, old, new)
    journal = Journal(APPLYING, title, old, new, merged.conflicts)
    with interrupts.held() as interrupted:
        forget(place)  # an update that git has undone since
        try:
            _prepare(shop, journal)
        except BaseException:
            shutil.rmtree(unfinished(place), ignore_errors=True)
            raise
        unfinished(place).rename(place.state)
        done = False
        try:
            _move_in(place, journal, interrupted)
            if not interrupted():
                entries = {path: {0: each} if each else {} for path, each in new.items()}
                index.switch(place, entries | merged.conflicts, journal.digits)
                write(place.state, journal, APPLIED)
                done = not interrupted()
        finally:
            if not done:
                _undo(place, journal)
        shutil.rmtree(place.state / "new", ignore_errors=True)


def heal(place: Place) -> tuple[str, ...] | None:
    """Undo an update that was killed half way, and forget one that was committed.

    Returns the files that were left as they are, since somebody wrote or committed them after the
    kill, where something was undone.
    """
    shutil.rmtree(unfinished(place), ignore_errors=True)
    journal = read(place)
    if journal is None:
        return None
    committed = committed_since(place, journal)
    if journal.phase == APPLIED:
        if committed:
            forget(place)
        return None
    with interrupts.held():
        index.free(place)
        edited = edited_since(place, journal)
        _undo(place, journal, edited | committed, committed)
    return tuple(sorted(edited | committed))


def abort(place: Place) -> str:
    """Bring back the state before the update, and return its title.

    Raises `DestinationError` for a file in the way, before anything is touched.
    """
    journal = current(place)
    old, new = journal.old, journal.new
    gone = [p for p in old if not files.is_same(place.state / "old" / p, place.project / p)]
    reason = "what the update removed is to come back there"
    obstacles.check_room(place, {p: new[p] for p in gone}, {p: old[p] for p in gone}, reason)
    with interrupts.held():
        write(place.state, journal, UNDOING)
        _undo(place, journal)
    return journal.title


def _prepare(shop: Workshop, journal: Journal) -> None:
    """Put everything that is needed, to go forth and back, beside the index."""
    place = shop.place
    state = unfinished(place)
    state.mkdir()
    entries = [each for each in journal.new.values() if each]
    entries += [each for stages in journal.conflicts.values() for each in stages.values()]
    names = "".join(f"{name}\n" for mode, name in entries if mode != "160000").encode()
    place.git("unpack-objects", "-q", given=shop.git("pack-objects", "-q", "--stdout", given=names))
    stages = {path: {0: each} for path, each in journal.new.items() if each}
    index.write(place, stages, state / "index", journal.digits)
    words = ("checkout-index", "--all", "--quiet", f"--prefix={state / 'new'}/")
    git.read(place.project, *words, more={"GIT_INDEX_FILE": str(state / "index")})
    for path, entry in journal.old.items():
        source = place.project / path
        if entry is not None and files.is_file(source):
            files.keep(source, state / "old" / path)
    write(state, journal, APPLYING)


def _move_in(place: Place, journal: Journal, interrupted: interrupts.Asked) -> None:
    for path, entry in journal.old.items():
        if entry is not None and journal.new[path] is None:
            files.remove(place.project / path, place.project)
    for path, entry in journal.new.items():
        source = place.state / "new" / (place.prefix + path)
        if interrupted():
            return
        if entry is not None and files.is_file(source):
            files.put(source, place.project / path)


def _undo(
    place: Place, journal: Journal, kept: Collection[str] = (), committed: Collection[str] = ()
) -> None:
    """Put back files but those `kept`, and index entries but those `committed` since.

    Doing it twice is doing it once.
    """
    for path, entry in journal.old.items():
        if entry is None and path not in kept:
            files.remove(place.project / path, place.project)
    for path, entry in journal.old.items():
        backup = place.state / "old" / path
        if entry is not None and files.is_file(backup) and path not in kept:
            files.bring_back(backup, place.project / path)
    entries = {
        path: {0: entry} if entry else {}
        for path, entry in journal.old.items()
        if path not in committed
    }
    if not holds(place, entries):
        index.switch(place, entries, journal.digits)
    forget(place)
