"""Which files `dedup` looks at."""

import os
import time
from pathlib import Path

import pytest

from contracts.dedup_runs import paths, scan
from contracts.dedup_trees import grow, run
from helpers import need


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("1.5KiB", 1536), ("1k", 1024), ("1kB", 1000), ("0.001MB", 1000),
     ("0.0009765625M", 1024), ("1000B", 1000), ("1.9B", 1), ("9223372036854775807", 2**63 - 1),
     ("0" * 40 + "4096", 4096), ("0.0009765625" + "0" * 40 + "M", 1024), ("0." + "0" * 40 + "1TiB", 0)],
)  # fmt: skip
def test_sizes_as_people_write_them(
    programs: dict[str, list[str]], tmp_path: Path, text: str, size: int
) -> None:
    """What is just too small for the size falls away, and what has it stays."""
    for length in {size - 1, size} & set(range(5000)):
        for copy in "ab":
            (tmp_path / f"{length}{copy}").write_bytes(b"x" * length)
    expected = [[f"{size}a", f"{size}b"]] if size < 5000 else []
    for program in programs.values():
        assert scan(program, tmp_path, "--min-size", text) == expected


GLOBS = [
    ("*.txt", ["a.txt", "n/b.txt", "n/m/a.txt"]), ("n", []), ("n/*", ["n/b.txt", "n/c"]),
    ("n/**", ["n/b.txt", "n/c", "n/m/a.txt", "n/m/["]), ("?", ["n/c", "n/m/[", "]", "\udcff"]),
    ("[a-c]*", ["a.txt", "n/b.txt", "n/c", "n/m/a.txt"]), ("[!a-z]", ["n/m/[", "]", "\udcff"]),
    ("[]]", ["]"]), ("[[]", ["n/m/["]), ("\\[", ["n/m/["]), ("m/?.txt", ["n/m/a.txt"]),
    ("/n/*", []), ("[z-a]*", []), ("**.txt", ["a.txt", "n/b.txt", "n/m/a.txt"]), ("n[!x]c", []), ("??", ["é"]),
]  # fmt: skip


def test_globs(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """Each glob takes the files that the contract says, as what is wanted and as what is not."""
    names = ["a.txt", "n/b.txt", "n/c", "n/m/a.txt", "n/m/[", "]", "é", "\udcff"]
    grow(tmp_path, dict.fromkeys(names, b"x"))
    for glob, expected in GLOBS:
        for language, program in programs.items():
            found = [name for group in scan(program, tmp_path, "--glob", glob) for name in group]
            alone = len(expected) < 2  # and so no duplicate
            assert found == ([] if alone else sorted(expected, key=os.fsencode)), (language, glob)
    for language, program in programs.items():
        rest = scan(program, tmp_path, "--exclude", "n", "--exclude", "[]]")
        assert rest == [["a.txt", "é", "\udcff"]], language
        both = scan(program, tmp_path, "--glob", "*.txt", "--glob", "c", "--exclude", "m/*")
        assert both == [["a.txt", "n/b.txt", "n/c"]], language


def test_hidden_files_ages_and_file_roots(program: list[str], tmp_path: Path) -> None:
    """Hidden names need a word, but not where they are given."""
    grow(tmp_path, {".h/a": b"x", "b": b"x", ".c": b"x", "d": b"x"})
    assert scan(program, tmp_path) == [["b", "d"]]
    assert scan(program, tmp_path, "--hidden") == [[".c", ".h/a", "b", "d"]]
    ran = run(program, "scan", tmp_path / ".h", tmp_path / ".c", tmp_path / "b", "--format", "null")
    assert paths(ran, tmp_path) == [[".c", ".h/a", "b"]]
    (tmp_path / "b").touch()
    assert scan(program, tmp_path, "--hidden", "--min-age", "1h") == [[".c", ".h/a", "d"]]
    assert scan(program, tmp_path, "--min-age", "106751d") == []


@pytest.mark.parametrize("glob", ["*a" * 25 + "b", "**a" * 25 + "/b", "?*" * 25 + "[b]"])
def test_a_glob_that_could_match_in_many_ways_takes_no_longer(
    program: list[str], tmp_path: Path, glob: str
) -> None:
    """A matcher that tries them all one after the other would never end."""
    grow(tmp_path, dict.fromkeys(["a" * 100 + "c", "a" * 100 + "d"], b"x"))
    times = {}
    for each in ("b", glob):
        begin = time.monotonic()
        bounded = (need("timeout"), "30")
        ran = run(program, "scan", tmp_path, "--glob", each, "--format", "csv", before=bounded)
        assert (ran.returncode, ran.stdout) == (0, b"group,size,path\n")
        times[each] = time.monotonic() - begin
    assert times[glob] < 4 * times["b"] + 1
