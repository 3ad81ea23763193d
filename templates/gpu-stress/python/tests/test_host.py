"""What of the machine this process may use: the limits of its cgroup count."""

import os
from pathlib import Path

import psutil
import pytest

from my_project import host


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the files of a cgroup, inside another one, as Linux shows them."""
    proc, tree = tmp_path / "proc", tmp_path / "cgroup"
    folder = tree / "outer/inner"
    folder.mkdir(parents=True)
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text("0::/outer/inner\n", encoding="ascii")
    monkeypatch.setattr(host, "_PROC", proc)
    monkeypatch.setattr(host, "_CGROUP", tree)
    return folder


def test_cores_are_those_that_the_group_and_those_above_leave(group: Path) -> None:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert host.usable_cores() == allowed
    (group / "cpu.max").write_text("max 100000\n", encoding="ascii")
    assert host.usable_cores() == allowed
    (group.parent / "cpu.max").write_text("100000 100000\n", encoding="ascii")
    assert host.usable_cores() == 1
    (group / "cpu.max").write_text("50000 100000\n", encoding="ascii")
    assert host.usable_cores() == 1  # half a core is one


def test_free_memory_is_what_the_group_has_left(group: Path) -> None:
    assert 0 < host.free_memory() <= psutil.virtual_memory().total
    (group / "memory.max").write_text("1000\n", encoding="ascii")
    (group / "memory.current").write_text("900\n", encoding="ascii")
    assert host.free_memory() == 100
    (group / "memory.stat").write_text("anon 1\ninactive_file 50\n", encoding="ascii")
    assert host.free_memory() == 150  # files are given back
    (group / "memory.max").write_text("max\n", encoding="ascii")
    assert host.free_memory() > 150
