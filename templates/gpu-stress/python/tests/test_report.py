"""Reports keep to their schema, and the same report gives the same plot."""

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.errors import UsageError
from my_project.plot import draw
from my_project.reading import read_report
from my_project.schema import first_flaw

from .program import CONTRACT, Record

SCHEMA = json.loads((CONTRACT / "report.schema.json").read_text(encoding="utf-8"))
EXAMPLE = json.loads((CONTRACT / "plot-example.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2),
    st.just(0.5),
    st.text(max_size=2),
    st.just([]),
    st.just({}),
    st.just(["x"] * 17),
)


def every_place(value: object, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to everything in a value but the value itself."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found = []
    for key, each in inner:
        found += [(*place, key), *every_place(each, (*place, key))]
    return found


SMALL = copy.deepcopy(EXAMPLE)
for _device in SMALL["devices"]:
    del _device["samples"][1:]


@given(st.sampled_from(every_place(SMALL)), st.one_of(VALUES, st.just("remove"), st.just("add")))
def test_a_changed_report_is_refused_exactly_if_the_schema_refuses_it(
    place: tuple[Any, ...], change: object
) -> None:
    report = copy.deepcopy(SMALL)
    *above, last = place
    holder = report
    for key in above:
        holder = holder[key]
    if change == "remove":
        del holder[last]
    elif change == "add" and isinstance(holder, dict):
        holder["unheard_of"] = 1
    else:
        holder[last] = change
    allowed = VALIDATOR.is_valid(report)
    assert (first_flaw(report, SCHEMA) is None) == allowed


@pytest.mark.parametrize(
    ("place", "value", "flaw"),
    [
        (("version",), 1.0, "/version is not what it must be"),
        (("host", "cores"), 2.0, "/host/cores is not of the type integer"),
        (("started",), "2026-01-31T12:00:00Z\n", "/started has not the form it must have"),
        (("started",), "٢026-01-31T12:00:00Z", "/started has not the form it must have"),
        (("duration_s",), float("inf"), "/duration_s is beyond 1e30"),
        (("duration_s",), float("-inf"), "/duration_s is beyond 1e30"),
        (("duration_s",), 10**400, "/duration_s is beyond 1e30"),
        (("host", "memory_bytes"), 10**30 + 1, "/host/memory_bytes is beyond 1e30"),
        (("host", "memory_bytes"), -(10**31), "/host/memory_bytes is beyond 1e30"),
        (("devices", 0, "samples", 0, "power_w"), -2e30, "/devices/0/samples/0/power_w is beyond"),
        (("devices", 0, "index"), -1, "/devices/0/index is less than 0"),
    ],
)
def test_numbers_and_texts_are_taken_at_their_word(
    place: tuple[Any, ...], value: object, flaw: str
) -> None:
    report = copy.deepcopy(SMALL)
    *above, last = place
    holder = report
    for key in above:
        holder = holder[key]
    holder[last] = value
    assert (first_flaw(report, SCHEMA) or "").startswith(flaw)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert first_flaw(EXAMPLE, SCHEMA) is None


NO_JSON = "it is not JSON"


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", NO_JSON),
        (b"{", NO_JSON),
        (b"{}{}", NO_JSON),
        (b'{"version": NaN}', NO_JSON),
        (b'{"version": -Infinity}', NO_JSON),
        (b"\xff", NO_JSON),
        (b"\xef\xbb\xbf{}", NO_JSON),
        ("{}".encode("utf-16"), NO_JSON),
        (b'{"a": "\\ud800"}', NO_JSON),
        (b'{"a": "\\uDC00\\ud800"}', NO_JSON),
        (b'{"\\uD83D\\ude00": 1}', "/version is missing"),
        (b"[" * 100_000, NO_JSON),
        (b"[" * 101 + b"]" * 101, NO_JSON),
        (b'{"a":' * 101 + b"1" + b"}" * 101, NO_JSON),
        (b"[" * 100 + b"]" * 100, "the whole is not of the type object"),
        (b"{}", "/version is missing"),
    ],
)
def test_what_is_no_report_is_refused_with_its_name(tmp_path: Path, data: bytes, flaw: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_report(str(path))
    assert str(caught.value) == f"{path}: no report: {flaw}"


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("-0", None),
        ("1" + "0" * 30, None),
        ("1e400", "is beyond 1e30"),
        ("-1e400", "is beyond 1e30"),
        ("1" + "0" * 5000, "is beyond 1e30"),
        ("-1", "is less than 0"),
    ],
)
def test_a_number_is_read_as_it_stands(tmp_path: Path, number: str, flaw: str | None) -> None:
    for name, at in (("samples", "time_s"), ("kernels", "operations")):
        report = copy.deepcopy(SMALL)
        report["devices"][0][name][0][at] = "HERE"
        path = tmp_path / "report.json"
        path.write_text(json.dumps(report).replace('"HERE"', number), encoding="utf-8")
        if flaw is None:
            read_report(str(path))
            continue
        with pytest.raises(UsageError) as caught:
            read_report(str(path))
        told = f"/devices/0/{name}/0/{at} {flaw}"
        if name == "kernels" and "e" in number:
            told = f"/devices/0/{name}/0/{at} is not of the type integer"
        assert str(caught.value) == f"{path}: no report: {told}"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match=str(path)):
            read_report(str(path))


