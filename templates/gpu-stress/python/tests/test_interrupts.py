"""The program as a process that is interrupted, or whose workers die."""

import json
import os
import re
import signal
import threading
import time
from pathlib import Path

import jsonschema
import psutil
import pytest

from my_project.mail import InterruptedSearchError, Mail

from .program import CONTRACT, PROGRAM, SHORT, running

SCHEMA = json.loads((CONTRACT / "report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("number", "seconds"), [(signal.SIGTERM, 0), (signal.SIGINT, 0.3), (signal.SIGTERM, 1.2)]
)
def test_a_signal_stops_a_run_in_any_phase(
    tmp_path: Path, number: signal.Signals, seconds: float
) -> None:
    path = tmp_path / "report.json"
    with running(minute("--json", str(path))) as program:
        wait_for_workers(program.pid)
        time.sleep(seconds)
        program.send_signal(number)
        begin = time.monotonic()
        _, stderr = program.communicate(timeout=10)
        assert time.monotonic() - begin < 2  # the limit is for the contract's tests to measure
    report = json.loads(path.read_bytes())
    jsonschema.validate(report, SCHEMA)
    assert report["verdict"]["status"] == "interrupted"
    assert number.name in report["verdict"]["reasons"][-1]
    assert (program.returncode, stderr) == (128 + number, b"")


def minute(*words: str) -> list[str]:
    """Return the words of a run that takes a minute."""
    return [*PROGRAM, "cpu", "--threads", "1", "--quiet", "--memory-fraction", "0.001", *words]


def wait_for_workers(pid: int) -> list[psutil.Process]:
    """Return the workers of the program, once there are some."""
    while not (found := psutil.Process(pid).children()):
        time.sleep(0.01)
    return list(found)


def test_an_interrupt_of_a_self_test_leaves_what_was_counted(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    words = ["selftest", "cpu", "--rounds", "100000", "--json", str(path)]
    with running([*PROGRAM, *words]) as program:
        (worker,) = wait_for_workers(program.pid)
        wait_for_work(worker, 2.0)  # its counts come once a second
        program.send_signal(signal.SIGINT)
        stdout, stderr = program.communicate(timeout=10)
    assert (program.returncode, stderr) == (130, b"")
    report = json.loads(path.read_bytes())
    jsonschema.validate(report, SCHEMA)
    count = report["devices"][0]["selftest"]
    assert count["flips"] == count["caught"] > 0
    assert f"caught {count['flips']} of {count['flips']} flips".encode() in stdout
    psutil.wait_procs([worker], timeout=5)
    assert not worker.is_running()


def wait_for_work(worker: psutil.Process, seconds: float) -> None:
    """Wait until a worker has computed for so long."""
    while sum(worker.cpu_times()[:2]) < seconds:
        time.sleep(0.02)


def test_ctrl_c_in_a_terminal_leaves_the_workers_to_the_program(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with running(minute("--json", str(path)), new_group=True) as program:
        (worker,) = wait_for_workers(program.pid)
        wait_for_work(worker, 1.0)
        os.killpg(program.pid, signal.SIGINT)
        _, stderr = program.communicate(timeout=10)
    assert (program.returncode, stderr) == (130, b"")
    assert json.loads(path.read_bytes())["verdict"]["reasons"] == ["interrupted by SIGINT"]


def test_a_worker_that_dies_is_a_fault_with_the_time(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with running(minute("--json", str(path))) as program:
        (worker,) = wait_for_workers(program.pid)
        time.sleep(0.5)
        worker.kill()
        _, stderr = program.communicate(timeout=10)
    assert program.returncode == 1
    assert b"SIGKILL" in stderr
    (reason,) = json.loads(path.read_bytes())["verdict"]["reasons"]
    assert re.search(r"lost after \d+\.\d s: ", reason)


def test_workers_end_with_the_program() -> None:
    with running(minute()) as program:
        workers = wait_for_workers(program.pid)
        program.kill()
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive


def test_a_pipe_without_a_reader_holds_up_no_run(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [*PROGRAM, "cpu", *SHORT, "--kernel", "fma", "--json", str(pipe)]
    with running(words) as program:
        assert json.loads(pipe.read_bytes())["verdict"]["status"] == "held"
        assert program.wait(10) == 0


BESIDE_A_DRIVER = """
import ctypes
from my_project.signals import interrupts
interrupts().tell(lambda: print("heard", flush=True))
print("asks", flush=True)
lock, library = ctypes.create_string_buffer(256), ctypes.CDLL(None)
for _ in range(2):
    library.pthread_mutex_lock(lock)  # the second time it waits for ever, and no signal ends that
"""


def test_a_second_signal_ends_the_program_also_inside_a_driver() -> None:
    words = [PROGRAM[0], "-c", BESIDE_A_DRIVER]
    with running(words) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"asks\n"
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == b"heard\n"
        program.send_signal(signal.SIGTERM)
        assert program.wait(5) == 143


def test_a_driver_that_hangs_does_not_hold_up_an_interrupt() -> None:
    mail, hangs, over = Mail(), threading.Event(), threading.Event()

    def ask() -> None:
        hangs.set()
        over.wait()

    def interrupt() -> None:
        hangs.wait()
        mail.put(None, {"is": "interrupt"})

    threading.Thread(target=interrupt).start()
    with pytest.raises(InterruptedSearchError):
        mail.wait_for(ask)
    over.set()


def test_an_answer_that_is_waited_for_loses_no_other_letter() -> None:
    mail = Mail()
    mail.put("worker", {"is": "opened"})
    assert mail.wait_for(lambda: 42) == 42
    assert mail.receive(1) == ("worker", {"is": "opened"})
    with pytest.raises(ZeroDivisionError):
        mail.wait_for(lambda: 1 // 0)
