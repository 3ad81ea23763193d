"""Makes reports."""

import json
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from .devices import Device
from .host import describe_host
from .runner import Post
from .settings import Command
from .verdict import Verdict

DISTRIBUTION = "my-project"
_VERSION = 1

Record = dict[str, Any]


def describe_program() -> Record:
    """Return what a report says about this program."""
    version = metadata.version(DISTRIBUTION)
    return {"name": DISTRIBUTION, "version": version, "language": "python"}


def now() -> str:
    """Return the time of day as a report has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_report(  # noqa: PLR0913  # as many as a report has parts
    *,
    started: str,
    seconds: float,
    command: Command,
    settings: Record,
    devices: list[Record],
    verdict: Verdict,
) -> Record:
    """Return a report in the order of its schema."""
    return {
        "version": _VERSION,
        "program": describe_program(),
        "started": started,
        "duration_s": seconds,
        "host": describe_host(),
        "command": command,
        "settings": settings,
        "devices": devices,
        "verdict": verdict.record(),
    }


def describe_post(post: Post) -> Record:
    """Return what a report says about a device of a run."""
    crew, watch = post.crew, post.watch
    return {
        **crew.device.record(),
        "allocated_bytes": crew.allocated,
        "notes": crew.device.notes + [note for tally in crew.tallies for note in tally.notes()],
        "sensors": watch.record(),
        "kernels": [tally.record() for tally in crew.tallies],
        "samples": watch.samples,
    }


def describe_selftest(device: Device, count: dict[str, int]) -> Record:
    """Return what a report says about a device of a self-test."""
    return {
        **device.record(),
        "allocated_bytes": 0,
        "notes": device.notes,
        "sensors": device.sensor.record(None),
        "kernels": [],
        "samples": [],
        "selftest": count,
    }


def describe_list(devices: list[Device]) -> Record:
    """Return what `list` writes as JSON."""
    return {
        "version": _VERSION,
        "program": describe_program(),
        "host": describe_host(),
        "devices": [{**each.record(), "precisions": each.precisions} for each in devices],
    }


def as_json(record: Record) -> str:
    """Return a record as text, in which bytes of file names that are no text are replaced."""
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text.encode(errors='surrogateescape').decode(errors='replace')}\n"
