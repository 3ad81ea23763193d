"""Shows on a terminal how far a scan is: stage, files, bytes, rate and time left."""

import sys
import threading
import time
from enum import Enum
from typing import TYPE_CHECKING

from .units import format_size

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Show(Enum):
    """Whether there is a progress bar."""

    NEVER = False
    ON_A_TERMINAL = True


class Progress:
    """Progress that nobody sees."""

    def walked(self, count: int) -> None:
        """Say how many names were met."""

    def begin(self, stage: str, files: int, size: int) -> None:
        """Begin a stage in which so many files, and so many bytes of them, are read."""

    def read(self, count: int) -> None:
        """Say that so many bytes were read; may be called from any thread."""

    def advance(self, begun: int) -> None:
        """Show how far the stage is, with so many files begun; for the main thread."""

    def say(self, line: str) -> None:
        """Write a line to standard error."""
        sys.stderr.buffer.write(f"{line}\n".encode())
        sys.stderr.buffer.flush()

    def end(self) -> None:
        """Take the bar away."""


class TerminalProgress(Progress):
    """A bar on standard error."""

    def __init__(self) -> None:
        from rich import progress  # noqa: PLC0415  # slow to load, and seldom needed
        from rich.console import Console  # noqa: PLC0415  # as above

        self._bar: Bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[files]}"),
            progress.DownloadColumn(binary_units=True),
            progress.TextColumn("{task.fields[rate]}"),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True, emoji=False),  # `:key:` is a name as any other
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("looking for files", total=None, files="", rate="")
        self._files = 0
        self._read = 0
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._bar.start()

    def walked(self, count: int) -> None:
        """Say how many names were met."""
        self._bar.update(self._task, files=f"{count} files")

    def begin(self, stage: str, files: int, size: int) -> None:
        """Begin a stage with a bar of its own."""
        self._bar.remove_task(self._task)
        self._files, self._read = files, 0
        self._begun = time.monotonic()
        self._task = self._bar.add_task(stage, total=size, files=f"0/{files} files", rate="")

    def read(self, count: int) -> None:
        """Add to what was read."""
        with self._lock:
            self._read += count

    def advance(self, begun: int) -> None:
        """Move the bar to what was read."""
        shown = f"{min(begun, self._files)}/{self._files} files"
        seconds = time.monotonic() - self._begun
        rate = f"{format_size(int(self._read / seconds))}/s" if seconds > 0 else ""
        self._bar.update(self._task, completed=self._read, files=shown, rate=rate)

    def say(self, line: str) -> None:
        """Write a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        """Take the bar away, so that only results are left."""
        self._bar.stop()


def start_progress(show: Show) -> Progress:
    """Return a progress that is seen only if standard error is a terminal."""
    wanted = show is Show.ON_A_TERMINAL and sys.stderr is not None and sys.stderr.isatty()
    return TerminalProgress() if wanted else Progress()
