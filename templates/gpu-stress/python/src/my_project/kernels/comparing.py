"""Compares arrays of the host bit for bit, as words of 32 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .workload import MOST_PLACES, Faults, Flip


def compare_words(first: NDArray[Any], results: NDArray[Any], offset: int = 0) -> Faults:
    """Count the words that differ; the arrays have equal sizes, a multiple of 8 bytes."""
    # Half as many and twice as wide, for almost always all are equal.
    if not (first.reshape(-1).view(np.uint64) != results.reshape(-1).view(np.uint64)).any():
        return Faults()
    wrong = np.flatnonzero(first.reshape(-1).view(np.uint32) != results.reshape(-1).view(np.uint32))
    return Faults(wrong.size, tuple(offset + int(place) for place in wrong[:MOST_PLACES]))


def flip_bit(array: NDArray[Any], flip: Flip) -> None:
    """Flip a bit of a contiguous array."""
    array.reshape(-1).view(np.uint32)[flip.word] ^= np.uint32(1 << flip.bit)
