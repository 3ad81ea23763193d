"""How signals end `dedup`."""

import errno
import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from functools import partial
from pathlib import Path

import pytest

from contracts.dedup_events import READS, Event, calls_of, run_held, state_of
from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, lines, run, said
from helpers import eventually


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_last_step_ends_the_program_without_a_summary(
    program: list[str], library: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The step is finished and its line written."""
    tree, file = grow(tmp_path / "t", {"a": b"x", "b": b"x"}), tmp_path / "plan"
    plan(program, tree, "delete", file=file)
    event = Event("stop", tree, 1, "unlink,unlinkat").environment(library, tmp_path / "log")
    words = [*program, "apply", str(file), "--yes"]
    ran = run_held(words, event, lambda process: os.kill(process, number))
    assert said(ran) == (128 + number, b"", b"")
    assert lines((tmp_path / "plan.journal").read_bytes())[-1]["state"] == "done"
    assert not (tree / "b").exists()


def test_a_signal_ends_the_comparing_of_bytes_soon(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """Less than half of what there is to read is read after it."""
    tree = grow(tmp_path / "t", dict.fromkeys("ab", os.urandom(1 << 20) * 32))
    log, words = tmp_path / "log", [*program, "scan", str(tree), "--verify", "bytes", "--jobs", "1"]
    assert run(words, env=Event("none", tree).environment(library, log)).returncode == 0
    count = len([name for name, _ in calls_of(log) if name in READS.split(",")])
    event = Event("stop", tree, count // 4, READS).environment(library, log)
    ran = run_held(words, event, lambda process: os.kill(process, signal.SIGTERM))
    assert said(ran) == (128 + signal.SIGTERM, b"", b"")
    assert len([name for name, _ in calls_of(log) if name in READS.split(",")]) < count // 2


def _sleeps(process: int) -> bool:
    return state_of(process) == "S"


@pytest.mark.parametrize("more", [[], ["--yes"]], ids=["preview", "yes"])
@pytest.mark.parametrize("writes", [False, True], ids=["no writer", "slow writer"])
def test_a_signal_ends_the_waiting_for_a_plan(
    program: list[str], library: Path, tmp_path: Path, more: list[str], *, writes: bool
) -> None:
    """A FIFO may have no writer yet, or one that does not go on."""
    fifo, log = tmp_path / "fifo", tmp_path / "log"
    os.mkfifo(fifo)
    writer = None
    with subprocess.Popen(
        [*program, "apply", fifo, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **Event("none", fifo).environment(library, log)},
    ) as running:
        try:
            eventually(lambda: log.exists() and b"open" in log.read_bytes(), within=30)
            if writes:
                writer = eventually(lambda: _writer(fifo), within=30)
                os.write(writer, b'{"plan":1,')
                eventually(partial(_is_empty, writer), within=30)
            eventually(partial(_sleeps, running.pid), within=30)
            running.send_signal(signal.SIGTERM)
            told = running.communicate(timeout=30)
        finally:
            running.kill()
            if writer is not None:
                os.close(writer)
    assert (running.returncode, *told) == (128 + signal.SIGTERM, b"", b"")


def _writer(fifo: Path) -> int | None:
    """Return a descriptor to write with, once there is a reader; it would see a first one close."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        assert error.errno == errno.ENXIO  # noqa: PT017  # until then, it is what is waited for
        return None


def _waiting(pipe: int) -> int:
    """Return how many bytes of a pipe were not read yet."""
    found: tuple[int] = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
    return found[0]


def _is_empty(pipe: int) -> bool:
    return _waiting(pipe) == 0


@pytest.mark.parametrize("command", ["scan", "apply"])
def test_a_signal_ends_the_waiting_for_a_reader(
    program: list[str], tmp_path: Path, command: str
) -> None:
    """The reader of the output does not go on, and the pipe is full."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    grow(tree, {f"{'n' * 200}{each}": b"x" for each in range(500)})
    plan(program, tree, "delete", file=file)
    with subprocess.Popen(
        [*program, command, tree if command == "scan" else file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        pipe = running.stdout.fileno()
        eventually(lambda: _waiting(pipe) > 50_000 and _sleeps(running.pid), within=30)
        running.send_signal(signal.SIGTERM)
        try:
            eventually(lambda: running.poll() is not None, within=30)
        finally:
            running.kill()
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == 128 + signal.SIGTERM
