"""Writes a plan, a line for each group, so that a fault in it has a line."""

import json
from collections.abc import Iterator

from .names import as_json
from .plan import Plan, PlannedFile

VERSION = 1


def plan_lines(plan: Plan) -> Iterator[bytes]:
    """Yield the lines of a plan."""
    roots = ",".join(map(as_json, plan.roots))
    yield f'{{"plan":{VERSION},"action":"{plan.action}","roots":[{roots}]}}\n'.encode()
    for group in plan.groups:
        victims = ",".join(map(_file, group.victims))
        keep = _file(group.keep)
        yield f'{{"size":{group.size},"keep":{keep},"victims":[{victims}]}}\n'.encode()
    end = {"groups": len(plan.groups), "victims": plan.victims}
    yield json.dumps(end, separators=(",", ":")).encode() + b"\n"


def _file(file: PlannedFile) -> str:
    names = ",".join(map(as_json, file.names))
    return (
        f'{{"names":[{names}],"device":{file.device},"inode":{file.inode},'
        f'"mtime_ns":{file.mtime},"ctime_ns":{file.ctime}}}'
    )
