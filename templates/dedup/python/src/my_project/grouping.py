"""Puts files of one content together: by size, first block, last block, then as a whole."""

import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
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
from .rows import Classes
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


class Groups:
    """All groups in their order; each is made when it is asked for."""

    def __init__(
        self, files: Files, classes: Classes, order: Sequence[int], verify: Verify
    ) -> None:
        self._files = files
        self._classes = classes
        self._order = order
        self._verify = verify

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> Group:
        place = self._order[number]
        rows = [*self._classes.rows(place)]
        digest = self._classes.key(place) if self._verify is Verify.HASH else None
        return Group(self._files.sizes[rows[0]], rows, digest)

    def __iter__(self) -> Iterator[Group]:
        return map(self.__getitem__, range(len(self)))


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

    def run(self, cache: Cache) -> Groups:
        """Return the groups in the order of what they would free."""
        size = self._files.sizes.__getitem__

        def whole(row: int) -> bytes:
            known = cache.get(self._files, row)
            if known is not None:
                self._progress.read(size(row))
            else:
                known = self._reader.whole(row, self._hash).digest()
                cache.put(self._files, row, known)
            return known

        by_head = self._narrow("first blocks", self._files.same_size(), self._head, _block_bytes)
        equal, rest = by_head.divide(lambda row: size(row) <= BLOCK)
        del by_head
        middling, tailed = rest.divide(lambda row: size(row) <= LAST_BLOCK_FROM)
        middling.extend(self._narrow("last blocks", tailed, self._tail, _block_bytes))
        equal.extend(self._narrow("whole files", middling, whole, size))
        if self._verify is Verify.BYTES:
            equal = self._compare(equal)
        return self._in_order(equal)

    def _narrow(
        self,
        stage: str,
        classes: Classes,
        key: Callable[[int], bytes],
        cost: Callable[[int], int],
    ) -> Classes:
        """Split each class by a key of its files; what is alone falls away."""
        size = self._files.sizes.__getitem__
        # The largest first: a large file that is begun last is read by one thread alone.
        order = sorted(range(len(classes)), key=lambda place: -size(classes.first(place)))
        rows, ends = array("I"), array("I")
        for place in order:
            rows.extend(classes.rows(place))
            ends.append(len(rows))
        digests = self._digests(stage, rows, key, cost)
        narrowed = Classes()
        start = 0
        for end in ends:
            for digest, members in digests.equal(rows, start, end):
                narrowed.add(members, digest)
            start = end
        return narrowed

    def _digests(
        self,
        stage: str,
        rows: Sequence[int],
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

    def _compare(self, classes: Classes) -> Classes:
        """Split classes by their bytes, for a fast hash proves nothing."""
        places = range(len(classes))
        equal, lock = Classes(), threading.Lock()

        def split(place: int) -> None:
            rows = [*classes.rows(place)]
            for found in split_by_bytes(self._reader, self._files, rows, self._problems):
                with lock:
                    equal.add(found)

        sizes = (
            self._files.sizes[classes.first(each)] * (len(classes.rows(each)) - 1)
            for each in places
        )
        self._progress.begin("bytes", len(classes), sum(sizes))
        Crew(split, places, self._stopped, self._progress.advance).run(self._jobs)
        return equal

    def _in_order(self, classes: Classes) -> Groups:
        path, size = self._files.paths.__getitem__, self._files.sizes.__getitem__
        ordered = Classes()
        for place in range(len(classes)):
            ordered.add(sorted(classes.rows(place), key=path), classes.key(place))

        def gain(place: int) -> int:
            return size(ordered.first(place)) * (len(ordered.rows(place)) - 1)

        # Two sorts, for the second leaves what is equal in the order of the first.
        order = sorted(range(len(ordered)), key=lambda place: path(ordered.first(place)))
        order.sort(key=gain, reverse=True)
        return Groups(self._files, ordered, array("I", order), self._verify)


def _block_bytes(_: int) -> int:
    return BLOCK
