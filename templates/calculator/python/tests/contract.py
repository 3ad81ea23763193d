"""The contract as data, and the program that must keep it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NotRequired, TypedDict

_PROJECT = Path(__file__).parents[1]
_PLACES = (
    _PROJECT / "contract",
    _PROJECT.parent / "any" / "contract",  # where projects in several languages share it
)


class Case(TypedDict):
    """An expression with its value as printed, or its error code and the position."""

    expression: str
    value: NotRequired[str]
    error: NotRequired[str]
    position: NotRequired[int]


class Contract(TypedDict):
    """The whole of `vectors.json`."""

    messages: dict[str, str]
    cases: list[Case]


def load_contract() -> Contract:
    """Read the contract."""
    folder = next(place for place in _PLACES if place.is_dir())
    contract: Contract = json.loads((folder / "vectors.json").read_text(encoding="utf-8"))
    return contract


def run_program(
    *words: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    program = [sys.executable, "-m", "my_project"]
    return subprocess.run(
        [*program, *words],
        input=stdin,
        env=env,
        capture_output=True,
        check=False,
    )
