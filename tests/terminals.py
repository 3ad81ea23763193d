"""A real terminal for the tests: a program runs on it, and is typed to as a person would."""

import os
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Terminal:
    """A program on a terminal of its own, 80 columns wide."""

    def __init__(self, words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        """Start the program; the variables are its whole environment."""
        import pty  # noqa: PLC0415  # not on Windows

        self.output = ""
        self.pid, self._file = pty.fork()
        if self.pid == 0:  # pragma: no cover
            try:
                os.chdir(folder)
                os.execve(words[0], list(words), dict(variables))  # noqa: S606  # a test's own words
            finally:
                os._exit(127)

    def expect(self, text: str, seconds: float = 30) -> None:
        """Read until the terminal has shown `text`, and forget what came up to it."""
        end = time.monotonic() + seconds
        seen = ""
        while text not in seen:
            more = self._read(end)
            assert more, f"{text!r} did not come, but {seen!r}"
            seen += more
        self._left = seen.partition(text)[2]

    _left = ""

    def _read(self, end: float) -> str:
        if self._left:
            left, self._left = self._left, ""
            return left
        ready, _, _ = select.select([self._file], [], [], max(0.0, end - time.monotonic()))
        try:
            data = os.read(self._file, 65536) if ready else b""
        except OSError:  # Linux says so where the program has ended
            data = b""
        self.output += data.decode(errors="replace")
        return data.decode(errors="replace")

    def type(self, text: str | bytes) -> None:
        """Press keys."""
        os.write(self._file, text.encode() if isinstance(text, str) else text)

    def finish(self, seconds: float = 60) -> int:
        """Read to the end, and return the exit status; a signal is its number below zero."""
        end = time.monotonic() + seconds
        while self._read(end):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._file)
        return os.waitstatus_to_exitcode(status)
