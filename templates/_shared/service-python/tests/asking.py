"""Asks an application without a socket, and keeps what it logs."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any

import httpx

from my_project.service.app import Service, create_app
from my_project.service.log import Log
from my_project.service.routing import Router
from my_project.service.settings import Settings

Line = dict[str, Any]


class Asked:
    """An application that is asked one request after another."""

    def __init__(self, *routers: Router, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._descriptor = os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR)
        self.log = Log(settings, self._descriptor)
        self.app: Service = create_app(settings, self.log, routers)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send one request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                url = httpx.URL("http://test").copy_with(raw_path=path.encode())
                return await client.request(method, url, headers=headers, content=content)

        return asyncio.run(send())

    def post(
        self, path: str, content: bytes, media_type: str = "application/json"
    ) -> httpx.Response:
        """Send a body."""
        return self.ask("POST", path, headers={"Content-Type": media_type}, content=content)

    def text(self) -> str:
        """Return what has been logged."""
        self.log.flush()
        size = os.lseek(self._descriptor, 0, os.SEEK_END)
        return os.pread(self._descriptor, size, 0).decode()

    def lines(self) -> list[Line]:
        """Return what has been logged, one object a line."""
        return [json.loads(line) for line in self.text().splitlines()]


def assert_problem(answer: httpx.Response, status: int, detail: str, **members: object) -> None:
    """Hold an answer to RFC 9457 and to the contract."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json()
    assert list(problem)[:6] == ["type", "title", "status", "detail", "instance", "request_id"]
    assert problem.pop("type") == "about:blank"
    assert problem.pop("title")
    assert problem.pop("request_id") == answer.headers["X-Request-ID"]
    instance = members.pop("instance", answer.request.url.raw_path.decode().partition("?")[0])
    assert problem == {"status": status, "detail": detail, "instance": instance, **members}
