"""The hashes of many files, packed, for an object each would take twice the memory."""

from array import array
from collections.abc import Iterator, Sequence

from .rows import KEY, buckets


class Digests:
    """A place for each hash, of which some stay empty."""

    def __init__(self, count: int) -> None:
        self._packed = bytearray(KEY * count)
        self._lengths = bytearray(count)

    def put(self, place: int, digest: bytes) -> None:
        """Keep a hash; may be called from any thread, each with places of its own."""
        start = place * KEY
        self._packed[start : start + len(digest)] = digest
        self._lengths[place] = len(digest)

    def equal(
        self, rows: Sequence[int], start: int, end: int
    ) -> Iterator[tuple[bytes, Sequence[int]]]:
        """Yield the hashes that two places or more have, with the rows at these places."""
        for places in buckets(range(start, end), lambda place: self._packed[place * KEY]):
            found: dict[bytes, int | array[int]] = {}
            for place in places:
                if not self._lengths[place]:
                    continue
                at = place * KEY
                digest = bytes(self._packed[at : at + self._lengths[place]])
                first = found.setdefault(digest, place)
                if isinstance(first, int):
                    if first != place:
                        found[digest] = array("I", (rows[first], rows[place]))
                else:
                    first.append(rows[place])
            for digest, members in found.items():
                if not isinstance(members, int):
                    yield digest, members
