"""What this machine is, and what of it this process may use."""

import math
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


def usable_cores() -> int:
    """Return the cores that this process may use: its affinity, and the limit of its cgroup."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [_cpu_limit(folder) for folder in _cgroups()]
    return max(1, math.floor(min([allowed or 1, *limits])))


def free_memory() -> int:
    """Return the bytes that can be had without swapping, within the limit of the cgroup."""
    rooms = [_room(folder) for folder in _cgroups()]
    return min([psutil.virtual_memory().available, *(room for room in rooms if room is not None)])


def total_memory() -> int:
    """Return the bytes of the machine's memory."""
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


def _cgroups() -> list[Path]:
    """Return the folders of this process's cgroup and of those above it, of version 2."""
    text = _read(_PROC / "self" / "cgroup") or ""
    own = next((line[3:] for line in text.splitlines() if line.startswith("0::")), "/")
    folder = _CGROUP / own.strip("/")
    inside = [each for each in (folder, *folder.parents) if each.is_relative_to(_CGROUP)]
    return [each for each in inside if each.is_dir()]


def _cpu_limit(folder: Path) -> float:
    quota, _, period = (_read(folder / "cpu.max") or "max 1").partition(" ")
    return math.inf if quota == "max" else float(quota) / float(period)


def _room(folder: Path) -> int | None:
    limit, used = _read(folder / "memory.max"), _read(folder / "memory.current")
    if limit in {None, "max"} or used is None:
        return None
    # What the group holds of files is given back where it is needed.
    lines = (_read(folder / "memory.stat") or "").splitlines()
    files = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return max(0, int(limit or 0) - int(used) + files)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
