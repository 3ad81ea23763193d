"""The programs of `gpu-stress`, and the runs of them that tests share."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.gpu_nvml import UUID
from contracts.gpu_process import Ran, Running
from helpers import LONG_TESTS

long_form = pytest.mark.skipif(not LONG_TESTS, reason="only with SCAFFOLD_LONG_TESTS=1")
LITTLE = ("--memory-fraction", "0.003")
GPU = ("--allow-software", *LITTLE)
"""A device that every machine has, and little of its memory."""
PROMPT = 5.0
"""Seconds for an interrupt on a busy machine, where what hangs takes 30 or more."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")


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


Both = dict[str, Subject]
Of = Callable[..., Subject]

ALL = ("--precision", "f32", "--precision", "f64")
CONFIGURATIONS: dict[str, tuple[str, ...]] = {
    "cpu": ("cpu", *LITTLE, "--duration", "2s", *ALL),
    "gpu": ("gpu", *GPU, "--duration", "2.8s", *ALL, "--precision", "f16"),
    "tgpu": ("tgpu", *GPU, "--duration", "2s", "--threads", "2"),
    "one kernel": ("gpu", *GPU, "--duration", "3.3s", "--kernel", "fma", "--sensors", UUID),
    "one thread": ("cpu", *LITTLE, "--duration", "2.2s", "--kernel", "matmul", "--threads", "1"),
}
WIDTHS = {"cpu": 80, "tgpu": 80, "one kernel": 200, "one thread": 33}
"""The runs on a terminal, and its columns."""
configured = pytest.mark.parametrize("name", CONFIGURATIONS)


def configuration(tested: Subject, name: str) -> Ran:
    """Return the run of a configuration, made once."""
    env = tested.sound if "--sensors" in CONFIGURATIONS[name] else {}
    return tested.shared(*CONFIGURATIONS[name], columns=WIDTHS.get(name), **env)


def one_error(ran: Ran, status: int) -> str:
    """Hold that a run has ended with one line on standard error and nothing else."""
    assert (ran.status, ran.stdout, ran.written) == (status, "", None), (ran.stdout, ran.stderr)
    assert re.fullmatch(r"error: .+\n", ran.stderr), ran.stderr
    return ran.stderr


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}


def stopped(running: Running, number: int) -> Ran:
    """Interrupt a program, and hold that it ends in time and tells why."""
    before = time.monotonic()
    running.send(number)
    ran = running.finish(20)
    assert time.monotonic() - before < PROMPT
    assert ran.status == SIGNALS[signal.Signals(number)]
    if "report.json" in running.words:
        assert ran.report["verdict"]["status"] == "interrupted"
        assert signal.Signals(number).name in ran.reasons
    return ran


def sense(tested: Subject, env: dict[str, str], *words: str, kernel: str = "fma") -> Ran:
    """Run one kernel with the sensors of the fake device."""
    shared = ("gpu", *GPU, "--sensors", UUID, "--kernel", kernel)
    return tested.report(*shared, *(words or ("--duration", "1.2s")), env=env)


def screen_lines(text: str, columns: int) -> list[str]:
    """Return each line that a terminal has shown, drawn anew or not, and hold that none wrapped."""
    shown = []
    for line in re.split(r"[\r\n]+|\x1b\[\d*[AFGHJK]", text):
        plain = _ESCAPE.sub("", line)
        assert len(plain) <= columns, f"{len(plain)} of {columns} columns: {plain!r}"
        assert plain.isprintable(), plain
        shown.append(plain)
    return [line for line in shown if line.strip()]
