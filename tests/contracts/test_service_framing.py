"""What a service takes for a request of HTTP, and where it takes one to end."""

import pytest

from contracts.http_client import Connection, NoAnswerError, chunked, request
from contracts.services import SERVICES, Cell, Service
from helpers import eventually

TEMPLATES = SERVICES


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60,
        b"hello\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /he\xffalthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /he althz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /he\0althz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G\xffT /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTQ/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHo st: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n",
        request("GET", "/<"),
        request("GET", "/a>b"),
        request("GET", "/`"),
        request("GET", "/healthz?<"),
        request("GET", "/healthz?a=>"),
        request("GET", '/healthz?"'),
        request("POST", "/nothing", [("Transfer-Encoding", "gzip, chunked")]),
        request("POST", "/nothing", [("Transfer-Encoding", "identity")]),
        request("POST", "/nothing", [("Transfer-Encoding", "chunked")] * 2),
        b"POST /nothing HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        request("POST", "/nothing", [("Content-Length", "x")]),
        request("POST", "/nothing", [("Content-Length", "-1")]),
        request("POST", "/nothing", [("Content-Length", "+1")], b"1"),
        request("POST", "/nothing", [("Content-Length", "1"), ("Content-Length", "2")], b"12"),
        request(
            "POST", "/nothing", [("Content-Length", "1"), ("Transfer-Encoding", "chunked")], b"1"
        ),
    ],
    ids=lambda data: ascii(data)[2:40],
)
def test_what_is_not_http_is_400_without_a_body(service: Service, data: bytes) -> None:
    """Nothing is made of it, the connection is closed, and the service goes on."""
    with Connection(service.port) as connection:
        connection.send(data)
        answer = connection.answer()
        assert (answer.status, answer.body, answer.all("Server")) == (400, b"", [])
        assert connection.closed()
    assert service.ask("GET", "/healthz").status == 200


def test_a_method_that_nobody_knows_is_405_or_not_http(service: Service) -> None:
    """In small letters too: some parsers know the registered methods alone."""
    for method in ("FOO", "get", "GETS"):
        answer = service.ask(method, "/healthz")
        if answer.status == 400:
            assert (answer.body, answer.one("Connection")) == (b"", "close")
        else:
            assert (answer.status, answer.one("Allow")) == (405, "GET, HEAD")


def test_odd_characters_of_a_target_are_no_fault(service: Service) -> None:
    """Browsers send some of those that RFC 3986 does not allow."""
    for target in ("/{}", "/|", "/^", "/[", "/\\", '/"'):
        assert service.ask("GET", target).status == 404
    for target in ("/healthz?{}|^[]\\`", "/healthz?a#<>", "/healthz#`"):
        assert service.ask("GET", target).status == 200


def test_an_upgrade_is_not_done(service: Service) -> None:
    """The answer is that of the request without it, and does not offer one."""
    for protocol, option in (("websocket", "upgrade"), ("h2c", "Upgrade, HTTP2-Settings")):
        headers = [("Connection", option), ("Upgrade", protocol), ("HTTP2-Settings", "AAMAAABk")]
        answer = service.ask("GET", "/healthz", headers)
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
        assert answer.all("Connection") in ([], ["close"])
        assert answer.all("Upgrade") == []


def test_what_follows_an_upgrade_is_answered_or_the_connection_is_closed(
    cell: Cell, service: Service
) -> None:
    """In the same packet: it does not wait for an answer that never comes."""
    upgrade = request("GET", "/nothing", [("Connection", "Upgrade"), ("Upgrade", "h2c")])
    for number in (1, 3):
        with Connection(service.port) as connection:
            connection.send(upgrade * number + request("GET", cell.example.path))
            assert connection.answer().status == 404
            if connection.over(0.5) and not connection.peek():
                continue
            for _ in range(number - 1):
                assert connection.answer().status == 404
            assert connection.answer().body == cell.example.body


def test_a_header_with_an_upgrade_has_the_same_limit(service: Service) -> None:
    """All of its 8,192 bytes count, the upgrade among them."""
    fields = [("Connection", "upgrade"), ("Upgrade", "h2c"), ("X-A", "a" * 150)]
    least = len(request("GET", "/healthz", [*fields, ("X-B", "")]))
    for size, status in ((8192, 200), (8193, 431)):
        answer = service.ask("GET", "/healthz", [*fields, ("X-B", "b" * (size - least))])
        assert answer.status == status


