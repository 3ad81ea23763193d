"""What `cpu`, `gpu`, `tgpu` and `list` do once their words are understood."""

from typing import Any

from .devices import describe_cpu
from .errors import LackingError
from .files import check_target
from .finding import (
    NATIVE,
    ask_devices,
    find_for_run,
    torch_is_here,
)
from .live import Screen, open_screen
from .mail import InterruptedSearchError, Mail
from .publishing import JSON, end_status, publish_json, publish_text
from .report import describe_list, describe_post, make_report, now
from .runner import Run
from .settings import Backend, Settings
from .signals import interrupts
from .streams import complain
from .table import format_devices, format_report
from .verdict import Verdict
from .workers import raise_limits

Record = dict[str, Any]


def run_load(settings: Settings) -> int:
    """Load devices, write the report and print the table; return the exit status."""
    check_target(JSON, settings.json)
    raise_limits()
    screen = open_screen(quiet=settings.quiet)
    try:
        verdict, report = _load(settings, screen)
        written = publish_json(report, settings.json)
    finally:
        interrupts().hurry()  # what was said may have no reader
        screen.close()
    if settings.quiet and verdict.interrupt is None:
        for reason in verdict.reasons():
            complain(reason)
    printed = publish_text(format_report(report), settings.json)
    return end_status(verdict, written=printed and written)


def _load(settings: Settings, screen: Screen) -> tuple[Verdict, Record]:
    """Run until all is over, and return the verdict and the report."""
    started, seconds, devices = now(), 0.0, []
    with Mail() as mail:
        try:
            run = Run(settings, find_for_run(settings, mail), mail, screen)
            run.begin_work()
            run.work()
            seconds, devices = run.seconds, [describe_post(post) for post in run.posts]
            verdict = run.verdict()
        except InterruptedSearchError:
            verdict = Verdict(interrupt=mail.interrupts.number)
    report = make_report(
        started=started,
        seconds=seconds,
        command=settings.command,
        settings=settings.record(),
        devices=devices,
        verdict=verdict,
    )
    return verdict, report


def run_list(json: str | None) -> int:
    """Print all devices; a driver that crashes is reported after those that are there."""
    check_target(JSON, json)
    trouble, devices = None, []
    with Mail() as mail:
        for backend in (Backend.WGPU, Backend.TORCH):
            if backend is Backend.TORCH and not torch_is_here():
                continue
            try:
                devices += ask_devices(mail.hire(), mail, backend)
            except LackingError as error:
                trouble = error
            except InterruptedSearchError:
                return Verdict(interrupt=mail.interrupts.number).exit_status
    record = describe_list([*devices, describe_cpu(NATIVE)])
    written = publish_json(record, json)
    written = publish_text(format_devices(record["devices"]), json) and written
    if trouble is not None:
        raise trouble
    return end_status(Verdict(), written=written)
