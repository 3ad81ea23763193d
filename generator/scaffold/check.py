"""Generates projects, runs their own checks, and collects what became of each."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from scaffold import faults, laws, passes, project
from scaffold.answers import Answers, settle
from scaffold.catalog import Template
from scaffold.commands import Workshop
from scaffold.compose import Tree, compose
from scaffold.errors import ScaffoldError
from scaffold.release import open_release
from scaffold.render import render
from scaffold.toolchain import needed

# What a user may well be called; it must come through every file whole.
_ANSWERS = {"author": 'Zoë "Zed" O\'Neil', "email": "zoe.oneil@example.org"}
# The shortest name, the longest, and one that sorts after `std` in a list of imports.
_HARD_NAMES = ("q", "q" * 40, "zz-top")

Stage = Callable[[], str | None]
"""Does one thing and returns None, or why it failed."""

Say = Callable[[str, str, str], None]
"""Told of every stage: the cell, the stage and how it stands; at the end of a cell no stage."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A template in a language."""

    template: Template
    language: str

    def __str__(self) -> str:
        """Return the name that tables, folders and jobs use."""
        return f"{self.template.name}-{self.language}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stage of a cell."""

    stage: str
    passed: bool
    seconds: float
    message: str
    """Why it failed: the end of the command's output, or the law that was broken."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one cell, or of one foreign template."""

    cell: str
    status: str
    """`passed`, `failed` or `cached`."""
    outcomes: tuple[Outcome, ...]
    log: Path | None


@dataclass(frozen=True, slots=True)
class Options:
    """How cells are run."""

    faults: bool = False
    fresh: bool = False
    jobs: int = 1
    keep: Path | None = None
    """Put each project into a folder of this one, and leave it there."""


def cells(templates: Sequence[Template], language: str | None = None) -> list[Cell]:
    """Return every template in every language it has, or in `language` only."""
    return [
        Cell(template, each)
        for template in templates
        for each in template.languages
        if language in (None, each)
    ]


