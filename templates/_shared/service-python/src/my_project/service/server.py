"""The server: listens, serves until a signal comes, and ends in order."""

import asyncio
import logging
import os
import socket
import threading
from email.utils import formatdate
from typing import Final

import uvloop
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from . import signals
from .app import Service
from .log import take_over
from .protocol import ServiceConfig, ServiceProtocol
from .state import Phase

BACKLOG: Final = 2048

_LOOK_SECONDS: Final = 0.01  # between two looks at what is still in flight
_LAST_SECONDS: Final = 0.5  # after the grace, for what cleans up


class ListenError(Exception):
    """The address cannot be bound."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(f"cannot listen on {address}: {os.strerror(error.errno or 0)}")


class Server:
    """Serves one application on one address.

    It is not uvicorn's own class: that one prepares before it listens, looks for signals ten times
    a second only, and raises them again in the end, which would be the exit status.
    """

    def __init__(self, app: Service) -> None:
        self._app = app
        self._log = app.log
        self._settings = app.settings
        self._config = ServiceConfig(app, app.settings, app.life)
        self._state = ServerState()

    def run(self) -> int:
        """Serve until a signal comes, and return the exit status; raises `ListenError`."""
        take_over(self._log)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(self._serve())
        finally:
            self._log.flush()

    async def _serve(self) -> int:
        self._config.load()
        lifespan = LifespanOn(self._config)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        signals.on_first(lambda: loop.call_soon_threadsafe(stop.set), self._log.flush)
        self._tell_date(loop)
        server = await self._listen(lifespan)
        self._log.event(logging.INFO, f"listening on http://{self._settings.address}")
        self._log.flush()
        preparation = loop.create_task(lifespan.startup())
        stopping = loop.create_task(stop.wait())
        await asyncio.wait({preparation, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if lifespan.should_exit:
            return 1
        await stopping
        await self._drain(server)
        if preparation.done():
            await lifespan.shutdown()
        return 0

    async def _listen(self, lifespan: LifespanOn) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._settings.host, self._settings.port))
            return await loop.create_server(
                lambda: ServiceProtocol(self._config, self._state, lifespan.state, loop),
                sock=listener,
                backlog=BACKLOG,
            )
        except OSError as error:
            listener.close()
            raise ListenError(self._settings.address, error) from error

    def _tell_date(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep the field `Date` up to the second."""
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode("ascii"))]
        loop.call_later(1, self._tell_date, loop)

    async def _drain(self, server: asyncio.Server) -> None:
        """Finish what is in flight, as long as the grace lasts."""
        self._app.life.phase = Phase.DRAINING
        reason = signals.first()
        self._log.event(logging.INFO, f"draining: {reason.name if reason else 'asked to'}")
        self._log.flush()
        self._end_at_last()
        server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.shutdown_grace_seconds
        while (self._state.tasks or self._state.connections) and loop.time() < end:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(_LOOK_SECONDS)
        await self._cut_off(self._app.metrics.in_flight)

    async def _cut_off(self, count: int) -> None:
        if count:
            seconds = self._settings.shutdown_grace_seconds
            what = f"{count} request{'s' if count > 1 else ''} in flight"
            self._log.event(logging.WARNING, f"cut off after {seconds} s: {what}")
        tasks = set(self._state.tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=_LOOK_SECONDS)

    def _end_at_last(self) -> None:
        """End the process after the grace, whatever is in its way: no thread can be stopped."""

        def end() -> None:
            self._log.flush()
            os._exit(0)

        timer = threading.Timer(self._settings.shutdown_grace_seconds + _LAST_SECONDS, end)
        timer.daemon = True
        timer.start()
