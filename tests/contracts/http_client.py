"""Speaks HTTP over a bare socket, byte by byte, so that what is wrong can be sent too."""

import json
import re
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

PATIENCE = 10.0
"""Seconds that an answer may take before it counts as none."""

Headers = Iterable[tuple[str, str]]


class NoAnswerError(Exception):
    """The connection ended before an answer was whole."""

    def __init__(self, received: bytes) -> None:
        super().__init__(f"no whole answer, but {received!r}")
        self.received = received


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status line, the header fields as they were sent, and the body."""

    version: str
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    interim: list[int] = field(default_factory=list)
    """The statuses below 200 that came before it."""

    def all(self, name: str) -> list[str]:
        """Return the values of a header field."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        """Return the value of a header field that stands once."""
        (value,) = self.all(name)
        return value

    def json(self) -> Any:  # noqa: ANN401  # a document may be anything
        """Return the document in the body."""
        return json.loads(self.body)

    def comparable(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return what two services must have in common: all but the time."""
        named = sorted((key.lower(), value) for key, value in self.headers)
        return self.status, [pair for pair in named if pair[0] != "date"], self.body


def request(  # noqa: PLR0913  # a request has as many parts
    method: str,
    target: str | bytes,
    headers: Headers = (),
    body: bytes | None = None,
    *,
    version: str = "1.1",
    host: str = "service.example",
) -> bytes:
    """Return the bytes of a request; a body brings its Content-Length, unless one is given."""
    path = target if isinstance(target, bytes) else target.encode("latin-1")
    fields = [("Host", host), *headers]
    if body is not None and not {key.lower() for key, _ in fields} & {
        "content-length",
        "transfer-encoding",
    }:
        fields.append(("Content-Length", str(len(body))))
    lines = [f"{key}: {value}\r\n".encode("latin-1") for key, value in fields]
    first = method.encode("latin-1") + b" " + path + f" HTTP/{version}\r\n".encode()
    return b"".join([first, *lines, b"\r\n", body or b""])


def chunked(*parts: bytes) -> bytes:
    """Return a body in chunks, with the last one."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


class Connection:
    """A connection to a service; `send` bytes, then read one `answer` after another."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def dribble(self, data: bytes, pause: float) -> bool:
        """Send one byte after another; return whether all of them could be sent."""
        try:
            for byte in data:
                self.socket.sendall(bytes([byte]))
                if self.over(pause):
                    return False
        except OSError:
            return False
        return True

    def reset(self) -> None:
        """End the connection as a crash of the client does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read one answer; raise `NoAnswerError` if the connection ends or stalls before."""
        interim: list[int] = []
        while True:
            head = self._until(b"\r\n\r\n")
            version, status, reason, headers = _parse(head)
            if status >= 200:
                break
            interim.append(status)
        named = [(key.lower(), value) for key, value in headers]
        if to_head or status in {204, 304}:
            body = b""
        elif ("transfer-encoding", "chunked") in named:
            body = self._chunks()
        elif lengths := [value for key, value in named if key == "content-length"]:
            (length,) = lengths
            body = self._exactly(int(length))
        else:
            body = self.rest()
        return Answer(version, status, reason, headers, body, interim)

    def peek(self) -> bytes:
        """Return what came and was not read as an answer yet."""
        return self._received

    def answer_if_any(self) -> Answer | None:
        """Read one answer, or return None if the connection ends without a byte of one."""
        try:
            return self.answer()
        except NoAnswerError as error:
            if error.received:
                raise
            return None

    def rest(self) -> bytes:
        """Read until the service closes the connection; raise `NoAnswerError` if it does not."""
        while self._more():
            pass
        rest, self._received = self._received, b""
        return rest

    def closed(self, within: float = PATIENCE) -> bool:
        """Return whether the service closes the connection, and sends nothing before it does."""
        return self.over(within) and not self._received

    def over(self, within: float) -> bool:
        """Return whether the service closes the connection in so many seconds; keep what came."""
        deadline = time.monotonic() + within
        try:
            while (left := deadline - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self._more():
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False

    def _more(self) -> bool:
        data = self.socket.recv(65536)
        self._received += data
        return bool(data)

    def _fill(self) -> None:
        try:
            more = self._more()
        except OSError as error:
            raise NoAnswerError(self._received) from error
        if not more:
            raise NoAnswerError(self._received)

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            self._fill()
        found, self._received = self._received.split(end, 1)
        return found

    def _exactly(self, length: int) -> bytes:
        while len(self._received) < length:
            self._fill()
        found, self._received = self._received[:length], self._received[length:]
        return found

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._until(b"\r\n"), 16):
            body += self._exactly(size)
            assert self._exactly(2) == b"\r\n"
        assert self._until(b"\r\n") == b""
        return body


def _parse(head: bytes) -> tuple[str, int, str, list[tuple[str, str]]]:
    """Return the version, status, reason and fields of the head of an answer, strictly."""
    first, *lines = head.decode("latin-1").split("\r\n")
    matched = re.fullmatch(r"HTTP/(1\.[01]) ([1-5]\d\d) ([^\r\n]*)", first)
    assert matched, first
    fields = [
        re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line) for line in lines
    ]
    headers = [(found[1], found[2]) for found in fields if found]
    assert len(headers) == len(lines), head
    return matched[1], int(matched[2]), matched[3], headers


def ask(  # noqa: PLR0913  # a request has as many parts
    port: int,
    method: str,
    target: str | bytes,
    headers: Headers = (),
    body: bytes | None = None,
    *,
    host: str = "127.0.0.1",
) -> Answer:
    """Send one request on a connection of its own, and return the answer."""
    with Connection(port, host) as connection:
        connection.send(request(method, target, headers, body))
        return connection.answer(to_head=method == "HEAD")
