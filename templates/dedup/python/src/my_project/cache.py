"""Keeps the hashes of whole files from one scan to the next, if that is wanted."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .files import Files
from .hashing import ALGORITHM
from .writing import write_whole

_FILE = "hashes-1.json"
_PROGRAM = "my-project"
# A file changed this shortly ago may change again without its times telling.
_UNSETTLED = 2 * 10**9  # nanoseconds

Known = tuple[int, int, int, str]  # size, mtime, ctime, hash


def cache_path() -> bytes:
    """Return where the cache is, whether there is one or not."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        base = Path(given)
    else:
        base = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return os.fsencode(base / _PROGRAM / _FILE)


class Cache:
    """A cache that knows nothing and keeps nothing: what a scan has without `--cache`."""

    def get(self, files: Files, row: int) -> bytes | None:
        """Return the hash of a file that has not changed since it was put in."""
        del files, row
        return None

    def put(self, files: Files, row: int, digest: bytes) -> None:
        """Keep a hash."""

    def save(self) -> None:
        """Write what is kept; raise `OSError`."""


class StoredCache(Cache):
    """A cache in a file."""

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._known = {
            (device, inode): known
            for algorithm, device, inode, known in read_lines(path)
            if algorithm == ALGORITHM
        }
        self._newest = time.time_ns() - _UNSETTLED
        self._fresh = False

    def get(self, files: Files, row: int) -> bytes | None:
        """Return the hash of a file whose size and times are those of the cache."""
        known = self._known.get((files.devices[row], files.inodes[row]))
        if known is None or known[:3] != (files.sizes[row], files.mtimes[row], files.ctimes[row]):
            return None
        return bytes.fromhex(known[3])

    def put(self, files: Files, row: int, digest: bytes) -> None:
        """Keep a hash, unless the file changed only just now."""
        mtime, ctime = files.mtimes[row], files.ctimes[row]
        if max(mtime, ctime) <= self._newest:
            # One step, so that threads need no lock.
            self._known[files.devices[row], files.inodes[row]] = (
                files.sizes[row],
                mtime,
                ctime,
                digest.hex(),
            )
            self._fresh = True

    def save(self) -> None:
        """Write all that is known beside the cache, and rename it over."""
        if not self._fresh:
            return
        Path(os.fsdecode(self._path)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(
            self._path,
            (
                json.dumps([ALGORITHM, *key, *known], separators=(",", ":")).encode() + b"\n"
                for key, known in sorted(self._known.items())
            ),
        )


def read_lines(path: bytes) -> Iterator[tuple[str, int, int, Known]]:
    """Yield what the lines of a cache say; a line that cannot be read is passed over."""
    with suppress(OSError), open(path, "rb") as lines:
        for line in lines:
            with suppress(ValueError, RecursionError):
                match json.loads(line):
                    case [
                        str(algorithm),
                        int(device),
                        int(inode),
                        int(size),
                        int(mtime),
                        int(ctime),
                        str(digest),
                    ] if len(bytes.fromhex(digest)) == 32:  # noqa: PLR2004  # of either hash
                        yield algorithm, device, inode, (size, mtime, ctime, digest)
