"""How a service starts, drains and ends.

The layer is the same in every template, so the one with bodies stands for all.
"""

import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from contracts.http_case import JSON
from contracts.http_client import Answer, Connection, NoAnswerError, request
from contracts.services import Service, Settings
from helpers import LONG_TESTS, eventually

TEMPLATES = ("microservice",)

BODY = b'{"expression":"1 + 2"}'
HEAD = request("POST", "/v1/evaluate", [JSON, ("Content-Length", str(len(BODY)))])
BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
MOMENTS = 200 if LONG_TESTS else 12
Start = Callable[[Settings], Service]


def in_flight(service: Service) -> Connection:
    """Return a connection with a request whose body is not yet whole, and which is under way."""
    connection = Connection(service.port)
    expecting = HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    connection.send(expecting)
    eventually(lambda: connection.over(0.01) or connection.peek().startswith(b"HTTP/1.1 100"))
    connection.send(BODY[:5])
    return connection


def idle(service: Service) -> Connection:
    """Return a connection that had a request and waits for the next."""
    connection = Connection(service.port)
    connection.send(request("GET", "/readyz"))
    assert connection.answer().status == 200
    return connection


@BOTH
def test_requests_in_flight_finish_and_all_else_ends(start: Start, number: signal.Signals) -> None:
    """Idle connections end at once, new ones are refused, and what is under way is answered."""
    service = start({"SHUTDOWN_GRACE_SECONDS": 30}).ready()
    began = time.monotonic()
    with in_flight(service) as working, idle(service) as waiting, Connection(service.port) as new:
        service.tell(number)
        assert waiting.closed(5)
        assert new.closed(5)
        eventually(lambda: refuses(service))
        assert service.process.poll() is None
        working.send(BODY[5:])
        answer = working.answer()
        assert (answer.status, answer.body) == (200, b'{"result":3}')
        assert answer.one("Connection") == "close"
        assert working.closed(5)
        assert service.wait(10) == 0
    assert time.monotonic() - began < 15
    last = [(line["message"], line["severity"]) for line in service.log()][-2:]
    assert last[0] == (f"draining: {number.name}", "INFO")
    assert last[1] == ("POST /v1/evaluate 200", "INFO")


def refuses(service: Service) -> bool:
    """Return whether nobody listens on the port any more."""
    try:
        Connection(service.port).socket.close()
    except ConnectionRefusedError:
        return True
    return False


def test_readyz_says_that_the_service_drains(start: Start) -> None:
    """A request that was half there when the signal came is told so, or is not answered at all."""
    service = start({"SHUTDOWN_GRACE_SECONDS": 30}).ready()
    half = request("GET", "/readyz", [("X-Request-ID", "half")])
    whole = request("GET", "/readyz", [("X-Request-ID", "next")])
    with in_flight(service) as working, Connection(service.port) as late:
        late.send(half[:-2])
        assert not late.over(0.2)
        service.tell()
        told = draining(late, half[-2:])
        assert told is None or told["request_id"] == "half"
        assert draining(working, BODY[5:] + whole) is None
    assert service.wait(10) == 0


def draining(connection: Connection, data: bytes) -> dict[str, object] | None:
    """Send the rest of requests, and return the problem that `readyz` answers, if it answers."""
    answers: list[Answer] = []
    with suppress(OSError, NoAnswerError):
        connection.send(data)
        while True:
            answers.append(connection.answer())
    assert all(answer.one("Connection") == "close" for answer in answers[-1:])
    for answer in answers:
        if b"draining" in answer.body:
            problem: dict[str, object] = answer.json()
            assert (answer.status, problem["status"], problem["detail"]) == (503, 503, "draining")
            assert answer.one("Content-Type") == "application/problem+json"
            return problem
        assert b"ready" not in answer.body
    return None


