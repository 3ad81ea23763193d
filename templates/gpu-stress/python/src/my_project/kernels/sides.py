"""Chooses the side of the matrices of `matmul`."""

from collections.abc import Callable

_TINY = 128  # where there is so little memory as in a self-test
_SMALLEST, _LARGEST = 256, 8192
_LEAST = 3  # matrices: A, B and C
_LONG = 0.060  # seconds: a product that takes longer leaves no room for a batch of several


def largest_side(room: Callable[[int], int], enough: int, seconds: Callable[[int], float]) -> int:
    """Return the largest side whose product is quick, and of whose matrices there are enough.

    `room` returns how many matrices of a side the memory holds, `seconds` how long one product of
    them takes.
    """
    if room(_SMALLEST) < _LEAST:
        return _TINY
    side = _SMALLEST
    while side < _LARGEST and room(2 * side) >= enough and 8 * seconds(side) <= _LONG:
        side *= 2
    return side
