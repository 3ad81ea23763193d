"""Standard output and standard error of `gpu-stress`: closed, full, unread, in other encodings."""

import os
import signal
import time
from pathlib import Path

import pytest

from contracts.gpu_process import CONTRACT, Running
from contracts.gpu_runs import LITTLE, PROMPT, Subject, screen_lines

SHORT = ("cpu", *LITTLE, "--duration", "0.4s", "--kernel", "fma")


@pytest.mark.parametrize("closing", ["2>&-", "2>/dev/full", ">&-", "| true"])
def test_a_stream_that_nobody_has_changes_no_verdict(tested: Subject, closing: str) -> None:
    """Nor does one whose reader has gone; the report says what the exit status says."""
    before = ("bash", "-c", f'set -o pipefail; "$@" {closing}', "bash")
    words = (*SHORT, "--json", "report.json")
    ran = tested.run(*words, before=before)
    assert (ran.status, ran.report["verdict"]["status"]) == (0, "held"), ran.stderr
    if closing.startswith("2"):
        assert ran.stdout.endswith("held\n")


@pytest.mark.parametrize("stream", [1, 2])
def test_an_interrupt_where_nobody_reads(tested: Subject, stream: int) -> None:
    """The program waits for a reader of its table or of its lines, and no longer than that."""
    import fcntl  # noqa: PLC0415  # Windows has none

    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(theirs, False)
    os.write(theirs, b"x" * 4096)
    os.set_blocking(theirs, True)
    before = ("bash", "-c", f'exec "$@" {stream}>&{theirs}', "bash")
    words = (*SHORT, "--precision", "f32", "--precision", "f64")
    running = Running(
        [*tested.words, *words], tested.folder, tested.env, before=before, passed=theirs
    )
    os.close(theirs)
    running.wait_until(lambda: waits_for_a_reader(running), 20)
    before_it = time.monotonic()
    running.send(signal.SIGINT)
    ran = running.finish(20)
    os.close(ours)
    assert (ran.status, time.monotonic() - before_it < PROMPT) == (130, True)


def waits_for_a_reader(running: Running) -> bool:
    """Tell whether a thread of the program waits for room in a pipe."""
    places = Path(f"/proc/{running.process.pid}/task").glob("*/wchan")
    return any("pipe_w" in place.read_text("ascii") for place in places)


def test_text_is_utf_8_in_every_locale(tested: Subject) -> None:
    """A plot has the bytes that it has elsewhere."""
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    ran = tested.run("report", str(CONTRACT / "plot-example.json"), "--svg", "-", env=env)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.encode() == (CONTRACT / "plot-example.svg").read_bytes()


def test_a_dumb_terminal_gets_plain_lines(tested: Subject) -> None:
    """One at the end of the kernel, without anything that moves the cursor."""
    ran = tested.run(*SHORT, env={"TERM": "dumb"}, columns=80)
    assert ran.status == 0
    assert "\x1b" not in ran.stderr
    (line,) = screen_lines(ran.stderr, 80)
    assert "0 errors" in line


def test_an_interrupt_that_was_ignored_stays_ignored(tested: Subject) -> None:
    """As for what a shell script runs in the background."""
    before = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    running = tested.start(
        *SHORT[:-4], "--duration", "1.5s", "--json", "report.json", before=before
    )
    running.wait_until(lambda: running.cpu_seconds() > 0.7)
    running.send(signal.SIGINT)
    assert running.finish().status == 0


def test_a_run_that_is_stopped_stops_all_of_it(tested: Subject) -> None:
    """As Ctrl-Z does: a group of processes at once, and it goes on where it was."""
    words = ("cpu", *LITTLE, "--duration", "60s", "--json", "report.json")
    running = tested.start(*words, before=("setsid",))
    running.wait_until(lambda: running.cpu_seconds() > 1)
    os.killpg(running.process.pid, signal.SIGSTOP)
    time.sleep(0.2)
    before = running.cpu_seconds()
    time.sleep(0.5)
    assert running.cpu_seconds() <= before + 0.05
    os.killpg(running.process.pid, signal.SIGCONT)
    running.send(signal.SIGINT)
    assert running.finish(20).status == 130


def test_an_old_report_stays_whole_until_the_new_one_is(tested: Subject) -> None:
    """A program that is killed leaves nothing else behind."""
    running = tested.start(*SHORT[:-4], "--duration", "60s", "--json", "report.json")
    report = running.folder / "report.json"
    running.wait_until(lambda: running.cpu_seconds() > 0.5)
    assert [*running.folder.iterdir()] == []
    report.write_text("old", "utf-8")
    running.process.kill()
    running.process.wait()
    assert ([*running.folder.iterdir()], report.read_text("utf-8")) == ([report], "old")