@pytest.mark.parametrize("grace", [0, 1])
def test_what_takes_longer_than_the_grace_is_cut_off(start: Start, grace: int) -> None:
    """With a warning that says how many, and status 0 all the same."""
    service = start({"SHUTDOWN_GRACE_SECONDS": grace}).ready()
    with in_flight(service) as first, in_flight(service) as second:
        began = time.monotonic()
        service.process.terminate()
        assert service.wait(15) == 0
        took = time.monotonic() - began
        assert grace - 0.1 < took < grace + 3
        for connection in (first, second):
            assert connection.over(5)
            assert b"200" not in connection.peek()
    (warning,) = [line for line in service.log() if line["severity"] == "WARNING"]
    assert "2" in warning["message"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM),
    ],
    ids=lambda number: number.name,
)
def test_a_second_signal_ends_the_service_at_once(
    start: Start, first: signal.Signals, second: signal.Signals
) -> None:
    """With 128 and its number as the status, whatever is in flight."""
    service = start({"SHUTDOWN_GRACE_SECONDS": 60}).ready()
    with in_flight(service):
        service.tell(first)
        began = time.monotonic()
        service.process.send_signal(second)
        assert service.wait(10) == 128 + second
        assert time.monotonic() - began < 3


def test_nothing_is_cut_short_under_load(start: Start) -> None:
    """Every answer that begins is whole, however busy the service is when the signal comes."""
    service = start({}).ready()
    data = request("POST", "/v1/evaluate", [JSON], BODY)

    def work(_: int) -> int:
        answered = 0
        while True:
            try:
                connection = Connection(service.port)
            except OSError:
                return answered
            with connection:
                with suppress(OSError):
                    connection.send(data)
                    while answer := connection.answer_if_any():
                        assert answer.body == b'{"result":3}'
                        answered += 1
                        connection.send(data)
                assert connection.peek() == b""

    with ThreadPoolExecutor(8) as pool:
        every = [pool.submit(work, number) for number in range(8)]
        eventually(lambda: len(service.log("/v1/evaluate")) > 100)
        service.process.terminate()
        assert service.wait(5) == 0  # of a grace of 8 seconds
        answered = sum(each.result() for each in every)
    assert answered == len(service.log('/v1/evaluate 200"'))


def test_the_date_moves(start: Start) -> None:
    """Where there is one, it is that of the answer."""
    service = start({}).ready()
    for pause in (4, 0):
        for date in service.ask("GET", "/healthz").all("Date"):
            assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 3
        time.sleep(pause)


def catches(pid: int, number: signal.Signals) -> bool:
    """Return whether a process has a handler of its own for a signal."""
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
        return bool(int(mask, 16) >> (number - 1) & 1)
    return False


def test_sigterm_ends_a_service_that_starts(start: Start) -> None:
    """At any moment from the first that it can: status 0, nothing on standard error.

    Before that, while the interpreter itself still starts, only the signal's own action is there.
    """
    service = start({})
    began = time.monotonic()
    eventually(lambda: catches(service.process.pid, signal.SIGTERM))
    caught = time.monotonic() - began
    service.ready()
    startup = time.monotonic() - began
    chance = random.Random(20_261_125)  # noqa: S311  # the same moments each time, no secrets
    outcomes = []
    for number in range(MOMENTS):
        service = start({})
        began = time.monotonic()
        due = startup * (number + chance.random()) / (MOMENTS - 1)
        while time.monotonic() - began < due:
            time.sleep(0.0005)
        could = catches(service.process.pid, signal.SIGTERM)
        service.process.terminate()
        outcomes.append((could, service.wait(15), service.stderr()))
    wrong = [each for each in outcomes if each[1:] != (0, "") and each[:2] != (False, -15)]
    assert wrong == [], (caught, startup, outcomes)
    assert outcomes[-1][:2] == (True, 0)


def test_signals_are_caught_before_most_of_the_start(start: Start) -> None:
    """SIGTERM and SIGINT end the service with status 0 from early on, with nothing to read."""
    for number in (signal.SIGTERM, signal.SIGINT):
        for pause in (0.002, 0.02, 0.1):
            service = start({})
            pid = service.process.pid
            eventually(lambda pid=pid: catches(pid, signal.SIGTERM))  # type: ignore[misc]
            time.sleep(pause)
            service.process.send_signal(number)
            assert (service.wait(15), service.stderr()) == (0, "")
