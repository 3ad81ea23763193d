"""The contract of the arithmetic, as data."""

import json
from pathlib import Path
from typing import NotRequired, TypedDict

_VECTORS = Path(__file__).parents[1] / "contract" / "vectors.json"


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
    contract: Contract = json.loads(_VECTORS.read_text(encoding="utf-8"))
    return contract
