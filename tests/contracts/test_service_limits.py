"""How a service bears what is large, slow, broken off or too much at once.

The layer is the same in every template, so the one with bodies stands for all.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from contracts.http_cases import DETAILS, JSON, LIMIT, TITLES
from contracts.http_client import Answer, Connection, chunked, request
from contracts.http_metrics import in_flight
from contracts.services import Cell, Service, Settings, eventually

TEMPLATES = ("microservice",)

BODY = b'{"expression":"1 + 2"}'
RESULT = b'{"result":3}'
CHUNKS = ("Transfer-Encoding", "chunked")


def post(*headers: tuple[str, str], body: bytes | None = None) -> bytes:
    """Return a request for `/v1/evaluate`."""
    return request("POST", "/v1/evaluate", [JSON, *headers], body)


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


def refused(answer: Answer, status: int) -> None:
    """Hold an answer to be the problem of this status, after which the connection ends."""
    problem = answer.json()
    assert (answer.status, problem["status"], problem["title"]) == (status, status, TITLES[status])
    assert problem["detail"] == DETAILS[status]
    assert problem["request_id"] == answer.one("X-Request-ID")
    assert (answer.one("Connection"), answer.one("Cache-Control")) == ("close", "no-store")


def test_a_body_in_chunks_is_a_body(service: Service) -> None:
    """Cut anywhere, with extensions and trailers, up to the limit."""
    bodies = [
        chunked(BODY),
        chunked(*(bytes([byte]) for byte in BODY)),
        b"16;name=value\r\n" + BODY + b"\r\n0\r\nX-Trailer: a\r\n\r\n",
        chunked(b" " * (LIMIT - len(BODY)), BODY),
    ]
    with Connection(service.port) as connection:
        for body in bodies:
            connection.send(post(CHUNKS, body=body))
            answer = connection.answer()
            assert (answer.status, answer.body) == (200, RESULT)


def test_a_body_over_the_limit_is_refused_while_it_comes(service: Service) -> None:
    """One byte too many in chunks is 413 though the end never comes; what is broken is 400."""
    for size in (LIMIT + 1, 10 * LIMIT):
        with Connection(service.port) as connection:
            name = ("X-Request-ID", f"over-{size}")
            connection.send(post(CHUNKS, name) + b"%x\r\n" % size + b" " * (LIMIT + 1))
            refused(connection.answer(), 413)
            assert connection.over(10)
        logged = service.logged(name[1])
        assert (logged["status"], logged["severity"]) == (413, "INFO")
        assert logged["route"] == "/v1/evaluate"
    with Connection(service.port) as connection:
        connection.send(post(CHUNKS) + b"1\r\n \r\n" * (LIMIT + 1))
        refused(connection.answer(), 413)
    for broken in (b"x\r\n", b"1\r\nab\r\n", b"-1\r\n", b"f" * 17 + b"\r\n"):
        with Connection(service.port) as connection:
            connection.send(post(CHUNKS) + broken)
            answer = connection.answer()
            assert (answer.status, answer.body) == (400, b"")
            assert connection.closed()


def test_a_client_that_sends_all_before_it_reads_learns_why(service: Service) -> None:
    """The answer to a body far too large is not lost by closing the connection too early."""
    for _ in range(3):
        with Connection(service.port) as connection:
            connection.send(post(body=b" " * 5_000_000))
            refused(connection.answer(), 413)


def test_a_limit_of_ones_own_counts(start: Callable[[Settings], Service]) -> None:
    """`MAX_BODY_BYTES` to the byte, declared and in chunks."""
    service = start({"MAX_BODY_BYTES": len(BODY)}).ready()
    for body, headers in [(BODY, ()), (chunked(BODY), (CHUNKS,))]:
        with Connection(service.port) as connection:
            connection.send(post(*headers, body=body))
            assert connection.answer().body == RESULT
    for body, headers in [(BODY + b" ", ()), (chunked(BODY, b" "), (CHUNKS,))]:
        with Connection(service.port) as connection:
            connection.send(post(*headers, body=body))
            refused(connection.answer(), 413)


def test_what_comes_first_counts(service: Service) -> None:
    """A wrong type is told before the body is counted, and a path before its type."""
    too_much = chunked(b" " * 70_000)
    text = ("Content-Type", "text/plain")
    for target, header, status in [
        ("/v1/evaluate", text, 415),
        ("/v1/evaluate", JSON, 413),
        ("/nothing", text, 404),
        ("/healthz", text, 405),
    ]:
        with Connection(service.port) as connection:
            connection.send(request("POST", target, [header, CHUNKS], too_much))
            answer = connection.answer()
        assert (answer.status, answer.json()["detail"]) == (status, DETAILS[status])


def test_a_body_may_be_asked_for_first(service: Service) -> None:
    """`Expect: 100-continue` is answered by 100, or at once where the body is not wanted."""
    expect = ("Expect", "100-continue")
    with Connection(service.port) as connection:
        for _ in range(2):
            connection.send(post(expect, ("Content-Length", str(len(BODY)))))
            assert not connection.over(0.3)
            assert connection.peek().startswith(b"HTTP/1.1 100 ")
            connection.send(BODY)
            answer = connection.answer()
            assert (answer.status, answer.body, answer.interim) == (200, RESULT, [100])
    with Connection(service.port) as connection:
        connection.send(post(expect, ("Content-Length", str(LIMIT + 1))))
        answer = connection.answer()
        refused(answer, 413)
        assert answer.interim == []
    with Connection(service.port) as connection:
        connection.send(request("POST", "/nothing", [expect, ("Content-Length", "5")]))
        assert connection.answer().status == 404


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_harms_nobody(service: Service, how: str) -> None:
    """In a header, in a body or before its answer: the log says 499 if anything, none stays."""
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
    told = [(each["request_id"], each["status"]) for each in service.log(f'-{how}"')]
    assert [each for each in told if each[0].startswith("in-") and each[1] != 499] == []
    assert {status for name, status in told if name.startswith("before")} <= {200, 499}
    assert service.ask("GET", "/healthz").status == 200


def test_a_request_in_flight_is_counted_as_one(service: Service) -> None:
    """While its body is still coming, and no longer than that."""
    before = in_flight(service)
    with Connection(service.port) as connection:
        connection.send(post(("Content-Length", str(len(BODY)))) + BODY[:5])
        eventually(lambda: in_flight(service) == before + 1)
        connection.send(BODY[5:])
        assert connection.answer().body == RESULT
        eventually(lambda: in_flight(service) == before)


Outcome = tuple[float, Answer | None]


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
    """A 503 problem with `Retry-After`, at most two at a time, and room again once one goes."""
    service = start({"MAX_CONNECTIONS": 2}).ready()

    def enter() -> Connection | None:
        connection = Connection(service.port)
        connection.send(request("GET", "/healthz"))
        if connection.answer().status == 200:
            return connection
        connection.socket.close()
        return None

    with taken(enter) as first, taken(enter) as second:
        for number, path in enumerate(("/healthz", "/nothing", f"/{'a' * 9000}")):
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
