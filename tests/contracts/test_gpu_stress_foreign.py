"""Files that are no reports, which `gpu-stress report` refuses."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.gpu_process import CONTRACT, GOLDEN, Report
from contracts.gpu_runs import Subject, one_error
from helpers import LONG_TESTS


def _without(key: str) -> Callable[[Report], object]:
    return lambda report: report.pop(key)


def _set(path: str, value: object) -> Callable[[Report], None]:
    """Return what sets a value at a path of a report."""

    def edit(report: Any) -> None:  # noqa: ANN401  # keys and indexes lead down
        *parents, last = path.split(".")
        for key in parents:
            report = report[int(key) if key.isdecimal() else key]
        report[last] = value

    return edit


FOREIGN: dict[str, tuple[str, Callable[[Report], object]]] = {
    "another version": ("/version is not what it must be", _set("version", 2)),
    "true as version": ("/version is not what it must be", _set("version", value=True)),
    "a version with a point": ("/version is not what it must be", _set("version", 1.0)),
    "no verdict": ("/verdict is missing", _without("verdict")),
    "no devices": ("/devices is missing", _without("devices")),
    "one key more": ("/extra should not be there", _set("extra", 1)),
    "a text for a number": ("/duration_s is not of the type number", _set("duration_s", "1")),
    "below zero": ("/duration_s is less than 0", _set("duration_s", -1)),
    "too much for a plot": ("/duration_s is beyond 1e30", _set("duration_s", 1e31)),
    "many digits": ("/duration_s is beyond 1e30", _set("duration_s", 10**40)),
    "another status": (
        "/verdict/exit_status is not what it must be",
        _set("verdict.exit_status", 2),
    ),
    "another kernel": (
        "/devices/0/kernels/0/kernel is not what it must be",
        _set("devices.0.kernels.0.kernel", "x"),
    ),
    "too many addresses": (
        "/devices/0/kernels/0/first_addresses has more than 16 items",
        _set("devices.0.kernels.0.first_addresses", [0] * 17),
    ),
    "a tolerance of nothing": (
        "/devices/0/kernels/0/reference/tolerance is not more than 0",
        _set("devices.0.kernels.0.reference.tolerance", 0),
    ),
    "half an operation": (
        "/devices/0/kernels/0/operations is not of the type integer",
        _set("devices.0.kernels.0.operations", 0.5),
    ),
    "an index below zero": ("/devices/0/index is less than 0", _set("devices.0.index", -1)),
    "no samples": (
        "/devices/0/samples is missing",
        lambda report: report["devices"][0].pop("samples"),
    ),
    "a map for a list": ("/devices is not of the type array", _set("devices", {})),
    "a null": ("/program/name is not of the type string", _set("program.name", None)),
    "no time": ("/started has not the form it must have", _set("started", "yesterday")),
    "digits of another script": (
        "/started has not the form it must have",
        _set("started", "\u0662026-01-31T12:00:00Z"),
    ),
    "a line feed after a time": (
        "/started has not the form it must have",
        _set("started", "2026-01-31T12:00:00Z\n"),
    ),
    "samples below zero": (
        "/devices/0/samples/0/throughput is less than 0",
        _set("devices.0.samples.0.throughput", -1.0),
    ),
}
_SOME = [fault for at, fault in enumerate(FOREIGN) if LONG_TESTS or at % 4 == 0]
"""A start of Python takes long."""


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_file_that_is_no_report_is_refused(tested: Subject, tmp_path: Path, fault: str) -> None:
    """With its name and the first thing that is wrong, in the same words in both languages."""
    if tested.language == "python" and fault not in _SOME:
        pytest.skip("a start of Python takes long: some of them without SCAFFOLD_LONG_TESTS=1")
    flaw, edit = FOREIGN[fault]
    made = copy.deepcopy(GOLDEN)
    edit(made)
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps(made), "utf-8")
    told = one_error(tested.run("report", str(file)), 2)
    assert told == f"error: {file}: no report: {flaw}\n"


FLAWS = {
    b"{}": "/version is missing",
    b"[]": "the whole is not of the type object",
    b"null": "the whole is not of the type object",
}


def test_a_file_that_is_no_json_is_refused(tested: Subject, tmp_path: Path) -> None:
    """Foreign, cut off at any place, deep, missing, a folder; a sound one before it is no help."""
    whole = (CONTRACT / "plot-example.json").read_bytes()
    sound = str(CONTRACT / "plot-example.json")
    step = 1 if LONG_TESTS and tested.language == "rust" else len(whole) // 3
    nan = whole.replace(b'"duration_s": ', b'"duration_s": NaN, "x": ', 1)
    cuts = [whole[:size] for size in range(1, len(whole.rstrip()), step)]
    deep = b"[" * 100_000
    mark, wide = b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16")
    half = whole.replace(b'"example"', b'"\\ud800"', 1)
    contents = [deep, nan, b"", b"{}", b"[]", b"\xff", b"null", b"\x89PNG\r\n", whole * 2, *cuts]
    contents += [mark, wide, half]
    if tested.language == "python" and not LONG_TESTS:
        contents = contents[::3]  # a start of Python takes long
    file = tmp_path / "foreign"
    for content in contents:
        file.write_bytes(content)
        told = one_error(tested.run("report", sound, str(file)), 2)
        expected = FLAWS.get(content, "it is not JSON")
        assert told == f"error: {file}: no report: {expected}\n", content[:40]
    for path in (tmp_path / "missing", tmp_path):
        assert str(path) in one_error(tested.run("report", str(path)), 2)


def test_a_plot_over_the_report_itself_is_refused(tested: Subject, tmp_path: Path) -> None:
    """By any name of the file."""
    whole = (CONTRACT / "plot-example.json").read_bytes()
    file, other = tmp_path / "report.json", tmp_path / "other.json"
    file.write_bytes(whole)
    other.symlink_to(file)
    for name in (file, other):
        told = one_error(tested.run("report", str(file), "--svg", str(name)), 2)
        assert told == f"error: --svg {name}: it is one of the reports\n"
    assert file.read_bytes() == whole


def test_a_text_of_a_report_does_nothing_to_the_terminal(tested: Subject, tmp_path: Path) -> None:
    """Control characters and line breaks do not come through."""
    made = copy.deepcopy(GOLDEN)
    for device in made["devices"]:
        device["name"] = "evil\x1b[31m\nname\r\t\u202e"
    file = tmp_path / "evil.json"
    file.write_text(json.dumps(made), "utf-8")
    ran = tested.run("report", str(file))
    assert ran.status == 0
    assert all(line.isprintable() for line in ran.stdout.split("\n"))
    assert len(ran.stdout.splitlines()) == len(
        tested.run("report", str(CONTRACT / "plot-example.json")).stdout.splitlines()
    )


def test_a_plot_that_cannot_be_written(tested: Subject, tmp_path: Path) -> None:
    """A missing folder is wrong usage, a full disk is told with 1."""
    sound = str(CONTRACT / "plot-example.json")
    ran = tested.run("report", sound, "--svg", str(tmp_path / "missing/plot.svg"))
    one_error(ran, 2)
    ran = tested.run("report", sound, "--svg", "/dev/full")
    assert (ran.status, len(ran.stderr.splitlines())) == (1, 1)
    assert ran.stderr.startswith("error: ")
