"""How a service bears what is large, slow, broken off or too much at once.

The layer is the same in every template, so the one with bodies stands for all.
"""

from collections.abc import Callable

import pytest

from contracts.http_case import BODY, CHUNKS, DETAILS, JSON, LIMIT, RESULT, post, refused
from contracts.http_client import Connection, chunked, request
from contracts.http_metrics import in_flight
from contracts.services import Service, Settings
from helpers import eventually

TEMPLATES = ("microservice",)


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


def test_http_1_0_is_not_asked_for_its_body(service: Service) -> None:
    """An expectation of HTTP/1.0 is ignored: RFC 9110, section 10.1.1."""
    headers = [JSON, ("Expect", "100-continue"), ("Content-Length", str(len(BODY)))]
    with Connection(service.port) as connection:
        connection.send(request("POST", "/v1/evaluate", headers, version="1.0"))
        assert not connection.over(0.3)
        connection.send(BODY)
        answer = connection.answer()
        assert (answer.status, answer.body, answer.interim) == (200, RESULT, [])


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "x"])
@pytest.mark.parametrize("framing", [(), (CHUNKS,)], ids=["length", "chunks"])
def test_an_upgrade_changes_nothing_about_a_body(
    service: Service, protocol: str, framing: tuple[tuple[str, str], ...]
) -> None:
    """It is read wherever it is cut, and what stands in it is never taken for a request."""
    upgrade = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", protocol), *framing]
    smuggled = request("GET", "/healthz", [("X-Request-ID", "smuggled")])
    for text, status in ((BODY, 200), (smuggled, 400)):
        body = chunked(text) if framing else text
        data = request("POST", "/v1/evaluate", [JSON, *upgrade], body)
        for cut in (len(data), len(data) - len(body), len(data) - 3):
            with Connection(service.port) as connection:
                connection.send(data[:cut])
                if cut < len(data):
                    assert not connection.over(0.1)
                    connection.send(data[cut:])
                answer = connection.answer()
                assert (answer.status, answer.all("Upgrade")) == (status, [])
                assert answer.status == 400 or answer.body == RESULT
                connection.send(request("GET", "/nothing"))
                follow_up = connection.answer_if_any()
                assert follow_up is None or follow_up.status == 404
    assert service.log("smuggled") == []


def test_a_request_in_flight_is_counted_as_one(service: Service) -> None:
    """While its body is still coming, and no longer than that."""
    before = in_flight(service)
    with Connection(service.port) as connection:
        connection.send(post(("Content-Length", str(len(BODY)))) + BODY[:5])
        eventually(lambda: in_flight(service) == before + 1)
        connection.send(BODY[5:])
        assert connection.answer().body == RESULT
        eventually(lambda: in_flight(service) == before)
