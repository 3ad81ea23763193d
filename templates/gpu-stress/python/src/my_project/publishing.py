"""Writes what a command found: the report first, then what people read."""

from collections.abc import Callable
from typing import Any

from .errors import ExitStatus, StressError
from .files import STANDARD_OUTPUT, write_target
from .report import as_json
from .streams import complain, print_text
from .table import format_report
from .verdict import Verdict

JSON = "--json"

Record = dict[str, Any]


def publish_json(record: Record, json: str | None) -> bool:
    """Write a record where it was asked for; say so and return false where that fails."""
    return json is None or _tries(lambda: write_target(JSON, json, as_json(record)))


def publish_text(text: str, json: str | None) -> bool:
    """Print what people read, unless standard output has a record; as above."""
    return json == STANDARD_OUTPUT or _tries(lambda: print_text(text))


def publish(report: Record, json: str | None, verdict: Verdict, *, begin: str = "") -> int:
    """Publish the report of a run, and return the exit status.

    What cannot be written is a fault, which is told; but heat and interrupts count before it.
    """
    written = publish_json(report, json)
    return end_status(
        verdict, written=publish_text(begin + format_report(report), json) and written
    )


def end_status(verdict: Verdict, *, written: bool) -> int:
    """Return the exit status of a run whose report was written or not."""
    return verdict.exit_status or (ExitStatus.HELD if written else ExitStatus.FAULT)


def _tries(write: Callable[[], None]) -> bool:
    try:
        write()
    except StressError as error:
        complain(str(error))
        return False
    return True
