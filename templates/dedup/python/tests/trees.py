"""Trees of files to try things on, and the program as a process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from my_project import (
    Action,
    Choice,
    Keep,
    Places,
    Plan,
    Reading,
    Scan,
    Selection,
    Verify,
    make_plan,
    read_plan,
    scan,
)
from my_project.apply import Run, Tally
from my_project.globs import Globs
from my_project.journal import Journal
from my_project.plan_writing import Counts, plan_lines
from my_project.steps import steps_of
from my_project.writing import is_temporary_name, write_whole

_PROJECT = Path(__file__).parents[1]
_PLACES = (
    _PROJECT / "contract",
    _PROJECT.parent / "any" / "contract",  # where projects in several languages share it
)
CONTRACT = next(place for place in _PLACES if place.is_dir())
OLD = 1_600_000_000  # seconds; a time long past, so that no file looks fresh


def grow(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder, all with one time."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (OLD, OLD))
    return folder


def look(
    *roots: Path,
    verify: Verify = Verify.HASH,
    jobs: int = 2,
    references: tuple[Path, ...] = (),
    selection: Selection | None = None,
) -> Scan:
    """Scan below the roots."""
    places = Places(
        [os.fsencode(root) for root in roots], [os.fsencode(each) for each in references]
    )
    return scan(places, selection or Selection(), Reading(jobs, verify))


def groups(found: Scan, folder: Path) -> list[list[str]]:
    """Return the paths of each group, relative to a folder."""
    return [
        [
            os.fsdecode(os.path.relpath(found.files.paths[row], os.fsencode(folder)))
            for row in group.rows
        ]
        for group in found.groups
    ]


def problems(found: Scan) -> list[tuple[str, str]]:
    """Return the last part of the name, and the reason, of each problem."""
    return [
        (os.fsdecode(os.path.basename(name)), reason) for name, reason in found.problems.in_order()
    ]


def plan(
    folder: Path,
    action: Action,
    keep: Keep = Keep.FIRST_PATH,
    *,
    protect: tuple[bytes, ...] = (),
    reference: tuple[Path, ...] = (),
) -> Plan:
    """Make a plan for all below a folder."""
    found = look(folder, references=reference)
    references = [os.fsencode(each) for each in reference]
    choice = Choice(action, keep, Globs(protect), references)
    return make_plan(found, [os.fsencode(folder), *references], choice)


def save(made: Plan, path: Path) -> Path:
    """Write a plan."""
    lines = plan_lines(made.action, made.roots, made.groups, Counts())
    write_whole(os.fsencode(path), lines)
    return path


def apply(path: Path, said: list[str] | None = None) -> Tally:
    """Follow a plan, as the command does."""
    made, data = read_plan(os.fsencode(path))
    journal = Journal(os.fsencode(path) + b".journal", made, data)
    try:
        run = Run(made, journal, ([] if said is None else said).append)
        for step in steps_of(made):
            run.take(step)
    finally:
        journal.close()
    return run.tally


def leftovers(folder: Path) -> list[str]:
    """Return what has a temporary name in a folder."""
    return [name for name in os.listdir(folder) if is_temporary_name(os.fsencode(name))]


def contents(folder: Path) -> set[bytes]:
    """Return every distinct content of the regular files below a folder."""
    return {
        Path(root, name).read_bytes()
        for root, _, names in os.walk(folder)
        for name in names
        if not Path(root, name).is_symlink()
    }


def run_program(
    *words: str | bytes | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "my_project", *words],
        env=None if env is None else {**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
