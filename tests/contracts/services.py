"""Runs services as processes of their own, for the suites of the templates that are services."""

import json
import os
import random
import re
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from contracts.http_client import Answer, Headers, ask
from helpers import eventually

TEMPLATES = Path(__file__).parents[2] / "templates"
SERVICES = ("microservice", "cloud-run")
"""The templates that stand on the shared service layers."""

START = 30.0
"""Seconds in which a service must be ready, however busy the machine is."""
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR")
_CHANCE = random.Random()  # noqa: S311  # runs beside one another shall not try the same ports

T = TypeVar("T")
Line = dict[str, Any]
Settings = Mapping[str, str | bytes | int]


@dataclass(frozen=True, slots=True)
class Example:
    """A request of a template's domain that succeeds, for the tests of what all services do."""

    path: str
    route: str
    body: bytes


EXAMPLES = {
    "microservice": Example("/v1/add/1/2", "/v1/{operation}/{a}/{b}", b'{"result":3}'),
    "cloud-run": Example("/v1/fruit?seed=42", "/v1/fruit", b'{"fruit":"fig"}'),
}


def free_port() -> int:
    """Return a port on which nobody listens, from below those that clients get."""
    while True:
        port = _CHANCE.randrange(10_000, 32_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


def environment(settings: Settings) -> dict[bytes, bytes]:
    """Return the environment of a service: these settings and hardly more."""
    variables: dict[str, str | bytes | int] = {"PATH": os.environ["PATH"], **settings}
    return {
        os.fsencode(key): value if isinstance(value, bytes) else os.fsencode(str(value))
        for key, value in variables.items()
    }


def run(words: list[str], settings: Settings) -> subprocess.CompletedProcess[bytes]:
    """Run a program that ends by itself."""
    return subprocess.run(
        words,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=START,
    )


def run_each(
    commands: Sequence[list[str]], cases: Sequence[Settings]
) -> list[subprocess.CompletedProcess[bytes]]:
    """Run programs under their settings, a few at a time; return what came, in their order."""
    with ThreadPoolExecutor(4) as pool:
        return [*pool.map(run, commands, cases)]


class Service:
    """A service that runs, with its logs in files; used as a context, it is ended and looked at."""

    def __init__(self, words: list[str], folder: Path, settings: Settings) -> None:
        self.words = words
        self.settings = {"HOST": "127.0.0.1", "PORT": free_port(), "LOG_LEVEL": "debug", **settings}
        self.port = int(self.settings["PORT"])
        self.host = "::1" if self.settings["HOST"] == "::1" else "127.0.0.1"
        self._out, self._err = folder / f"{self.port}.out", folder / f"{self.port}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*words, "serve"],
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
        self.end()

    def end(self) -> None:
        """End it if it still runs, and hold to the rules what every service must have kept to."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                assert self.wait() == 0
            finally:
                self.kill()
        assert self.stderr() == ""
        if str(self.settings.get("LOG_FORMAT")).lower() != "text":
            for line in self.log():
                assert TIME.fullmatch(line["time"]), line
                assert line["severity"] in SEVERITIES, line
                assert isinstance(line["message"], str), line

    def kill(self) -> None:
        """End it by force."""
        self.process.kill()
        self.process.wait()

    def ready(self) -> "Service":
        """Wait until it is ready."""

        def look() -> bool:
            assert self.process.poll() is None, (self.process.returncode, self.stderr())
            with suppress(OSError):
                return self.ask("GET", "/readyz").status == 200
            return False

        eventually(look, START)
        return self

    def wait(self, within: float = 15.0) -> int:
        """Wait until it has ended, and return its status, less than 0 for a signal."""
        return self.process.wait(within)

    def tell(self, number: signal.Signals = signal.SIGTERM) -> "Service":
        """Send a signal that drains it, and wait until it says that it does."""
        self.process.send_signal(number)
        eventually(lambda: f"draining: {number.name}" in self.messages())
        return self

    def ask(
        self, method: str, target: str | bytes, headers: Headers = (), body: bytes | None = None
    ) -> Answer:
        """Ask once, on a connection of its own."""
        return ask(self.port, method, target, headers, body, host=self.host)

    def stdout(self) -> str:
        """Return what it printed so far."""
        return self._out.read_text("utf-8")

    def stderr(self) -> str:
        """Return what it complained of so far."""
        return self._err.read_text("utf-8")

    def log(self, about: str = "") -> list[Line]:
        """Return the lines of its log so far, those that are whole and have a text in them."""
        whole, _, _ = self.stdout().rpartition("\n")
        return [json.loads(line) for line in whole.split("\n") if line and about in line]

    def messages(self) -> list[str]:
        """Return the messages in its log so far."""
        return [line["message"] for line in self.log()]

    def logged(self, request_id: str) -> Line:
        """Return the one line of the log about a request, once it is there."""
        lines = eventually(
            lambda: [line for line in self.log(request_id) if line.get("request_id") == request_id]
        )
        (line,) = lines
        return line


@dataclass(frozen=True, slots=True)
class Cell:
    """A service in a language."""

    template: str
    language: str

    def __str__(self) -> str:
        """Return the name in the ids of tests."""
        return f"{self.template}-{self.language}"

    @property
    def example(self) -> Example:
        """The request of the domain that succeeds."""
        return EXAMPLES[self.template]

    @property
    def name(self) -> str:
        """The name of the program, as `build` in `conftest` gives it."""
        return f"contract-{self.template}"

    def document(self) -> str:
        """Return the text of the OpenAPI document that the contract has for it."""
        path = TEMPLATES / self.template / "any/contract/openapi.json"
        title = self.name.replace("-", " ").title()
        return path.read_text("utf-8").replace('"My Project"', json.dumps(title))
