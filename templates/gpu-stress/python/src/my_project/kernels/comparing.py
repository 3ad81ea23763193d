"""Compares arrays of the host bit for bit, as words of 32 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .workload import MOST_PLACES, Faults


def compare_words(first: NDArray[Any], results: NDArray[Any], offset: int = 0) -> Faults:
    """Count the words that differ; `first` may repeat itself over the leading axes of results.

    Both are contiguous, and rows of the last axis are a multiple of 8 bytes long.
    """
    # Half as many and twice as wide, for almost always all are equal.
    if not (first.view(np.uint64) != results.view(np.uint64)).any():
        return Faults()
    wrong = np.flatnonzero(first.view(np.uint32) != results.view(np.uint32))
    return Faults(wrong.size, tuple(offset + int(place) for place in wrong[:MOST_PLACES]))


def flip_bit(array: NDArray[Any], word: int, bit: int) -> None:
    """Flip a bit of a contiguous array."""
    array.reshape(-1).view(np.uint32)[word] ^= np.uint32(1 << bit)
