"""The bare floor: the same framework and server, one handler and nothing else."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None)


async def answer() -> dict[str, int]:
    """Answer what costs nothing to make."""
    return {"result": 3}


if __name__ == "__main__":
    pattern, port = sys.argv[1:]
    app.get(pattern)(answer)
    uvicorn.run(app, port=int(port), loop="uvloop", http="httptools", access_log=False)
