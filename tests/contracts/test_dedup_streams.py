"""What `dedup` does where its streams are closed, full or terminals."""

import os
import pty
import re
import select
import signal
import subprocess
from pathlib import Path

from contracts.dedup_trees import grow, run


def test_a_reader_that_goes_away_ends_the_program_quietly(
    program: list[str], tmp_path: Path
) -> None:
    """However much was to come."""
    grow(tmp_path, {f"{'n' * 200}{each}": b"x" for each in range(1000)})
    with subprocess.Popen(
        [*program, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode in {1, 128 + signal.SIGPIPE, -signal.SIGPIPE}


def on_a_terminal(program: list[str], *words: str | Path) -> tuple[bytes, bytes]:
    """Run with standard error on a terminal; return standard output, and what the terminal got."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # how Linux tells the end of a terminal
                break
        assert running.stdout is not None
        stdout = running.stdout.read()
    os.close(ours)
    return stdout, shown


def test_only_a_terminal_gets_progress(program: list[str], tmp_path: Path) -> None:
    """Results are the same; `--quiet` and `--no-progress` silence it."""
    for name in "ab":
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 31)
    plain = run(program, "scan", tmp_path)
    assert plain.stderr == b""
    stdout, shown = on_a_terminal(program, "scan", tmp_path)
    assert stdout == plain.stdout
    assert b"\x1b[" in shown or b"\r" in shown
    assert re.search(rb"[KMG]i?B/s", shown), shown[-500:]
    for option in ("--quiet", "--no-progress"):
        assert on_a_terminal(program, "scan", tmp_path, option, "--max-size", "1")[1] == b""
