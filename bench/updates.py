"""Compares updates, by the command line as installed from the wheel, with copier's.

The wheel holds two releases: the templates as they are, and those with a change to many files.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scaffold.release import ADDRESS
from timing import Words, compare, hold, install, seconds

_ROOT = Path(__file__).parents[1]
_PROJECTS = 100
_IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
_CELLS = (("calculator", "python"), ("calculator", "rust"))


def _git(folder: Path, *words: str | Path) -> None:
    subprocess.run(["git", *_IDENTITY, *words], cwd=folder, check=True, capture_output=True)


def two_releases(root: Path) -> Path:
    """Copy what a wheel is built from, and tag it before and after a change to its templates."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=_ROOT, check=True, capture_output=True).stdout.split(b"\0")
    for name in filter(None, names):
        source = _ROOT / os.fsdecode(name)
        if source.is_file():  # else removed and not committed yet
            target = root / os.fsdecode(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    _git(root, "init", "--quiet", "--initial-branch=main")
    _release(root, "0.1.0")
    notes = root / "templates/_shared/any/NOTES.md"
    notes.write_text("# Notes of my-project\n", encoding="utf-8")
    for path in (root / "templates").rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\nA line of the next release.\n", encoding="utf-8")
    _release(root, "0.2.0")
    return root


def _release(root: Path, version: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", f"--message={version}")
    _git(root, "tag", f"v{version}")


@dataclass(frozen=True, slots=True)
class Bench:
    """What is compared: the programs, and projects of the first release."""

    folder: Path
    programs: Path
    releases: Path
    """The repository of both releases, as it is published."""

    @property
    def environment(self) -> dict[str, str]:
        """The environment of both: the public address leads to the repository on this disk."""
        return os.environ | {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"url.{self.releases}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "GIT_CONFIG_KEY_1": f"url.{self.releases}.insteadOf",
            "GIT_CONFIG_VALUE_1": f"{ADDRESS}.git",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }

    def make(self, source: str, cell: tuple[str, str], name: str) -> Path:
        """Make a project of the first release with copier, and commit it."""
        project = self.folder / name
        data = ("--data", f"template={cell[0]}", "--data", f"language={cell[1]}")
        copy: Words = [self.programs / "copier", "copy", "--quiet", "--defaults", *data]
        words: Words = [*copy, "--vcs-ref", "v0.1.0", source, project]
        seconds(words, self.folder, self.environment)
        _git(project, "init", "--quiet")
        _git(project, "add", "--all")
        _git(project, "commit", "--quiet", "--message=made")
        return project

    def update(self, title: str, source: str) -> bool:
        """Compare both programs on one untouched project, across one release."""
        project = self.make(source, _CELLS[0], "project")
        ours, theirs = self.folder / "ours", self.folder / "theirs"

        def prepare() -> None:
            for target in (ours, theirs):
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(project, target, symlinks=True)
                _git(target, "status")  # so that git need not look into every file again

        def run(target: Path, *words: str | Path) -> float:
            return seconds(words, target, self.environment)

        scaffold, copier = self.programs / "scaffold", self.programs / "copier"
        words = (copier, "update", "--quiet", "--defaults")
        good = compare(
            title,
            0.4,
            partial(run, ours, scaffold, "update"),
            partial(run, theirs, *words),
            prepare,
        )
        _check_same(ours, theirs)
        shutil.rmtree(project)
        return good

    def status(self) -> bool:
        """Hold the status of many projects to its limit."""
        made = [self.make(ADDRESS, cell, f"made-{number}") for number, cell in enumerate(_CELLS)]
        for number in range(_PROJECTS):
            project = made[number % len(made)]
            shutil.copytree(project, self.folder / f"all/{number}", symlinks=True)
        words: Words = [self.programs / "scaffold", "status", "--all", "all"]
        run = partial(seconds, words, self.folder, self.environment)
        return hold(f"scaffold status --all over {_PROJECTS} projects", 3.0, run)


def _check_same(ours: Path, theirs: Path) -> None:
    """See that both did the same work, or their times mean nothing."""
    seconds(["diff", "--recursive", "--exclude=.git", ours, theirs], ours)


def main() -> int:
    """Run every comparison; return 1 where one is over its limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkout = two_releases(folder / "checkout")
        programs = install(checkout, folder / "dist")
        releases = folder / "releases.git"
        script = checkout / "generator/build_history.py"
        seconds([programs / "python", script, releases], checkout)
        bench = Bench(folder, programs, releases)
        good = [
            bench.update("scaffold update, embedded releases / copier update", ADDRESS),
            bench.update("scaffold update, own repository / copier update", str(releases)),
            bench.status(),
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
