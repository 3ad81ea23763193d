"""Runs the programs of `gpu-stress`, watches them, and reads what they report."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
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
GPU = ("--allow-software", "--memory-fraction", "0.003")
"""A device that every machine has, and little of its memory."""
STATUSES = {"held": 0, "fault": 1, "stopped for temperature": 4}
PROMPT = 1.0
"""Seconds for an interrupt: by the contract 0.2 and a batch; a busy machine adds to it."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")

Report = dict[str, Any]


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
        return bytes(self._texts[name]).decode()

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
        stdout, stderr = self.text("stdout"), self.text("stderr")
        code = self.process.returncode
        assert code != -signal.SIGKILL, f"not at an end after {seconds} s: {stderr[-1000:]}"
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


def screen_lines(text: str, columns: int) -> list[str]:
    """Return each line that a terminal has shown, drawn anew or not, and hold that none wrapped."""
    shown = []
    for line in re.split(r"[\r\n]+|\x1b\[\d*[AFGHJK]", text):
        plain = _ESCAPE.sub("", line)
        assert len(plain) <= columns, f"{len(plain)} of {columns} columns: {plain!r}"
        assert plain.isprintable(), plain
        shown.append(plain)
    return [line for line in shown if line.strip()]


@dataclass(slots=True)
class Subject:
    """The program of one language, a folder to run it in, and the runs that tests share."""

    language: str
    words: list[str]
    folder: Path
    env: Mapping[str, str]
    sound: Mapping[str, str]
    """The variables that load a management library of which all is well."""
    _shared: dict[str, Ran] = field(default_factory=dict)
    _count: int = 0

    def start(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        columns: int | None = None,
        passed: int | None = None,
    ) -> Running:
        """Start the program in a folder of its own."""
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir()
        together = {**self.env, **(env or {})}
        paths = [each.get("LD_LIBRARY_PATH") for each in (env or {}, self.env)]
        together["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, paths))
        return Running([*self.words, *words], folder, together, before, columns, passed)

    def run(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        columns: int | None = None,
    ) -> Ran:
        """Run the program to its end."""
        return self.start(*words, env=env, before=before, columns=columns).finish()

    def report(self, *words: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run the program without live lines, with a report."""
        return self.run(*words, "--json", "report.json", "--quiet", env=env)

    def shared(self, *words: str, columns: int | None = None, **env: str) -> Ran:
        """Return a run with a report, made once for all tests that ask for the same."""
        key = json.dumps([words, columns, env])
        if key not in self._shared:
            words = (*words, "--json", "report.json")
            self._shared[key] = self.run(*words, columns=columns, env=env)
        return self._shared[key]


# --- NVIDIA's library ---------------------------------------------------------------------------

UUID = "GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OTHER_UUID = "GPU-f01e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SOUND = {
    "init": "0", "count": "1", "driver": "550.54.14", "handle": "0", "name": "NVIDIA Fake 1",
    "uuid": UUID, "pci": "0:65:0", "temperature": "41", "slowdown": "90", "power": "251500",
    "limit": "300000", "clock": "1830", "memory_clock": "7001", "utilisation": "97",
    "memory_total": str(24 << 30), "memory_used": str(3 << 30), "ecc": "0", "throttle": "0x5",
}  # fmt: skip


def nvml(folder: Path, library: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write what the fake library shall say, and return the variables that make it be loaded.

    A value `-` takes a key away. Each call is written to the file `log` beside the script.
    """
    script = {**SOUND, "log": str(folder / "log"), **(changes or {})}
    text = "".join(f"{key} {value}\n" for key, value in script.items() if value != "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script").write_text(text, "utf-8")
    return {"FAKE_NVML": str(folder / "script"), "LD_LIBRARY_PATH": str(library)}


def calls(folder: Path) -> list[str]:
    """Return the keys that the fake library was asked for."""
    log = folder / "log"
    return log.read_text("ascii").split() if log.exists() else []


def compile_nvml(folder: Path, cc: str, *words: str) -> Path:
    """Compile the fake library into a folder, and return the folder."""
    folder.mkdir(parents=True)
    source = Path(__file__).with_name("gpu_nvml.c")
    target = folder / "libnvidia-ml.so.1"
    options = ["-shared", "-fPIC", "-O1", "-pthread", "-fvisibility=hidden", *words]
    subprocess.run([cc, *options, "-o", target, source], check=True)
    return folder
