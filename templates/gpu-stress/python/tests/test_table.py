"""Tables fit their terminal, and show nothing that moves its cursor."""

import copy
import json

import pytest

from my_project.table import format_devices, format_kernels, format_report, format_table

from .program import CONTRACT

EXAMPLE = json.loads((CONTRACT / "plot-example.json").read_text(encoding="utf-8"))
HEADS = ["device", "min", "errors"]
ROWS = [["0 a card with a long name", "1.5", "0"], ["AMD", "10.5", "7"]]


def test_a_table_is_as_wide_as_it_must_be_where_there_is_no_terminal() -> None:
    assert format_table(HEADS, ROWS, None).splitlines() == [
        "device                      min  errors",
        "───────────────────────────────────────",
        "0 a card with a long name   1.5       0",
        "AMD                        10.5       7",
    ]


def test_names_are_cut_where_a_terminal_is_narrow() -> None:
    lines = format_table(HEADS, ROWS, 30).splitlines()
    assert lines[2] == "0 a card with a…   1.5       0"
    assert max(map(len, lines)) == 30
    assert len(format_table(HEADS, [["显卡" * 20, "1", "2"]], 30).splitlines()[2]) < 30


@pytest.mark.parametrize("columns", [1, 25])
def test_where_that_is_not_enough_each_field_has_a_line(columns: int) -> None:
    assert format_table(HEADS, ROWS, columns) == (
        "device: 0 a card with a long name\nmin: 1.5\nerrors: 0\n\n"
        "device: AMD\nmin: 10.5\nerrors: 7\n"
    )


def test_what_others_wrote_is_shown_on_one_line() -> None:
    report = copy.deepcopy(EXAMPLE)
    report["devices"][0]["name"] = "bad\n\x1b[2Jcard"
    table = format_kernels([(report, "a\rb\x07.json")], with_file=True)
    assert all(line.isprintable() for line in table.splitlines())
    assert "a b\N{REPLACEMENT CHARACTER}.json  0 bad \N{REPLACEMENT CHARACTER}[2Jcard" in table


def test_notes_follow_the_table_and_the_verdict_them() -> None:
    report = copy.deepcopy(EXAMPLE)
    report["devices"][0]["notes"] = ["taken to be 1 GiB"]
    report["verdict"] = {"status": "fault", "exit_status": 1, "reasons": ["too slow"]}
    lines = format_report(report).splitlines()
    assert lines[0].split() == [
        "device",
        "kernel",
        "precision",
        "min",
        "median",
        "max",
        "unit",
        "errors",
    ]
    assert lines[2].startswith("0 Example GPU <A>  fma ")
    assert lines[-3:] == ["note: 0 Example GPU <A>: taken to be 1 GiB", "fault", "  too slow"]


def test_what_is_not_known_of_a_device_is_a_dash() -> None:
    cpu = {"index": None, "name": "AMD", "kind": "cpu", "backend": "cpu", "precisions": ["f32"]}
    shown = format_devices([{**cpu, "memory_bytes": None, "uuid": None}])
    head, _, row = shown.splitlines()
    assert head.split() == ["index", "name", "kind", "backend", "precisions", "memory", "UUID"]
    assert row.split() == ["-", "AMD", "cpu", "cpu", "f32", "-", "-"]
