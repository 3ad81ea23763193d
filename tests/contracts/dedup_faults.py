"""Runs `apply` of `dedup` with something happening at one of its calls to the system."""

import errno
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.dedup_events import NOWHERE, Event, calls_of
from contracts.dedup_trees import OLD, Ran, contents, grow, run

LONG = b"x" * 5000
OTHER = b"y" * 5000
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EINVAL, errno.EMFILE, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder with a tree, a plan for it, a file to swap in, and the library that interferes."""

    folder: Path
    library: Path
    program: list[str]
    action: str

    @property
    def tree(self) -> Path:
        """Where the files are: `a` to keep, `b` and its hard link `c/d` to go, and a pair more."""
        return self.folder / "tree"

    def prepare(self, files: dict[str | bytes, bytes] | None = None) -> "Bench":
        """Make it all anew."""
        grow(self.tree, files or {"a": LONG, "b": LONG, "c/e": b"small", "c/f": b"small"})
        if files is None:
            (self.tree / "c/d").hardlink_to(self.tree / "b")
        grow(self.folder, {"new": OTHER})
        words = ("plan", self.tree, "--action", self.action, "-o", self.folder / "plan", "--quiet")
        assert run(self.program, *words).returncode == 0
        return self

    def contents(self) -> set[bytes]:
        """Return every content that there is."""
        return contents(self.tree) | {
            path.read_bytes()
            for path in (self.folder / "new", self.folder / "aside")
            if path.exists()
        }

    def apply(self) -> Ran:
        """Follow the plan, with nothing in the way."""
        return run(self.program, "apply", self.folder / "plan", "--yes")

    def apply_with(self, at: int, event: str, old: Path | None = None) -> tuple[Ran, list[str]]:
        """Follow the plan, with an event at one call; return the names of the calls too."""
        log = self.folder.with_name(f"{self.folder.name}.log")
        happening = Event(
            event,
            self.folder,
            at,
            old=old or NOWHERE,
            new=self.folder / "new",
            aside=self.folder / "aside",
        )
        environment = happening.environment(self.library, log)
        ran = run(self.program, "apply", self.folder / "plan", "--yes", env=environment)
        return ran, [name for name, _ in calls_of(log)]

    def is_clean(self) -> bool:
        """Tell whether nothing is left under a temporary name."""
        return not [*self.tree.rglob(".*.tmp")]


def chosen(count: int, most: int | None, chance: random.Random) -> Iterator[int]:
    """Yield numbers of calls: all, or so many of them that are spread over the run."""
    numbers = range(1, count + 1)
    yield from numbers if most is None or most >= count else sorted(chance.sample(numbers, most))


def each_call(
    make: Callable[[int], Bench], event: str, most: int | None, old: str | None = None
) -> Iterator[tuple[int, Bench, Ran]]:
    """Run `apply` once for each call of an undisturbed run, with the event at it."""
    _, calls = make(0).prepare().apply_with(0, event)
    assert {"fsync", "write", "open"} <= set(calls), calls
    chance = random.Random(OLD + len(event))  # noqa: S311  # the same calls each time, no secrets
    for at in chosen(len(calls), most, chance):
        bench = make(at).prepare()
        ran, _ = bench.apply_with(at, event, None if old is None else bench.tree / old)
        if event == "kill":
            assert ran.returncode == -signal.SIGKILL, at
        yield at, bench, ran
