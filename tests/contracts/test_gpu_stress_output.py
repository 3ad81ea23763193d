"""Where `gpu-stress` writes to, and what it shows while it runs."""

import json
import os
import re

from contracts.dedup_trees import unprivileged
from contracts.gpu_process import CONTRACT, SCHEMA
from contracts.gpu_runs import (
    LITTLE,
    WIDTHS,
    Subject,
    configuration,
    long_form,
    one_error,
    screen_lines,
)


def test_a_report_into_a_full_disk_is_1(tested: Subject) -> None:
    """The run itself is told as ever, and standard error says what could not be written."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet")
    ran = tested.run(*words, "--json", "/dev/full")
    assert ran.status == 1
    assert re.fullmatch(r"error: .*/dev/full.*\n", ran.stderr), ran.stderr
    assert "fma" in ran.stdout


def test_standard_output_that_is_full_is_1(tested: Subject) -> None:
    """Whether it is to have the report or a table."""
    full = ("sh", "-c", 'exec "$@" > /dev/full', "sh")
    sound = str(CONTRACT / "plot-example.json")
    words = ("cpu", *LITTLE, "--duration", "0.2s", "--kernel", "fma", "--quiet")
    for each in (words, (*words, "--json", "-"), ("list",), ("report", sound)):
        ran = tested.run(*each, before=full)
        assert ran.status == 1, each
        assert re.fullmatch(r"error: .+\n", ran.stderr), ran.stderr


def test_a_pipe_is_opened_when_the_report_is_written(tested: Subject) -> None:
    """Nobody has to read it before."""
    pipe = tested.folder / "pipe"
    os.mkfifo(pipe)
    words = ("cpu", *LITTLE, "--duration", "0.2s", "--kernel", "fma", "--json", str(pipe))
    running = tested.start(*words)
    running.wait_until(lambda: "FLOP/s" in running.text("stderr"))
    SCHEMA.validate(json.loads(pipe.read_bytes()))
    assert running.finish().status == 0


def test_a_folder_without_rights_is_found_before_the_run(tested: Subject) -> None:
    """As wrong usage, in less time than the run would take; what lay there is left as it was."""
    before = unprivileged()
    folder = tested.folder / "shut"
    folder.mkdir(exist_ok=True)
    old = folder / "old.json"
    old.write_text("old", "utf-8")
    old.chmod(0o444)
    folder.chmod(0o555)
    for path in (folder / "new.json", old):
        words = ("cpu", *LITTLE, "--duration", "30s", "--json", str(path))
        ran = tested.run(*words, before=before)
        one_error(ran, 2)
        assert str(path) in ran.stderr
        assert ran.seconds < 10
    assert (old.read_text("utf-8"), [*folder.iterdir()]) == ("old", [old])


def test_a_report_to_standard_output_is_alone_there(tested: Subject) -> None:
    """So that another program can read it."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet", "--json", "-")
    ran = tested.run(*words)
    SCHEMA.validate(json.loads(ran.stdout))
    assert (ran.status, ran.stderr) == (0, "")


def test_a_live_line_never_wraps(tested: Subject) -> None:
    """Whatever the width; what does not fit falls away from the right."""
    for name, columns in WIDTHS.items():
        ran = configuration(tested, name)
        assert "\x1b" in ran.stderr or "\r" in ran.stderr
        shown = screen_lines(ran.stderr, columns)
        kernel = ran.device["kernels"][0]["kernel"]
        assert any(columns < 80 or kernel in line for line in shown), shown
        if ran.device["kernels"][0]["seconds"] > 2:  # else it may have warmed up for all of them
            assert any(re.search(r"\d [GT]FLOP/s", line) for line in shown), shown


def test_plain_lines_where_there_is_no_terminal(tested: Subject) -> None:
    """One a kernel at its end, seldom another, and nothing that only a terminal understands."""
    ran = configuration(tested, "gpu")
    lines = ran.stderr.splitlines()
    assert all(line.isprintable() for line in lines)
    kernels = ran.device["kernels"]
    assert len(kernels) <= len(lines) <= len(kernels) + ran.seconds // 10
    for kernel in kernels:
        name = f"{kernel['kernel']} {kernel['precision'] or ''}".strip()
        assert any(name in line and "0 errors" in line for line in lines), (name, lines)


@long_form
def test_plain_lines_come_every_ten_seconds(tested: Subject) -> None:
    """Beside the one at the end of a kernel."""
    words = ("cpu", *LITTLE, "--duration", "11s", "--kernel", "fma")
    lines = tested.run(*words).stderr.splitlines()
    assert len(lines) == 2
    assert re.search(r" \d s left", lines[0])


def test_quiet_leaves_the_table(tested: Subject) -> None:
    """On a terminal too."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet")
    ran = tested.run(*words, columns=80)
    assert (ran.status, ran.stderr) == (0, "")
    assert "GFLOP/s" in ran.stdout
