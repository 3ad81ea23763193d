"""Finds the checks that a project of anyone's making has: make, nox, tox, just, cargo, pytest."""

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaffold.foreign.makefile import targets

SETUP = ("setup", "install", "bootstrap")
"""Targets of which the first that a project has is run before its checks."""
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
_GET = {
    "make": "get it with `apt install make`, or with Xcode's command line tools",
    "cargo": "get it from https://rustup.rs",
}
_GET_UV = "get uv, which fetches it: `python -m pip install uv`"
_TEST_GROUPS = ("dev", "test", "tests", "testing")
_REQUIREMENTS = ("requirements*.txt", "*requirements.txt", "requirements/*.txt")


@dataclass(frozen=True, slots=True)
class Check:
    """One command that checks a project, or prepares it for that."""

    name: str
    words: tuple[str, ...]
    folder: Path
    purpose: str
    """`setup`, `lint`, `test`, or `check` for lint and test at once."""
    lacking: str = ""
    """Why the command cannot be run here, with how to get its program."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder to search, and the environment that its commands will have."""

    folder: Path
    variables: Mapping[str, str]

    def has(self, *names: str) -> str | None:
        """Return the first of `names` that is a file here."""
        return next((name for name in names if (self.folder / name).is_file()), None)

    def text(self, *names: str) -> str:
        """Return what the first of `names` says; nothing where there is none."""
        name = self.has(*names)
        return (self.folder / name).read_text(encoding="utf-8", errors="replace") if name else ""

    def toml(self, name: str) -> dict[str, Any]:
        """Return a TOML file; an empty one where there is none, or it is broken."""
        try:
            return tomllib.loads(self.text(name))
        except tomllib.TOMLDecodeError:
            return {}

    def check(self, program: str, words: Sequence[str], purpose: str, package: str = "") -> Check:
        """Return a check that runs `program`, through uv where it comes as a Python package."""
        lacking = ""
        start: tuple[str, ...] = (program,)
        if shutil.which(program, path=self.variables["PATH"]) is None:
            lacking = f"{program} is not installed: {_GET.get(program, _GET_UV)}"
            if package and shutil.which("uv", path=self.variables["PATH"]):
                lacking, start = "", ("uv", "tool", "run", "--from", package, program)
        name = " ".join((program, *(word for word in words[:1] if not word.startswith("-"))))
        return Check(name, (*start, *words), self.folder, purpose, lacking)


def find_checks(project: Path, variables: Mapping[str, str]) -> tuple[list[Check], list[str]]:
    """Return the checks of a project, in order, and plain words on what was found and what not.

    `variables` is the environment in which they will run.
    The first runner that knows `check` or `test` is taken; one that knows only `lint` comes before.
    Where the project's own folder has none, its sub-folders are searched, each for itself.
    """
    checks, notes = _search(project, variables)
    if checks:
        return checks, notes
    for folder in sorted(each for each in project.iterdir() if each.is_dir()):
        if not folder.name.startswith("."):
            inner, words = _search(folder, variables)
            checks += inner
            notes += [f"in {folder.name}/: {word}" for word in words if inner]
    return checks, notes


def _search(folder: Path, variables: Mapping[str, str]) -> tuple[list[Check], list[str]]:
    place = _Place(folder, variables)
    chosen: list[Check] = []
    absent, left, notes = [], [], []
    for runner, find in _FINDERS.items():
        checks = list(find(place))
        if not any(check.purpose != "setup" for check in checks):
            absent.append(runner)
        elif any(check.purpose in {"check", "test"} for check in chosen):
            left.append(runner)
        else:
            chosen += checks
    if chosen:
        notes.append(f"found and runs: {', '.join(check.name for check in chosen)}")
    if left:
        notes.append(f"found and does not run, for the above comes first: {', '.join(left)}")
    if (folder / ".pre-commit-config.yaml").is_file():
        notes.append("found and does not run: the hooks of .pre-commit-config.yaml")
    notes.append(f"looked for, without a check in it: {', '.join(absent)}")
    return chosen, notes


def _make(place: _Place) -> Iterator[Check]:
    if place.has(*_MAKEFILES) is None:
        return
    if shutil.which("make", path=place.variables["PATH"]) is None:
        yield place.check("make", ["check"], "check")
        return
    for target, purpose in _wanted(targets(place.folder, place.variables)):
        yield place.check("make", [target], purpose)


