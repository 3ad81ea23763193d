"""What the control groups of Linux leave to this process: its own and all above, of both versions.

Source: the kernel's documentation, "Control Group v2" and "Control Groups version 1".
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left; infinite where there is no limit."""

    cores: float = math.inf
    memory: float = math.inf
    """Bytes."""


def find_limits(root: Path = _ROOT) -> Limits:
    """Return the smallest limits, as the files below a root folder tell them."""
    cores, memory = [math.inf], [math.inf]
    for controllers, own, top, mounted in _hierarchies(root):
        for folder in _folders(own, top, root / mounted.lstrip("/")):
            if controllers is None:
                cores.append(_cores(folder))
                memory.append(_memory(folder))
            if "cpu" in (controllers or ()):
                cores.append(_cores_of_version_1(folder))
            if "memory" in (controllers or ()):
                memory.append(_memory_of_version_1(folder))
    return Limits(min(cores), min(memory))


def _hierarchies(root: Path) -> Iterator[tuple[set[str] | None, str, str, str]]:
    """Yield controllers (version 2: None), own group, group that is mounted, and where it is."""
    groups: dict[frozenset[str], str] = {}
    for line in _lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        groups[frozenset(names.split(",") if names else ())] = path
    for line in _lines(root / "proc/self/mountinfo"):
        mount, _, system = line.partition(" - ")
        (_, _, _, top, mounted, *_), (kind, *_, options) = mount.split(" "), system.split(" ")
        for controllers, path in groups.items():
            if kind == "cgroup2" and not controllers:
                yield None, path, _unescaped(top), _unescaped(mounted)
            elif kind == "cgroup" and controllers and controllers <= set(options.split(",")):
                yield set(controllers), path, _unescaped(top), _unescaped(mounted)


def _folders(own: str, top: str, mounted: Path) -> list[Path]:
    """Return the folders of the own group and those above, as far as they are mounted."""
    inside = Path(own).is_relative_to(top) and ".." not in Path(own).parts
    folder = mounted / Path(own).relative_to(top) if inside else mounted
    return [each for each in (folder, *folder.parents) if each.is_relative_to(mounted)]


def _cores(folder: Path) -> float:
    quota, period = (_lines(folder / "cpu.max") or ["max 1"])[0].split()
    return math.inf if quota == "max" else float(quota) / float(period)


def _cores_of_version_1(folder: Path) -> float:
    quota, period = (_number(folder / f"cpu.cfs_{each}_us") for each in ("quota", "period"))
    return math.inf if quota is None or quota < 0 or not period else quota / period


def _memory(folder: Path) -> float:
    stat = _stat(folder).get("inactive_file", 0)
    return _room(_number(folder / "memory.max"), _number(folder / "memory.current"), stat)


def _memory_of_version_1(folder: Path) -> float:
    limit, used = (_number(folder / f"memory.{each}_in_bytes") for each in ("limit", "usage"))
    stat = _stat(folder)
    return _room(limit, used, stat.get("total_inactive_file", stat.get("inactive_file", 0)))


def _room(limit: float | None, used: float | None, files: float) -> float:
    """Return what is left; what a group holds of files is given back where it is needed."""
    return math.inf if limit is None or used is None else max(0.0, limit - max(0.0, used - files))


def _stat(folder: Path) -> dict[str, float]:
    pairs = (line.split() for line in _lines(folder / "memory.stat"))
    return {name: float(value) for name, value in pairs}


def _number(path: Path) -> float | None:
    """Return the number in a file; nothing where there is none, or `max`."""
    words = _lines(path) or ["max"]
    return None if words[0] == "max" else float(words[0])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def _unescaped(path: str) -> str:
    r"""Return a path of mountinfo, where a space is `\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
