"""The parts of a sparse file that are on no disk: they read as zeros, and need not be read."""

import errno
import os

_WORTH_ASKING = 256 * 1024  # bytes; a call more costs a smaller file more than it can gain


def has_holes(descriptor: int, size: int) -> bool:
    """Tell whether an open file of this size has a hole; false where the system cannot tell."""
    if size < _WORTH_ASKING or not hasattr(os, "SEEK_HOLE"):
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except OSError:  # a file system that knows nothing of holes
        return False


def next_data(descriptor: int, offset: int, size: int) -> int:
    """Return where the hole around an offset ends, or the offset if it is in none.

    Raises `OSError`.
    """
    try:
        return min(os.lseek(descriptor, offset, os.SEEK_DATA), size)
    except OSError as error:
        if error.errno == errno.ENXIO:  # the hole goes to the end
            return size
        raise
