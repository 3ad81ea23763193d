"""Many files and large ones, few descriptors and little memory."""

import json
import os
import time
from pathlib import Path

import pytest

from contracts.dedup_events import READS, Event, calls_of
from contracts.dedup_trees import grow, run, said
from helpers import LONG_TESTS, need


def test_sparse_files_of_a_terabyte(program: list[str], tmp_path: Path) -> None:
    """Those that their first or last block tells apart are not read as a whole."""
    for name, first, last in (("a", b"1", b"1"), ("b", b"2", b"1"), ("c", b"1", b"2")):
        with (tmp_path / name).open("wb") as file:
            file.write(first)
            file.truncate(1 << 40)
            file.seek(-1, os.SEEK_END)
            file.write(last)
    begin = time.monotonic()
    ran = run(program, "scan", tmp_path, "--format", "json")
    assert (json.loads(ran.stdout)["groups"], ran.returncode) == ([], 0)
    assert time.monotonic() - begin < 30


def test_no_files_and_many_equal_files(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """A folder of none has no groups, and thousands of equal files are one group."""
    empty = tmp_path / "empty"
    empty.mkdir()
    count = 100_000 if LONG_TESTS else 5_000
    for number in range(count):
        (tmp_path / f"equal{number}").write_bytes(b"x" * 100)
        (tmp_path / f"first{number}").write_bytes(b"%099d" % number)
    for program in programs.values():
        assert run(program, "scan", empty).stdout == b"0 groups, 0 files, 0 bytes to gain\n"
        ran = run(program, "scan", tmp_path, "--format", "csv")
        assert (ran.stdout.count(b"\n"), ran.returncode, ran.stderr) == (count + 1, 0, b"")
    outputs = {
        run(program, "plan", tmp_path, "--action", "delete").stdout for program in programs.values()
    }
    assert len(outputs) == 1


def test_few_descriptors_and_any_number_of_jobs_give_the_same(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """64 descriptors are enough for 1,024 threads."""
    grow(tmp_path, {f"{number % 9}/{number}": b"x" * (9000 + number % 3) for number in range(300)})
    outputs = set()
    for program in programs.values():
        for verify in ("hash", "bytes"):
            words = ["scan", str(tmp_path), "--jobs", "1024", "--verify", verify]
            ran = run(["/bin/sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", *program, *words])
            assert (ran.returncode, ran.stderr) == (0, b"")
            outputs.add(ran.stdout)
        outputs.add(run(program, "scan", tmp_path, "--jobs", "1").stdout)
    assert len(outputs) == 1


def peak(words: list[str], library: Path, file: Path) -> int:
    """Return how many bytes of memory a program held at most."""
    environment = {"LD_PRELOAD": str(library), "SHIM_PEAK": str(file)}
    assert run(words, env=environment).returncode == 0
    return int(file.read_text()) * 1024


@pytest.mark.parametrize("kind", ["different", "pairs"])
def test_memory_for_many_files_is_bounded(
    program: list[str], library: Path, tmp_path: Path, kind: str
) -> None:
    """Less than 200 bytes a file beyond its path, from one size of tree to another."""
    few, many = (2_000, 20_000) if not LONG_TESTS else (20_000, 200_000)
    for folder, count in (("few", few), ("many", many)):
        for each in range(200):
            (tmp_path / folder / str(each)).mkdir(parents=True)
        for each in range(count):
            content = b"%d" % each if kind == "different" else b"%04096d" % (each // 2)
            (tmp_path / folder / str(each % 200) / str(each)).write_bytes(content)
    path = len(str(tmp_path / "many/199/39999"))
    words = [*program, "scan", "--quiet", "--format", "csv"]
    sizes = [
        peak([*words, str(tmp_path / folder)], library, tmp_path / "peak")
        for folder in ("few", "many")
    ]
    assert (sizes[1] - sizes[0]) / (many - few) < 200 + path, sizes


def test_holes_are_neither_hashed_from_the_disk_nor_compared(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """The equal data of two files of 100 GB is read, and of their holes hardly anything."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    tree.mkdir()
    for name in "ab":
        with (tree / name).open("wb") as sparse:
            sparse.write(b"x" * 5000)
            sparse.truncate(100 << 30)
            sparse.seek(50 << 30)
            sparse.write(b"y" * 5000)
    log = tmp_path / "log"
    event = Event("none", tree).environment(library, log)
    commands: list[list[str | Path]] = [
        ["plan", tree, "--action", "hardlink", "--verify", "bytes", "-o", file, "--quiet"],
        ["apply", file, "--yes", "--quiet"],
    ]
    for words in commands:
        ran = run(program, *words, env=event, before=(need("timeout"), "60"))
        assert said(ran) == (0, b"", b""), words
        reads = [name for name, _ in calls_of(log) if name in READS.split(",")]
        assert len(reads) < 200, words
    assert (tree / "a").samefile(tree / "b")
