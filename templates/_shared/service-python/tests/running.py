"""Runs the service as a process of its own, and talks to it byte by byte."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).parents[1]
SERVE = ("my_project", "serve")
"""The words that run the service itself."""
DEMONSTRATE = ("tests.demonstration",)
"""The words that run the routes of the demonstration."""
PATIENCE = 60.0
"""Seconds in which anything must happen."""


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "my_project", *words],
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE,
    )


def start(*words: str, **variables: str) -> subprocess.Popen[str]:
    """Start the program."""
    return subprocess.Popen(
        [sys.executable, "-m", "my_project", *words],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def connect(self) -> "Wire":
        """Open a connection, waiting until the service listens."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return Wire(socket.create_connection(("127.0.0.1", self.port), PATIENCE))
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def get(self, path: str) -> bytes:
        """Ask on a connection of its own, and return all that comes."""
        with self.connect() as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return wire.read_all()

    def wait_until_ready(self) -> None:
        """Wait until the service is ready."""
        deadline = time.monotonic() + PATIENCE
        while b"200 OK" not in self.get("/readyz"):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def send_signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        return self.process.wait(PATIENCE)

    def lines(self) -> list[dict[str, Any]]:
        """Return what has been logged."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def wait_for_line(self, message: str) -> dict[str, Any]:
        """Wait until such a line is logged."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for line in self.lines():
                if message in line["message"]:
                    return line
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.01)


class Wire:
    """A connection on which a test says exactly what it wants."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def read_until(self, end: bytes) -> bytes:
        """Read until these bytes have come."""
        data = b""
        while end not in data:
            piece = self._socket.recv(65536)
            assert piece, data
            data += piece
        return data

    def read_all(self) -> bytes:
        """Read until the other side closes."""
        data = b""
        while piece := self._socket.recv(65536):
            data += piece
        return data


@contextmanager
def service(*words: str, ready: bool = True, **variables: str) -> Iterator[Running]:
    """Run a service, and end it if it has not ended by itself."""
    with tempfile.TemporaryDirectory() as folder:
        output, port = Path(folder, "output"), free_port()
        environment = {"HOST": "127.0.0.1", "PORT": str(port), "LOG_LEVEL": "debug", **variables}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *(words or DEMONSTRATE)],
                cwd=PROJECT,
                env=os.environ | environment,
                stdout=file,
            )
        with process:
            running = Running(process, port, output)
            try:
                if ready:
                    running.wait_until_ready()
                yield running
            finally:
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(PATIENCE)
                    finally:
                        process.kill()
