"""The one layer around the application: limits, ids, log, metrics and cross-origin requests.

It is one layer because each costs time in every request.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import correlation
from .exchange import CLIENT_LEFT, REFUSAL_KEY, Exchange, too_large
from .log import Answered, Log
from .metrics import Metrics
from .probes import QUIET_ROUTES
from .problems import Refusal, problem_response
from .routing import decode_path
from .settings import Settings

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Request-ID",
    "Access-Control-Max-Age": "600",
}


class Shell:
    """An ASGI application around another one."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        log: Log,
        metrics: Metrics,
        template: Callable[[Scope], str],
    ) -> None:
        self._app = app
        self._settings = settings
        self._log = log
        self._metrics = metrics
        self._template = template

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._settings)
        token = correlation.REQUEST_ID.set(exchange.request_id)
        self._metrics.in_flight += 1
        try:
            await self._answer(exchange)
        except ClientDisconnect:
            exchange.status = CLIENT_LEFT
        except asyncio.CancelledError:
            if exchange.expired:
                _forget_cancellation()
            elif exchange.connection is None:
                raise
            else:  # the service ends, which uvicorn would log as a fault of the application
                exchange.connection.abandon()
        except Exception:  # noqa: BLE001  # whatever it is, the service goes on
            await self._fail(exchange)
        finally:
            self._metrics.in_flight -= 1
            correlation.REQUEST_ID.reset(token)
            await self._conclude(exchange)

    async def _answer(self, exchange: Exchange) -> None:
        scope = exchange.scope
        if refusal := self._refusal(exchange):
            await exchange.answer(problem_response(scope, refusal))
        elif self._is_preflight(exchange):
            await exchange.answer(Response(status_code=204, headers=_PREFLIGHT))
        else:
            if exchange.method == "HEAD":
                # The server has to know that it was HEAD, so only the routes are told otherwise.
                scope = exchange.scope = {**scope, "method": "GET"}
            if b"%" in scope["raw_path"]:
                scope["path"] = decode_path(scope["raw_path"])
            await self._app(scope, exchange.receive, exchange.send)

    def _refusal(self, exchange: Exchange) -> Refusal | None:
        """Return why the request is refused before anything looks at its path."""
        refusal: Refusal | None = exchange.scope.get(REFUSAL_KEY)
        if refusal is not None:
            return refusal
        declared = exchange.headers.get(b"content-length")
        if declared is not None and int(declared) > self._settings.max_body_bytes:
            return too_large()
        return None

    def _is_preflight(self, exchange: Exchange) -> bool:
        return (
            exchange.method == "OPTIONS"
            and exchange.has_allowed_origin
            and b"access-control-request-method" in exchange.headers
        )

    async def _fail(self, exchange: Exchange) -> None:
        """Log a fault of ours, and close the connection where an answer has begun."""
        self._log.event(logging.ERROR, traceback.format_exc().rstrip(), exchange.request_id)
        if not exchange.status:
            await exchange.answer(problem_response(exchange.scope, HTTPException(500)))
        elif exchange.connection is not None:
            exchange.connection.abandon()

    async def _conclude(self, exchange: Exchange) -> None:
        """Count and log what was answered or left by its client; what was cut off is neither."""
        await exchange.finish()
        if not exchange.status:
            return
        route = self._template(exchange.scope)
        method, status, seconds = exchange.method, exchange.status, exchange.seconds
        self._metrics.count(method, route, status, seconds)
        severity = _severity(route, status)
        if severity >= self._log.level:
            trace = correlation.trace_id(exchange.headers, exchange.scope["headers"])
            self._log.request(
                Answered(
                    severity,
                    exchange.request_id,
                    trace,
                    method,
                    route,
                    status,
                    seconds,
                    exchange.size,
                )
            )


def _severity(route: str, status: int) -> int:
    if route in QUIET_ROUTES and (status < 400 or (route, status) == ("/readyz", 503)):  # noqa: PLR2004  # statuses
        return logging.DEBUG
    return logging.ERROR if status >= 500 else logging.INFO  # noqa: PLR2004  # a status


def _forget_cancellation() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
