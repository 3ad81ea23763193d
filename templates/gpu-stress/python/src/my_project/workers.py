"""Starts workers, gives them orders, and puts what they answer into one queue."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from .errors import LackingError

if TYPE_CHECKING:
    from queue import SimpleQueue

Message = dict[str, Any]
# One BLAS thread in each process, for there are as many processes as cores.
_ONE_THREAD = dict.fromkeys(
    ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_GRACE = 2  # seconds in which a process that closed its pipe ends


class Worker:
    """A process that loads a device, or a part of it."""

    def __init__(self, answers: "SimpleQueue[tuple[Worker | None, Message]]") -> None:
        self._answers = answers
        try:
            # What drivers write, and a traceback. It is open as long as the process may write.
            self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # as said
            self._process = self._start()
        except OSError as error:
            sentence = f"no process can be started for a device: {error.strerror}"
            raise LackingError(f"{sentence}; `ulimit -a` shows what limits there are") from error
        self._read_from = 0
        Thread(target=self._listen, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        with _signals_held_back():
            return subprocess.Popen(  # noqa: S603  # this program itself
                [sys.executable, "-m", f"{__package__}.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_ONE_THREAD},
            )

    def begin_run(self) -> None:
        """Let what it has written until now say nothing about how it ends."""
        with suppress(ValueError):  # it has ended, and its file is closed
            self._read_from = os.fstat(self._errors.fileno()).st_size

    def order(self, do: str, **values: object) -> None:
        """Give an order; one that has ended hears nothing, and `ended` will be its last answer."""
        assert self._process.stdin is not None  # noqa: S101  # a pipe, as asked for above
        try:
            self._process.stdin.write(f"{json.dumps({'do': do, **values})}\n".encode())
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def _listen(self) -> None:
        assert self._process.stdin is not None  # noqa: S101  # as above
        assert self._process.stdout is not None  # noqa: S101  # as above
        for line in self._process.stdout:
            self._answers.put((self, json.loads(line)))
        ended = {"is": "ended", "text": self._last_words()}
        for file in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):  # an order may be left in a buffer
                file.close()
        self._answers.put((self, ended))

    def _last_words(self) -> str:
        """Say how the process ended, with the last line that it wrote to standard error."""
        try:
            status = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            status = 0
        self._errors.seek(self._read_from)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"its process ended with {how}" + (f": {last}" if last else "")


def raise_limits() -> None:
    """Let this process have as many files open as it may: each worker takes some."""
    if os.name != "posix":
        return
    import resource  # noqa: PLC0415  # Windows has none

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS says that there is no limit, and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Have a process that is started meanwhile hear no SIGINT and SIGTERM, also as it starts.

    Ctrl-C in a terminal goes to the whole group, and the report needs the workers to live. They
    stay in the group, so that Ctrl-Z and `fg` reach them.
    """
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
