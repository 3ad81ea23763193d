"""Devices are looked for, opened and chosen before a run, and what is in the way is told."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from queue import SimpleQueue

import pytest

from my_project import finding
from my_project.devices import (
    Device,
    choose,
    describe_cpu,
    set_sensors,
)
from my_project.errors import LackingError, UsageError
from my_project.finding import Found, wait_until_open
from my_project.mail import InterruptedSearchError, Mail
from my_project.precisions import Precision
from my_project.sensors.sensor import LostError, Sensor
from my_project.settings import Choice
from my_project.workers import Worker, raise_limits


@pytest.fixture
def mail() -> Iterator[Mail]:
    with Mail() as opened:
        yield opened


def device(index: int, kind: str, uuid: str | None = None) -> Device:
    return Device(index, f"card {index}", kind, "vulkan", None, [Precision.F32], uuid=uuid)


def opening(mail: Mail) -> Found:
    return Found(device(0, "discrete"), [mail.hire()], [1], is_opening=True)


@pytest.mark.parametrize("what", ["refused", "ended"])
def test_a_driver_that_refuses_or_crashes_is_no_fault_of_the_device(mail: Mail, what: str) -> None:
    found = opening(mail)
    mail.put(found.workers[0], {"is": what, "text": "no\nroom"})
    with pytest.raises(LackingError, match="0: card 0: the driver does not open it: no room"):
        wait_until_open([found], mail)


def test_a_device_that_is_open_is_waited_for(mail: Mail) -> None:
    found, other = opening(mail), Found(describe_cpu([]), [mail.hire()], [1])
    mail.put(other.workers[0], {"is": "opened"})
    mail.put(found.workers[0], {"is": "opened"})
    wait_until_open([found, other], mail)


def test_a_driver_that_hangs_when_it_opens_is_given_up(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_PATIENCE", 0.05)
    with pytest.raises(LackingError, match=r"no answer for 0\.05 s"):
        wait_until_open([opening(mail)], mail)


def test_an_interrupt_is_heard_while_a_driver_opens(mail: Mail) -> None:
    found = opening(mail)
    threading.Timer(0.1, mail.put, [None, {"is": "interrupt"}]).start()
    begin = time.monotonic()
    with pytest.raises(InterruptedSearchError):
        wait_until_open([found], mail)
    assert 0.05 < time.monotonic() - begin < 2


def test_a_worker_hears_no_signal_and_stays_in_the_group(mail: Mail) -> None:
    worker = mail.hire()
    pid = worker._process.pid  # noqa: SLF001  # it has no other name
    assert os.getpgid(pid) == os.getpgid(0)
    for _ in range(20):  # also while it starts
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        time.sleep(0.01)
    worker.order("find", torch=False)
    letter = mail.receive(20)
    assert letter is not None
    assert letter[1]["is"] == "devices"


def test_workers_end_however_a_command_is_left() -> None:
    mail = Mail()
    worker = mail.hire()
    with suppress(ZeroDivisionError), mail:
        raise ZeroDivisionError
    assert worker._process.wait(5) == -signal.SIGKILL  # noqa: SLF001  # as above


@pytest.fixture
def few_files() -> Iterator[None]:
    """Let no more files be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_cannot_start_says_so(few_files: None) -> None:  # noqa: ARG001  # it limits
    with pytest.raises(LackingError, match="no process can be started") as caught:
        Worker(SimpleQueue())
    assert "Too many open files" in str(caught.value)


def test_as_many_files_may_be_open_as_the_system_lets(few_files: None) -> None:  # noqa: ARG001  # as above
    raise_limits()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard


def test_what_a_worker_wrote_before_the_run_is_no_reason(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "import os, sys; os.write(2, b'before\\n'); print('{}', flush=True); input()"
    start = [sys.executable, "-c", f"{module}; sys.exit(3)"]
    original = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **how: original(start, **how))
    for begins, text in ((False, "status 3: before"), (True, "status 3")):
        worker = mail.hire()
        assert mail.receive(10) == (worker, {})
        if begins:
            worker.begin_run()
        worker.order("end")
        assert mail.receive(10) == (
            worker,
            {"is": "ended", "text": f"its process ended with {text}"},
        )


def test_devices_are_chosen_by_index_or_uuid() -> None:
    devices = [device(0, "discrete", "GPU-A"), device(1, "software"), device(2, "integrated")]
    assert choose(devices, Choice(), "") == [devices[0], devices[2]]
    assert choose(devices, Choice(("2", "gpu-a")), "") == [devices[2], devices[0]]
    assert choose(devices, Choice(("002", "00")), "") == [devices[2], devices[0]]
    assert choose(devices, Choice(allow_software=True), "") == devices
    for words in (("0", "GPU-A"), ("0", "00")):
        with pytest.raises(UsageError, match="twice"):
            choose(devices, Choice(words), "")
    for word, sentence in (("1", "--allow-software"), ("7", "no device 7"), ("9" * 5000, "no dev")):
        with pytest.raises(LackingError, match=sentence):
            choose(devices, Choice((word,)), "")
    for choice in (Choice(), Choice(("1",))):
        with pytest.raises(LackingError, match=r"only a software adapter \(card 1\); --allow"):
            choose([devices[1]], choice, "")
    with pytest.raises(LackingError, match="no GPU found: no driver"):
        choose([], Choice(), "no driver")


class Card(Sensor):
    """A card with memory of its own, or one that is lost."""

    def __init__(self, *, lost: bool = False) -> None:
        super().__init__()
        self._lost = lost

    def free_memory(self) -> int:
        if self._lost:
            raise LostError
        return 1 << 40


def test_memory_that_nothing_tells_is_taken_to_be_a_gigabyte() -> None:
    for sensor in (Sensor(), Card(lost=True)):
        card = device(0, "discrete")
        card.sensor = sensor
        assert card.budget(0.5) == 1 << 29
        assert "taken to be 1 GiB" in card.notes[0]
    cpu = describe_cpu([Precision.F32])
    assert cpu.budget(1e-9) == 16 << 20
    assert cpu.budget(None) > 16 << 20


def test_what_has_the_memory_of_the_host_gets_a_half_of_that() -> None:
    for kind, is_own in (("discrete", True), ("integrated", False), ("software", False)):
        card = device(0, kind)
        card.sensor = Card()
        assert (card.budget(None) == int(0.9 * (1 << 40))) == is_own


def test_sensors_that_are_not_wanted_say_so() -> None:
    card = device(0, "discrete")
    set_sensors([card], "none")
    assert set(card.sensor.reasons.values()) == {"--sensors none"}
    with pytest.raises(LackingError, match="--sensors GPU-none"):
        set_sensors([card], "GPU-none")


def test_a_line_names_a_device_briefly() -> None:
    assert device(3, "discrete").short_label == "device 3"
    assert describe_cpu([]).short_label == "cpu"