def run_cells(wanted: Sequence[Cell], options: Options, say: Say) -> list[Result]:
    """Run the cells in parallel and return their results in the order given.

    An interrupt ends all commands before it goes on to the caller.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        futures = [pool.submit(_run_cell, cell, options, say, stop) for cell in wanted]
        try:
            for done in as_completed(futures):
                done.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [done.result() for done in futures]


def test_answers(cell: Cell, name: str) -> Answers:
    """Return the answers that a cell is rendered with, the same on every machine."""
    given = {
        question.name: _ANSWERS.get(question.name) or question.default or question.choices[0]
        for question in cell.template.questions
        if question.name in _ANSWERS or question.default or question.choices
    }
    return settle(cell.template, cell.language, name, given)


def refused(cell: str, error: ScaffoldError) -> Result:
    """Return the result of a cell whose template cannot be rendered."""
    outcome = Outcome("render", passed=False, seconds=0.0, message=str(error))
    return Result(cell, "failed", (outcome,), None)


def _run_cell(cell: Cell, options: Options, say: Say, stop: threading.Event) -> Result:
    try:
        answers = test_answers(cell, cell.template.name)
        files = render(open_release(cell.template, cell.language), answers)
    except ScaffoldError as error:
        say(str(cell), "", "failed")
        return refused(str(cell), error)
    tools = needed(cell.template, cell.language)
    address = passes.key(files, tools, ["faults"] * options.faults)
    if passes.known(address) and not options.fresh and options.keep is None:
        say(str(cell), "", "cached")
        return Result(str(cell), "cached", (), None)
    root = passes.cache_folder()
    log = root / "logs" / f"{cell}.log"
    with alone(root / "cells" / str(cell)) as folder:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
        place = options.keep / str(cell) if options.keep else folder / cell.template.name
        workshop = Workshop(place, log, {"CARGO_TARGET_DIR": str(root / "cargo-target")}, stop)
        stages = _stages(cell, files, folder, workshop)
        if options.faults:
            stages |= _fault_stages(cell.language, workshop)
        outcomes = run_stages(str(cell), stages, say)
    status = "passed" if outcomes[-1].passed else "failed"
    if status == "passed":
        passes.remember(address, str(cell))
    say(str(cell), "", status)
    return Result(str(cell), status, outcomes, log)


def run_stages(cell: str, stages: Mapping[str, Stage], say: Say) -> tuple[Outcome, ...]:
    """Run the stages in order up to the first that fails, and return their outcomes."""
    outcomes: list[Outcome] = []
    for name, act in stages.items():
        say(cell, name, "running")
        begun = time.monotonic()
        message = act()
        seconds = time.monotonic() - begun
        outcomes.append(Outcome(name, message is None, seconds, message or ""))
        say(cell, name, f"{'passed' if message is None else 'failed'} after {seconds:.1f} s")
        if message is not None:
            break
    return tuple(outcomes)


def _stages(cell: Cell, files: Tree, folder: Path, workshop: Workshop) -> dict[str, Stage]:
    return {
        "laws": lambda: _laws(cell, files),
        "names": lambda: _names(cell, folder, workshop),
        "write": lambda: _write(files, workshop),
        "setup": lambda: workshop.run("make", "setup"),
        "format": lambda: workshop.run("make", "format") or _changed(files, workshop.folder),
        "check": lambda: workshop.run("make", "check"),
        "hooks": lambda: (
            workshop.run("git", "add", "--all") or workshop.run("pre-commit", "run", "--all-files")
        ),
    }


def _laws(cell: Cell, files: Tree) -> str | None:
    answers = test_answers(cell, cell.template.name)
    found = laws.broken(cell.template, answers, compose(cell.template, cell.language), files)
    return "\n".join(found) or None


def _names(cell: Cell, folder: Path, workshop: Workshop) -> str | None:
    """Hold the project to its formatter under names that are hard on it."""
    release = open_release(cell.template, cell.language)
    for name in _HARD_NAMES:
        elsewhere = replace(workshop, folder=folder / "names" / name)
        elsewhere.folder.parent.mkdir(exist_ok=True)
        project.write(render(release, test_answers(cell, name)), elsewhere.folder, git=False)
        if message := elsewhere.run("make", "format-check"):
            return f"called {name}: {message}"
    return None


def _write(files: Tree, workshop: Workshop) -> str | None:
    project.write(files, workshop.folder, git=False)
    # A repository of its own, wherever it lies, since hooks are part of what is checked.
    return workshop.run("git", "init", "--quiet", "--initial-branch=main")


def _changed(files: Tree, folder: Path) -> str | None:
    for path, file in files.items():
        if file.link is None and (folder / path).read_bytes() != file.content:
            return f"make format changed {path}, so the template is not in form"
    return None


def _fault_stages(language: str, workshop: Workshop) -> dict[str, Stage]:
    return {
        f"fault: {fault.kind}": partial(_find_fault, fault, workshop)
        for fault in faults.BY_LANGUAGE[language]
    }


def _find_fault(fault: faults.Fault, workshop: Workshop) -> str | None:
    # pytest then stops at the first test that fails, as cargo does; the planted one comes first.
    workshop = replace(workshop, extra={**workshop.extra, "PYTEST_ADDOPTS": "--exitfirst"})
    planted = faults.plant(fault, workshop.folder)
    message = workshop.run("make", "check")
    planted.unlink()
    if message is None:
        return f"make check stayed green with a {fault.kind} fault in {fault.path}"
    # GNU make names the rule that failed: `make: *** [Makefile:12: types] Error 1`.
    stage = re.search(r"\*\*\* \[(?:[^\]]*: )?([\w-]+)\]", message)
    if stage is None or stage.group(1) != fault.stage:
        return f"a {fault.kind} fault should fail in {fault.stage}, but:\n{message}"
    return None


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Empty the folder and hold it against other runs on this machine."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
