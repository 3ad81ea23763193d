"""How a service bears clients that are slow, too many or gone."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from contracts.http_case import BODY, CHUNKS, RESULT, post, refused
from contracts.http_client import Answer, Connection, request
from contracts.http_metrics import Counts, counted, counted_since, in_flight
from contracts.services import Cell, Service, Settings
from helpers import eventually

TEMPLATES = ("microservice",)

Outcome = tuple[float, Answer | None]


@pytest.fixture(scope="module")
def short_lived(
    build: Callable[[str, str], list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Cell], Service]]:
    """Return a function that gives the one service of a cell that waits for a second at most."""
    with ExitStack() as stack:
        started: dict[Cell, Service] = {}

        def get(cell: Cell) -> Service:
            if cell not in started:
                names = ("HEADER_TIMEOUT", "BODY_TIMEOUT", "KEEP_ALIVE")
                settings = {f"{name}_SECONDS": 1 for name in names}
                folder = tmp_path_factory.mktemp("short-lived")
                made = Service(build(cell.template, cell.language), folder, settings)
                started[cell] = stack.enter_context(made).ready()
            return started[cell]

        yield get


def _told(service: Service, about: str) -> list[tuple[str, int]]:
    """Return the ids and statuses that the log has so far of requests with a text in their id."""
    return [(each["request_id"], each["status"]) for each in service.log(about)]


def _left(service: Service, before: Counts) -> float:
    """Return how many requests were left by their clients, as the metrics have it."""
    counts = counted_since(service, before)
    return sum(count for (_, _, status), count in counts.items() if status == "499")


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_harms_nobody(service: Service, how: str) -> None:
    """In a header, in a body or before its answer: log and metrics say 499 if anything, none stays."""
    before = counted(service)
    for data in [
        b"",
        b"GET /healthz HTT",
        post(("X-Request-ID", f"in-body-{how}"), ("Content-Length", "99")) + b"{",
        post(("X-Request-ID", f"in-chunk-{how}"), CHUNKS) + b"9\r\n{",
        post(("X-Request-ID", f"before-{how}"), body=BODY) * 3,
    ]:
        connection = Connection(service.port)
        connection.send(data)
        if how == "reset":
            connection.reset()
        else:
            connection.socket.close()
    eventually(lambda: in_flight(service) <= 1)
    about = f'-{how}"'
    eventually(lambda: sum(name.startswith("in-") for name, _ in _told(service, about)) == 2)
    eventually(lambda: _left(service, before) == [s for _, s in _told(service, about)].count(499))
    told = _told(service, about)
    assert [status for name, status in told if name.startswith("in-")] == [499, 499]
    assert {status for name, status in told if name.startswith("before")} <= {200, 499}
    assert service.ask("GET", "/healthz").status == 200


def outcome(service: Service, data: bytes, pause: float, *, first: bytes = b"") -> Outcome:
    """Send bytes one at a time; return the seconds until the end of it, and the answer if any."""
    with Connection(service.port) as connection:
        if first:
            connection.send(first)
            assert connection.answer().status == 200
        began = time.monotonic()
        if not connection.dribble(data, pause):
            pass
        elif not connection.over(10):
            return 10.0, None
        took = time.monotonic() - began
        return took, connection.answer_if_any()


def test_slow_clients_are_cut_off(cell: Cell, short_lived: Callable[[Cell], Service]) -> None:
    """Nothing, a header and a body byte by byte, or stalled: each ends soon after its time."""
    service = short_lived(cell)
    healthy = request("GET", "/healthz")
    length = ("Content-Length", "40")
    slow = partial(outcome, service)
    with ThreadPoolExecutor(10) as pool:
        headers = [
            pool.submit(slow, b"", 0),
            pool.submit(slow, b"GET /healthz HTTP/1.1\r\n" * 2, 0.25),
            pool.submit(slow, b"GET /hea", 0),
            pool.submit(slow, b"GET /healthz HTTP/1.1\r\n" * 2, 0.25, first=healthy),
        ]
        idle = pool.submit(slow, b"", 0, first=healthy)
        bodies = [
            pool.submit(_slow_body, service, post(length), b" " * 40, 0.25),
            pool.submit(_slow_body, service, post(length), b" ", 0),
            pool.submit(_slow_body, service, post(CHUNKS), b"1\r\n \r\n" * 6, 0.25),
        ]
        for _ in range(20):
            assert service.ask("GET", "/healthz").status == 200  # the others do not hold it up
        for each in headers:
            took, answer = each.result()
            assert 0.8 < took < 6
            assert answer is None or (answer.status, answer.body) == (408, b"")
        took, answer = idle.result()
        assert 0.8 < took < 6
        assert answer is None
        for each in bodies:
            took, answer = each.result()
            assert 0.8 < took < 6
            assert answer is not None
            refused(answer, 408)
    assert service.ask("GET", "/healthz").status == 200


def _slow_body(service: Service, head: bytes, body: bytes, pause: float) -> Outcome:
    """Send a header at once and its body byte by byte; return as `outcome` does."""
    with Connection(service.port) as connection:
        began = time.monotonic()
        connection.send(head)
        if connection.dribble(body, pause):
            connection.over(10)
        took = time.monotonic() - began
        return took, connection.answer()


def test_a_client_in_time_is_not_cut_off(
    cell: Cell, short_lived: Callable[[Cell], Service]
) -> None:
    """The time of a header runs anew for each request, and so does that of a body."""
    service = short_lived(cell)
    data = post(body=BODY)
    with Connection(service.port) as connection:
        for _ in range(4):
            for cut in range(0, len(data), 50):
                connection.send(data[cut : cut + 50])
                assert not connection.over(0.1)
            assert connection.answer().body == RESULT
            assert not connection.over(0.2)


def test_connections_above_the_limit_are_told_so(start: Callable[[Settings], Service]) -> None:
    """A 503 problem with `Retry-After`, at most two at a time, and room again once one goes.

    What tells how the service is tells it above the limit too, or it would be ended for its load.
    """
    service = start({"MAX_CONNECTIONS": 2}).ready()

    def enter() -> Connection | None:
        connection = Connection(service.port)
        connection.send(request("GET", "/nothing"))
        if connection.answer().status == 404:
            return connection
        connection.socket.close()
        return None

    with taken(enter) as first, taken(enter) as second:
        for path in ("/healthz", "/readyz", "/metrics"):
            with Connection(service.port) as third:
                third.send(request("GET", path) * 2)
                answer = third.answer()
                assert (answer.status, answer.one("Connection")) == (200, "close")
                assert third.closed()
        for number, path in enumerate(("/", "/nothing", f"/{'a' * 9000}")):
            name = f"third-{number}"
            with Connection(service.port) as third:
                third.send(request("GET", path, [("X-Request-ID", name)]))
                answer = third.answer()
                assert (answer.status, answer.one("Retry-After")) == (503, "1")
                assert answer.one("Connection") == "close"
                assert answer.json() == {
                    "type": "about:blank",
                    "title": "Service Unavailable",
                    "status": 503,
                    "detail": "too many connections",
                    "instance": path,
                    "request_id": name,
                }
                assert third.closed()
            logged = service.logged(name)
            assert (logged["status"], logged["severity"]) == (503, "ERROR")
        first.send(request("GET", "/healthz"))
        assert first.answer().status == 200
        second.socket.close()
        taken(enter).socket.close()


def taken(enter: Callable[[], Connection | None]) -> Connection:
    """Return a connection that is let in, once there is room for it."""
    connection = eventually(enter)
    assert connection is not None
    return connection
