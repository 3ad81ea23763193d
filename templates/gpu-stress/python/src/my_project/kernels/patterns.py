"""The patterns of `memory`, in turn, each followed by its complement."""

from dataclasses import dataclass
from enum import IntEnum

_SEED_STEP = 0x9E3779B9  # odd, so that all seeds come up: 2^32 over the golden ratio
_ALL_BITS = 0xFFFFFFFF


class Pattern(IntEnum):
    """As memory.wgsl numbers them."""

    RANDOM = 0
    WALKING_BIT = 1
    ADDRESS = 2


@dataclass(frozen=True, slots=True)
class Filling:
    """What a whole allocation is filled with."""

    pattern: Pattern
    seed: int
    inverted: int
    """Exclusive-ored with each word: nothing, or all bits."""


def filling(turn: int, seed: int) -> Filling:
    """Return the filling of a turn; each round of all patterns has a seed of its own.

    >>> [filling(turn, 0).pattern.name for turn in range(0, 6, 2)]
    ['RANDOM', 'WALKING_BIT', 'ADDRESS']
    >>> filling(1, 0).inverted == 2**32 - 1
    True
    """
    rounds, part = divmod(turn, 2 * len(Pattern))
    pattern, inverted = divmod(part, 2)
    return Filling(Pattern(pattern), (seed + rounds * _SEED_STEP) & _ALL_BITS, inverted * _ALL_BITS)
