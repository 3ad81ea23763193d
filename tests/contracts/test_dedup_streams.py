"""What `dedup` does where its streams are closed, full or terminals."""

import os
import pty
import re
import select
import signal
import subprocess
from pathlib import Path

import pytest

from contracts.dedup_runs import plan
from contracts.dedup_trees import Ran, contents, grow, lines, run, said

DONE = b"1 done, 1 left alone, 0 failed, 1 byte freed\n"


def redirected(program: list[str], where: str, *words: str | Path) -> Ran:
    """Run a program with a redirection of the shell."""
    return run(["/bin/sh", "-c", f'exec "$@" {where}', "sh", *program], *words)


def changed_plan(program: list[str], tmp_path: Path) -> Path:
    """Write a plan of two groups, one of which changes thereafter."""
    tree = grow(tmp_path / "t", {"a": b"x", "b": b"x", "c": b"yy", "d": b"yy"})
    plan(program, tree, "delete", file=tmp_path / "plan")
    (tree / "d").write_bytes(b"zz")
    return tmp_path / "plan"


def test_a_reader_that_goes_away_ends_the_program_quietly(
    program: list[str], tmp_path: Path
) -> None:
    """It does so however much was to come."""
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


def test_a_name_on_a_terminal_is_as_elsewhere(program: list[str], tmp_path: Path) -> None:
    """What looks like a code for an emoji or for a style is a name like any other."""
    missing = tmp_path / ":smile:[bold]x[/]"
    plain = run(program, "scan", missing).stderr.strip()
    assert plain == f"warning: {missing}: missing".encode()
    assert plain in on_a_terminal(program, "scan", missing)[1].replace(b"\r\n", b"")


def test_only_a_terminal_gets_progress(program: list[str], tmp_path: Path) -> None:
    """Results are the same with it, and `--quiet` and `--no-progress` silence it."""
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


@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-"], ids=["full", "closed"])
def test_standard_error_that_takes_nothing_changes_nothing_else(
    program: list[str], tmp_path: Path, where: str
) -> None:
    """Results, work and exit status are the same, though nothing can be said of problems."""
    file = changed_plan(program, tmp_path)
    tree, missing = tmp_path / "t", tmp_path / "missing"
    for words in (["scan", tree, missing], ["plan", tree, missing, "--action", "delete"],
                  ["plan", tree, missing, "--action", "delete", "-o", tmp_path / "other"],
                  ["apply", file], ["apply", tree], ["apply"], ["scan", tree, "--jobs", "0"]):  # fmt: skip
        expected = run(program, *words)
        ran = redirected(program, where, *words)
        assert said(ran) == (expected.returncode, expected.stdout, b""), words
    ran = redirected(program, where, "apply", file, "--yes")
    assert said(ran) == (3, DONE, b"")
    states = [line.get("state") for line in lines((tmp_path / "plan.journal").read_bytes())]
    assert states == [None, "start", "left alone", "start", "done"]


@pytest.mark.parametrize(
    ("where", "reason"),
    [(">/dev/full", "no space left"), (">&-", "i/o error")],
    ids=["full", "closed"],
)
def test_standard_output_that_takes_nothing_is_an_error(
    program: list[str], tmp_path: Path, where: str, reason: str
) -> None:
    """It is told on standard error, and `apply --yes` does its work before."""
    file, error = changed_plan(program, tmp_path), f"error: standard output: {reason}\n".encode()
    tree = tmp_path / "t"
    for words in (["scan", tree], ["plan", tree, "--action", "delete"], ["apply", file],
                  ["plan", tree, "--action", "delete", "-o", tmp_path / "other"],
                  ["cache", "info"], ["--version"], ["--help"]):  # fmt: skip
        assert said(redirected(program, where, *words)) == (1, b"", error), words
    assert lines((tmp_path / "other").read_bytes())[0]["plan"] == 1
    left = f"left alone: {tree}/d: changed\n".encode()
    assert said(redirected(program, where, "apply", file, "--yes")) == (1, b"", left + error)
    states = [line.get("state") for line in lines((tmp_path / "plan.journal").read_bytes())]
    assert states == [None, "start", "left alone", "start", "done"]
    assert contents(tree) == {b"x", b"yy", b"zz"}


def test_both_streams_that_take_nothing_are_an_error(program: list[str], tmp_path: Path) -> None:
    """There is nothing left but the exit status to say it."""
    file = changed_plan(program, tmp_path)
    for where in (">/dev/full 2>/dev/full", ">&- 2>&-"):
        assert said(redirected(program, where, "scan", tmp_path)) == (1, b"", b""), where
        assert said(redirected(program, where, "apply", file)) == (1, b"", b""), where
