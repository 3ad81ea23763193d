"""Connections: uvicorn's protocol, with the limits that it lacks."""

import asyncio
import re
from collections import deque
from collections.abc import Collection
from typing import Any, Final

from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from .exchange import CONNECTION_KEY, REFUSAL_KEY
from .lingering import Lingering
from .problems import Refusal
from .settings import Settings

HEADER_LIMIT: Final = 8192
"""Bytes of a header, above which it is refused with a problem."""

HARD_HEADER_LIMIT: Final = 65536
"""Bytes of a header, above which the connection is closed before the header is complete."""

_NOT_IN_TARGET = re.compile(rb"""[^#]*[<>]|[^?#]*`|[^?#]*\?[^#]*\"""")
_REQUEST_LINE_REST = len(b"  HTTP/1.1\r\n")
_FIELD_REST = len(b": \r\n")
_EMPTY_LINE = len(b"\r\n")


class ServiceConfig(Config):
    """What uvicorn needs to know, and the settings of the service."""

    def __init__(self, app: Any, settings: Settings) -> None:  # noqa: ANN401  # as uvicorn has it
        super().__init__(
            app,
            http=ServiceProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nothing here asks for the address of a client
            server_header=False,
            timeout_keep_alive=int(settings.keep_alive_seconds),
        )
        self.settings = settings


class ServiceProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, ServiceConfig)  # noqa: S101  # uvicorn hands over what it was given
        self._limits = config.settings
        self._timer: asyncio.TimerHandle | None = None
        self._in_header = False
        self._header_bytes = 0  # at least as many as the header has that is being read
        self._chunk = 0
        self._deaf = False
        self._crowded = False
        self.lost = False

    def is_reading(self, scope: Scope) -> bool:
        """Whether a part of the body of this request has not come yet."""
        return self.cycle.scope is scope and self.cycle.more_body

    def abandon(self) -> None:
        """Close in the middle of an answer."""
        self.cycle.disconnected = True  # else uvicorn logs the fault once more
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a header."""
        super().connection_made(Lingering(transport, self))
        self._crowded = len(self.connections) > self._limits.max_connections
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, if there is one."""
        self.lost = True
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and watch a header that is not complete."""
        if self._deaf:
            return
        self._chunk = len(data)
        self._header_bytes += len(data)
        super().data_received(data)
        if self._in_header and self._header_bytes > HARD_HEADER_LIMIT:
            self._end_with(b"431 Request Header Fields Too Large")
        elif self._timer is None and (self._in_header or not self._is_answering):
            self._start_timer()

    def on_message_begin(self) -> None:
        """Begin to read a header."""
        super().on_message_begin()
        self._in_header = True

    def on_headers_complete(self) -> None:
        """Start the request, or its refusal."""
        _ensure_http(self.parser.get_http_version(), self.url, self.headers)
        self._in_header = False
        self._stop_timer()
        # The keys are our own. Each request has its refusal, since more of them may wait here.
        self.scope[CONNECTION_KEY] = self  # type: ignore[typeddict-unknown-key]  # as said above
        if refusal := self._refusal():
            self.scope[REFUSAL_KEY] = refusal  # type: ignore[typeddict-unknown-key]  # as said above
        self._header_bytes = self._chunk  # the next header may be in the same piece
        super().on_headers_complete()
        # What comes with the end of a chunked body belongs to nobody.
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # it swallows what it is given

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # as uvicorn has it
        """Answer what is not HTTP."""
        if self._is_answering and not self._body_pending:
            self.cycle.keep_alive = False
            self._deaf = True
        else:
            self._end_with(b"400 Bad Request")

    @property
    def has_more_to_come(self) -> bool:
        """Whether the client is in the middle of a request."""
        return self._in_header or self._body_pending

    def turn_away(self) -> None:
        """Take no notice of what still comes."""
        self._deaf = True
        self.flow.resume_reading()

    @property
    def _body_pending(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        return cycle is not None and cycle.more_body

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _refusal(self) -> Refusal | None:
        if self._crowded:
            detail, retry = "too many connections", {"Retry-After": "1"}
            return Refusal(503, detail, headers=retry, closes=True)
        if self._header_bytes > HEADER_LIMIT and self._header_length() > HEADER_LIMIT:
            return Refusal(431, "the header is too large", closes=True)
        return None

    def _header_length(self) -> int:
        fields = sum(len(name) + len(value) + _FIELD_REST for name, value in self.headers)
        first = len(self.parser.get_method()) + len(self.url) + _REQUEST_LINE_REST
        return first + fields + _EMPTY_LINE

    def _start_timer(self) -> None:
        timeout = self._limits.header_timeout_seconds
        self._timer = self.loop.call_later(timeout, self._header_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _header_late(self) -> None:
        if self._in_header:
            self._end_with(b"408 Request Timeout")
        else:
            self.transport.close()

    def _end_with(self, status: bytes) -> None:
        """Answer without a body, and close."""
        lines = [
            b"HTTP/1.1 " + status,
            *(b": ".join(header) for header in self.server_state.default_headers),
            b"x-content-type-options: nosniff",
            b"content-length: 0",
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n")
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._in_header = True  # whatever it was, the rest of it is still to come
        self.transport.close()


def _ensure_http(version: str, target: bytes, headers: Collection[tuple[bytes, bytes]]) -> None:
    """Raise `ValueError` for what the parser lets pass, but RFC 9112 does not (§3.2, §6.1).

    Proxies read such a request in one way and servers in another, which is how a request is
    smuggled past a proxy in the body of one before it.
    """
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if version == "1.1":
        is_sound = hosts == 1
    else:  # the parser still reads HTTP/0.9
        is_sound = version == "1.0" and hosts <= 1 and b"transfer-encoding" not in names
    if b"transfer-encoding" in names:
        is_sound &= dict(headers)[b"transfer-encoding"].strip().lower() == b"chunked"
    if not is_sound or _NOT_IN_TARGET.match(target):
        raise ValueError(version)
