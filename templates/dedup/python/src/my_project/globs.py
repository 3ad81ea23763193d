"""Patterns that names are held against, byte by byte."""

import re
from collections.abc import Sequence
from typing import Final

from .errors import WrongUsageError

_STAR, _QUESTION, _OPEN, _CLOSE, _ESCAPE, _NOT, _RANGE = b"*?[]\\!-"
_SLASH: Final = ord("/")


class Globs:
    """Globs, of which one has to match.

    >>> cache = Globs([b"cache/*.tmp", b"*.bak"])
    >>> cache.match(b"/x/cache/a.tmp"), cache.match(b"/a.bak"), cache.match(b"/cache/b/a.tmp")
    (True, True, False)
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Raise `WrongUsageError` for a pattern that is none."""
        parts = [_translate(pattern) for pattern in patterns if b"/" not in pattern]
        wholes = [_translate(_anchored(pattern)) for pattern in patterns if b"/" in pattern]
        self._part = re.compile(b"|".join(parts), re.DOTALL) if parts else None
        self._whole = re.compile(b"|".join(wholes), re.DOTALL) if wholes else None

    def __bool__(self) -> bool:
        return self._part is not None or self._whole is not None

    def match(self, name: bytes) -> bool:
        """Tell whether one of the globs matches this absolute name."""
        part, whole = self._part, self._whole
        return bool(
            (part is not None and part.fullmatch(name, name.rfind(b"/") + 1))
            or (whole is not None and whole.fullmatch(name))
        )


def _anchored(pattern: bytes) -> bytes:
    return pattern if pattern.startswith(b"/") else b"**/" + pattern


def _translate(pattern: bytes) -> bytes:
    """Return a glob as a regular expression."""
    if not pattern:
        raise WrongUsageError("an empty glob matches nothing")
    expression = bytearray()
    at = 0
    while at < len(pattern):
        sign, at = pattern[at], at + 1
        if sign == _STAR:
            both = pattern[at : at + 1] == b"*"
            expression += b".*" if both else b"[^/]*"
            at += both
        elif sign == _QUESTION:
            expression += b"[^/]"
        elif sign == _OPEN:
            members, at = _members(pattern, at)
            expression += _any_of(members)
        else:
            if sign == _ESCAPE:
                sign, at = _escaped(pattern, at)
            expression += _code(sign)
    return bytes(expression)


def _members(pattern: bytes, at: int) -> tuple[set[int], int]:
    """Read a set from behind its bracket; return its bytes, and the place behind it."""
    negated = pattern[at : at + 1] == b"!"
    at += negated
    members: set[int] = set()
    first = True
    while True:
        if at == len(pattern):
            raise WrongUsageError(f"{_quoted(pattern)} has a set without its end")
        low, at = pattern[at], at + 1
        if low == _CLOSE and not first:
            return (set(range(256)) - members if negated else members) - {_SLASH}, at
        first = False
        if low == _ESCAPE:
            low, at = _escaped(pattern, at)
        high = low
        if pattern[at : at + 1] == b"-" and pattern[at + 1 : at + 2] not in {b"", b"]"}:
            high, at = pattern[at + 1], at + 2
            if high == _ESCAPE:
                high, at = _escaped(pattern, at)
        members.update(range(low, high + 1))


def _escaped(pattern: bytes, at: int) -> tuple[int, int]:
    if at == len(pattern):
        raise WrongUsageError(f"{_quoted(pattern)} ends with a backslash")
    return pattern[at], at + 1


def _any_of(members: set[int]) -> bytes:
    return b"[" + b"".join(map(_code, sorted(members))) + b"]" if members else b"(?!)"


def _code(byte: int) -> bytes:
    return b"\\x%02x" % byte


def _quoted(pattern: bytes) -> str:
    return repr(pattern.decode("utf-8", "backslashreplace"))