def test_a_header_of_more_than_64_kib_may_be_cut_off(service: Service) -> None:
    """It is 431, 400 or a closed connection at once, and the service goes on; 97 fields too."""
    many = ["\r\n".join(f"X-{n}: b" for n in range(number)) for number in (97, 9_000)]
    for field in ("X-Big: " + "b" * 70_000, *many):
        with Connection(service.port) as connection:
            try:
                connection.send(f"GET /healthz HTTP/1.1\r\n{field}\r\n\r\n".encode())
                status = connection.answer().status
            except (NoAnswerError, OSError):
                status = None
            assert status in {431, 400, None} or (status == 200 and field == many[0])
            assert status == 200 or connection.over(10)
    assert service.ask("GET", "/healthz").status == 200


def test_http_1_0_is_answered_and_closed(cell: Cell, service: Service) -> None:
    """Without a Host too, and never in chunks."""
    for path in (cell.example.path, "/openapi.json", "/nothing", "/metrics"):
        for host in ("", "Host: a\r\n"):
            with Connection(service.port) as connection:
                connection.send(f"GET {path} HTTP/1.0\r\n{host}\r\n".encode())
                answer = connection.answer()
                assert answer.status == (404 if path == "/nothing" else 200)
                assert answer.all("Transfer-Encoding") == []
                assert connection.closed()


def test_requests_in_one_packet_are_answered_in_their_order(cell: Cell, service: Service) -> None:
    """Errors and bodies among them change nothing; what asks to be closed is the last."""
    asked_for = [
        request("GET", "/nothing", [("X-Request-ID", "1")]),
        request("POST", "/healthz", [("X-Request-ID", "2")], b"x" * 100),
        request("GET", cell.example.path, [("X-Request-ID", "3")]),
        request("POST", "/healthz", [("X-Request-ID", "4"), ("Transfer-Encoding", "chunked")])
        + chunked(b"ab", b"c" * 1000),
        request("GET", "/healthz", [("X-Request-ID", "5"), ("Connection", "close")]),
        request("GET", "/healthz", [("X-Request-ID", "6")]),
    ]
    with Connection(service.port) as connection:
        connection.send(b"".join(asked_for))
        answers = [connection.answer() for _ in range(5)]
        assert connection.closed()
    told = [(answer.one("X-Request-ID"), answer.status) for answer in answers]
    assert told == [("1", 404), ("2", 405), ("3", 200), ("4", 405), ("5", 200)]
    assert answers[2].body == cell.example.body


@pytest.mark.parametrize(
    "bad",
    [
        b"hello\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        request("POST", "/healthz", [("Transfer-Encoding", "chunked")]) + b"x\r\n",
    ],
    ids=lambda data: ascii(data)[2:30],
)
def test_what_is_broken_does_no_harm_to_the_requests_before_it(
    cell: Cell, service: Service, bad: bytes
) -> None:
    """They are answered as always; then comes an answer to close with, or just the end.

    A body that is broken may take those answers with it, but puts none in their place.
    """
    name = f"before-{len(bad)}"
    before = request("GET", cell.example.path, [("X-Request-ID", name)])
    answered = 0
    for number in (1, 5):
        with Connection(service.port) as connection:
            connection.send(before * number + bad)
            for _ in range(number):
                answer = connection.answer_if_any()
                if answer is None and bad.endswith(b"x\r\n"):
                    break
                assert answer is not None
                assert (answer.status, answer.body) == (200, cell.example.body)
                answered += 1
            last = connection.answer_if_any()
            assert last is None or last.all("Connection") in ([], ["close"])
            assert last is None or last.status in {400, 405}
            assert connection.closed()
    eventually(lambda: len(service.log(f'"{name}"')) >= answered)
    assert {line["status"] for line in service.log(f'"{name}"')} <= {200, 499}


def test_a_connection_is_kept_for_many_requests(cell: Cell, service: Service) -> None:
    """A hundred in a row, with an error now and then."""
    with Connection(service.port) as connection:
        for number in range(100):
            path = "/nothing" if number % 7 == 0 else cell.example.path
            connection.send(request("GET", path))
            assert connection.answer().status == (404 if number % 7 == 0 else 200)


def test_a_header_may_come_in_pieces(cell: Cell, service: Service) -> None:
    """Cut anywhere, it is the same request."""
    data = request("GET", cell.example.path, [("X-Request-ID", "pieces")])
    for cut in range(1, len(data)):
        with Connection(service.port) as connection:
            connection.send(data[:cut])
            connection.send(data[cut:])
            answer = connection.answer()
        assert (answer.body, answer.one("X-Request-ID")) == (cell.example.body, "pieces")
