"""Starts the programs of `gpu-stress`, watches them, and reads what they report."""

import json
import os
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

CONTRACT = Path(__file__).parents[2] / "templates/gpu-stress/any/contract"
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((CONTRACT / "report.schema.json").read_text("utf-8"))
)
STATUSES = {"held": 0, "fault": 1, "stopped for temperature": 4}

Report = dict[str, Any]
GOLDEN: Report = json.loads((CONTRACT / "plot-example.json").read_text("utf-8"))
"""A report that no program has written."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run has said, and what it took."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float
    """Of all its threads and of the processes it has waited for."""
    peak_bytes: int
    """The most memory that it had at once, with its processes; seen some 50 times a second."""
    written: Report | None = None
    """The report, where there is one."""

    @property
    def report(self) -> Report:
        """The report, which must be there."""
        assert self.written is not None, (self.status, self.stderr)
        return self.written

    @property
    def device(self) -> Report:
        """The only device of the report."""
        (device,) = self.report["devices"]
        assert isinstance(device, dict)
        return device

    @property
    def samples(self) -> list[Report]:
        """The samples of the only device."""
        return [*self.device["samples"]]

    @property
    def reasons(self) -> str:
        """The reasons of the verdict, one a line."""
        return "\n".join(self.report["verdict"]["reasons"])


@dataclass(slots=True)
class Running:
    """A program that has been started, with its report in a file of its own."""

    words: list[str]
    folder: Path
    env: Mapping[str, str]
    before: tuple[str, ...] = ()
    columns: int | None = None
    """The width of the terminal that standard error is; None where it is a pipe."""
    passed: int | None = None
    """A file that it inherits."""
    process: subprocess.Popen[bytes] = field(init=False)
    _texts: dict[str, bytearray] = field(init=False, default_factory=dict)
    _threads: list[threading.Thread] = field(init=False, default_factory=list)
    _started: float = field(init=False)
    _peak: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Start it; it never gets the terminal that the tests may run on."""
        ours, theirs = os.pipe() if self.columns is None else _terminal(self.columns)
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [*self.before, *self.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=self.folder,
            env={**os.environ, **self.env},
            pass_fds=() if self.passed is None else (self.passed,),
        )
        os.close(theirs)
        assert self.process.stdout is not None
        self._read("stdout", self.process.stdout.fileno())
        self._read("stderr", ours)
        self._thread(self._watch)

    def _thread(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _read(self, name: str, file: int) -> None:
        self._texts[name] = bytearray()

        def read() -> None:
            with suppress(OSError):  # so a terminal says that its program has ended
                while data := os.read(file, 65536):
                    self._texts[name] += data

        self._thread(read)

    def _watch(self) -> None:
        while self.process.returncode is None:
            self._peak = max(self._peak, _resident(self.process.pid))
            time.sleep(0.02)

    def text(self, name: str) -> str:
        """Return what it has said on `stdout` or `stderr` so far."""
        return bytes(self._texts[name]).decode(errors="ignore")  # it may be amid a character

    def wait_until(self, what: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for something that it does, or fail."""
        end = time.monotonic() + seconds
        while not what():
            assert self.runs(), self.text("stderr")
            assert time.monotonic() < end, self.text("stderr")
            time.sleep(0.002)

    def runs(self) -> bool:
        """Tell whether it has not ended yet; `finish` asks it for its end itself."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, options) is None

    def cpu_seconds(self) -> float:
        """Return the time that it and its processes have computed for."""
        ticks = 0
        for pid in _family(self.process.pid):
            with suppress(OSError):  # it has just ended
                values = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
                ticks += int(values[11]) + int(values[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def send(self, number: int) -> None:
        """Send a signal; where it has just ended, nobody gets it."""
        os.kill(self.process.pid, number)

    def finish(self, seconds: float = 120) -> Ran:
        """Wait for its end, and hold that it did not crash and that its report fits."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.monotonic() - self._started
        timer.cancel()
        for thread in self._threads:
            thread.join(10)
        stdout, stderr = (bytes(self._texts[name]).decode() for name in ("stdout", "stderr"))
        code = self.process.returncode
        assert code != -signal.SIGKILL, f"not at an end after {seconds} s: {stderr[-1000:]}"
        assert code >= 0, f"ended by {signal.Signals(-code).name}: {stderr[-1000:]}"
        assert "Traceback" not in stderr, stderr
        assert "panicked" not in stderr, stderr
        written = read_report(self.folder / "report.json") if "report.json" in self.words else None
        cpu = usage.ru_utime + usage.ru_stime
        ran = Ran(code, stdout, stderr, taken, cpu, self._peak, written)
        if written is not None:
            verdict = written["verdict"]
            assert verdict["exit_status"] == ran.status
            assert STATUSES.get(verdict["status"], ran.status) == ran.status
            assert (verdict["status"] == "interrupted") == (ran.status in {130, 143})
            assert bool(verdict["reasons"]) == (ran.status != 0)
        return ran


def read_report(path: Path) -> Report | None:
    """Read a report that may be there, and hold it to the schema."""
    if not path.exists():
        return None
    found: Report = json.loads(path.read_text("utf-8"), parse_constant=_refuse)
    SCHEMA.validate(found)
    return found


def _refuse(name: str) -> None:
    msg = f"{name} is no JSON"
    raise AssertionError(msg)


def _terminal(columns: int) -> tuple[int, int]:
    import fcntl  # noqa: PLC0415  # Windows has none of these, and skips what needs them
    import pty  # noqa: PLC0415  # as above
    import termios  # noqa: PLC0415  # as above

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return ours, theirs


def _family(pid: int) -> Iterator[int]:
    """Yield a process and those that it has started."""
    yield pid
    with suppress(OSError):  # it has just ended
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in path.read_text("ascii").split():
                yield from _family(int(child))


def _resident(pid: int) -> int:
    """Return the memory of a process and of those that it has started."""
    pages = 0
    for each in _family(pid):
        with suppress(OSError, IndexError):
            pages += int(Path(f"/proc/{each}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
