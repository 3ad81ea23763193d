"""Makes the documents that `--json` and `--junit` write; docs/json.md describes them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.answers import default_answer
from scaffold.catalog import Template
from scaffold.errors import DestinationError
from scaffold.toolchain import Found, Tool

if TYPE_CHECKING:
    from scaffold import update
    from scaffold.check import Cell, Result
    from scaffold.update.status import Status


def text(document: dict[str, Any]) -> str:
    """Return a document as JSON for people and programs: indented, its version first."""
    written = json.dumps({"version": 1, **document}, indent=2, ensure_ascii=False)
    # A path may hold bytes that are no text; as an escape of JSON they can be written.
    return written.encode(errors="backslashreplace").decode()


def catalogue(templates: Sequence[Template]) -> dict[str, Any]:
    """Return what `list` shows."""
    return {
        "templates": [
            {"name": each.name, "summary": each.summary, "languages": list(each.languages)}
            for each in templates
        ]
    }


def template(
    shown: Template, language: str, tools: Sequence[Tool], files: Sequence[str]
) -> dict[str, Any]:
    """Return what `show` shows."""
    return {
        "name": shown.name,
        "summary": shown.summary,
        "languages": list(shown.languages),
        "language": language,
        "questions": [
            {
                "name": each.name,
                "help": each.help,
                "default": default_answer(each, shown.name),
                "choices": list(each.choices),
            }
            for each in shown.questions
        ],
        "tools": [{"name": tool.name, "optional": tool.optional} for tool in tools],
        "files": list(files),
    }


def matrix(cells: "Sequence[Cell]") -> dict[str, Any]:
    """Return the cells in the form that a matrix of GitHub Actions takes, so without a version."""
    return {
        "include": [
            {"cell": str(cell), "template": cell.template.name, "language": cell.language}
            for cell in cells
        ]
    }


def updates(results: "Sequence[update.Result]") -> dict[str, Any]:
    """Return what `update` did, or would do."""
    return {"projects": [_update(each) for each in results]}


def _update(result: "update.Result") -> dict[str, Any]:
    outcome = result.outcome
    if outcome is None:
        return {"project": str(result.project), "status": "failed", "error": str(result.error)}
    made = outcome.plan.recorded
    return {
        "project": str(result.project),
        "status": outcome.status,
        "template": made.answers.template,
        "language": made.answers.language,
        "from": str(made.version),
        "to": str(outcome.plan.to),
        "news": outcome.plan.news,
        "new_answers": outcome.plan.new_answers,
        "changed": list(outcome.changed),
        "both": list(outcome.both),
        "deleted": list(outcome.deleted),
        "conflicts": list(outcome.conflicts),
        "note": outcome.plan.note,
    }


def statuses(found: "Sequence[Status]", errors: Sequence[tuple[Path, Exception]]) -> dict[str, Any]:
    """Return how projects stand to their templates."""
    projects: list[dict[str, Any]] = [
        {
            "project": str(each.project),
            "template": each.recorded.answers.template,
            "language": each.recorded.answers.language,
            "installed": str(each.recorded.version),
            "newest": str(each.newest),
            "current": each.current,
            "changed": list(each.changed),
            "deleted": list(each.deleted),
            "note": each.note,
        }
        for each in found
    ]
    projects += [{"project": str(project), "error": str(error)} for project, error in errors]
    return {"projects": projects}


def doctor(found: Sequence[Found], serves: dict[str, list[str]]) -> dict[str, Any]:
    """Return what `doctor` shows."""
    return {
        "tools": [
            {
                "name": each.tool.name,
                "version": each.version,
                "minimum": ".".join(map(str, each.tool.minimum)),
                "good": each.good,
                "optional": each.tool.optional,
                "serves": serves[each.tool.name],
                "get": each.tool.get,
            }
            for each in found
        ]
    }


def results(done: "Sequence[Result]", notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `check` found; times are in seconds."""
    return {
        "passed": all(result.status != "failed" for result in done),
        "notes": list(notes),
        "cells": [
            {
                "cell": result.cell,
                "status": result.status,
                "log": str(result.log) if result.log else None,
                "stages": [
                    {
                        "stage": each.stage,
                        "passed": each.passed,
                        "seconds": round(each.seconds, 3),
                        "message": each.message,
                    }
                    for each in result.outcomes
                ],
            }
            for result in done
        ],
    }


def junit(done: "Sequence[Result]") -> str:
    """Return the results as JUnit XML: a suite for each cell, a case for each stage."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415  # `list` need not wait for it

    root = ET.Element("testsuites")
    for result in done:
        suite = ET.SubElement(root, "testsuite", name=result.cell)
        suite.set("tests", str(max(1, len(result.outcomes))))
        suite.set("failures", str(sum(not each.passed for each in result.outcomes)))
        suite.set("skipped", str(int(not result.outcomes)))
        for each in result.outcomes:
            case = ET.SubElement(suite, "testcase", classname=result.cell, name=each.stage)
            case.set("time", f"{each.seconds:.3f}")
            if not each.passed:
                failure = ET.SubElement(case, "failure", message=f"{each.stage} failed")
                failure.text = _xml(each.message)
        if not result.outcomes:
            case = ET.SubElement(suite, "testcase", classname=result.cell, name="all stages")
            ET.SubElement(case, "skipped", message="passed before, and nothing has changed since")
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def check_places(files: Iterable[Path | None], folder: Path | None) -> None:
    """Raise `DestinationError` where results cannot be written, before the long work for them."""
    for path in (*files, folder):
        try:
            if path is not None and path is folder:
                path.mkdir(parents=True, exist_ok=True)
            elif path is not None:
                path.open("a").close()
        except OSError as error:
            problem = f"cannot be written: {(error.strerror or '').lower()}"
            raise DestinationError(Path(str(path)), problem, "choose another") from error


def _xml(message: str) -> str:
    """Replace what XML 1.0 cannot hold, such as the escapes of a terminal."""
    return "".join(c if c in "\t\n" or c.isprintable() else "\ufffd" for c in message)
