"""Measures how much two threads gain on large files, beside plain reading of the same files."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

_PAIRS, _MIB = 6, 128
_CHUNK = 1 << 20

Words = Callable[[int], list[str]]  # what runs the scan with so many threads


def measure(folder: Path, words: Words, rounds: int) -> None:
    """Write the files and print a table; what the disk itself gains is the row of reading."""
    _write(folder)
    paths = sorted(folder.iterdir())
    print(f"\n{_PAIRS * 2} files of {_MIB} MiB; median of {rounds}")
    print(f"{'':<28} {'1 thread':>9} {'2 threads':>9} {'gain':>6}")
    _row("scan, not in memory", paths, rounds, lambda jobs: _run(words(jobs)), cold=True)
    _row("plain reading of the same", paths, rounds, partial(_read, paths), cold=True)
    _row("scan, in memory", paths, rounds, lambda jobs: _run(words(jobs)), cold=False)
    _row("start alone", paths, rounds, lambda jobs: _run([words(jobs)[0], "--version"]), cold=False)


def _row(
    label: str, paths: list[Path], rounds: int, act: Callable[[int], None], *, cold: bool
) -> None:
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):  # in turn, so that what else the machine does hits both alike
        for jobs, each in times.items():
            if cold:
                for path in paths:
                    _forget(path)
            begin = time.perf_counter()
            act(jobs)
            each.append(time.perf_counter() - begin)
    one, two = (statistics.median(each) for each in times.values())
    print(f"{label:<28} {one:>7.2f} s {two:>7.2f} s {one / two:>6.2f}")


def _write(folder: Path) -> None:
    folder.mkdir()
    for number in range(_PAIRS):
        piece = os.urandom(1 << 20)
        for copy in "ab":
            with (folder / f"{number}{copy}").open("wb") as file:
                for _ in range(_MIB):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())


def _run(words: list[str]) -> None:
    subprocess.run(words, capture_output=True, check=True)


def _read(paths: list[Path], jobs: int) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        for _ in pool.map(_read_one, paths):
            pass


def _read_one(path: Path) -> None:
    buffer = bytearray(_CHUNK)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _forget(path: Path) -> None:
    """Ask the system to drop a file from memory, which needs no privileges."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
