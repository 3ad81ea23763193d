"""Many files and large ones, few descriptors and little memory."""

import json
import os
import subprocess
import time
from pathlib import Path

from contracts.dedup_runs import LONG_TESTS
from contracts.dedup_trees import grow, run


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
    """A folder of none; and (in the long form 100,000) equal files and files of one size."""
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
    """64 descriptors, for 1,024 threads."""
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


def test_memory_for_many_files_is_bounded(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """Less than 200 bytes a file beyond its path, from one size of tree to another."""
    few, many = (2_000, 20_000) if not LONG_TESTS else (20_000, 200_000)
    for folder, count in (("few", few), ("many", many)):
        for each in range(200):
            (tmp_path / folder / str(each)).mkdir(parents=True)
        for each in range(count):
            (tmp_path / folder / str(each % 200) / str(each)).write_bytes(b"%d" % each)
    for language, program in programs.items():
        peak: dict[str, int] = {}
        for folder in ("few", "many"):
            script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=-3); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            ran = subprocess.run(
                ["python3", "-c", script, *program, "scan", tmp_path / folder],
                capture_output=True,
                check=True,
            )
            peak[folder] = int(ran.stdout) * 1024
        path = len(str(tmp_path / "many/199/39999"))
        growth = (peak["many"] - peak["few"]) / (many - few)
        assert growth < 200 + path, (language, peak)
