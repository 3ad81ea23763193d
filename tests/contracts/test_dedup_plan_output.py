"""Where `plan` of `dedup` writes its plan."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from contracts.dedup_trees import Ran, grow, run, said
from helpers import need

WRITTEN = (0, b"1 victim in 1 group, 1 byte to gain\n", b"")


def write(program: list[str], tmp_path: Path, file: Path) -> Ran:
    """Write a plan for a small tree to a file."""
    grow(tmp_path / "t", {"a": b"x", "b": b"x"})
    return run(program, "plan", tmp_path / "t", "--action", "delete", "-o", file)


def plan_of(program: list[str], tmp_path: Path) -> bytes:
    """Return that plan from standard output."""
    return run(program, "plan", tmp_path / "t", "--action", "delete").stdout


def test_a_fifo_is_written_into(program: list[str], tmp_path: Path) -> None:
    """A FIFO gets the plan and stays a FIFO."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # A reader that gives up where nobody ever writes.
    reading = [need("timeout"), "60", "cat", str(fifo)]
    with subprocess.Popen(reading, stdout=subprocess.PIPE) as reader:
        ran = write(program, tmp_path, fifo)
        is_fifo = fifo.is_fifo()
        if not is_fifo:  # or the reader would wait on
            reader.terminate()
        got, _ = reader.communicate()
    assert is_fifo
    assert said(ran) == WRITTEN
    assert got == plan_of(program, tmp_path)


@pytest.mark.parametrize(("minor", "status"), [(3, 0), (7, 1)], ids=["null", "full"])
def test_a_device_is_written_into(
    program: list[str], tmp_path: Path, minor: int, status: int
) -> None:
    """A device stays a device, whether or not it takes the plan."""
    device = tmp_path / "device"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        device.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"no device can be made and opened here: {error}")
    ran = write(program, tmp_path, device)
    assert device.is_char_device()
    full = (1, b"", f"error: {device}: no space left\n".encode())
    assert said(ran) == (full if status else WRITTEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["device", "t"]


@pytest.mark.parametrize("is_there", [True, False], ids=["to a file", "dangling"])
def test_a_link_is_followed(program: list[str], tmp_path: Path, *, is_there: bool) -> None:
    """The file that it leads to gets the plan, and the link stays."""
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far/plan", tmp_path / "link"
    link.symlink_to("far/plan")
    if is_there:
        target.write_bytes(b"old")
    assert said(write(program, tmp_path, link)) == WRITTEN
    assert link.is_symlink()
    assert target.read_bytes() == plan_of(program, tmp_path)
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["plan"]


def test_a_file_that_cannot_be_written_is_as_it_was(program: list[str], tmp_path: Path) -> None:
    """The folder has no room for the name beside it."""
    ran = write(program, tmp_path, tmp_path / "no/plan")
    assert said(ran) == (1, b"", f"error: {tmp_path}/no/plan: missing\n".encode())
    ran = write(program, tmp_path, tmp_path / "t/a/plan")
    assert said(ran) == (1, b"", f"error: {tmp_path}/t/a/plan: missing\n".encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]
