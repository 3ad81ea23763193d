"""A service starts, gets ready, and ends in order, whatever is going on."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from .running import DEMONSTRATE, PATIENCE, PROJECT, SERVE, free_port, service

KEEP = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"


def test_the_port_is_open_while_the_service_prepares() -> None:
    with service(*DEMONSTRATE, "60", ready=False) as running:
        assert b'"detail":"starting"' in running.get("/readyz")
        assert b"200 OK" in running.get("/healthz")
        running.send_signal()
        assert running.wait() == 0


def test_a_service_that_cannot_prepare_ends_with_its_reason() -> None:
    with service(*DEMONSTRATE, "fail", ready=False) as running:
        assert running.wait() == 1
        assert "RuntimeError" in running.wait_for_line("Traceback")["message"]


def test_requests_in_flight_finish_and_idle_connections_do_not_matter() -> None:
    with service() as running, running.connect() as idle, running.connect() as busy:
        idle.send(KEEP % b"/prepared")
        assert b'{"prepared":"yes"}' in idle.read_until(b"}")
        busy.send(KEEP % b"/slow/0.5")
        time.sleep(0.1)
        running.send_signal()
        assert idle.read_all() == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))
        answer = busy.read_all()
        assert b"200 OK" in answer
        assert b"connection: close" in answer
        begun = time.monotonic()
        assert running.wait() == 0
        assert time.monotonic() - begun < 2
        assert running.lines()[-1]["message"] == "GET /slow/{seconds} 200"
        running.wait_for_line("draining: SIGTERM")


def test_what_does_not_finish_is_cut_off() -> None:
    with service(SHUTDOWN_GRACE_SECONDS="1") as running, ExitStack() as stack:
        for path in (b"/slow/60", b"/stream", b"/block/60"):
            stack.enter_context(running.connect()).send(KEEP % path)
        time.sleep(0.1)
        begun = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0
        assert 0.9 < time.monotonic() - begun < 3
        running.wait_for_line("draining: SIGINT")
        warning = running.wait_for_line("cut off")
        assert warning["severity"] == "WARNING"
        assert "3 requests" in warning["message"]


def test_idle_connections_and_half_headers_are_no_requests() -> None:
    with service(SHUTDOWN_GRACE_SECONDS="8") as running, ExitStack() as stack:
        for data in (KEEP % b"/prepared", b"GET / HT", b""):
            stack.enter_context(running.connect()).send(data)
        time.sleep(0.1)
        begun = time.monotonic()
        running.send_signal()
        assert running.wait() == 0
        assert time.monotonic() - begun < 1.5
        assert not [line for line in running.lines() if line["severity"] == "WARNING"]


def test_connections_that_come_while_it_ends_do_not_hold_it_up() -> None:
    with service(SHUTDOWN_GRACE_SECONDS="8") as running, ExitStack() as stack:
        busy = stack.enter_context(running.connect())
        busy.send(KEEP % b"/hold/0.5")  # nothing is accepted while it keeps the event loop
        time.sleep(0.1)
        late = [stack.enter_context(running.connect()) for _ in range(8)]
        running.send_signal()
        begun = time.monotonic()
        assert running.wait() == 0
        assert time.monotonic() - begun < 3
        assert b"200 OK" in busy.read_all()
        assert late
        assert not [line for line in running.lines() if line["severity"] == "WARNING"]


@pytest.mark.parametrize("words", [(), ("tidy",)])
def test_neither_a_thread_nor_cleaning_up_holds_it_up_beyond_the_grace(
    words: tuple[str, ...],
) -> None:
    seconds = "1"
    with service(
        *DEMONSTRATE, *words, SHUTDOWN_GRACE_SECONDS=seconds, HANDLER_TIMEOUT_SECONDS=seconds
    ) as running:
        assert b"took too long" in running.get("/block/20")
        begun = time.monotonic()
        running.send_signal()
        assert running.wait() == 0
        assert time.monotonic() - begun < 3


def test_what_is_cut_off_is_no_fault_in_the_log() -> None:
    with service(SHUTDOWN_GRACE_SECONDS="1") as running, ExitStack() as stack:
        for path in (b"/slow/60", b"/stream"):
            stack.enter_context(running.connect()).send(KEEP % path)
        time.sleep(0.1)
        running.send_signal()
        assert running.wait() == 0
        assert "2 requests" in running.wait_for_line("cut off")["message"]
        assert not [line for line in running.lines() if line["severity"] == "ERROR"]


def test_a_second_signal_ends_at_once() -> None:
    with service() as running, running.connect() as busy:
        busy.send(KEEP % b"/slow/60")
        time.sleep(0.1)
        running.send_signal()
        running.wait_for_line("draining")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 128 + signal.SIGINT


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to look into")
def test_sigterm_before_it_listens_ends_with_0() -> None:
    environment = os.environ | {"PORT": str(free_port())}
    words = [sys.executable, "-m", *SERVE]
    with subprocess.Popen(words, cwd=PROJECT, env=environment) as process:
        deadline = time.monotonic() + PATIENCE
        while not _handles(process.pid, signal.SIGTERM):
            assert time.monotonic() < deadline
        process.terminate()
        assert process.wait(PATIENCE) == 0


def _handles(process: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (mask,) = [line for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
