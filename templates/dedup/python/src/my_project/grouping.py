"""Puts files of one content together: by size, first block, last block, then as a whole."""

import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .cache import Cache
from .comparing import split_by_bytes
from .digests import Digests
from .errors import FileChangedError, Reason, scan_reason
from .files import Files
from .hashing import fast_hash, strong_hash
from .problems import Problems
from .progress import Progress
from .reading import BLOCK, Reader
from .workers import Crew

LAST_BLOCK_FROM = 64 * 1024  # bytes; only files larger than this are worth the second look


class Verify(StrEnum):
    """What shows that two files have the same content."""

    HASH = "hash"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of files with one content, and its hash where it was made."""

    size: int
    rows: list[int]
    digest: bytes | None

    @property
    def gain(self) -> int:
        """The bytes that would be free with one file left."""
        return self.size * (len(self.rows) - 1)


Class = tuple[bytes, Sequence[int]]  # a key that its rows have in common


class Grouping:
    """Narrows classes of files, stage by stage, until only equal ones are together."""

    def __init__(
        self, files: Files, problems: Problems, verify: Verify, jobs: int, progress: Progress
    ) -> None:
        self._files = files
        self._problems = problems
        self._verify = verify
        self._jobs = jobs
        self._progress = progress
        self._stopped = threading.Event()
        self._reader = Reader(files, self._stopped, progress.read)
        self._hash = strong_hash if verify is Verify.HASH else fast_hash

    def run(self, cache: Cache) -> list[Group]:
        """Return the groups in the order of what they would free."""
        by_size = [(b"", rows) for rows in self._files.same_size()]
        by_head = self._narrow("first blocks", by_size, self._head, _block_bytes)
        small = [each for each in by_head if self._size(each) <= BLOCK]
        rest = [each for each in by_head if self._size(each) > BLOCK]
        tailed = [each for each in rest if self._size(each) > LAST_BLOCK_FROM]
        middling = [each for each in rest if self._size(each) <= LAST_BLOCK_FROM]
        middling += self._narrow("last blocks", tailed, self._tail, _block_bytes)

        def whole(row: int) -> bytes:
            known = cache.get(self._files, row)
            if known is not None:
                self._progress.read(self._files.sizes[row])
            else:
                known = self._reader.whole(row, self._hash).digest()
                cache.put(self._files, row, known)
            return known

        equal = small + self._narrow("whole files", middling, whole, self._files.sizes.__getitem__)
        if self._verify is Verify.BYTES:
            equal = self._compare(equal)
        return self._in_order(equal)

    def _narrow(
        self,
        stage: str,
        classes: Iterable[Class],
        key: Callable[[int], bytes],
        cost: Callable[[int], int],
    ) -> list[Class]:
        """Split each class by a key of its files; what is alone falls away."""
        # The largest first: a large file that is begun last is read by one thread alone.
        ordered = sorted(classes, key=self._size, reverse=True)
        rows = array("Q", (row for _, rows in ordered for row in rows))
        digests = self._digests(stage, rows, key, cost)
        narrowed: list[Class] = []
        start = 0
        for _, members in ordered:
            end = start + len(members)
            narrowed.extend(digests.equal(rows, start, end))
            start = end
        return narrowed

    def _digests(
        self,
        stage: str,
        rows: "array[int]",
        key: Callable[[int], bytes],
        cost: Callable[[int], int],
    ) -> Digests:
        digests = Digests(len(rows))

        def note(place: int) -> None:
            row = rows[place]
            try:
                digests.put(place, key(row))
            except FileChangedError:
                self._problems.add(self._files.paths[row], Reason.CHANGED)
            except OSError as error:
                self._problems.add(self._files.paths[row], scan_reason(error))

        self._progress.begin(stage, len(rows), sum(map(cost, rows)))
        Crew(note, range(len(rows)), self._stopped, self._progress.advance).run(self._jobs)
        return digests

    def _head(self, row: int) -> bytes:
        data = self._reader.block(row, 0)
        if len(data) != min(self._files.sizes[row], BLOCK):
            raise FileChangedError
        # A small file is known as a whole from here on, so its hash has to be the real one.
        whole = self._files.sizes[row] <= BLOCK
        return (self._hash if whole else fast_hash)(data).digest()

    def _tail(self, row: int) -> bytes:
        data = self._reader.block(row, self._files.sizes[row] - BLOCK)
        return fast_hash(data).digest()

    def _compare(self, classes: list[Class]) -> list[Class]:
        """Split classes by their bytes, for a fast hash proves nothing."""
        size = sum(self._size(each) * (len(each[1]) - 1) for each in classes)
        self._progress.begin("bytes", len(classes), size)
        crew = Crew(
            lambda each: split_by_bytes(self._reader, self._files, [*each[1]], self._problems),
            classes,
            self._stopped,
            self._progress.advance,
        )
        return [(b"", rows) for found in crew.run(self._jobs) for rows in found or ()]

    def _size(self, each: Class) -> int:
        return self._files.sizes[each[1][0]]

    def _in_order(self, classes: list[Class]) -> list[Group]:
        hashed = self._verify is Verify.HASH
        path = self._files.paths.__getitem__
        groups = [
            Group(self._size(each), sorted(each[1], key=path), each[0] if hashed else None)
            for each in classes
        ]
        return sorted(groups, key=lambda group: (-group.gain, path(group.rows[0])))


def _block_bytes(_: int) -> int:
    return BLOCK
