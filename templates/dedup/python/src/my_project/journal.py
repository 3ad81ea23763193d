"""Keeps what was done to a plan, so that a second run can go on where the first one stopped."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import DedupError, Reason, RefusedError, system_reason
from .hashing import strong_hash
from .kernel import CANNOT
from .plan import Plan
from .steps import Key, has_step
from .strict_json import is_whole, read_object
from .writing import is_temporary_name

_FOREIGN = "belongs to another plan"
_REQUIRED = {"line", "victim", "name", "state"}
_NUMBERS = {"line", "victim", "name", "keeper_ctime_ns", "victim_ctime_ns"}
_TEXTS = {"state", "reason", "temporary"}
_LEAST, _MOST = -(2**63), 2**63 - 1


class State(StrEnum):
    """What a line says of its step."""

    START = "start"
    DONE = "done"
    LEFT_ALONE = "left alone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal; the times are those that the program's own work led to."""

    key: Key
    state: State
    reason: str | None = None
    temporary: bytes | None = None
    keeper_ctime: int | None = None
    victim_ctime: int | None = None


class Journal:
    """An open journal, that no other run can open; every line is on the disk once written."""

    def __init__(self, path: bytes, plan: Plan, data: bytes) -> None:
        """Open the journal of a plan that was read from these bytes; raise `DedupError`."""
        self.lines: list[Line] = []
        self._plan = plan
        self._path = path
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o666)
            try:
                self._lock()
                self._load(_head(data))
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise DedupError(path, system_reason(error)) from error

    def close(self) -> None:
        """Let other runs have the journal."""
        os.close(self._descriptor)

    def record(self, line: Line) -> None:
        """Write a line and wait until it is on the disk; raise `DedupError`."""
        fields: dict[str, object] = {**line.key._asdict(), "state": line.state}
        fields |= {
            key: value
            for key, value in (
                ("reason", line.reason),
                ("temporary", line.temporary and line.temporary.decode()),
                ("keeper_ctime_ns", line.keeper_ctime),
                ("victim_ctime_ns", line.victim_ctime),
            )
            if value is not None
        }
        try:
            self._write(json.dumps(fields, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            raise DedupError(self._path, system_reason(error)) from error

    def _lock(self) -> None:
        # A device or a pipe may never end, and keeps nothing.
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise DedupError(self._path, Reason.NOT_REGULAR)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DedupError(self._path, "in use") from error

    def _load(self, head: bytes) -> None:
        data = _read_all(self._descriptor)
        whole, _, rest = data.rpartition(b"\n")
        if not whole:
            if not head.startswith(rest):
                raise RefusedError(self._path, _FOREIGN)
            os.ftruncate(self._descriptor, 0)
            self._sync_folder()
            self._write(head)
            return
        first, *lines = whole.split(b"\n")
        if first + b"\n" != head:
            raise RefusedError(self._path, _FOREIGN)
        for number, line in enumerate(lines, 2):
            try:
                self.lines.append(_parse(line, self._plan))
            except ValueError as error:
                reason = f"line {number}: not a line of a journal"
                raise RefusedError(self._path, reason) from error
        if rest:
            os.ftruncate(self._descriptor, len(whole) + 1)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fsync(self._descriptor)

    def _sync_folder(self) -> None:
        folder = os.path.dirname(os.path.abspath(self._path))
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in CANNOT:  # some file systems sync no folders
                raise
        finally:
            os.close(descriptor)


def _head(plan: bytes) -> bytes:
    return f'{{"journal":1,"plan":"{strong_hash(plan).digest().hex()}"}}\n'.encode()


def _read_all(descriptor: int) -> bytes:
    return b"".join(_pieces(descriptor))


def _pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, 1 << 16):
        yield piece


def _parse(line: bytes, plan: Plan) -> Line:
    # Every value is looked at before it is used; the type says so for all of them.
    value: dict[str, Any] = read_object(line)
    if not _REQUIRED <= set(value) <= _NUMBERS | _TEXTS:
        raise ValueError(value)
    if not all(is_whole(value[key], _LEAST, _MOST) for key in _NUMBERS & set(value)):
        raise ValueError(value)
    if any(type(value[key]) is not str for key in _TEXTS & set(value)):
        raise ValueError(value)
    temporary = value.get("temporary")
    if temporary is not None and not is_temporary_name(temporary.encode()):
        raise ValueError(value)
    key = Key(value["line"], value["victim"], value["name"])
    if not has_step(plan, key):
        raise ValueError(value)
    return Line(
        key,
        State(value["state"]),
        value.get("reason"),
        None if temporary is None else temporary.encode(),
        value.get("keeper_ctime_ns"),
        value.get("victim_ctime_ns"),
    )
