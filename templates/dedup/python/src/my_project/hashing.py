"""The hashes: a strong one that speaks for a content, and a fast one that only tells apart."""

from collections.abc import Callable
from typing import Any, Protocol

import xxhash

_strong: Any  # two classes of different kin that do the same
try:
    from blake3 import blake3 as _strong

    ALGORITHM = "blake3"
except ImportError:  # no wheel for this machine: the standard library's nearest of kin
    from functools import partial
    from hashlib import blake2b

    _strong = partial(blake2b, digest_size=32)
    ALGORITHM = "blake2b"

EXPECTED_ALGORITHM = "blake3"


class Hasher(Protocol):
    """What takes the bytes of a file."""

    def update(self, data: memoryview, /) -> object:
        """Take the next bytes; lets other threads run meanwhile."""

    def digest(self) -> bytes:
        """Return the hash of all bytes so far."""


def strong_hash(data: memoryview | bytes = b"") -> Hasher:
    """Return a cryptographic hash of 32 bytes: equal means the same content."""
    hasher: Hasher = _strong(data)
    return hasher


def fast_hash(data: memoryview | bytes = b"") -> Hasher:
    """Return a hash of 16 bytes: different means different contents, and no more."""
    return xxhash.xxh3_128(data)


NewHash = Callable[[], Hasher]
