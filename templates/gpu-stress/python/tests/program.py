"""Runs the program as a process."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from my_project.adapters import find_adapters

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "contract"
PROGRAM = [sys.executable, "-m", "my_project"]
SHORT = ["--duration", "0.3s", "--memory-fraction", "0.001", "--quiet"]
GPU = ["gpu", "--allow-software", "--device", "0", *SHORT]
_PATIENCE = 30  # seconds

Record = dict[str, Any]


def run_program(
    *words: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*PROGRAM, *words],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **(env or {})},
        timeout=60,
    )


def run_for_report(path: Path, *words: str, env: dict[str, str] | None = None) -> Record:
    """Run the program, and return its report, whose exit status it must have ended with."""
    ran = run_program(*words, "--json", path, env=env)
    assert "Traceback" not in ran.stderr
    report: Record = json.loads(path.read_bytes())
    assert report["verdict"]["exit_status"] == ran.returncode, ran.stderr
    return report


@contextmanager
def running(
    words: list[str],
    *,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    new_group: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and leave none behind, however a test ends."""
    group = 0 if new_group else None
    with subprocess.Popen(words, stdout=stdout, stderr=stderr, process_group=group) as program:
        timer = threading.Timer(_PATIENCE, program.kill)
        timer.start()
        try:
            yield program
        finally:
            timer.cancel()
            program.kill()


def need_gpu() -> None:
    """Skip a test where there is no driver, but in CI fail."""
    if not find_adapters():
        reason = "no driver for Vulkan, Metal or DX12; Mesa's llvmpipe would do: `make vulkan`"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
