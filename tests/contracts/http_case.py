"""A request that services answer in one way only, and what all of their answers have in common."""

from dataclasses import dataclass
from typing import Any

from contracts.http_client import Answer, Headers, request

JSON = ("Content-Type", "application/json")
REQUEST_ID = "the-id.of_1-case"
LIMIT = 65536
TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
DETAILS = {
    404: "there is nothing here",
    405: "this method is not allowed here",
    408: "the body took too long",
    413: "the body is too large",
    415: "the body must be application/json",
    422: "the request does not fit",
    431: "the header is too large",
}
NOT_JSON = "the body is not JSON"
TWICE = "the body has a key twice"
DEEP = "the body is nested too deep"
RANGE = "the body has a number out of range"
BODY = b'{"expression":"1 + 2"}'
RESULT = b'{"result":3}'
CHUNKS = ("Transfer-Encoding", "chunked")


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what must come back."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    status: int = 200
    detail: str = ""
    """Of a problem; where there is none, the one of the status."""
    errors: tuple[tuple[str, str], ...] = ()
    allow: str = ""
    content: bytes | None = None
    """The body of what is no problem."""
    closes: bool = False

    def __str__(self) -> str:
        """Return a short id for the case."""
        body = "" if self.body is None else f" {self.body[:30]!r}"
        fields = "".join(f" {key}={value[:30]}" for key, value in self.headers if self.body is None)
        return f"{self.status} {self.method} {self.target[:40]}{body}{fields}"

    @property
    def data(self) -> bytes:
        """The bytes to send."""
        return request(
            self.method, self.target, [("X-Request-ID", REQUEST_ID), *self.headers], self.body
        )

    @property
    def problem(self) -> dict[str, Any]:
        """The members of the problem, in their order."""
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail or DETAILS[self.status],
            "instance": self.target.partition("?")[0],
            "request_id": REQUEST_ID,
        }
        if self.errors:
            members["errors"] = [{"pointer": at, "detail": detail} for at, detail in self.errors]
        return members


def misfit(method: str, target: str, pointer: str, detail: str) -> Case:
    """Return a case of a value in the path or the query that does not fit."""
    return Case(method, target, status=422, errors=((pointer, detail),))


def posted(body: bytes | str, status: int, detail: str = "", *errors: tuple[str, str]) -> Case:
    """Return a case of a body for `/v1/evaluate`."""
    data = body if isinstance(body, bytes) else body.encode()
    return Case("POST", "/v1/evaluate", (JSON,), data, status, detail, errors)


def typed(content_type: Headers, status: int) -> Case:
    """Return a case of a body under these header fields."""
    content = b'{"result":2}' if status == 200 else None
    body = b'{"expression":"2"}'
    return Case("POST", "/v1/evaluate", tuple(content_type), body, status, content=content)


def post(*headers: tuple[str, str], body: bytes | None = None) -> bytes:
    """Return a request for `/v1/evaluate`."""
    return request("POST", "/v1/evaluate", [JSON, *headers], body)


def refused(answer: Answer, status: int) -> None:
    """Hold an answer to be the problem of this status, after which the connection ends."""
    problem = answer.json()
    assert (answer.status, problem["status"], problem["title"]) == (status, status, TITLES[status])
    assert problem["detail"] == DETAILS[status]
    assert problem["request_id"] == answer.one("X-Request-ID")
    assert (answer.one("Connection"), answer.one("Cache-Control")) == ("close", "no-store")
