"""The documents for programs, as far as no test of the command line reads them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import report
from scaffold.check import Outcome, Result
from scaffold.errors import DestinationError

PASSED = Outcome("laws", passed=True, seconds=0.25, message="")
FAILED = Outcome("check", passed=False, seconds=1.23456, message="make: Error 3")
RESULTS = [
    Result("a-python", "cached", (), None),
    Result("b-rust", "failed", (PASSED, FAILED), Path("b.log")),
    Result("c-rust", "passed", (PASSED,), Path("c.log")),
]
# A log may hold the controls of a terminal, and a path any byte, which Python keeps as a surrogate.
BYTES = st.characters(categories=["Cs"], min_codepoint=0xDC80, max_codepoint=0xDCFF)
CHARACTERS = st.characters(codec="utf-8") | st.characters(categories=["Cc"]) | BYTES
ANYTHING = st.lists(CHARACTERS, max_size=30).map("".join)  # text() would draw hardly any of these


def failure(message: str, log: Path | None = None) -> list[Result]:
    """Return the results of one cell that failed in one stage."""
    outcome = Outcome("x", passed=False, seconds=0.0, message=message)
    return [Result("a", "failed", (outcome,), log)]


def test_results_have_the_keys_of_the_documentation() -> None:
    """A cell that did not run has no log and no stages; seconds have three digits."""
    assert report.results(RESULTS, ["a note"]) == {
        "passed": False,
        "notes": ["a note"],
        "cells": [
            {"cell": "a-python", "status": "cached", "log": None, "stages": []},
            {
                "cell": "b-rust",
                "status": "failed",
                "log": "b.log",
                "stages": [
                    {"stage": "laws", "passed": True, "seconds": 0.25, "message": ""},
                    {
                        "stage": "check",
                        "passed": False,
                        "seconds": 1.235,
                        "message": "make: Error 3",
                    },
                ],
            },
            {
                "cell": "c-rust",
                "status": "passed",
                "log": "c.log",
                "stages": [{"stage": "laws", "passed": True, "seconds": 0.25, "message": ""}],
            },
        ],
    }


@pytest.mark.parametrize(
    ("results", "passed"),
    [([], True), (RESULTS[:1], True), (RESULTS[1:2], False), (RESULTS, False)],
)
def test_all_have_passed_unless_one_has_failed(results: list[Result], passed: object) -> None:
    """A pass that is remembered is one."""
    assert report.results(results)["passed"] is passed


def test_a_document_is_for_people_too() -> None:
    """Its version comes first, it is indented, and letters stand as they are."""
    assert report.text({"name": "Zoë 🦀"}) == '{\n  "version": 1,\n  "name": "Zoë 🦀"\n}'


@given(told=ANYTHING)
def test_any_text_comes_back_from_a_document(told: str) -> None:
    """Whatever a log or a path holds, the document is UTF-8 and says it unchanged."""
    results = failure(told, Path("/cache", told))
    text = report.text(report.results(results, [told]))
    document = json.loads(text.encode("utf-8"))
    assert document["notes"] == [told]
    (cell,) = document["cells"]
    assert cell["stages"][0]["message"] == told
    assert cell["log"] == str(results[0].log)


def suites(results: list[Result]) -> list[ET.Element]:
    """Return the suites of the JUnit document, read back."""
    root = ET.fromstring(report.junit(results))  # noqa: S314  # our own document
    assert root.tag == "testsuites"
    return list(root)


def test_junit_has_a_suite_for_each_cell_and_a_case_for_each_stage() -> None:
    """The counts are those of the cases, and a failure carries its message."""
    _, suite, good = suites(RESULTS)
    assert suite.attrib == {"name": "b-rust", "tests": "2", "failures": "1", "skipped": "0"}
    laws, check = suite
    assert laws.attrib == {"classname": "b-rust", "name": "laws", "time": "0.250"}
    assert list(laws) == []
    assert check.attrib == {"classname": "b-rust", "name": "check", "time": "1.235"}
    (failed,) = check
    assert (failed.tag, failed.attrib) == ("failure", {"message": "check failed"})
    assert failed.text == "make: Error 3"
    assert good.attrib == {"name": "c-rust", "tests": "1", "failures": "0", "skipped": "0"}


def test_junit_shows_a_remembered_pass_as_skipped() -> None:
    """A suite without a case would look like one that was lost."""
    (suite,) = suites(RESULTS[:1])
    assert suite.attrib == {"name": "a-python", "tests": "1", "failures": "0", "skipped": "1"}
    (case,) = suite
    assert case.attrib == {"classname": "a-python", "name": "all stages"}
    assert [each.tag for each in case] == ["skipped"]


@given(told=ANYTHING)
def test_any_message_can_be_written_as_junit(told: str) -> None:
    """What XML cannot hold, such as the escapes of a terminal, is replaced; the rest stays."""
    results = failure(told)
    head = b"<?xml version='1.0' encoding='utf-8'?>\n"
    assert report.junit(results).encode("utf-8").startswith(head)
    (suite,) = suites(results)
    read = suite[0][0].text or ""
    assert len(read) == len(told)
    assert all(
        a == b or (b == "\ufffd" and not a.isprintable()) for a, b in zip(told, read, strict=True)
    )


def test_an_escape_is_replaced_and_markup_is_not() -> None:
    """Lines, tabs and signs of XML come through; colours do not."""
    message = 'a < b && c > "d"\n\t]]> é\x1b[31m red\r'
    (suite,) = suites(failure(message))
    assert suite[0][0].text == 'a < b && c > "d"\n\t]]> é\ufffd[31m red\ufffd'


def test_places_for_results_are_made_or_told(tmp_path: Path) -> None:
    """A folder is made with those above it, and what is there is left as it is."""
    (tmp_path / "old.json").write_text("old", encoding="utf-8")
    files = (tmp_path / "old.json", tmp_path / "new.xml", None)
    report.check_places(files, tmp_path / "kept/deep")
    report.check_places(files, tmp_path / "kept/deep")
    assert (tmp_path / "old.json").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "kept/deep").is_dir()
    report.check_places((None, None), None)
    with pytest.raises(DestinationError) as told:
        report.check_places((tmp_path / "kept",), None)
    assert str(told.value).startswith(f"{str(tmp_path / 'kept')!r} cannot be written: ")
    with pytest.raises(DestinationError, match=r"old\.json/deep' cannot be written: "):
        report.check_places((), tmp_path / "old.json/deep")
