"""What each command does once its words are understood; returns the exit status."""

import os

from .cache import Cache, StoredCache, cache_path, read_lines
from .errors import DedupError, ExitStatus, system_reason
from .grouping import Verify
from .hashing import ALGORITHM, EXPECTED_ALGORITHM
from .names import shown
from .output import put, warn
from .plan import Choice, planned_groups
from .plan_reading import read_plan
from .plan_writing import Counts, plan_lines
from .progress import Show, start_progress
from .report import Format, report, summary
from .request import CacheUse, Loudness, Request
from .scan import Scan, check_references, scan
from .signals import Signals, end_at_once
from .units import counted, format_size
from .writing import write_to

STANDARD_OUTPUT = b"-"


def run_scan(request: Request, form: Format) -> ExitStatus:
    """Print the groups."""
    found = _scan(request)
    put(report(found, form))
    if form is Format.TEXT and request.loudness is Loudness.NORMAL:
        put([summary(found)])
    return _status(found)


def run_plan(request: Request, choice: Choice, out: bytes) -> ExitStatus:
    """Write the plan; raise `DedupError`."""
    found = _scan(request)
    places = request.places
    roots = dict.fromkeys([*places.roots, *places.references])
    counts = Counts()
    lines = plan_lines(choice.action, roots, planned_groups(found, choice), counts)
    if out == STANDARD_OUTPUT:
        put(lines)
        return _status(found)
    try:
        write_to(out, lines)
    except OSError as error:
        raise DedupError(out, system_reason(error)) from error
    if request.loudness is Loudness.NORMAL:
        victims, groups = counted(counts.victims, "victim"), counted(counts.groups, "group")
        put([f"{victims} in {groups}, {format_size(counts.gain)} to gain\n".encode()])
    return _status(found)


def run_preview(name: bytes, loudness: Loudness) -> ExitStatus:
    """Print what a plan would do."""
    from .apply import preview, preview_summary  # noqa: PLC0415  # only here

    plan, _ = read_plan(name)
    put(preview(plan))
    if loudness is Loudness.NORMAL:
        put([preview_summary(plan)])
    return ExitStatus.DONE


def run_apply(name: bytes, journal: bytes, loudness: Loudness, show: Show) -> ExitStatus:
    """Do what a plan says."""
    from .apply import Run  # noqa: PLC0415  # only here
    from .journal import Journal  # noqa: PLC0415  # only here
    from .steps import steps_of  # noqa: PLC0415  # only here

    plan, data = read_plan(name)
    signals = Signals()
    progress = start_progress(show)

    def say(line: str) -> None:
        with signals.waiting():
            progress.say(line)

    try:
        opened = Journal(journal, plan, data)  # stays open, and locked, until the program ends
        run = Run(plan, opened, say)
        steps = list(steps_of(plan))
        progress.begin(str(plan.action), len(steps), sum(step.group.size for step in steps))
        for count, step in enumerate(steps):
            signals.obey()
            progress.advance(count)
            run.take(step)
            progress.read(step.group.size)
    finally:
        progress.end()
    signals.obey()
    end_at_once()
    if loudness is Loudness.NORMAL:
        put([run.tally.summary()])
    return run.tally.status


def describe_cache() -> bytes:
    """Return the line of `cache info`."""
    path = cache_path()
    try:
        size = os.stat(path).st_size
    except OSError:
        return _no_cache(path)
    count = sum(1 for _ in read_lines(path))
    return f"{shown(path)}: {_hashes(count)}, {format_size(size)}\n".encode()


def clear_cache() -> bytes:
    """Remove the cache and return the line that says so; raise `DedupError`."""
    path = cache_path()
    try:
        os.unlink(path)
    except FileNotFoundError:
        return _no_cache(path)
    except OSError as error:
        raise DedupError(path, system_reason(error)) from error
    return f"removed {shown(path)}\n".encode()


def _scan(request: Request) -> Scan:
    """Scan with the progress, the cache and the warnings that are wanted."""
    check_references(request.places.references)
    # A fast hash is no proof that could be kept, so `--verify bytes` has no use for the cache.
    stored = request.cache is CacheUse.STORED and request.reading.verify is Verify.HASH
    cache = StoredCache(cache_path()) if stored else Cache()
    progress = start_progress(request.show)
    try:
        found = scan(request.places, request.selection, request.reading, cache, progress)
    finally:
        progress.end()
    trouble = None
    try:
        cache.save()
    except OSError as error:
        trouble = system_reason(error)
    if request.loudness is Loudness.NORMAL:
        if ALGORITHM != EXPECTED_ALGORITHM:
            progress.say(f"warning: there is no BLAKE3 here, so hashes are {ALGORITHM.upper()}")
        warn(found.problems, progress)
        if trouble is not None:
            progress.say(f"warning: {shown(cache_path())}: {trouble}")
    return found


def _status(found: Scan) -> ExitStatus:
    return ExitStatus.PARTLY if found.problems else ExitStatus.DONE


def _no_cache(path: bytes) -> bytes:
    return f"there is no cache at {shown(path)}\n".encode()


def _hashes(count: int) -> str:
    return "1 hash" if count == 1 else f"{count} hashes"