def _wanted(known: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what to run of a runner's targets, and the purpose of each, in order."""
    checks = ["check"] if "check" in known else [t for t in ("lint", "test") if t in known]
    if checks:
        yield from [(target, "setup") for target in SETUP if target in known][:1]
        yield from ((target, target) for target in checks)


def _nox(place: _Place) -> Iterator[Check]:
    if place.has("noxfile.py"):
        # Interpreters that are not here are skipped, as nox does outside of CI.
        yield from _declared(place, "nox", ["--no-error-on-missing-interpreters"])


def _tox(place: _Place) -> Iterator[Check]:
    tool = place.toml("pyproject.toml").get("tool", {})
    if place.has("tox.ini", "tox.toml") or "tox" in tool or "[tox" in place.text("setup.cfg"):
        yield from _declared(place, "tox", ["--skip-missing-interpreters", "true"])


def _declared(place: _Place, program: str, words: Sequence[str]) -> Iterator[Check]:
    """Yield a check by nox or tox; where the project declares it, with its version and plugins."""
    project = place.toml("pyproject.toml")
    extras, groups = _extras(project), _groups(project)
    requirements = [each for table in (extras, groups) for part in table.values() for each in part]
    if not any(re.match(rf"{program}\b", str(each)) for each in requirements):
        yield place.check(program, words, "check", program)
        return
    chosen = ",".join(name for name in _TEST_GROUPS if name in extras)
    flags = [word for name in _TEST_GROUPS if name in groups for word in ("--group", name)]
    install = ("pip", "install", "--editable", f".[{chosen}]", *flags, program)
    yield replace(place.check("uv", install, "setup"), name="uv pip install")
    yield Check(program, (program, *words), place.folder, "check")


def _just(place: _Place) -> Iterator[Check]:
    recipes = re.findall(r"^@?([\w-]+)(?: [^:\n]*)?:(?!=)", place.text(*_JUSTFILES), re.MULTILINE)
    for recipe, purpose in _wanted(set(recipes)):
        yield place.check("just", [recipe], purpose, "rust-just")


def _cargo(place: _Place) -> Iterator[Check]:
    if place.has("Cargo.toml"):
        yield place.check("cargo", ["test", "--workspace"], "test")


def _pytest(place: _Place) -> Iterator[Check]:
    if not any(_test_files(place.folder)):
        return
    project = place.toml("pyproject.toml")
    tool = project.get("tool", {})
    if "project" not in project and "poetry" in tool:
        yield place.check("poetry", ["install", "--no-interaction"], "setup", "poetry")
        yield place.check("poetry", ["run", "pytest"], "test", "poetry")
    elif "dev-dependencies" in tool.get("pdm", {}):
        yield place.check("pdm", ["install"], "setup", "pdm")
        yield place.check("pdm", ["run", "pytest"], "test", "pdm")
    else:
        words = (*_uv_words(place, project), "--with", "pytest", "pytest")
        yield replace(place.check("uv", ["run", *words], "test"), name="pytest")


def _test_files(folder: Path) -> Iterator[Path]:
    for pattern in ("test_*.py", "*_test.py"):
        for path in folder.rglob(pattern):
            if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                yield path


def _uv_words(place: _Place, project: Mapping[str, Any]) -> Iterator[str]:
    """Yield what makes uv install the project with what its tests need, as far as it says so."""
    for flag, table in (("--extra", _extras(project)), ("--group", _groups(project))):
        for name in _TEST_GROUPS:
            if name in table:
                yield from (flag, name)
    for requirement in _hatch_requirements(project):
        yield from ("--with", requirement)
    if "project" not in project:
        yield "--no-project"
        if place.has("setup.py", "setup.cfg", "pyproject.toml"):
            yield from ("--with-editable", ".")
        for pattern in _REQUIREMENTS:
            for path in sorted(place.folder.glob(pattern)):
                yield from ("--with-requirements", path.relative_to(place.folder).as_posix())


def _extras(project: Mapping[str, Any]) -> dict[str, list[Any]]:
    return dict(project.get("project", {}).get("optional-dependencies", {}))


def _groups(project: Mapping[str, Any]) -> dict[str, list[Any]]:
    return dict(project.get("dependency-groups", {}))


def _hatch_requirements(project: Mapping[str, Any]) -> Iterator[str]:
    for environment in project.get("tool", {}).get("hatch", {}).get("envs", {}).values():
        for key in ("dependencies", "extra-dependencies"):
            yield from environment.get(key, ())


_FINDERS: dict[str, Callable[[_Place], Iterator[Check]]] = {
    "make": _make,
    "nox": _nox,
    "tox": _tox,
    "just": _just,
    "cargo": _cargo,
    "pytest": _pytest,
}
