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
from my_project.report import read_report
from my_project.schema import first_flaw

from .program import CONTRACT, Record

SCHEMA = json.loads((CONTRACT / "report.schema.json").read_text(encoding="utf-8"))
EXAMPLE = json.loads((CONTRACT / "plot-example.json").read_text(encoding="utf-8"))
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
    allowed = jsonschema.Draft202012Validator(SCHEMA).is_valid(report)
    assert (first_flaw(report, SCHEMA) is None) == allowed


@pytest.mark.parametrize(
    ("place", "value", "flaw"),
    [
        (("version",), 1.0, "/version is not what it must be"),
        (("host", "cores"), 2.0, "/host/cores is not of the type integer"),
        (("started",), "2026-01-31T12:00:00Z\n", "/started has not the form it must have"),
        (("started",), "٢026-01-31T12:00:00Z", "/started has not the form it must have"),
        (("duration_s",), float("inf"), "/duration_s is beyond 1e30"),
        (("duration_s",), 10**400, "/duration_s is beyond 1e30"),
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


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "no JSON"),
        ("[]", "the whole is not of the type object"),
        ("{}", "/version is missing"),
        ('{"version": NaN}', "NaN is no number"),
        ("[" * 100_000, "no JSON"),
    ],
    ids=["empty", "list", "bare", "nan", "deep"],
)
def test_what_is_no_report_is_refused_with_its_name(tmp_path: Path, text: str, flaw: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_report(str(path))
    assert str(caught.value).startswith(f"{path}: no report")
    assert flaw in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match=str(path)):
            read_report(str(path))


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
