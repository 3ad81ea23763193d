"""Dates far from ours, in files that `dedup` looks at."""

import os
from pathlib import Path

import pytest

from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, run, said

YEAR = 365 * 86_400 + 20_952  # seconds


@pytest.mark.parametrize(
    ("year", "expected"), [(2300, 2**63 - 1), (1950, None)], ids=["2300", "1950"]
)
def test_files_of_any_date_are_planned_and_acted_on(
    program: list[str], tmp_path: Path, year: int, expected: int | None
) -> None:
    """A date that nanoseconds in 64 bits cannot tell is taken for the last that they can."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    time = (year - 1970) * YEAR
    for name in "ab":
        os.utime(tree / name, (time, time))
        if (tree / name).stat().st_mtime != time:
            pytest.skip(f"the file system of the test has no dates of {year}")
    assert run(program, "scan", tree).returncode == 0
    found = plan(program, tree, "hardlink", file=file)
    assert found[1]["keep"]["mtime_ns"] == (expected or time * 10**9)
    ran = run(program, "apply", file, "--yes")
    assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
    assert (tree / "a").samefile(tree / "b")
