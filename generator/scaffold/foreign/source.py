"""Points the harness at any Copier template: renders it, and runs the checks that it has."""

import hashlib
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from scaffold import passes
from scaffold.check import Result, Say, Stage, alone, refused, run_stages
from scaffold.commands import Workshop, environment
from scaffold.errors import SourceError
from scaffold.foreign.isolation import (
    environment_folder,
    find_python,
    find_tool,
    own_variables,
    quiet_variables,
)
from scaffold.foreign.order import Order, Verdict
from scaffold.foreign.runners import Check, find_checks

_ADDRESS = re.compile(r"(gh:|gl:|git\+|[a-z][a-z+.-]*://|[\w.-]+@[\w.-]+:).+|.+\.git")
_KNOWN_TO_COPIER = ("gh:", "gl:", "git+", "git@", "git://")
# Every template is rendered under one name, for many take their defaults from the folder's.
_PROJECT = "my-project"


@dataclass(frozen=True, slots=True)
class Request:
    """What a user says beside the address of a template."""

    data: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[str] = ()
    """Python packages that the template's Jinja extensions come from; for this run only."""
    trust: bool = False
    """Let the template run its tasks and its own Jinja extensions while it is rendered."""
    keep: Path | None = None
    """Put the project into a folder of this one, and leave it there."""
    ref: str | None = None
    """The tag, branch or commit to use instead of the newest tag."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One check of one template: what is asked, and the places it is done in."""

    source: str
    request: Request
    folder: Path
    project: Path
    log: Path
    stop: threading.Event

    def workshop(self, folder: Path, variables: Mapping[str, str] | None = None) -> Workshop:
        """Return a workshop in a folder, with an environment that never asks anything."""
        quiet = quiet_variables(self.folder)
        return Workshop(folder, self.log, quiet if variables is None else variables, self.stop)


def check_source(source: str, request: Request, say: Say) -> tuple[Result, list[str]]:
    """Render a Copier template and run its project's own checks; never remembered as passed.

    `source` is a folder, a git bundle, or an address that git or copier understands.
    Returns the result and plain words on what was found and what was not.
    A source that is none of these, a template that does not render, and one that has no check we
    know have failed.
    Its checks run its code, trusted or not; only what runs while rendering waits for `trust`.
    """
    try:
        address = _address(source)
    except SourceError as error:
        return refused(_cell(source), error), []
    cell = _cell(address)
    root = passes.cache_folder()
    log = root / "logs" / f"{cell}.log"
    notes: list[str] = []
    with alone(root / "foreign" / cell) as folder:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
        place = (request.keep.absolute() / cell if request.keep else folder) / _PROJECT
        run = _Run(address, request, folder, place, log, threading.Event())
        try:
            outcomes = run_stages(cell, _rendering(run, notes), say)
        finally:
            shutil.rmtree(folder / "with", ignore_errors=True)
        if outcomes[-1].passed:
            outcomes += run_stages(cell, _checking(run, notes), say)
    status = "passed" if outcomes[-1].passed else "failed"
    say(cell, "", status)
    return Result(cell, status, outcomes, log), notes


def _address(source: str) -> str:
    """Return a source as copier takes it: an absolute path, or an address it takes for git's."""
    path = Path(source).expanduser()
    if path.is_dir() or path.is_file():
        return str(path.absolute())
    if _ADDRESS.fullmatch(source) is None:
        raise SourceError(
            source, "is neither a folder nor the address of a git repository", "check the path"
        )
    if source.startswith(_KNOWN_TO_COPIER) or "://" not in source:
        return source
    return f"git+{source}"


def _cell(address: str) -> str:
    """Return a name for folders and reports, of its own for every address."""
    last = re.split(r"[/\\:]", address.rstrip("/\\").removesuffix(".git"))[-1]
    name = re.sub(r"[^\w.-]", "-", last).strip(".-") or "template"
    return f"{name[:40]}-{hashlib.sha256(address.encode()).hexdigest()[:6]}"


def _rendering(run: _Run, notes: list[str]) -> dict[str, Stage]:
    stages: dict[str, Stage] = {}
    if run.request.packages:
        stages["with"] = partial(_install, run)
    stages["render"] = partial(_render, run, notes)
    stages["git"] = partial(_commit, run)
    return stages


