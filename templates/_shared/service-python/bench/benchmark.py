"""Compares the service with a bare handler of the same framework: what ids, limits and logs cost.

It needs `oha` (`cargo install oha`) and Linux; the service has one processor, the load another.
Only ratios carry over to another machine.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

_ROUNDS = 5
_SECONDS = "2s"
_CONNECTIONS = "32"
_REQUESTS = "10000"
_HERE = Path(__file__).parent
_PATH, _PATTERN = (_HERE / "target.txt").read_text(encoding="utf-8").split()


class Load(NamedTuple):
    """What `oha` found: requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


class Program(NamedTuple):
    """How a program is started on a port, and which path tells that it is there."""

    words: Callable[[int], list[str]]
    ready: str

    @contextmanager
    def run(self) -> Iterator[tuple[int, int, float]]:
        """Start it on a free port; give process, port and the seconds to the first 200."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1"}
        begin = time.perf_counter()
        with subprocess.Popen(
            ["taskset", "-c", "0", *self.words(port)], stdout=subprocess.DEVNULL, env=environment
        ) as process:
            try:
                _wait(f"http://127.0.0.1:{port}{self.ready}")
                yield process.pid, port, time.perf_counter() - begin
            finally:
                process.terminate()


_PROGRAM = str(Path(sys.executable).with_name("my-project"))
OURS = Program(lambda _: [_PROGRAM, "serve"], "/readyz")
BARE = Program(lambda port: [sys.executable, str(_HERE / "bare.py"), _PATTERN, str(port)], _PATH)


def main() -> None:
    """Print the table."""
    if shutil.which("oha") is None:
        sys.exit("there is no oha here: cargo install oha")
    whole = _medians(["-z", _SECONDS])
    half = f"{whole[0].rate / 2:.0f}"
    halves = _medians(["-z", _SECONDS, "--latency-correction", "-q", half])
    print(f"{_PATH:36}{'bare':>12}{'service':>12}{'ratio':>10}")
    _row("requests a second, one processor", [load.rate for load in whole])
    _row("p50 at half the bare load, ms", [load.p50 for load in halves])
    _row("p99 at half the bare load, ms", [load.p99 for load in halves])
    _row("resident after 10,000 requests, MB", [_memory(BARE), _memory(OURS)])
    start = statistics.median(_start_up() for _ in range(_ROUNDS))
    floor = statistics.median(_imports() for _ in range(_ROUNDS))
    print(f"\n{'start':36}{'import':>12}{'service':>12}{'ratio':>10}")
    _row("to the first 200 of /readyz, s", [floor, start])


def _medians(words: list[str]) -> tuple[Load, Load]:
    """Measure both in turns, so that what else the machine does hits them alike."""
    found: tuple[list[Load], list[Load]] = ([], [])
    for _ in range(_ROUNDS):
        for program, loads in zip((BARE, OURS), found, strict=True):
            with program.run() as (_, port, _):
                _load(port, ["-n", "500"])  # warms up
                loads.append(_load(port, words))
    bare, ours = (Load(*map(statistics.median, zip(*loads, strict=True))) for loads in found)
    return bare, ours


def _load(port: int, words: list[str]) -> Load:
    command = ["taskset", "-c", "1", "oha", "--no-tui", "--output-format", "json"]
    address = f"http://127.0.0.1:{port}{_PATH}"
    ran = subprocess.run(
        [*command, "-c", _CONNECTIONS, *words, address], capture_output=True, check=True
    )
    found = json.loads(ran.stdout)
    if found["summary"]["successRate"] != 1 or [*found["statusCodeDistribution"]] != ["200"]:
        sys.exit(f"not every answer was 200: {found['statusCodeDistribution']}")
    latencies = found["latencyPercentiles"]
    return Load(found["summary"]["requestsPerSec"], latencies["p50"] * 1e3, latencies["p99"] * 1e3)


def _memory(program: Program) -> float:
    """Return the resident memory after many requests, in MB."""
    with program.run() as (process, port, _):
        _load(port, ["-n", _REQUESTS])
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _start_up() -> float:
    with OURS.run() as (_, _, seconds):
        return seconds


def _imports() -> float:
    begin = time.perf_counter()
    subprocess.run(
        ["taskset", "-c", "0", sys.executable, "-c", "import fastapi, uvicorn"], check=True
    )
    return time.perf_counter() - begin


def _wait(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(address, timeout=1):  # noqa: S310  # the address is our own
                return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)


def _row(label: str, values: list[float]) -> None:
    bare, ours = values
    print(f"{label:36}{bare:12.2f}{ours:12.2f}{ours / bare:10.2f}")


if __name__ == "__main__":
    main()
