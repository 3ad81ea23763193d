"""Compares the command line, as installed from the wheel, with copier's, and prints ratios.

Each pair runs in turn on the same machine, whole processes, and the median of the ratios of the
pairs counts, since machines drift.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scaffold import __version__
from scaffold.release import build_tree

_ROOT = Path(__file__).parents[1]
_RUNS = int(os.environ.get("RUNS", "15"))
_AUTHOR = ("--data", "author=Ada Author", "--data", "email=ada@example.com")


def seconds(words: Sequence[str | Path], folder: Path) -> float:
    """Run a command that must succeed; return the wall time of the whole process."""
    begun = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begun


def compare(
    title: str,
    limit: float,
    ours: Sequence[str | Path],
    theirs: Sequence[str | Path],
    made: Sequence[Path],
) -> bool:
    """Print the medians and the median ratio of two commands; return whether it is in the limit.

    The folders `made` are removed before each run.
    """
    times: list[tuple[float, float]] = []
    for _ in range(_RUNS + 1):
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)
        times.append((seconds(ours, Path.cwd()), seconds(theirs, Path.cwd())))
    times = times[1:]  # the first pair warms the caches
    ratio = statistics.median(a / b for a, b in times)
    a, b = (statistics.median(column) for column in zip(*times, strict=True))
    verdict = "ok" if ratio <= limit else "TOO SLOW"
    print(f"{title:58} {a:6.3f} s {b:6.3f} s  ratio {ratio:.2f}  (at most {limit:.2f}) {verdict}")
    return ratio <= limit


def install(folder: Path) -> Path:
    """Install the wheel, and copier with it, into an environment; return the folder of programs."""
    seconds(["uv", "build", "--wheel", "--out-dir", folder], _ROOT)
    seconds(["uv", "venv", "--python", sys.executable, folder / "venv"], _ROOT)
    (wheel,) = folder.glob("*.whl")
    python = folder / "venv/bin/python"
    seconds(["uv", "pip", "install", "--compile-bytecode", "--python", python, wheel], _ROOT)
    return folder / "venv/bin"


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
    subprocess.run(["git", "tag", f"v{__version__}"], cwd=folder, check=True)
    return folder


def check_again(folder: Path) -> bool:
    """Print how long a check of everything takes that has passed before."""
    words = [sys.executable, "-m", "scaffold", "check"]
    seconds(words, folder)
    again = statistics.median(seconds(words, folder) for _ in range(5))
    print(f"{'scaffold check of everything, nothing changed':58} {again:6.3f} s  (at most 3 s)")
    return again <= 3.0  # noqa: PLR2004  # the limit that the line above names


def main() -> int:
    """Run every comparison; return 1 where one is over its limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = install(folder / "dist")
        scaffold, copier = programs / "scaffold", programs / "copier"
        source = release_repository(folder / "release")
        os.chdir(folder)
        bare = folder / "bare.py"
        bare.write_text("import typer\ntyper.run(lambda: None)\n", encoding="utf-8")
        new: list[str | Path] = [scaffold, "new", "calculator", "ours", "--defaults", *_AUTHOR]
        copy: list[str | Path] = [copier, "copy", "--quiet", "--defaults", *_AUTHOR]
        copy += ["--data", "template=calculator", source, "theirs"]
        version: list[str | Path] = [copier, "--version"]
        good = [
            compare("scaffold --help / copier --version", 0.4, [scaffold, "--help"], version, []),
            compare("scaffold list / copier --version", 0.4, [scaffold, "list"], version, []),
            compare(
                "scaffold new calculator / copier copy of the same release",
                0.4,
                new,
                copy,
                [folder / "ours", folder / "theirs"],
            ),
        ]
        floor: list[str | Path] = [programs / "python", bare, "--help"]
        good.append(check_again(folder))
        compare("for scale: a bare Typer program / copier --version", 9.9, floor, version, [])
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
