"""Files that are no reports, which `gpu-stress report` refuses."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.gpu_process import CONTRACT, GOLDEN, Report
from contracts.gpu_runs import LONG_TESTS, Both, Subject, one_error


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
    "another version": ("version", _set("version", 2)),
    "true as version": ("version", _set("version", value=True)),
    "no verdict": ("verdict", _without("verdict")),
    "no devices": ("devices", _without("devices")),
    "one key more": ("extra", _set("extra", 1)),
    "a text for a number": ("duration_s", _set("duration_s", "1")),
    "below zero": ("duration_s", _set("duration_s", -1)),
    "another status": ("exit_status", _set("verdict.exit_status", 2)),
    "another kernel": ("kernel", _set("devices.0.kernels.0.kernel", "x")),
    "no samples": ("samples", lambda report: report["devices"][0].pop("samples")),
    "a map for a list": ("devices", _set("devices", {})),
    "a null": ("name", _set("program.name", None)),
    "no time": ("started", _set("started", "yesterday")),
    "samples below zero": ("throughput", _set("devices.0.samples.0.throughput", -1.0)),
}


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_file_that_is_no_report_is_refused(both: Both, tmp_path: Path, fault: str) -> None:
    """With its name and the first thing that is wrong."""
    word, edit = FOREIGN[fault]
    made = copy.deepcopy(GOLDEN)
    edit(made)
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps(made), "utf-8")
    for language, tested in both.items():
        told = one_error(tested.run("report", str(file)), 2)
        assert str(file) in told, language
        told = told.replace(str(file), "")
        assert word in told or re.search(r"line \d+ column \d+", told), (language, told)


def test_a_file_that_is_no_json_is_refused(tested: Subject, tmp_path: Path) -> None:
    """Foreign, cut off at any place, deep, missing, a folder; a sound one before it is no help."""
    whole = (CONTRACT / "plot-example.json").read_bytes()
    sound = str(CONTRACT / "plot-example.json")
    step = 1 if LONG_TESTS and tested.language == "rust" else len(whole) // 3
    nan = whole.replace(b'"duration_s": ', b'"duration_s": NaN, "x": ', 1)
    cuts = [whole[:size] for size in range(1, len(whole.rstrip()), step)]
    deep = b"[" * 100_000
    file = tmp_path / "foreign"
    for content in (
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b"\x89PNG\r\n",
        deep,
        nan,
        whole * 2,
        *cuts,
    ):
        file.write_bytes(content)
        told = one_error(tested.run("report", sound, str(file)), 2)
        assert told.startswith(f"error: {file}: "), content[:40]
    for path in (tmp_path / "missing", tmp_path):
        assert str(path) in one_error(tested.run("report", str(path)), 2)


def test_a_plot_that_cannot_be_written(tested: Subject, tmp_path: Path) -> None:
    """A missing folder is wrong usage, a full disk is told with 1."""
    sound = str(CONTRACT / "plot-example.json")
    ran = tested.run("report", sound, "--svg", str(tmp_path / "missing/plot.svg"))
    one_error(ran, 2)
    ran = tested.run("report", sound, "--svg", "/dev/full")
    assert (ran.status, len(ran.stderr.splitlines())) == (1, 1)
    assert ran.stderr.startswith("error: ")
