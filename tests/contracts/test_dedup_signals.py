"""How signals end `dedup`."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, lines, run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_scan_quietly(
    program: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """A terabyte takes long to hash."""
    for name in "ab":
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 40)
    with subprocess.Popen(
        [*program, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        _wait_for_open(running.pid, tmp_path / "a")
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout, stderr) == (128 + number, b"", b"")


def _wait_for_open(process: int, path: Path) -> None:
    folder = Path(f"/proc/{process}/fd")
    for _ in range(1000):
        time.sleep(0.01)
        try:
            if any(link.readlink() == path for link in folder.iterdir()):
                return
        except OSError:
            continue
    pytest.fail("the program never opened the file")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_step_of_apply_finish(
    program: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """The journal ends with the end of a step, and a second run does the rest."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    count = 400
    grow(tree, {f"{each:03}": b"x" * 99 for each in range(count)})
    plan(program, tree, "hardlink", file=file)
    journal = tmp_path / "plan.journal"
    with subprocess.Popen(
        [*program, "apply", file, "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        while not (journal.exists() and journal.stat().st_size > 1000):
            time.sleep(0.001)
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout, stderr) == (128 + number, b"", b"")
    last = lines(journal.read_bytes())[-1]
    assert last["state"] == "done"
    assert (tree / "000").stat().st_nlink == last["victim"] + 2 < count
    ran = run(program, "apply", file, "--yes")
    assert ran.stdout == b"399 done, 0 left alone, 0 failed, 38.6 KiB freed\n"
    assert (tree / "000").stat().st_nlink == count
