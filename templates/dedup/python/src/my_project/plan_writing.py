"""Writes a plan, a line for each group, so that a fault in it has a line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .names import as_json
from .plan import Action, PlannedFile, PlannedGroup

VERSION = 1


@dataclass(slots=True)
class Counts:
    """What was written so far."""

    groups: int = 0
    victims: int = 0
    gain: int = 0

    def add(self, group: PlannedGroup) -> None:
        """Count a group."""
        self.groups += 1
        self.victims += len(group.victims)
        self.gain += group.size * len(group.victims)


def plan_lines(
    action: Action, roots: Iterable[bytes], groups: Iterable[PlannedGroup], counts: Counts
) -> Iterator[bytes]:
    """Yield the lines of a plan; counts what is in it."""
    names = ",".join(map(as_json, roots))
    yield f'{{"plan":{VERSION},"action":"{action}","roots":[{names}]}}\n'.encode()
    for group in groups:
        counts.add(group)
        victims = ",".join(map(_file, group.victims))
        keep = _file(group.keep)
        yield f'{{"size":{group.size},"keep":{keep},"victims":[{victims}]}}\n'.encode()
    end = {"groups": counts.groups, "victims": counts.victims}
    yield json.dumps(end, separators=(",", ":")).encode() + b"\n"


def _file(file: PlannedFile) -> str:
    names = ",".join(map(as_json, file.names))
    return (
        f'{{"names":[{names}],"device":{file.device},"inode":{file.inode},'
        f'"mtime_ns":{file.mtime},"ctime_ns":{file.ctime}}}'
    )
