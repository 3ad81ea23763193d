"""Makes reports and writes them, and reads those that others have written."""

import errno
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from .devices import Device
from .errors import StressError, UsageError
from .host import describe_host
from .runner import Post
from .schema import first_flaw
from .settings import Command
from .shared_files import read_shared
from .signals import interrupts
from .verdict import Verdict

DISTRIBUTION = "my-project"
STANDARD_OUTPUT = "-"
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
    sensor = device.sensor
    return {
        **device.record(),
        "allocated_bytes": 0,
        "notes": device.notes,
        "sensors": {
            "source": sensor.source,
            "reasons": sensor.reasons,
            "slowdown_c": sensor.slowdown_c,
            "max_temperature_c": None,
            "power_limit_w": sensor.power_limit_w,
        },
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


def check_target(option: str, name: str | None) -> None:
    """Raise `UsageError` if a file cannot be written, before all the work is done for it."""
    if name in {None, STANDARD_OUTPUT}:
        return
    path = Path(name or "")
    was_there = path.exists()
    try:
        if _may_block(path):
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            path.open("ab").close()
    except OSError as error:
        raise UsageError(f"{option} {name}: {error.strerror}") from error
    if not was_there:
        with suppress(OSError):
            path.unlink()


def write_target(option: str, name: str, text: str) -> None:
    """Write a file, or standard output; raise `StressError`."""
    if name == STANDARD_OUTPUT or _may_block(Path(name)):
        interrupts().hurry()
    try:
        if name == STANDARD_OUTPUT:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StressError(f"{option} {name}: {error.strerror}") from error


def _may_block(path: Path) -> bool:
    """Say whether it is a pipe or a device, which another program may let wait."""
    return path.exists() and not (path.is_file() or path.is_dir())


def as_json(record: Record) -> str:
    """Return a record as text."""
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_report(name: str) -> Record:
    """Return a report that was checked; raise `UsageError` with the first thing that is wrong."""
    try:
        record = json.loads(Path(name).read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: no report, for it is no JSON: {error}") from error
    flaw = first_flaw(record, json.loads(read_shared("contract", "report.schema.json")))
    if flaw is not None:
        raise UsageError(f"{name}: no report: {flaw}")
    return dict(record)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")
