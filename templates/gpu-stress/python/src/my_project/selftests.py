"""What `selftest` does once its words are understood: flips bits on each device in turn."""

from typing import Any

from .files import check_target
from .finding import (
    Found,
    find_cpu,
    find_gpus,
    wait_until_open,
)
from .mail import InterruptedSearchError, Mail
from .publishing import JSON, publish
from .report import describe_selftest, make_report, now
from .settings import Backend, Choice, Command
from .verdict import Verdict
from .workers import raise_limits

_PATIENCE = 600  # seconds between answers
_NOTHING = {"flips": 0, "caught": 0, "rounds_without": 0, "false_alarms": 0}

Count = dict[str, int]


def run_selftest(command: Command, choice: Choice, rounds: int, json: str | None) -> int:
    """Flip bits on each device, say how many flips were seen, and return the exit status."""
    check_target(JSON, json)
    raise_limits()
    started = now()
    verdict, counts = Verdict(), list[tuple[Found, Count]]()
    with Mail() as mail:
        try:
            for found in _find(command, choice, mail):
                counts.append((found, dict(_NOTHING)))
                verdict.faults += _flip(found, rounds, mail, counts[-1][1])
        except InterruptedSearchError:
            verdict.interrupt = mail.interrupts.number
    settings: dict[str, Any] = {"rounds": rounds, "json": json}
    if command.takes_gpus:
        settings["device"] = list(choice.devices)
        settings["allow_software"] = choice.allow_software
    report = make_report(
        started=started,
        seconds=0.0,
        command=command,
        settings=settings,
        devices=[describe_selftest(found.device, count) for found, count in counts],
        verdict=verdict,
    )
    told = [f"{found.device.label}: {_describe(count)}\n" for found, count in counts]
    return publish(report, json, verdict, begin="".join(told))


def _find(command: Command, choice: Choice, mail: Mail) -> list[Found]:
    if not command.takes_gpus:
        return [find_cpu(Backend.NATIVE, mail, 1)]
    found = find_gpus(choice, Backend.WGPU, mail, 1)
    wait_until_open(found, mail)
    return found


def _flip(found: Found, rounds: int, mail: Mail, count: Count) -> list[str]:
    """Count what a device's self-test finds, and return what speaks against the device."""
    (worker,) = found.workers
    worker.begin_run()
    worker.order("selftest", rounds=rounds)
    label = found.device.label
    while True:
        letter = mail.receive(_PATIENCE)
        if letter is None:
            return [f"{label}: lost: no answer for {_PATIENCE} s"]
        sender, message = letter
        if sender is None:
            raise InterruptedSearchError
        if sender is not worker:
            continue
        if message["is"] in {"fault", "ended"}:
            return [f"{label}: lost: {message['text']}"]
        if message["is"] == "counts":
            count.update({name: message[name] for name in count})
        if message["is"] == "done":
            missed = count["caught"] < count["flips"] or count["false_alarms"] > 0
            return [f"{label}: {_describe(count)}"] if missed else []


def _describe(count: Count) -> str:
    return (
        f"caught {count['caught']} of {count['flips']} flips; "
        f"{count['false_alarms']} false alarms in {count['rounds_without']} rounds without"
    )
