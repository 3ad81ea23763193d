"""Times commands as whole processes, against one another, in what the wheel installs.

Each pair runs in turn on the same machine, and the median of the ratios of the pairs counts, since
machines drift.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

RUNS = int(os.environ.get("RUNS", "15"))

Words = Sequence[str | Path]


def seconds(words: Words, folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Run a command that must succeed; return the wall time of the whole process."""
    begun = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=environment, check=False, capture_output=True)
    taken = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{words} failed:\n{done.stderr.decode(errors='replace')}")
    return taken


def compare(
    title: str,
    limit: float,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    prepare: Callable[[], None] = lambda: None,
) -> bool:
    """Print the medians and the median ratio of two commands; return whether it is in the limit.

    Both return their seconds; `prepare` runs before each pair, and is not timed.
    """
    times: list[tuple[float, float]] = []
    for _ in range(RUNS + 1):
        prepare()
        times.append((ours(), theirs()))
    times = times[1:]  # the first pair warms the caches
    ratio = statistics.median(a / b for a, b in times)
    a, b = (statistics.median(column) for column in zip(*times, strict=True))
    verdict = "ok" if ratio <= limit else "TOO SLOW"
    print(f"{title:58} {a:6.3f} s {b:6.3f} s  ratio {ratio:.2f}  (at most {limit:.2f}) {verdict}")
    return ratio <= limit


def hold(title: str, limit: float, command: Callable[[], float]) -> bool:
    """Print the median time of a command; return whether it is in the limit, in seconds."""
    command()  # warms the caches
    found = statistics.median(command() for _ in range(5))
    verdict = "ok" if found <= limit else "TOO SLOW"
    print(f"{title:58} {found:6.3f} s  (at most {limit:g} s) {verdict}")
    return found <= limit


def install(checkout: Path, folder: Path) -> Path:
    """Install the wheel, and copier with it, into an environment; return the folder of programs."""
    seconds(["uv", "build", "--wheel", "--out-dir", folder], checkout)
    seconds(["uv", "venv", "--python", sys.executable, folder / "venv"], checkout)
    (wheel,) = folder.glob("*.whl")
    python = folder / "venv/bin/python"
    seconds(["uv", "pip", "install", "--compile-bytecode", "--python", python, wheel], checkout)
    return folder / "venv/bin"
