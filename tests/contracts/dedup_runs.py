"""Runs of `scan` and `plan`, and what they say, for the black-box suite of `dedup`."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import HealthCheck, settings

from contracts.dedup_trees import Ran, lines, run, said
from helpers import LONG_TESTS

CONTRACT = Path(__file__).parents[2] / "templates/dedup/any/contract"
BIG = b"x" * 100_000


def examples(short: int, long: int) -> settings:
    """Return the settings of a property that is tried on so many examples, in either form."""
    return settings(
        max_examples=long if LONG_TESTS else short,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def schema(name: str, program: list[str]) -> jsonschema.Draft202012Validator:
    """Return a schema, with the name of the project in it as the program has it."""
    text = (CONTRACT / f"{name}.schema.json").read_text("utf-8")
    own = json.loads(text.replace("my-project", Path(program[0]).name))
    jsonschema.Draft202012Validator.check_schema(own)
    return jsonschema.Draft202012Validator(own)


def paths(ran: Ran, folder: Path) -> list[list[str]]:
    """Return the names in each group of `--format null`, relative to a folder."""
    return [
        [os.fsdecode(os.path.relpath(name, os.fsencode(folder))) for name in group.split(b"\0")]
        for group in ran.stdout.split(b"\0\0")
        if group
    ]


def scan(program: list[str], folder: Path, *words: str | Path) -> list[list[str]]:
    """Return the groups that a scan without problems finds."""
    ran = run(program, "scan", folder, "--format", "null", *words)
    assert (ran.returncode, ran.stderr) == (0, b""), ran.stderr
    return paths(ran, folder)


def plan(
    program: list[str], folder: Path, action: str, *words: str | Path, file: Path
) -> list[Any]:
    """Write a plan and return its lines."""
    ran = run(program, "plan", folder, "--action", action, "-o", file, "--quiet", *words)
    assert said(ran) == (0, b"", b"")
    found: list[Any] = lines(file.read_bytes())
    for line in found:
        schema("plan", program).validate(line)
    return found


def files(found: list[Any]) -> list[list[str]]:
    """Return the last parts of keeper and victims of each group of a plan."""
    return [
        [
            os.fsdecode(Path(file["names"][0].get("path", "?")).name)
            for file in (line["keep"], *line["victims"])
        ]
        for line in found[1:-1]
    ]
