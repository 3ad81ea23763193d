"""The files that a walk met: a table in columns, and what in it is one file."""

import os
from array import array
from collections.abc import Iterator
from enum import IntFlag

from .rows import Classes, alike


class Mark(IntFlag):
    """What else is known of a row."""

    LINKED = 1
    REFERENCE = 2


_EARLIEST, _LATEST = -(2**63), 2**63 - 1  # some file systems know times that do not fit


def mtime_of(status: os.stat_result) -> int:
    """Return the mtime in nanoseconds since 1970, or the nearest that fits into 64 bits."""
    return max(_EARLIEST, min(status.st_mtime_ns, _LATEST))


def ctime_of(status: os.stat_result) -> int:
    """Return the ctime likewise."""
    return max(_EARLIEST, min(status.st_ctime_ns, _LATEST))


class Files:
    """Each row is one name at first; `merge` makes one row of the names of one file.

    Objects for each file would take five times the memory.
    """

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self.devices = array("Q")
        self.inodes = array("Q")
        self.sizes = array("q")
        self.mtimes = array("q")
        self.ctimes = array("q")
        self._marks = bytearray()
        self._further: dict[int, list[bytes]] = {}
        self._merged = 0

    def __len__(self) -> int:
        return len(self.paths) - self._merged

    def add(self, path: bytes, status: os.stat_result, mark: Mark) -> None:
        """Add a name with what is known of its file."""
        self.paths.append(path)
        self.devices.append(status.st_dev)
        self.inodes.append(status.st_ino)
        self.sizes.append(status.st_size)
        self.mtimes.append(mtime_of(status))
        self.ctimes.append(ctime_of(status))
        self._marks.append(mark | Mark.LINKED if status.st_nlink > 1 else mark)

    def names(self, row: int) -> list[bytes]:
        """Return all names of a file, in order."""
        return [self.paths[row], *self._further.get(row, ())]

    def is_reference(self, row: int) -> bool:
        """Tell whether the file was met in a reference folder."""
        return bool(self._marks[row] & Mark.REFERENCE)

    def same_size(self) -> Classes:
        """Return the rows of two files or more that have one size; merges names."""
        classes = Classes()
        for rows in alike(range(len(self.sizes)), self.sizes):
            dropped: set[int] = set()
            for same in alike(rows, self.inodes):
                dropped.update(self._merge(same))
            kept = array("I", (row for row in rows if row not in dropped)) if dropped else rows
            if len(kept) > 1:
                classes.add(kept)
        return classes

    def _merge(self, rows: "array[int]") -> Iterator[int]:
        """Make one row of those that are one file; they have one inode, and one size.

        Yields the rows that are none of their own any more.
        """
        devices: dict[int, list[int]] = {}
        for row in rows:
            devices.setdefault(self.devices[row], []).append(row)
        seen: set[tuple[int, int]] = set()
        for same in devices.values():
            times = self.mtimes[same[0]], self.ctimes[same[0]]
            if times in seen:  # an overlay shows the files of its layers on a device of its own
                self._merged += len(same)
                yield from same
            else:
                seen.add(times)
                self._merge_names(same)
                yield from same[1:]

    def _merge_names(self, rows: list[int]) -> None:
        first = rows[0]
        self._merged += len(rows) - 1
        for row in rows[1:]:
            self._marks[first] |= self._marks[row] & Mark.REFERENCE
        names = sorted({self.paths[row] for row in rows})
        if self._marks[first] & Mark.LINKED:
            self.paths[first], *further = names
            if further:
                self._further[first] = further
        else:
            # One name seen twice: the one met first, which in one folder is the first in order.
            folder = os.path.dirname(self.paths[first])
            self.paths[first] = next(name for name in names if os.path.dirname(name) == folder)
