"""Runs a command of a generated project: to the end, into a log, and never left behind."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LIMIT = 1800.0
"""Seconds after which a command is taken to hang."""
_TAIL = 40


class Cancelled(Exception):  # noqa: N818  # it is no error: somebody asked for it
    """The run was told to stop; the command was ended with everything it started."""


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return this environment without what would leak into a project's commands."""
    leaks = ("GIT_", "MAKE", "MFLAGS", "PYTHONPATH", "PYTEST_", "UV_PROJECT", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(leaks)}
    # `make setup` puts a project's own tools into one of these, pre-commit among them.
    own = [str(folder / tools / "bin") for tools in (".venv", ".tools")]
    path = os.pathsep.join((*own, kept.get("PATH", os.defpath)))
    return kept | {"NO_COLOR": "1", "PATH": path, "TERM": "dumb"} | dict(extra)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where commands run: a project's folder, the log they write, and what stops them."""

    folder: Path
    log: Path
    extra: Mapping[str, str]
    """Added to the environment."""
    stop: threading.Event

    def run(self, *words: str) -> str | None:
        """Run a command and append its output to the log; return None if it succeeded.

        Otherwise return why it did not: the end of its output, and its status. A command that takes
        more than `LIMIT` seconds is ended and has failed. Raises `Cancelled` once `stop` is set,
        after ending the command and all that it started.
        """
        with self.log.open("ab") as out:
            out.write(f"\n$ {' '.join(words)}\n".encode())
            out.flush()
            start = out.tell()
            try:
                process = _start(words, self.folder, environment(self.folder, self.extra), out)
            except OSError as error:
                return f"{words[0]}: {error.strerror}"
            try:
                code = _wait(process, self.stop)
            finally:
                _end(process)
        if code == 0:
            return None
        return "\n".join((*_tail(self.log, start), f"{words[0]} {_ending(code)}"))


def _start(
    words: Sequence[str], folder: Path, variables: Mapping[str, str], out: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> int | None:
    begun = time.monotonic()
    while True:
        try:
            return process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if stop.is_set():
                raise Cancelled from None
            if time.monotonic() - begun > LIMIT:
                return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command's whole session, also what it left in the background."""
    if os.name == "nt":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ending(code: int | None) -> str:
    if code is None:
        return f"was ended after {LIMIT:g} s"
    return f"was ended by signal {-code}" if code < 0 else f"failed with exit status {code}"


def _tail(log: Path, start: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return lines[-_TAIL:]
