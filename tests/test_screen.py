"""The texts that people read, as far as no test of the command line reads them."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from scaffold import screen
from scaffold.check import Outcome, Result
from scaffold.toolchain import TOOLS, Found

PASSED = Outcome("laws", passed=True, seconds=0.25, message="")
FAILED = Outcome("check", passed=False, seconds=61.0, message="one\n\n  two \nmake: Error 3")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], ""),
        ([["a"]], "a"),
        ([["a", "long"], ["longer", "b"]], "a       long\nlonger  b"),
        ([["", "b"], ["a", ""]], "   b\na"),
    ],
)
def test_cells_stand_below_one_another(rows: list[list[str]], text: str) -> None:
    """Each column is as wide as its widest cell, and no line ends in blanks."""
    assert screen.columns(rows) == text


def test_doctor_tells_apart_what_is_missing_too_old_and_optional() -> None:
    """Only what is not good has a next step; what can be done without is called optional."""
    found = [
        Found(TOOLS["git"], "2.47.3"),
        Found(TOOLS["make"], None),
        Found(TOOLS["uv"], "0.4.30"),
        Found(TOOLS["cargo-nextest"], None),
        Found(TOOLS["cargo"], "1.84"),
    ]
    serves = {each.tool.name: ["toy-rust", "toy-python"] for each in found}
    table, steps = screen.doctor(found, serves).split("\n\nTo get the rest:\n")
    lines = [line.split("  ") for line in table.splitlines()]
    assert [[cell.strip() for cell in line if cell] for line in lines] == [
        ["TOOL", "VERSION", "NEEDED", "TEMPLATES"],
        ["git", "2.47.3", "2.28+", "ok", "toy-rust, toy-python"],
        ["make", "-", "3.81+", "missing", "toy-rust, toy-python"],
        ["uv", "0.4.30", "0.5+", "too old, optional", "toy-rust, toy-python"],
        ["cargo-nextest", "-", "0.9+", "missing, optional", "toy-rust, toy-python"],
        ["cargo", "1.84", "1.85+", "too old", "toy-rust, toy-python"],
    ]
    assert [line.split(": ")[0] for line in steps.splitlines()] == [
        "  make",
        "  uv",
        "  cargo-nextest",
        "  cargo",
    ]


def test_a_machine_that_has_all_needs_no_next_step() -> None:
    """The table is the whole text then."""
    text = screen.doctor([Found(TOOLS["git"], "3.0")], {"git": []})
    assert text.splitlines()[1:] == ["git   3.0      2.28+   ok"]


def test_the_end_of_a_check_is_a_table_and_each_failure_with_its_log(tmp_path: Path) -> None:
    """Notes come between; what failed is indented below its cell and stage."""
    log = tmp_path / "b.log"
    results = [
        Result("a-python", "cached", (), None),
        Result("bee-rust", "failed", (PASSED, FAILED), log),
        Result("c", "failed", (FAILED,), None),
    ]
    assert screen.summary(results, ["a note", "another"]) == (
        "a-python  cached  0.0 s\n"
        "bee-rust  failed  61.2 s\n"
        "c         failed  61.0 s\n"
        "\n"
        "a note\n"
        "another\n"
        "\n"
        "bee-rust failed in check:\n"
        "\n"
        "    one\n"
        "\n"
        "      two\n"
        "    make: Error 3\n"
        "\n"
        f"The whole log: {log}\n"
        "\n"
        "c failed in check:\n"
        "\n"
        "    one\n"
        "\n"
        "      two\n"
        "    make: Error 3"
    )


def test_a_check_without_failures_ends_with_the_table() -> None:
    """Without notes and failures there is nothing else, and without cells nothing at all."""
    assert screen.summary([Result("a", "passed", (PASSED,), Path("log"))]) == "a  passed  0.2 s"
    assert screen.summary([]) == ""


def drawn(rows: Mapping[str, tuple[str, float, float]], *, colour: bool = False) -> str:
    """Return the live table as a terminal shows it at the time 100."""
    stream = StringIO()
    console = Console(
        file=stream,
        width=60,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    console.print(screen.board(rows, 100.0))
    return stream.getvalue()


def test_the_live_table_shows_where_each_cell_stands_and_since_when() -> None:
    """A cell that waits has no time, one that runs has it till now, one that ended its whole."""
    lines = drawn(
        {
            "a-python": ("waiting", 0.0, 0.0),
            "b-rust": ("setup", 58.0, 0.0),
            "c-rust": ("failed", 10.0, 95.4),
        }
    ).splitlines()
    assert [line.split() for line in lines] == [
        ["cell", "stage", "time"],
        ["a-python", "waiting"],
        ["b-rust", "setup", "42", "s"],
        ["c-rust", "failed", "85", "s"],
    ]


@pytest.mark.parametrize(
    ("state", "ended", "colour"),
    [
        ("passed", 2.0, "\x1b[32m"),
        ("cached", 2.0, "\x1b[32m"),
        ("failed", 2.0, "\x1b[31m"),
        ("setup", 0.0, ""),
        ("failed", 0.0, ""),
        ("check", 0.0, ""),
    ],
)
def test_only_an_end_has_a_colour(state: str, ended: float, colour: str) -> None:
    """Green is good and red is bad, and what is under way is neither."""
    (row,) = (line for line in drawn({"a": (state, 1.0, ended)}, colour=True).splitlines()[1:])
    assert f"{colour}{state}" in row
    assert ("\x1b[3" in row) == bool(colour)
