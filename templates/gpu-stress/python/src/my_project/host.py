"""What this machine is, and what of it this process may use."""

import math
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

from .cgroups import find_limits

_PROC = Path("/proc")


def usable_cores() -> int:
    """Return the cores that this process may use: its affinity, and the limit of its cgroups."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, math.floor(min(allowed or 1, find_limits().cores)))


def free_memory() -> int:
    """Return the bytes that can be had without swapping, within the limit of the cgroups."""
    import psutil  # noqa: PLC0415  # slow to load

    return int(min(psutil.virtual_memory().available, find_limits().memory))


def total_memory() -> int:
    """Return the bytes of the machine's memory."""
    import psutil  # noqa: PLC0415  # as above

    return int(psutil.virtual_memory().total)


def describe_host() -> dict[str, Any]:
    """Return what a report says about the machine."""
    return {
        "name": platform.node() or "unknown",
        "system": f"{platform.system()} {platform.release()}",
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory_bytes": total_memory(),
    }


@cache
def cpu_name() -> str:
    """Return the name of the CPU, as its maker has it."""
    text = _read(_PROC / "cpuinfo") or ""
    names = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    return " ".join((names or [platform.processor()])[0].split()) or platform.machine() or "CPU"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
