"""Arranges rows of a table by the thousand, packed, for an object each would take much memory."""

from array import array
from collections.abc import Callable, Iterator, Sequence

_BUCKETS = 251  # a prime, for sizes and inodes love powers of two
_SMALL = 4096  # rows; so many are sorted at once
KEY = 32  # bytes of the longest key, which is a hash


class Classes:
    """Classes of rows that have something in common, perhaps with a key that tells what."""

    def __init__(self) -> None:
        self._rows = array("I")
        self._ends = array("I", [0])
        self._keys = bytearray()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, rows: Sequence[int], key: bytes = b"") -> None:
        """Add a class; either all have a key or none has."""
        self._rows.extend(rows)
        self._ends.append(len(self._rows))
        if key:
            self._keys += key.ljust(KEY, b"\0")

    def first(self, place: int) -> int:
        """Return the first row of a class."""
        return self._rows[self._ends[place]]

    def rows(self, place: int) -> Sequence[int]:
        """Return all rows of a class."""
        return self._rows[self._ends[place] : self._ends[place + 1]]

    def key(self, place: int) -> bytes:
        """Return the key of a class, filled up with zeros."""
        return bytes(self._keys[place * KEY : (place + 1) * KEY])

    def extend(self, others: "Classes") -> None:
        """Add the classes of others."""
        for place in range(len(others)):
            self.add(others.rows(place), others.key(place))

    def divide(self, test: Callable[[int], bool]) -> tuple["Classes", "Classes"]:
        """Return the classes whose first row passes a test, and the others."""
        passed, failed = Classes(), Classes()
        for place in range(len(self)):
            to = passed if test(self.first(place)) else failed
            to.add(self.rows(place), self.key(place))
        return passed, failed


def alike(rows: Sequence[int], column: Sequence[int]) -> Iterator["array[int]"]:
    """Yield the rows that have one value in a column, where there are two or more.

    They stay in their order.

    >>> [list(each) for each in alike(range(5), [7, 8, 7, 9, 8])]
    [[0, 2], [1, 4]]
    """
    for bucket in buckets(rows, lambda row: column[row]):
        if bucket and all(column[row] == column[bucket[0]] for row in bucket):
            ordered = bucket  # sorting would make an object of each
        else:
            ordered = array("I", sorted(bucket, key=column.__getitem__))
        for start, end in _runs(ordered, column):
            if end - start > 1:
                yield ordered[start:end]


def buckets(items: Sequence[int], value: Callable[[int], int]) -> Iterator["array[int]"]:
    """Yield many items in parts, such that those with one value are in one part."""
    if len(items) <= _SMALL:
        yield array("I", items)
        return
    parts = [array("I") for _ in range(_BUCKETS)]
    for item in items:
        parts[value(item) % _BUCKETS].append(item)
    yield from parts


def _runs(rows: "array[int]", column: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where rows with one value in a column begin and end; they are in its order."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or column[rows[end]] != column[rows[start]]:
            yield start, end
            start = end
