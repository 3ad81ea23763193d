"""Reads reports, which anybody may have written."""

import json
from pathlib import Path
from typing import Any

from .errors import UsageError
from .schema import first_flaw
from .shared_files import read_shared

_DEEPEST = 100  # brackets inside one another
_LONGEST = 100  # digits of an integer that is looked at; there is none beyond 1e30

Record = dict[str, Any]


def read_report(name: str) -> Record:
    """Return a report that was checked; raise `UsageError` with the first thing that is wrong."""
    if not name:
        raise UsageError("report: an empty name")
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    try:
        record = _parse(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: no report: it is not JSON") from error
    flaw = first_flaw(record, json.loads(read_shared("contract", "report.schema.json")))
    if flaw is not None:
        raise UsageError(f"{name}: no report: {flaw}")
    return dict(record)


def _parse(data: bytes) -> Any:  # noqa: ANN401  # any data
    """Return what JSON says, in UTF-8 without a mark; raise `ValueError`, `RecursionError`."""
    text = data.decode()
    found = json.loads(text, parse_constant=_refuse, parse_int=_integer)
    if _depth(found) > _DEEPEST:
        raise ValueError("it is too deep")
    if "\\ud" in text.lower():  # escaped surrogates; a lone one is no character
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _integer(digits: str) -> int:
    return int(digits[:_LONGEST])


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
