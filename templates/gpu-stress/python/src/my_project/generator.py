"""The generator of all inputs: random words from counters, the same as in the shaders."""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Values = NDArray[np.float64]

MULTIPLIER = np.uint32(747796405)
_LAST = np.uint32(277803737)
_TOP, _FOUR, _LOW = np.uint32(28), np.uint32(4), np.uint32(22)
_TEN_BITS = np.uint32(22)  # to the right, so that ten bits are left


def random_words(counters: Words, seed: int) -> Words:
    """Return a random word for each counter.

    The output permutation RXS-M-XS of PCG. Source: O'Neill, "PCG: A family of simple fast
    space-efficient statistically good algorithms for random number generation", 2014.

    >>> [int(word) for word in random_words(np.arange(3, dtype=np.uint32), 1)]
    [277803675, 210472, 2751366707]
    """
    state = counters * MULTIPLIER + np.uint32(seed)
    permute(state, np.empty_like(state))
    return state


def permute(state: Words, scratch: Words) -> None:
    """Turn states into random words, in place and without another allocation."""
    np.right_shift(state, _TOP, out=scratch)
    np.add(scratch, _FOUR, out=scratch)
    np.right_shift(state, scratch, out=scratch)
    np.bitwise_xor(state, scratch, out=state)
    np.multiply(state, _LAST, out=state)
    np.right_shift(state, _LOW, out=scratch)
    np.bitwise_xor(state, scratch, out=state)


def start_values(counters: Words, seed: int) -> Values:
    """Return where chains of `fma` start: from 1 to 2 in steps of 1/1024."""
    return 1 + (random_words(counters, seed) >> _TEN_BITS).astype(np.float64) / 1024


def elements(counters: Words, seed: int) -> Values:
    """Return elements of matrices: from -1 to 1 in steps of 1/512."""
    return ((random_words(counters, seed) >> _TEN_BITS).astype(np.float64) - 512) / 512
