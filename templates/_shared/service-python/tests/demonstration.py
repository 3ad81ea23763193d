"""Routes that no real service has, to see how it takes them; served by running this module.

Its words: `brief` for short limits, `tidy` for a long end, or what
becomes of the preparation: `fail`, or its seconds.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from my_project.service import signals
from my_project.service.app import create_app
from my_project.service.problems import DomainError
from my_project.service.routing import Body, Router
from my_project.service.server import Server
from my_project.service.settings import read_settings

SECRET = "the fault that nobody outside may see"  # noqa: S105  # not one to keep


class Part(Body):
    """An object within the body."""

    number: float
    flag: bool = False


class Colour(Enum):
    """A word of a few."""

    RED = "red"


class Label(Body):
    """Values that JSON has only as text, a number or an array."""

    day: date
    key: UUID
    colour: Colour = Colour.RED
    weight: Decimal = Decimal(0)
    corner: tuple[int, int] = (0, 0)


class Parcel(Body):
    """A body of all kinds of values."""

    name: str
    count: int
    parts: Annotated[list[Part], Field(default_factory=list)]


@asynccontextmanager
async def _prepare(_app: FastAPI) -> AsyncIterator[dict[str, str]]:
    word = sys.argv[1:2]
    if word == ["fail"]:
        raise RuntimeError(SECRET)
    if word and word[0].isdigit():
        await asyncio.sleep(int(word[0]))
    yield {"prepared": "yes"}
    if word == ["tidy"]:
        await asyncio.sleep(60)


router = Router(lifespan=_prepare)


@router.get("/echo/{text}")
async def echo(
    text: str, many: Annotated[list[str] | None, Query()] = None, number: int = 0
) -> dict[str, object]:
    return {"text": text, "number": number, "many": many}


@router.post("/parcel/{place}")
async def send(place: int, parcel: Parcel) -> dict[str, object]:
    return {"place": place, "parcel": parcel}


@router.post("/label")
async def stick(label: Label) -> Label:
    return label


@router.post("/count")
async def count(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@router.get("/prepared")
async def prepared(request: Request) -> dict[str, Any]:
    return {"prepared": request.state.prepared}


@router.get("/slow/{seconds}")
async def wait(seconds: float) -> dict[str, float]:
    await asyncio.sleep(seconds)
    return {"slept": seconds}


@router.get("/block/{seconds}")
def block(seconds: float) -> dict[str, float]:
    time.sleep(seconds)
    return {"slept": seconds}


@router.get("/hold/{seconds}")
async def hold(seconds: float) -> dict[str, float]:
    time.sleep(seconds)  # noqa: ASYNC251  # it keeps the event loop, as bad handlers do
    return {"slept": seconds}


@router.get("/bad-header/{name}")
async def answer_badly(name: str) -> Response:
    return Response(headers={name: "a\r\nb"})


@router.post("/pause")
async def pause(request: Request) -> dict[str, int]:
    pieces = request.stream()
    size = len(await anext(pieces))
    await asyncio.sleep(60)
    return {"bytes": size}


@router.post("/early")
async def begin_early(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        yield b"%d" % len(await request.body())

    return StreamingResponse(pieces())


@router.get("/crash")
async def crash() -> None:
    raise RuntimeError(SECRET)


@router.get("/refuse/{status}")
async def refuse(status: int, detail: str | None = None) -> None:
    if status == 422:
        raise DomainError("broken", "it is broken", 3)
    raise HTTPException(status, detail)


@router.get("/stream")
@router.get("/stream/{number}")
async def stream(*, breaks: bool = False, number: int = 10**9) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(number):
            yield b"piece\n"
            await asyncio.sleep(0.01)
            if breaks:
                raise RuntimeError(SECRET)

    return StreamingResponse(pieces(), media_type="text/plain")


def main() -> None:
    """Serve these routes alone."""
    signals.install()
    settings = read_settings()
    if sys.argv[1:] == ["brief"]:  # shorter than the environment can make them
        settings = replace(
            settings,
            header_timeout_seconds=0.5,
            body_timeout_seconds=1.2,
            handler_timeout_seconds=0.8,
            max_body_bytes=1000,
            max_connections=10,
        )
    sys.exit(Server(create_app(settings, routers=[router])).run())


if __name__ == "__main__":
    main()
