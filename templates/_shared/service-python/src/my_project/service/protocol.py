"""Connections: uvicorn's protocol, with the limits that it lacks."""

import asyncio
from collections import deque
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from . import framing
from .exchange import CONNECTION_KEY, REFUSAL_KEY
from .lingering import Lingering
from .probes import QUIET_ROUTES
from .problems import Refusal
from .settings import Settings
from .state import Life, Phase

HEADER_LIMIT: Final = 8192
"""Bytes of a header, above which it is refused with a problem."""

HARD_HEADER_LIMIT: Final = 65536
"""Bytes of a header, above which the connection is closed before the header is complete."""


class ServiceConfig(Config):
    """What uvicorn needs to know, and the settings of the service."""

    def __init__(self, app: Any, settings: Settings, life: Life) -> None:  # noqa: ANN401  # as uvicorn has it
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
        self.life = life


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
        self._limits, self._life = config.settings, config.life
        self._timer: asyncio.TimerHandle | None = None
        self._in_header = False
        self._header_bytes = 0  # at least as many as the header has that is being read
        self._chunk = 0
        self._blanks = 0  # at the ends of the values in that header, which are not part of them
        # The oldest that has not been answered, or the last that has.
        self._answered: RequestResponseCycle = None  # type: ignore[assignment]  # as `cycle` of uvicorn
        self._deaf = self._crowded = self.lost = False

    def is_reading(self, scope: Scope) -> bool:
        """Whether a part of the body of this request has not come yet."""
        return self.cycle.scope is scope and self.cycle.more_body

    def take_back(self) -> None:
        """Forget an answer that has begun in a way that cannot be sent."""
        cycle = self._answered
        cycle.response_started, cycle.chunked_encoding = False, None
        cycle.expected_content_length = 0

    def send_bare(self, size: int) -> None:
        """Let the next part of a body go out as it is: the end of the connection will end it."""
        self._answered.chunked_encoding = False
        self._answered.expected_content_length = size

    def abandon(self) -> None:
        """Close in the middle of an answer."""
        self._answered.disconnected = True  # else uvicorn logs the fault once more
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a header."""
        super().connection_made(Lingering(transport, self))
        self._crowded = len(self.connections) > self._limits.max_connections
        self._start_timer()
        if self._life.phase is Phase.DRAINING:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the requests that are being answered or wait for it, if there are any."""
        self.lost = True
        self._stop_timer()
        if self._is_answering:
            for cycle in (self._answered, *(waiting for waiting, _ in self.pipeline)):
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish what is being answered; a header that has only begun is no request."""
        if not self._is_answering:
            if self.transport.is_closing():  # an answer is on its way
                return
            self._in_header = False
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Read on, and watch a header that is not complete."""
        if self._deaf:
            return
        self._chunk = len(data)
        self._header_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except (HttpParserError, HttpParserUpgrade):  # CONNECT is an upgrade even without the field
            self._end_with(b"400 Bad Request")
            return
        if self._in_header and self._header_bytes > HARD_HEADER_LIMIT:
            self._end_with(b"431 Request Header Fields Too Large")
        elif self._timer is None and (self._in_header or not self._is_answering):
            self._start_timer()

    def on_message_begin(self) -> None:
        """Begin to read a header."""
        super().on_message_begin()
        self._in_header = True
        self._blanks = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field, without the blanks after its value: RFC 9112, section 5."""
        if value.endswith((b" ", b"\t")):
            self._blanks += len(value) - len(value := value.rstrip(b" \t"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, or its refusal."""
        if self.parser.should_upgrade():
            return
        version = self.parser.get_http_version()
        framing.ensure_http(version, self.url, self.headers)
        self._in_header = False
        self._stop_timer()
        self.expect_100_continue &= version != "1.0"
        super().on_headers_complete()
        # The keys are our own. Each request has its refusal, since more of them may wait here.
        self.scope[CONNECTION_KEY] = self  # type: ignore[typeddict-unknown-key]  # as said above
        if refusal := self._refusal():
            self.scope[REFUSAL_KEY] = refusal  # type: ignore[typeddict-unknown-key]  # as said above
        self._header_bytes = self._chunk  # the next header may be in the same piece
        # What comes with the end of a chunked body belongs to nobody.
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # it swallows what it is given

    def _feed(self, data: bytes | memoryview) -> None:
        """Read on, and read a header again without its upgrade, at which the parser stops."""
        while data:
            try:
                self.parser.feed_data(data)
                data = b""
            except HttpParserUpgrade as stop:
                data = memoryview(data)[stop.args[0] :]
                self._read_without_upgrade()

    def _read_without_upgrade(self) -> None:
        version = self.parser.get_http_version().encode("ascii")
        first_line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        header = framing.without_upgrade(first_line, self.headers, self._blanks)
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(header)

    def _should_upgrade(self) -> bool:
        """Let uvicorn make nothing of a request before it has been read without its upgrade."""
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401  # as uvicorn has it
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

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
        self.cycle.keep_alive &= not self._crowded
        if self._crowded and self.scope["raw_path"].decode("latin-1") not in QUIET_ROUTES:
            detail, retry = "too many connections", {"Retry-After": "1"}
            return Refusal(503, detail, headers=retry, closes=True)
        if self._header_bytes > HEADER_LIMIT:
            length = framing.header_length(self.parser.get_method(), self.url, self.headers)
            if length + self._blanks > HEADER_LIMIT:
                return Refusal(431, "the header is too large", closes=True)
        return None

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self._limits.header_timeout_seconds, self._header_late)

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
        """Close, without harm to the answers to the requests before."""
        self._stop_timer()
        self._in_header = True  # whatever it was, the rest of it is still to come
        broken = self.cycle if self._body_pending else None
        if self.pipeline and broken is not None:
            self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self._answered
        if self._is_answering and last is not broken and not last.response_complete:
            last.keep_alive = False
            self.turn_away()
            return
        if broken is None or not broken.response_started:
            self.transport.write(framing.bare_answer(status, self.server_state.default_headers))
        if broken is not None:
            broken.disconnected = True
            broken.message_event.set()
        self.transport.close()
