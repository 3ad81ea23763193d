"""Runs the program as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from my_project.adapters import find_adapters

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "contract"
PROGRAM = [sys.executable, "-m", "my_project"]
SHORT = ["--duration", "0.3s", "--memory-fraction", "0.001", "--quiet"]
GPU = ["gpu", "--allow-software", "--device", "0", *SHORT]

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


def need_gpu() -> None:
    """Skip a test where there is no driver, but in CI fail."""
    if not find_adapters():
        reason = "no driver for Vulkan, Metal or DX12; Mesa's llvmpipe would do: `make vulkan`"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
