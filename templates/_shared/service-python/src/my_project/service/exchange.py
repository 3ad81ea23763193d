"""One request and its answer, on their way between the server and the application."""

import asyncio
import time
from typing import Final, Protocol

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from . import correlation
from .problems import REQUEST_ID_KEY, Refusal, problem_response
from .settings import Settings

CONNECTION_KEY: Final = "my_project.connection"
"""Where in the scope of a request its connection is; another server than ours sets none."""

REFUSAL_KEY: Final = "my_project.refusal"
"""Where in the scope of a request is why the server refuses it; other servers refuse nothing."""

CLIENT_LEFT: Final = 499
"""The status in the log where the client went away before the answer; nginx uses it so."""

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_CLOSE = (b"connection", b"close")
_VARY = (b"vary", b"Origin")
_EXPOSED = (b"access-control-expose-headers", b"X-Request-ID")


class Connection(Protocol):
    """What the server tells of the connection that a request came on."""

    lost: bool

    def is_reading(self, scope: Scope) -> bool:
        """Whether a part of the body of this request has not come yet."""

    def take_back(self) -> None:
        """Forget an answer that has begun in a way that cannot be sent."""

    def send_bare(self, size: int) -> None:
        """Let the next part of a body go out as it is: the end of the connection will end it."""

    def abandon(self) -> None:
        """Close in the middle of an answer."""


class Exchange:
    """Counts, limits and completes what goes in and out for one request."""

    __slots__ = (
        "_bare",
        "_body_done",
        "_body_size",
        "_ended",
        "_late",
        "_limits",
        "_loop",
        "_receive",
        "_send",
        "_task",
        "_timer",
        "_unchanged",
        "connection",
        "expired",
        "headers",
        "method",
        "request_id",
        "scope",
        "size",
        "start",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Settings) -> None:
        self.start = time.perf_counter()
        self.scope = self._unchanged = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        self.request_id = correlation.request_id(scope["headers"], given)
        self.method: str = scope["method"]
        self.connection: Connection | None = scope.get(CONNECTION_KEY)
        self.status = 0
        self.size = 0
        self.expired = False
        self._receive, self._send, self._limits = receive, send, limits
        self._body_done = self._ended = False
        self._body_size = 0
        self._bare: Connection | None = None
        self._late: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(limits.handler_timeout_seconds, self._expire)
        scope[REQUEST_ID_KEY] = self.request_id

    async def answer(self, response: Response) -> None:
        """Send an answer that does not come from a route."""
        await response(self.scope, self.receive, self.send)

    async def finish(self) -> None:
        """Stop the clock, and wait for an answer in place of the handler's."""
        self._timer.cancel()
        if self._late is not None:
            await self._late

    @property
    def seconds(self) -> float:
        """How long it has taken up to now."""
        return time.perf_counter() - self.start

    async def receive(self) -> Message:
        """Pass on what comes in, up to the limits of a body; raises `Refusal` beyond them."""
        if self._body_done:
            return await self._receive()
        # The time of the handler does not run while it waits for the body.
        self._timer.cancel()
        try:
            async with asyncio.timeout(self._limits.body_timeout_seconds - self.seconds):
                message = await self._receive()
        except TimeoutError:
            return self._refuse(Refusal(408, "the body took too long", closes=True))
        if not self.status:
            timeout = self._limits.handler_timeout_seconds
            self._timer = self._loop.call_later(timeout, self._expire)
        if message["type"] == "http.request":
            self._body_size += len(message.get("body", b""))
            if self._body_size > self._limits.max_body_bytes:
                return self._refuse(too_large())
            self._body_done = not message.get("more_body", False)
        return message

    def _refuse(self, refusal: Refusal) -> Message:
        """Raise the refusal, or end the connection where an answer has begun already."""
        if not self.status or self.connection is None:
            raise refusal
        self.connection.abandon()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass on what the application answers, unless it is too late for it."""
        if not self.expired:
            await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._timer.cancel()
            connection = self.connection
            if connection is not None and connection.lost:
                self.status, self._ended = CLIENT_LEFT, True
                return
            message["headers"] = self._completed(message.get("headers", ()))
            self.status = message["status"]
            try:
                if self._bare is not None:
                    self._bare.send_bare(0)
                await self._send(message)
            except Exception:
                self.status = 0
                if connection is not None:
                    connection.take_back()
                raise
            if self.method == "HEAD":
                self._ended = True
                await self._send({"type": "http.response.body", "body": b""})
        elif not self._ended:
            size = len(message.get("body", b""))
            self.size += size
            if self._bare is not None:
                self._bare.send_bare(size)
            await self._send(message)

    def _completed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        complete = [*headers, (b"x-request-id", self.request_id.encode("ascii")), _NO_SNIFFING]
        pending = self.connection is not None and self.connection.is_reading(self._unchanged)
        if pending and _CLOSE not in [(name, value.lower()) for name, value in headers]:
            complete.append(_CLOSE)  # else what is left of the body would be read as a request
        if self.scope["http_version"] == "1.0" and b"content-length" not in dict(headers):
            self._bare = self.connection  # HTTP/1.0 knows no chunks
        if self._limits.cors_allowed_origins:
            complete.append(_VARY)
            if self.has_allowed_origin:
                complete.append((b"access-control-allow-origin", self.headers[b"origin"]))
                complete.append(_EXPOSED)
        return complete

    @property
    def has_allowed_origin(self) -> bool:
        """Whether a page of a site on the list asks."""
        origin = self.headers.get(b"origin", b"").decode("latin-1")
        return origin in self._limits.cors_allowed_origins

    def _expire(self) -> None:
        """Answer in place of the handler, which is told to stop but may not be able to."""
        self.expired = True
        self._late = self._loop.create_task(self._answer_late())
        if self._task is not None:
            self._task.cancel()

    async def _answer_late(self) -> None:
        response = problem_response(self.scope, Refusal(503, "the answer took too long"))
        await response(self.scope, self._receive, self._pass_on)


def too_large() -> Refusal:
    """Return the refusal of a body beyond the limit."""
    return Refusal(413, "the body is too large", closes=True)
