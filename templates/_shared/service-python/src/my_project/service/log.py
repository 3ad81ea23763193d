"""The log: one line an event on standard output, as JSON or for people."""

import asyncio
import json
import logging
import os
import threading
import time
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from .correlation import REQUEST_ID
from .settings import LogFormat, Settings

DELAY: Final = 0.05  # seconds that a line may wait for others, to go out with them in one write

_MICROSECONDS = 1_000_000


class Answered(NamedTuple):
    """What the log tells of a request."""

    severity: int
    request_id: str
    trace: str | None
    method: str
    route: str
    status: int
    seconds: float
    size: int


class Log:
    """Writes lines to a file descriptor.

    The module `logging` takes longer for a line than the service for an answer, so requests
    do without it; what other code logs through it comes here as well.
    """

    def __init__(self, settings: Settings, descriptor: int = 1) -> None:
        self.level: Final = logging.getLevelNamesMapping()[settings.log_level.upper()]
        self._as_json: Final = settings.log_format is LogFormat.JSON
        self._project: Final = settings.google_cloud_project
        self._descriptor: Final = descriptor
        self._lines: list[str] = []
        self._second, self._prefix = 0, ""
        self._waiting: asyncio.AbstractEventLoop | None = None
        self._lock: Final = threading.RLock()  # a signal can come in the middle of a flush

    def event(self, severity: int, message: str, request_id: str | None = None) -> None:
        """Log what is no request."""
        if severity < self.level:
            return
        name = logging.getLevelName(severity)
        if self._as_json:
            of_request = f',"request_id":{json.dumps(request_id)}' if request_id else ""
            head = f'{{"time":"{self._now()}","severity":"{name}"'
            self._write(f'{head},"message":{_encode(message)}{of_request}}}\n', severity)
        else:
            of_request = f" [{request_id}]" if request_id else ""
            line = message.replace("\r", "\\r").replace("\n", "\\n")
            self._write(f"{self._now()} {name} {line}{of_request}\n", severity)

    def request(self, answered: Answered) -> None:
        """Log a request that has been answered."""
        severity, request_id, trace, method, route, status, seconds, size = answered
        if severity < self.level:
            return
        name = logging.getLevelName(severity)
        took = f"{seconds * 1000:.3f}"
        if self._as_json:
            line = (
                f'{{"time":"{self._now()}","severity":"{name}"'
                f',"message":{_quoted(f"{method} {route} {status}")},"request_id":"{request_id}"'
                f'{self._trace(trace) if trace else ""},"method":{_quoted(method)}'
                f',"route":{_quoted(route)},"status":{status},"duration_ms":{took},"bytes":{size}}}\n'
            )
        else:
            request = f"{method} {route} {status}"
            line = f"{self._now()} {name} {request} {took} ms {size} bytes [{request_id}]\n"
        self._write(line, severity)

    def flush(self) -> None:
        """Write what is waiting; where nobody reads it any more, it is lost and nothing else is."""
        with self._lock:
            self._waiting = None
            lines, self._lines = self._lines, []
            data = memoryview("".join(lines).encode("utf-8", errors="replace"))
            with suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]

    def _write(self, line: str, severity: int) -> None:
        with self._lock:
            self._lines.append(line)
            if severity >= logging.WARNING or not self._later():
                self.flush()

    def _later(self) -> bool:
        """Tell whether the event loop will flush; other threads have none."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._waiting is not loop:
            loop.call_later(DELAY, self.flush)
            self._waiting = loop
        return True

    def _trace(self, trace: str) -> str:
        cloud = f"projects/{self._project}/traces/{trace}"
        return f',"trace":"{trace}"' + (
            f',"logging.googleapis.com/trace":"{cloud}"' if self._project else ""
        )

    def _now(self) -> str:
        """Return the time by RFC 3339; the part down to the second is made once a second."""
        second, part = divmod(time.time_ns() // 1000, _MICROSECONDS)
        if second != self._second:
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._prefix}.{part:06}Z"


class Handler(logging.Handler):
    """Brings what other code logs through `logging` into the log of the service."""

    def __init__(self, log: Log) -> None:
        super().__init__(log.level)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log the message, with the traceback if it has one."""
        severity = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.ERROR)
        try:
            message = self.format(record)
        except Exception as error:  # noqa: BLE001  # a bad line of the log fails no request
            place = f"{record.pathname}:{record.lineno}"
            severity, message = logging.ERROR, f"cannot log {record.msg!r} of {place}: {error}"
        self._log.event(severity, message, REQUEST_ID.get())


def take_over(log: Log) -> None:
    """Let `logging` write to the log, and only what matters of the server below us."""
    logging.basicConfig(handlers=[Handler(log)], level=log.level, format="%(message)s", force=True)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


_encode = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(1024)  # routes, methods and statuses are few
def _quoted(text: str) -> str:
    return _encode(text)
