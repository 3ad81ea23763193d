"""How little memory a device and each of its threads must have."""

from .precisions import ARITHMETIC, Precision

LEAST = 16 << 20  # bytes of a device, which its threads share
_SIDE = 256  # of the smallest matrices
_WORD = 4  # bytes


def least_share(precision: Precision | None, threads: int) -> int:
    """Return the bytes that a thread needs: its part of 16 MiB, and room for three matrices.

    >>> least_share(Precision.F32, 4) == 4 << 20
    True
    """
    size = _WORD if precision is None else ARITHMETIC[precision].size
    return max(LEAST // threads, 3 * _SIDE * _SIDE * size)
