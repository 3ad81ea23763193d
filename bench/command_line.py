"""Compares the command line, as installed from the wheel, with copier's, and prints ratios."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scaffold.release import build_tree
from scaffold.version import version
from timing import Words, compare, hold, install, seconds

_ROOT = Path(__file__).parents[1]
_AUTHOR = ("--data", "author=Ada Author", "--data", "email=ada@example.com")


def release_repository(folder: Path) -> Path:
    """Commit the release tree to a git repository of its own, tagged with its version."""
    for path, file in build_tree().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.executable else 0o644)
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "--message=release"],
    ):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True)
    subprocess.run(["git", "tag", f"v{version()}"], cwd=folder, check=True)
    return folder


def _here(words: Words) -> Callable[[], float]:
    """Return what times a command in the current folder."""
    return partial(seconds, words, Path.cwd())


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run every comparison; return 1 where one is over its limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = install(_ROOT, folder / "dist")
        scaffold, copier = programs / "scaffold", programs / "copier"
        source = release_repository(folder / "release")
        os.chdir(folder)
        bare = folder / "bare.py"
        bare.write_text("import typer\ntyper.run(lambda: None)\n", encoding="utf-8")
        new: Words = [scaffold, "new", "calculator", "ours", "--defaults", *_AUTHOR]
        copy: Words = [copier, "copy", "--quiet", "--defaults", *_AUTHOR]
        copy = [*copy, "--data", "template=calculator", source, "theirs"]
        told = _here([copier, "--version"])
        good = [
            compare("scaffold --help / copier --version", 0.4, _here([scaffold, "--help"]), told),
            compare("scaffold list / copier --version", 0.4, _here([scaffold, "list"]), told),
            compare(
                "scaffold new calculator / copier copy of the same release",
                0.4,
                _here(new),
                _here(copy),
                partial(_remove, folder / "ours", folder / "theirs"),
            ),
        ]
        check = [sys.executable, "-m", "scaffold", "check"]
        good.append(hold("scaffold check of everything, nothing changed", 3.0, _here(check)))
        floor = _here([programs / "python", bare, "--help"])
        compare("for scale: a bare Typer program / copier --version", 9.9, floor, told)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
