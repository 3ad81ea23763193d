"""Patterns that names are held against, byte by byte."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .errors import WrongUsageError

_STAR, _QUESTION, _OPEN, _CLOSE, _ESCAPE, _NOT, _RANGE = b"*?[]\\!-"
_SLASH: Final = ord("/")
_ANY = frozenset(range(256))
_NO_SLASH = _ANY - {_SLASH}


class Globs:
    """Globs, of which one has to match.

    >>> cache = Globs([b"cache/*.tmp", b"*.bak"])
    >>> cache.match(b"/x/cache/a.tmp"), cache.match(b"/a.bak"), cache.match(b"/cache/b/a.tmp")
    (True, True, False)
    """

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Raise `WrongUsageError` for a pattern that is none."""
        self._part = _Matcher([_parse(each) for each in patterns if b"/" not in each])
        self._whole = _Matcher([_parse(_anchored(each)) for each in patterns if b"/" in each])

    def __bool__(self) -> bool:
        return bool(self._part) or bool(self._whole)

    def match(self, name: bytes) -> bool:
        """Tell whether one of the globs matches this absolute name."""
        part, whole = self._part, self._whole
        return bool(
            (part and part.match(name[name.rfind(b"/") + 1 :])) or (whole and whole.match(name))
        )


@dataclass(frozen=True, slots=True)
class _Sign:
    """A part of a glob: one of some bytes, or any number of them."""

    members: frozenset[int]
    is_star: bool = False


class _Matcher:
    """Follows all places at once that a name can have come to in globs.

    A regular expression goes back to try another length for each star, and with many of them
    would never end. Here each byte is looked at once. Each place is a bit: it stands before a
    sign, or behind the last one.
    """

    def __init__(self, globs: Sequence[Sequence[_Sign]]) -> None:
        self._count = len(globs)
        self._stars = self._starts = self._ends = 0
        self._steps = [0] * 256  # for each byte, the places from which it leads to the next
        self._stays = [0] * 256  # and those at which it leaves a star
        place = 1
        for glob in globs:
            self._starts |= place
            for sign in glob:
                self._stars |= place if sign.is_star else 0
                table = self._stays if sign.is_star else self._steps
                for byte in sign.members:
                    table[byte] |= place
                place <<= 1
            self._ends |= place
            place <<= 1
        self._starts |= (self._starts & self._stars) << 1

    def __bool__(self) -> bool:
        return self._count > 0

    def match(self, text: bytes) -> bool:
        """Tell whether one of the globs matches the whole text."""
        steps, stays, stars = self._steps, self._stays, self._stars
        places = self._starts
        for byte in text:
            places = (places & steps[byte]) << 1 | places & stays[byte]
            if not places:
                return False
            places |= (places & stars) << 1  # a star may be empty; no two stand side by side
        return bool(places & self._ends)


def _anchored(pattern: bytes) -> bytes:
    return pattern if pattern.startswith(b"/") else b"**/" + pattern


def _parse(pattern: bytes) -> list[_Sign]:
    if not pattern:
        raise WrongUsageError("an empty glob matches nothing")
    signs: list[_Sign] = []
    at = 0
    while at < len(pattern):
        sign, at = pattern[at], at + 1
        if sign == _STAR:
            both = pattern[at : at + 1] == b"*"
            at += both
            _add_star(signs, _ANY if both else _NO_SLASH)
        elif sign == _QUESTION:
            signs.append(_Sign(_NO_SLASH))
        elif sign == _OPEN:
            members, at = _members(pattern, at)
            signs.append(_Sign(frozenset(members)))
        else:
            if sign == _ESCAPE:
                sign, at = _escaped(pattern, at)
            signs.append(_Sign(frozenset({sign})))
    return signs


def _add_star(signs: list[_Sign], members: frozenset[int]) -> None:
    """Add a star; of two side by side, the wider one does what both would do."""
    if signs and signs[-1].is_star:
        members |= signs.pop().members
    signs.append(_Sign(members, is_star=True))


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


def _quoted(pattern: bytes) -> str:
    return repr(pattern.decode("utf-8", "backslashreplace"))
