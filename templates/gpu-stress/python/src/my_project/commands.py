"""What each command does once its words are understood; returns the exit status."""

import sys
from typing import Any

from .devices import describe_cpu
from .errors import ExitStatus, LackingError
from .finding import (
    NATIVE,
    Found,
    ask_devices,
    find_cpu,
    find_for_run,
    find_gpus,
    torch_is_here,
)
from .live import open_screen
from .mail import InterruptedSearchError, Mail
from .report import (
    STANDARD_OUTPUT,
    as_json,
    check_target,
    describe_list,
    describe_post,
    describe_selftest,
    make_report,
    now,
    read_report,
    write_target,
)
from .runner import Run
from .settings import Backend, Choice, Command, Settings
from .signals import interrupts
from .verdict import Verdict

_JSON = "--json"
_LONG = 600  # seconds between answers of a self-test

Record = dict[str, Any]


def run_load(settings: Settings) -> int:
    """Load devices, write the report and print the table."""
    check_target(_JSON, settings.json)
    mail, started = Mail(), now()
    seconds, devices = 0.0, []
    screen = open_screen(quiet=settings.quiet)
    try:
        run = Run(settings, find_for_run(settings, mail), mail, screen)
        run.begin_work()
        # Rich is slow to load: now that the workers make ready, and not after an interrupt.
        from . import table  # noqa: F401, PLC0415  # as said

        run.work()
        seconds, devices = run.seconds, [describe_post(post) for post in run.posts]
        verdict = run.verdict()
    except InterruptedSearchError:
        verdict = Verdict(interrupt=mail.interrupts.number)
    finally:
        screen.close()
    report = make_report(
        started=started,
        seconds=seconds,
        command=settings.command,
        settings=settings.record(),
        devices=devices,
        verdict=verdict,
    )
    _publish(report, settings.json, mail)
    return verdict.exit_status


def run_list(json: str | None) -> int:
    """Print all devices; a driver that crashes is reported after those that are there."""
    check_target(_JSON, json)
    mail, trouble = Mail(), None
    devices = []
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
    if json is not None:
        write_target(_JSON, json, as_json(record))
    mail.interrupts.hurry()
    if json != STANDARD_OUTPUT:
        from .table import print_devices  # noqa: PLC0415  # Rich is slow to load

        print_devices(record["devices"])
    if trouble is not None:
        raise trouble
    return ExitStatus.HELD


def run_selftest(command: Command, choice: Choice, rounds: int, json: str | None) -> int:
    """Flip bits on each device, and say how many flips were seen."""
    check_target(_JSON, json)
    mail, started = Mail(), now()
    verdict, devices, sentences = Verdict(), [], []
    try:
        for found in _find_for_selftest(command, choice, mail):
            count, faults = _flip(found, rounds, mail)
            verdict.faults += faults
            sentences.append(f"{found.device.label}: {_describe_count(count)}")
            devices.append(describe_selftest(found.device, count))
    except InterruptedSearchError:
        pass
    verdict.interrupt = mail.interrupts.number
    settings: Record = {"rounds": rounds, "json": json}
    if command.takes_gpus:
        settings["device"] = list(choice.devices)
        settings["allow_software"] = choice.allow_software
    report = make_report(
        started=started,
        seconds=0.0,
        command=command,
        settings=settings,
        devices=devices,
        verdict=verdict,
    )
    if json != STANDARD_OUTPUT:
        mail.interrupts.hurry()
        sys.stdout.writelines(f"{sentence}\n" for sentence in sentences)
    _publish(report, json, mail)
    return verdict.exit_status


def run_report(names: list[str], svg: str | None) -> int:
    """Print a table of reports, and draw the first one."""
    from .plot import draw  # noqa: PLC0415  # only here
    from .table import print_kernels  # noqa: PLC0415  # Rich is slow to load

    check_target("--svg", svg)
    interrupts().hurry()
    reports = [(read_report(name), name) for name in names]
    if svg is not None:
        write_target("--svg", svg, draw(reports[0][0]))
    if svg != STANDARD_OUTPUT:
        print_kernels(reports, with_file=True)
    return ExitStatus.HELD


def _publish(report: Record, json: str | None, mail: Mail) -> None:
    """Write the report, and print the table unless standard output has the report."""
    try:
        if json is not None:
            write_target(_JSON, json, as_json(report))
    finally:
        if json != STANDARD_OUTPUT:
            from .table import print_report  # noqa: PLC0415  # Rich is slow to load

            mail.interrupts.hurry()
            print_report(report)


def _find_for_selftest(command: Command, choice: Choice, mail: Mail) -> list[Found]:
    if command.takes_gpus:
        return find_gpus(choice, Backend.WGPU, mail, 1)
    return [find_cpu(Backend.NATIVE, mail, 1)]


def _flip(found: Found, rounds: int, mail: Mail) -> tuple[dict[str, int], list[str]]:
    """Return the count of a device's self-test, and what speaks against it."""
    (worker,) = found.workers
    worker.order("selftest", rounds=rounds)
    label = found.device.label
    count = {"flips": 0, "caught": 0, "rounds_without": 0, "false_alarms": 0}
    while True:
        sender, message = mail.receive(_LONG) or (worker, {"is": "fault", "text": "it hangs"})
        if sender is None:
            worker.kill()
            raise InterruptedSearchError
        if sender is not worker:
            continue
        if message["is"] in {"fault", "ended"}:
            return count, [f"{label}: lost: {message['text']}"]
        if message["is"] == "flips":
            count = {name: message[name] for name in count}
            worker.kill()
            missed = count["caught"] < count["flips"] or count["false_alarms"] > 0
            return count, [f"{label}: {_describe_count(count)}"] if missed else []


def _describe_count(count: dict[str, int]) -> str:
    return (
        f"caught {count['caught']} of {count['flips']} flips; "
        f"{count['false_alarms']} false alarms in {count['rounds_without']} rounds without"
    )
