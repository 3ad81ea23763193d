"""Carries a project along to a newer release, by a git merge of three trees."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from scaffold.answers import Ask
from scaffold.errors import DestinationError, ScaffoldError, UsageError
from scaffold.update import apply, journal
from scaffold.update.files import is_file
from scaffold.update.merge import Merged, merge
from scaffold.update.place import Place, check_ready, find, keeps_state, staged, tree
from scaffold.update.plan import Plan, prepare
from scaffold.update.workshop import Entries, Workshop, workshop

CURRENT, PLANNED, UPDATED, CONFLICTS = "current", "planned", "updated", "conflicts"


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for."""

    to: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    restore: Sequence[str] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an update of one project is about, and what became of it."""

    project: Path
    status: str
    plan: Plan
    changed: Sequence[str] = ()
    both: Sequence[str] = ()
    deleted: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    diff: bytes = b""

    @property
    def title(self) -> str:
        """The first line of a message for the commit of this update."""
        old, new = self.plan.recorded.version, self.plan.to
        template = self.plan.answers.template
        if old == new and self.plan.answers == self.plan.recorded.answers:
            return f"Bring back what the template {template} made"
        if old == new:
            return f"Give other answers to the template {template}"
        return f"Update the template {template} from version {old} to {new}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one project of several: an outcome, or the error that stopped it."""

    project: Path
    outcome: Outcome | None
    error: ScaffoldError | None


@contextmanager
def refusals(project: Path) -> Iterator[None]:
    """Make what the file system refuses an error of ours."""
    try:
        yield
    except BrokenPipeError:
        raise  # of what is printed meanwhile
    except OSError as error:
        path = Path(os.fsdecode(error.filename)) if error.filename else project
        problem = f"cannot be read or written: {(error.strerror or str(error)).lower()}"
        raise DestinationError(path, problem, "see to that and try again") from error


@contextmanager
def at(project: Path) -> Iterator[tuple[Place, tuple[str, ...] | None]]:
    """Hold a project against other updates; give its place, and what `heal` returns of it."""
    with refusals(project):
        place = find(project.resolve())
        with journal.alone(place):
            yield place, apply.heal(place)


def heal(project: Path) -> tuple[str, ...] | None:
    """Undo an update that was killed half way.

    Returns the files that were left as they are, since somebody wrote them after the kill; None
    where there was nothing to undo, which no git is asked for.
    """
    with refusals(project):
        if not keeps_state(project.resolve()):
            return None
    with at(project) as (_, kept):
        return kept


def update(
    project: Path, order: Order, ask: Ask | None, announce: Callable[[Outcome], None]
) -> Outcome:
    """Update one project; tell what it is about with `announce` before anything is touched.

    The project is as it was after any error. A clean merge and one with conflicts are left in index
    and work tree, for the user to commit.
    """
    with at(project) as (place, _):
        journal.check_none(place)
        check_ready(place)
        plan = prepare(place.project, order.to, order.data, ask)
        outcome = Outcome(project, CURRENT, plan)
        if plan.theirs == plan.base and not order.restore:
            announce(outcome)
            return outcome
        labels = (f"v{plan.recorded.version}-yours", f"v{plan.to}")
        with workshop(place, labels) as shop:
            return _merge(shop, outcome, order, announce)


def _merge(
    shop: Workshop, outcome: Outcome, order: Order, announce: Callable[[Outcome], None]
) -> Outcome:
    plan = outcome.plan
    ours = tree(shop.place)
    merged = merge(shop, plan.base, plan.theirs, ours)
    restored = [PurePosixPath(path).as_posix() for path in order.restore]
    _restore(merged, restored)
    outcome = replace(
        outcome,
        status=PLANNED,
        changed=merged.changed,
        both=merged.both,
        deleted=[path for path in merged.deleted if path not in restored],
        conflicts=sorted(merged.conflicts),
    )
    if order.dry_run:
        outcome = replace(outcome, diff=_diff(shop, ours, merged.entries))
        announce(outcome)
        return outcome
    announce(outcome)
    apply.apply(shop, merged, ours, outcome.title)
    return replace(outcome, status=CONFLICTS if merged.conflicts else UPDATED)


def _restore(merged: Merged, paths: Sequence[str]) -> None:
    for path in paths:
        if path not in merged.deleted:
            hint = "is no file of the template that was deleted"
            raise UsageError("--restore", path, merged.deleted, hint=hint)
        for other in merged.entries:
            if other.startswith(f"{path}/") or path.startswith(f"{other}/"):
                raise UsageError("--restore", path, hint=f"{other} is in its place")
        merged.entries[path] = merged.release[path]


def _diff(shop: Workshop, ours: Entries, entries: Entries) -> bytes:
    """Return what the update would change in the project, as a patch."""
    trees = [shop.write_tree(each) for each in (ours, entries)]
    return shop.git("diff-tree", "-r", "-p", "-M", *trees)


def abort(project: Path) -> str:
    """Undo the update that is not committed yet; return what it was."""
    with at(project) as (place, _):
        return apply.abort(place)


def carry_on(project: Path) -> str:
    """Stage what was in conflict; return the title of the update.

    Raises `DestinationError` where a marker is left.
    """
    with at(project) as (place, _):
        found = journal.current(place)
        left = [path for path in found.conflicts if _has_marker(place, path)]
        if left:
            step = "settle what stands between the markers, then try again"
            raise DestinationError(
                place.project / left[0], "still holds markers of a conflict", step
            )
        known = staged(place)
        paths = [p for p in found.conflicts if p in known or is_file(place.project / p)]
        words = ("update-index", "--add", "--remove", "-z", "--stdin")
        place.git(*words, given=os.fsencode("".join(f"{path}\0" for path in paths)))
        return found.title


def _has_marker(place: Place, path: str) -> bool:
    file = place.project / path
    if file.is_symlink() or not file.is_file():
        return False
    # Seven signs or more, as the attribute conflict-marker-size says.
    return bool(re.search(rb"^(<{7,}|>{7,}) ", file.read_bytes(), re.MULTILINE))
