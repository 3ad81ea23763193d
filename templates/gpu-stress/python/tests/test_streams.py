"""Standard output and error, whoever reads them: no reader changes a verdict."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from my_project import live
from my_project.live import PlainScreen, TerminalScreen, fit, open_screen
from my_project.streams import Printer

from .program import CONTRACT, PROGRAM, SHORT, run_program, running

EXAMPLE = str(CONTRACT / "plot-example.json")
RUN = ["cpu", *SHORT[:-1], "--kernel", "fma", "--threads", "1"]


def run_redirected(words: list[str], to: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a stream that a shell has closed or led elsewhere."""
    shell = ["bash", "-c", f'set -o pipefail; "$@" {to}', "bash", *PROGRAM, *words]
    return subprocess.run(shell, capture_output=True, check=False, encoding="utf-8", timeout=60)


@pytest.mark.parametrize(
    ("words", "to", "status"),
    [
        (["report", EXAMPLE], ">&-", 0),
        (["report", EXAMPLE], "2>&-", 0),
        (["report", EXAMPLE], "<&- >&- 2>&-", 0),
        (["report", EXAMPLE], "2>/dev/full", 0),
        (["report", EXAMPLE], "| true", 0),
        (["report", EXAMPLE], ">/dev/full", 1),
        (["--help"], ">/dev/full", 1),
        (["--help"], "| true", 0),
        (["-V"], ">/dev/full", 1),
        (["eat"], "2>&-", 2),
        (["eat"], "2>/dev/full", 2),
    ],
)
def test_a_stream_that_is_closed_or_full_gives_no_traceback(
    words: list[str], to: str, status: int
) -> None:
    ran = run_redirected(words, to)
    assert ran.returncode == status
    assert ran.stderr in {"", "error: standard output: No space left on device\n"}
    assert (ran.stderr != "") == (status == 1)


@pytest.mark.parametrize("to", [">&- 2>&-", "2>/dev/full | true"])
def test_streams_that_nobody_has_change_no_verdict(tmp_path: Path, to: str) -> None:
    path = tmp_path / "report.json"
    ran = run_redirected([*RUN, "--json", str(path)], to)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(path.read_bytes())["verdict"]["status"] == "held"


def test_text_is_utf_8_whatever_the_locale() -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"}
    drawn = run_program("report", EXAMPLE, "--svg", "-", env=env)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert "°C" in drawn.stdout


@pytest.fixture
def unread() -> Iterator[int]:
    """Make a pipe that is full and that nobody reads, and return its end to write to."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with suppress(BlockingIOError):
        while True:
            os.write(theirs, bytes(1024))
    os.set_blocking(theirs, True)
    yield theirs
    os.close(theirs)
    os.close(ours)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_interrupt_ends_what_waits_for_a_reader(
    tmp_path: Path, unread: int, stream: str
) -> None:
    path = tmp_path / "report.json"
    words = [*PROGRAM, *RUN, "--json", str(path)]
    out, err = (unread if stream == each else subprocess.PIPE for each in ("stdout", "stderr"))
    with running(words, stdout=out, stderr=err) as program:
        while not path.exists():  # it is written before anything may have to wait
            assert program.poll() is None
        program.send_signal(signal.SIGINT)
        assert program.wait(5) == 130
    assert json.loads(path.read_bytes())["verdict"]["exit_status"] in {0, 130}


def test_a_writer_that_waits_holds_up_nobody_else() -> None:
    begun, over = Event(), Event()
    written: list[bytes] = []

    def write(data: bytes) -> None:
        begun.set()
        over.wait()
        written.append(data)

    printer = Printer(write)
    assert not printer.is_busy
    for text in "ab":
        printer.put(text)
    assert begun.wait(5)
    was_busy, wrote = printer.is_busy, len(written)
    over.set()
    printer.close()
    assert (was_busy, wrote, written) == (True, 0, [b"a", b"b"])


def test_plain_lines_come_every_ten_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 5.0, 10.5, 11.0, 21.0])
    printer = Printer()
    screen = PlainScreen(printer, lambda: next(clock))
    for _ in range(4):
        screen.show([["a", "b"]])
        while printer.is_busy:
            time.sleep(0.001)
    screen.close()
    assert capfd.readouterr().err == "a  b\n" * 2


def test_live_lines_are_drawn_over_those_before(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_size", lambda: (6, 3))
    screen = TerminalScreen()
    screen.show([["a", "b"], ["cc", "ddd"], ["e"]])  # of which two lines fit
    screen.say("error: x")
    screen.close()
    up = "\x1b[2F\x1b[J"
    assert capfd.readouterr().err == f"a  b\ncc\n{up}error: x\na  b\ncc\n{up}"


def test_a_line_is_never_wider_than_the_terminal() -> None:
    fields = ["device 0", "fma f32", "1.00 TFLOP/s", "0 errors"]
    for width in range(1, 100):
        assert 0 < len(fit(fields, width)) <= width
    assert fit(fields, 1000) == "  ".join(fields)


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for terminal, kind in (("dumb", PlainScreen), ("xterm", TerminalScreen)):
        monkeypatch.setenv("TERM", terminal)
        screen = open_screen(quiet=False)
        screen.close()
        assert type(screen) is kind
