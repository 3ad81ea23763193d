"""Clients that are slow, rude or gone, byte by byte."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .demonstration import SECRET
from .running import DEMONSTRATE, Running, Wire, service

POST = b"POST /count HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n"
LIMIT = 1000


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with service(*DEMONSTRATE, "brief", KEEP_ALIVE_SECONDS="1") as running:
        yield running


def test_several_requests_on_one_connection_are_answered_in_their_order(running: Running) -> None:
    with running.connect() as wire:
        paths = (b"/slow/0.1", b"/echo/a", b"/nowhere")
        wire.send(b"".join(GET.replace(b"/echo/a", path) for path in paths))
        answers = wire.read_until(b"404")
    assert answers.index(b"slept") < answers.index(b'"text":"a"') < answers.index(b"404")


@pytest.mark.parametrize(
    "request_line", [b"GET /echo/a HTTP/1.0", b"GET http://x/echo/a HTTP/1.1\r\nConnection: close"]
)
def test_old_and_absolute_requests_are_answered(running: Running, request_line: bytes) -> None:
    with running.connect() as wire:
        wire.send(request_line + b"\r\nHost: x\r\n\r\n")
        answer = wire.read_all()
    assert b"200 OK" in answer
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n",
        b"GET /< HTTP/1.1\r\nHost: x\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_not_http_is_refused_without_a_body(running: Running, data: bytes) -> None:
    with running.connect() as wire:
        wire.send(data)
        answer = wire.read_all()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"connection: close" in answer


def test_nonsense_after_a_request_does_not_harm_its_answer(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"GET /slow/0.1 HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        answer = wire.read_all()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"slept" in answer


@pytest.mark.parametrize("bad", [b"GET /hea", POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n"])
def test_what_follows_badly_does_not_harm_the_answer_before_it(
    running: Running, bad: bytes
) -> None:
    for path, end in ((b"/slow/0.7", b'{"slept":0.7}'), (b"/stream/70", b"\r\n0\r\n\r\n")):
        with running.connect() as wire:
            wire.send(GET.replace(b"/echo/a", path))
            time.sleep(0.05)
            wire.send(bad)
            answer = wire.read_all()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.endswith(end)
        assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("size", "status"), [(8192, b"200 OK"), (8193, b"431 "), (65_000, b"431 "), (70_000, b"431 ")]
)
def test_a_header_has_8192_bytes_at_most(running: Running, size: int, status: bytes) -> None:
    end = b"\r\n\r\n"
    head = GET.removesuffix(end) + b"\r\nConnection: close\r\nX: "
    with running.connect() as wire:
        wire.send(head + b"x" * (size - len(head) - len(end)) + end)
        answer = wire.read_all()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer
    if status == b"431 " and size < 65536:
        assert b'"detail":"the header is too large"' in answer


def test_requests_that_came_together_are_refused_one_by_one(running: Running) -> None:
    large = GET.removesuffix(b"\r\n") + b"X: " + b"x" * 9000 + b"\r\n\r\n"
    for requests, statuses in [(GET + large + GET, [b"200", b"431"]), (large + GET, [b"431"])]:
        with running.connect() as wire:
            wire.send(requests)
            answers = wire.read_all()
        assert re.findall(rb"HTTP/1.1 (\d+) ", answers) == statuses


def test_a_body_to_come_does_not_end_the_connection_before_its_own_request(
    running: Running,
) -> None:
    with running.connect() as wire:
        wire.send(GET + POST + b"Content-Length: 3\r\n\r\n")
        assert b"connection: close" not in wire.read_until(b'"a"')
        wire.send(b"abc")
        assert b'{"bytes":3}' in wire.read_until(b'{"bytes":3}')


def test_the_limit_of_a_header_is_one_of_each_header(running: Running) -> None:
    field = b"X: " + b"x" * 5000
    last = GET.removesuffix(b"\r\n") + field + b"\r\nConnection: close\r\n\r\n"
    with running.connect() as wire:
        wire.send(GET.removesuffix(b"\r\n") + field + b"\r\n\r\n" + GET * 2 + last)
        assert wire.read_all().count(b"200 OK") == 4


@pytest.mark.parametrize("begin", [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nX: "])
def test_a_header_that_does_not_end_is_given_up(running: Running, begin: bytes) -> None:
    with running.connect() as wire:
        wire.send(begin)
        seconds, answer = _seconds_until(wire)
    assert 0.4 < seconds < 3
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_header_a_byte_at_a_time_is_given_up_too(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"GET /")
        for _ in range(8):
            wire.send(b"x")
            time.sleep(0.1)
        seconds, _ = _seconds_until(wire)
    assert seconds < 0.5


def test_a_connection_that_idles_is_closed(running: Running) -> None:
    with running.connect() as wire:
        wire.send(GET)
        seconds, answer = _seconds_until(wire)
    assert b"200 OK" in answer
    assert 0.8 < seconds < 3


@pytest.mark.parametrize("length", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_given_up(running: Running, length: bytes) -> None:
    with running.connect() as wire:
        wire.send(POST + length + b"\r\n\r\n")
        seconds, answer = _seconds_until(wire)
    assert 1 < seconds < 3
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"detail":"the body took too long"' in answer
    assert answer.count(b"connection: close") == 1


def test_a_body_is_counted_while_it_comes(running: Running) -> None:
    chunk = b"3e8\r\n" + b"x" * LIMIT + b"\r\n"
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    with running.connect() as wire:
        wire.send(head + chunk + b"0\r\nTrailer: ignored\r\n\r\n")
        assert b'{"bytes":1000}' in wire.read_until(b"}")
        wire.send(head + chunk + b"1\r\nx\r\n")
        answer = wire.read_all()
    assert b'"detail":"the body is too large"' in answer
    assert answer.count(b"connection: close") == 1


@pytest.mark.parametrize("path", [b"/count", b"/nowhere"])
def test_a_client_that_sends_first_and_reads_later_gets_its_answer(
    running: Running, path: bytes
) -> None:
    with running.connect() as wire:
        wire.send(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        time.sleep(0.1)
        for _ in range(100):
            wire.send(b"x" * 10_000)
        assert wire.read_all().startswith(b"HTTP/1.1 413 ")


def test_a_body_that_nobody_reads_ends_the_connection(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        answer = wire.read_all()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"connection: close" in answer


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(running: Running) -> None:
    with running.connect() as wire:
        wire.send(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert wire.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"abc")
        assert b'{"bytes":3}' in wire.read_until(b"}")
        wire.send(POST + b"Content-Length: 3000\r\nExpect: 100-continue\r\n\r\n")
        assert wire.read_all().startswith(b"HTTP/1.1 413 ")


def test_connect_is_not_http(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert wire.read_all().startswith(b"HTTP/1.1 400 ")


def test_a_stream_of_http_1_0_ends_with_the_connection(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"GET /stream/3 HTTP/1.0\r\n\r\n")
        head, _, body = wire.read_all().partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == b"piece\n" * 3


def test_a_header_that_cannot_be_sent_is_a_fault_of_ours(running: Running) -> None:
    for name in (b"good", b"b@d"):
        with running.connect() as wire:
            wire.send(GET.replace(b"/echo/a", b"/bad-header/" + name))
            answer = wire.read_until(b"}")
            assert answer.startswith(b"HTTP/1.1 500 ")
            assert b"something went wrong here" in answer
            wire.send(GET)
            assert b"200 OK" in wire.read_until(b"}")
    assert running.wait_for_line("/bad-header/{name} 500")["status"] == 500


@pytest.mark.parametrize("size", [b"3", b"9"])
def test_a_handler_that_pauses_after_a_body_or_within_it_is_timed(
    running: Running, size: bytes
) -> None:
    with running.connect() as wire:
        wire.send(POST.replace(b"/count", b"/pause") + b"Content-Length: " + size + b"\r\n\r\nabc")
        seconds, answer = _seconds_until(wire)
    assert b'"detail":"the answer took too long"' in answer
    assert 0.7 < seconds < 4


@pytest.mark.parametrize("more", [b"", b"3e8\r\n" + b"x" * LIMIT + b"\r\n1\r\nx\r\n"])
def test_a_body_has_its_limits_after_the_answer_has_begun(running: Running, more: bytes) -> None:
    with running.connect() as wire:
        wire.send(POST.replace(b"/count", b"/early") + b"Transfer-Encoding: chunked\r\n\r\n")
        wire.read_until(b"begun")
        wire.send(more)
        seconds, _ = _seconds_until(wire)
    assert seconds < 4


def test_a_client_that_leaves_a_stream_with_more_behind_it_is_no_fault(running: Running) -> None:
    faults = [line for line in running.lines() if line["severity"] == "ERROR"]
    with running.connect() as wire:
        wire.send(GET.replace(b"/echo/a", b"/stream") + GET)
        wire.read_until(b"piece")
    time.sleep(0.3)
    assert running.get("/echo/a")
    assert [line for line in running.lines() if line["severity"] == "ERROR"] == faults


def test_an_upgrade_is_not_taken(running: Running) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with running.connect() as wire:
        wire.send(GET.removesuffix(b"\r\n") + upgrade)
        assert b"200 OK" in wire.read_until(b"}")


@pytest.mark.parametrize(
    ("data", "route"),
    [
        (POST + b"Content-Length: 3\r\n\r\n", "/count"),
        (b"GET /slow/0.2 HTTP/1.1\r\nHost: x\r\n\r\n", "/slow/{seconds}"),
    ],
)
def test_a_client_that_goes_away_is_499_in_the_log(
    running: Running, data: bytes, route: str
) -> None:
    with running.connect() as wire:
        wire.send(data)
        time.sleep(0.05)
    assert running.wait_for_line(f"{route} 499")["status"] == 499


def test_a_stream_that_breaks_is_cut_and_logged(running: Running) -> None:
    answer = running.get("/stream?breaks=yes")
    assert answer.endswith(b"6\r\npiece\n\r\n")
    assert running.wait_for_line(SECRET)["severity"] == "ERROR"
    assert running.wait_for_line("/stream 200")["bytes"] == len(b"piece\n")
    assert not [line for line in running.lines() if "ASGI" in line["message"]]


def test_a_connection_too_many_is_told_so(running: Running) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(running.connect()) for _ in range(11)]
        wires[-1].send(GET)
        answer = wires[-1].read_all()
        wires[0].send(GET)
        assert b"200 OK" in wires[0].read_until(b"}")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1\r\n" in answer
    assert b'"detail":"too many connections"' in answer
    running.wait_until_ready()


def test_a_handler_has_its_time_after_the_body(running: Running) -> None:
    with running.connect() as wire:
        wire.send(POST + b"Content-Length: 1\r\n\r\n")
        time.sleep(0.9)
        wire.send(b"x")
        assert b'{"bytes":1}' in wire.read_until(b"}")


def test_a_handler_in_a_thread_does_not_hold_up_the_answer_in_its_place(running: Running) -> None:
    with running.connect() as wire:
        wire.send(b"GET /block/2 HTTP/1.1\r\nHost: x\r\n\r\n")
        begun = time.monotonic()
        assert b'"detail":"the answer took too long"' in wire.read_until(b"}")
    assert time.monotonic() - begun < 1.9


def _seconds_until(wire: Wire) -> tuple[float, bytes]:
    """Return how long the other side takes to close, and what it sends until then."""
    begun = time.monotonic()
    answer = wire.read_all()
    return time.monotonic() - begun, answer