def test_a_name_that_is_empty_is_refused() -> None:
    with pytest.raises(UsageError, match="report: an empty name"):
        read_report("")


def test_the_plot_is_that_of_the_contract_to_the_byte() -> None:
    assert draw(EXAMPLE) == (CONTRACT / "plot-example.svg").read_text(encoding="utf-8")


def changed(**device: object) -> Record:
    report: Record = copy.deepcopy(EXAMPLE)
    report["devices"][0] |= device
    return report


def test_a_plot_is_well_formed_whatever_is_missing() -> None:
    cold = copy.deepcopy(EXAMPLE["devices"][0]["samples"])
    for sample in cold:
        sample["temperature_c"] = sample["power_w"] = None
    many = changed()
    many["devices"] *= 4
    alone = changed(samples=cold[:1])
    alone["devices"].pop()
    empty = changed()
    empty["devices"] = []
    named = changed(name='<&"')
    for report, panels in ((many, 4), (alone, 1), (empty, 0), (changed(samples=[]), 4), (named, 4)):
        picture = ET.fromstring(draw(report))  # noqa: S314  # we drew it ourselves
        titles = [each.text or "" for each in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert (
            sum(each.startswith(("throughput", "temperature", "power")) for each in titles)
            == panels
        )


def test_a_line_of_throughput_ends_with_its_kernel() -> None:
    samples = copy.deepcopy(EXAMPLE["devices"][0]["samples"][:4])
    for sample, kernel, precision in zip(
        samples, ("fma", "fma", "matmul", "matmul"), ("f32", "f32", "f32", "f64"), strict=True
    ):
        sample |= {"kernel": kernel, "precision": precision, "power_w": 1.0, "temperature_c": None}
    report = changed(samples=samples)
    del report["devices"][1:]
    drawn = draw(report)
    assert (drawn.count("<polyline"), drawn.count("<circle")) == (2, 2)  # one line is the power's


@pytest.mark.parametrize(
    ("end", "labels"),
    [
        (0.0, ["0 s", "1 s"]),
        (8.0, [f"{second} s" for second in range(9)]),
        (8.5, ["0 s", "2 s", "4 s", "6 s", "8 s"]),
        (600.0, [f"{minute} min" for minute in (0, 2, 4, 6, 8, 10)]),
        (3600.0 * 1000, ["0 h", "128 h", "256 h", "384 h", "512 h", "640 h", "768 h", "896 h"]),
    ],
)
def test_times_are_whole_numbers(end: float, labels: list[str]) -> None:
    report = changed(samples=[{**EXAMPLE["devices"][0]["samples"][0], "time_s": end}])
    del report["devices"][1:]
    picture = ET.fromstring(draw(report))  # noqa: S314  # as above
    found = picture.findall(".//{http://www.w3.org/2000/svg}text[@text-anchor='middle']")
    assert [each.text for each in found] == labels
