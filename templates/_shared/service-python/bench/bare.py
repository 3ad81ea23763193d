"""The bare floor: the same framework and server, one handler and nothing else."""

import inspect
import re
import sys
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None)


def answer(parameters: list[str]) -> Callable[..., Awaitable[dict[str, int]]]:
    """Return a handler with these parameters, since FastAPI takes its time to read them."""

    async def handle(**_: str) -> dict[str, int]:
        return {"result": 3}

    kind = inspect.Parameter.KEYWORD_ONLY
    declared = [inspect.Parameter(name, kind, annotation=str) for name in parameters]
    handle.__signature__ = inspect.Signature(declared)  # type: ignore[attr-defined]  # FastAPI looks there
    return handle


if __name__ == "__main__":
    pattern, port = sys.argv[1:]
    app.get(pattern)(answer(re.findall(r"{(\w+)}", pattern)))
    uvicorn.run(
        app,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