def _install(run: _Run) -> str | None:
    """Install the packages that were asked for, where only this run finds them."""
    target = str(run.folder / "with")
    uv = find_tool("uv")
    start = (uv, "pip") if uv else (sys.executable, "-m", "pip")
    python = ("--python", sys.executable) if uv else ()
    words = ("install", "--target", target, *python, "--", *run.request.packages)
    if problem := run.workshop(run.folder).run(*start, *words):
        packages = " ".join(run.request.packages)
        error = SourceError(run.source, f"--with {packages} cannot be installed", "check its name:")
        return f"{error}\n{problem}"
    return None


def _render(run: _Run, notes: list[str]) -> str | None:
    if run.project.exists():
        step = "remove it, or give another folder to --keep"
        return str(SourceError(run.source, f"{run.project} is there already", step))
    run.project.parent.mkdir(parents=True, exist_ok=True)
    order_file, verdict_file = run.folder / "order.json", run.folder / "verdict.json"
    site = str(run.folder / "with") if run.request.packages else None
    request = run.request
    order = Order(
        run.source, request.ref, str(run.project), dict(request.data), request.trust, site
    )
    order_file.write_text(json.dumps(asdict(order)), encoding="utf-8")
    temporary = run.folder / "tmp"
    temporary.mkdir()
    # -P: no module of a template's folder stands in for one of copier's.
    command = (sys.executable, "-P", "-m", "scaffold.foreign.rendering")
    own = own_variables(run.folder, run.project, python=False)
    variables = own | {"TMPDIR": str(temporary), "COLUMNS": "200"}
    workshop = run.workshop(run.folder, variables)
    ended = workshop.run(*command, str(order_file), str(verdict_file))
    if not verdict_file.is_file():
        return f"{SourceError(run.source, 'copier ended without a word', 'see the log')}\n{ended}"
    verdict = Verdict(**json.loads(verdict_file.read_text(encoding="utf-8")))
    notes += verdict.notes
    if verdict.problem:
        problem = SourceError(_public(run.source), _public(verdict.problem), verdict.step)
        return f"{problem}\n{ended}" if verdict.more_in_log else str(problem)
    return None


def _public(text: str) -> str:
    """Leave out the name and password of an address."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _commit(run: _Run) -> str | None:
    """Make the project a repository with a commit, since many take their version from git."""
    run.project.mkdir(exist_ok=True)
    workshop = run.workshop(run.project)
    quiet = ("--quiet", "--no-verify", "--allow-empty", "--message", "As rendered")
    return (
        workshop.run("git", "init", "--quiet")
        or workshop.run("git", "add", "--all")
        or workshop.run("git", "-c", f"core.hooksPath={os.devnull}", "commit", *quiet)
    )


def _checking(run: _Run, notes: list[str]) -> dict[str, Stage]:
    """Return the stages that check the rendered project; one that fails where there is none."""
    variables = own_variables(run.folder, run.project, python=False)
    checks, found = find_checks(run.project, environment(run.project, variables))
    notes += found
    if not checks:
        return {"checks": lambda: f"rendered, but has no check that we know: {'; '.join(found)}"}
    # `uv run` and cargo keep to environments of their own; what a recipe installs needs one.
    python = any(run.project.rglob("pyproject.toml")) or any(run.project.rglob("setup.py"))
    python = python and any(check.words[0] not in {"uv", "cargo"} for check in checks)
    stages: dict[str, Stage] = {}
    if python:
        stages["environment"] = partial(_make_environment, run)
    for check in checks:
        inner = check.folder != run.project
        name = f"{check.folder.name}: {check.name}" if inner else check.name
        own = own_variables(run.folder, check.folder, python=python)
        stages[name] = partial(_run_check, check, run.workshop(check.folder, own))
    return stages


def _make_environment(run: _Run) -> str | None:
    """Make an empty Python environment with pip, of a version that the project allows."""
    target = environment_folder(run.folder)
    workshop = run.workshop(run.project)
    # Not `uv venv --seed`, which takes pip from whatever index the project names.
    failed = workshop.run(find_python(run.project), "-m", "venv", str(target))
    uv = find_tool("uv")
    if failed and uv:  # a Python without ensurepip, as Debian's
        failed = workshop.run(uv, "venv", "--clear", "--seed", "--no-config", str(target))
    return failed


def _run_check(check: Check, workshop: Workshop) -> str | None:
    if check.lacking:
        return check.lacking
    start = workshop.log.stat().st_size
    if failed := workshop.run(*check.words):
        return failed
    with workshop.log.open("rb") as log:
        log.seek(start)
        output = log.read().decode(errors="replace")
    # nox calls it a success when it skips every session for want of an interpreter.
    if check.name == "nox" and "was successful" not in output:
        return f"nox ran no session:\n{output.strip()}"
    return None
