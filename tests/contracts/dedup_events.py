"""Lets something happen to a program of `dedup` at one of its calls to the system."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.dedup_trees import Ran
from helpers import eventually

READS = "read,pread,pread64"
LINKS = "link,linkat,symlink,symlinkat"
NOWHERE = Path("/nowhere")


@dataclass(frozen=True, slots=True)
class Event:
    """What happens at which of the calls that concern a file or a folder with all in it."""

    kind: str
    """`none`, or as in `dedup_shim.c`."""
    root: Path
    at: int | str = 1
    calls: str = ""
    old: Path = NOWHERE
    new: Path = NOWHERE
    aside: Path = NOWHERE
    leases: bool = True

    def environment(self, library: Path, log: Path) -> dict[str, str]:
        """Return what makes the library, once it is preloaded, do it."""
        return {
            "LD_PRELOAD": str(library),
            "SHIM_ROOT": str(self.root),
            "SHIM_LOG": str(log),
            "SHIM_CALLS": self.calls,
            "SHIM_AT": "0" if self.kind == "none" else str(self.at),
            "SHIM_EVENT": self.kind,
            "SHIM_OLD": str(self.old),
            "SHIM_ASIDE": str(self.aside),
            "SHIM_NEW": str(self.new),
        } | ({} if self.leases else {"SHIM_LEASES": "none"})


def calls_of(log: Path) -> list[tuple[str, str]]:
    """Return the names and paths of the calls that the library saw."""
    found = (line.partition("\t") for line in log.read_text("utf-8", "surrogateescape").split("\n"))
    return [(name, path) for name, _, path in found if name]


def state_of(process: int) -> str:
    """Return the letter of the state of a process: `S` sleeps, `T` was stopped, `Z` has ended."""
    return Path(f"/proc/{process}/stat").read_text("latin-1").rpartition(")")[2].split()[0]


def run_held(
    words: list[str], environment: dict[str, str], meanwhile: Callable[[int], object]
) -> Ran:
    """Run a program that an event stops; it goes on once `meanwhile`, given its id, returns."""
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    ) as running:
        try:
            eventually(lambda: state_of(running.pid) in "TZ", within=30)
            if running.poll() is not None:
                pytest.fail(f"the event never came: {running.communicate()}")
            meanwhile(running.pid)
        finally:
            running.send_signal(signal.SIGCONT)
        stdout, stderr = running.communicate(timeout=60)
    return Ran(words, running.returncode, stdout, stderr)
