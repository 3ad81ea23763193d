"""Reads a plan, and refuses one that was edited into something unsafe."""

from .errors import RefusedError, system_reason
from .names import from_json, is_below
from .plan import Action, Plan, PlannedFile, PlannedGroup
from .plan_writing import VERSION
from .strict_json import is_whole, read_object

_SIGNED = (-(2**63), 2**63 - 1)
_UNSIGNED = (0, 2**64 - 1)
_GROUP_KEYS = {"size", "keep", "victims"}
_FILE_KEYS = {"names", "device", "inode", "mtime_ns", "ctime_ns"}


class _FaultError(Exception):
    """What is wrong with a line."""


_NO_LINE = "not a line of a plan"


def read_plan(path: bytes) -> tuple[Plan, bytes]:
    """Return a plan that is safe to follow, and its bytes; raise `RefusedError`."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise RefusedError(path, system_reason(error)) from error
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    reading = _Reading()
    for number, line in enumerate(lines, 1):
        try:
            reading.take(line)
        except _FaultError as fault:
            raise RefusedError(path, f"line {number}: {fault}") from fault
    try:
        return reading.finish(), data
    except _FaultError as fault:
        place = reading.fault_line or len(lines) + 1
        raise RefusedError(path, f"line {place}: {fault}") from fault


class _Reading:
    """What was read of a plan so far."""

    def __init__(self) -> None:
        self._action: Action | None = None
        self._roots: list[bytes] = []
        self._groups: list[PlannedGroup] = []
        self._victims = 0
        self._victim_marks: set[object] = set()  # identities and names of all victims
        self._ended = False
        self.fault_line: int | None = None

    def take(self, line: bytes) -> None:
        """Read one line more."""
        try:
            value = read_object(line)
        except ValueError as error:
            raise _FaultError(_NO_LINE) from error
        if self._ended:
            raise _FaultError(_NO_LINE)
        if self._action is None:
            self._take_head(value)
        elif "groups" in value:
            self._take_end(value)
        else:
            self._take_group(value)

    def finish(self) -> Plan:
        """Return the plan once all lines are read."""
        if self._action is None or not self._ended:
            raise _FaultError("the end is missing")
        for number, group in enumerate(self._groups, 2):
            if not self._victim_marks.isdisjoint(_marks(group.keep)):
                self.fault_line = number
                raise _FaultError("the file to keep is a victim elsewhere")
        return Plan(self._action, self._roots, self._groups)

    def _take_head(self, value: dict[str, object]) -> None:
        if _number(value.get("plan"), _SIGNED) != VERSION:
            raise _FaultError("another version")
        roots = value.get("roots")
        if set(value) != {"plan", "action", "roots"} or not isinstance(roots, list) or not roots:
            raise _FaultError(_NO_LINE)
        try:
            action = Action(str(value["action"]))
        except ValueError as error:
            raise _FaultError(_NO_LINE) from error
        self._roots = [_name(root) for root in roots]
        for root in self._roots:
            _check_plain(root)
        self._action = action

    def _take_end(self, value: dict[str, object]) -> None:
        if set(value) != {"groups", "victims"}:
            raise _FaultError(_NO_LINE)
        counts = (_number(value["groups"], _UNSIGNED), _number(value["victims"], _UNSIGNED))
        if counts != (len(self._groups), self._victims):
            raise _FaultError("the end counts otherwise")
        self._ended = True

    def _take_group(self, value: dict[str, object]) -> None:
        if value.get("keep") is None:
            raise _FaultError("a group without a file to keep")
        if value.get("victims") in (None, []):
            raise _FaultError("a group without victims")
        if set(value) != _GROUP_KEYS or not isinstance(value["victims"], list):
            raise _FaultError(_NO_LINE)
        size = _number(value["size"], _SIGNED)
        if size < 0:
            raise _FaultError(_NO_LINE)
        keep = _file(value["keep"])
        victims = [_file(victim) for victim in value["victims"]]
        for file in (keep, *victims):
            for name in file.names:
                _check_plain(name)
                if not any(is_below(name, root) for root in self._roots):
                    raise _FaultError("a path outside of the roots")
        self._check_victims(keep, victims)
        self._groups.append(PlannedGroup(size, keep, victims))
        self._victims += len(victims)

    def _check_victims(self, keep: PlannedFile, victims: list[PlannedFile]) -> None:
        if any(not _marks(keep).isdisjoint(_marks(victim)) for victim in victims):
            raise _FaultError("a victim is the file to keep")
        for victim in victims:
            marks = _marks(victim)
            if not self._victim_marks.isdisjoint(marks) or len(marks) <= len(victim.names):
                raise _FaultError("a victim stands twice")
            self._victim_marks |= marks


def _marks(file: PlannedFile) -> set[object]:
    """Return all that shows that two files are the same: the identity and the names."""
    return {file.identity, *file.names}


def _file(value: object) -> PlannedFile:
    if not isinstance(value, dict) or set(value) != _FILE_KEYS:
        raise _FaultError(_NO_LINE)
    names = value["names"]
    if not isinstance(names, list) or not names:
        raise _FaultError(_NO_LINE)
    return PlannedFile(
        [_name(name) for name in names],
        _number(value["device"], _UNSIGNED),
        _number(value["inode"], _UNSIGNED),
        _number(value["mtime_ns"], _SIGNED),
        _number(value["ctime_ns"], _SIGNED),
    )


def _name(value: object) -> bytes:
    try:
        return from_json(value)
    except ValueError as error:
        raise _FaultError(_NO_LINE) from error


def _check_plain(name: bytes) -> None:
    if not name.startswith(b"/"):
        raise _FaultError("a path that is not absolute")
    parts = name[1:].split(b"/") if name != b"/" else []
    if b"\0" in name or not {b"", b".", b".."}.isdisjoint(parts):
        raise _FaultError("a path that is not plain")


def _number(value: object, bounds: tuple[int, int]) -> int:
    if not is_whole(value, *bounds):
        raise _FaultError(_NO_LINE)
    return value
