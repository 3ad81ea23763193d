"""Sizes and times as people write them."""

import re

from .errors import WrongUsageError

LARGEST = 2**63 - 1  # what a file can have at most

_BINARY = ("KiB", "MiB", "GiB", "TiB")
_FACTORS = {
    "b": 1,
    **{unit.lower(): 1024**power for power, unit in enumerate(_BINARY, 1)},
    **{unit[0].lower(): 1024**power for power, unit in enumerate(_BINARY, 1)},
    **{f"{unit[0].lower()}b": 1000**power for power, unit in enumerate(_BINARY, 1)},
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"([0-9]+)(?:(?:\.([0-9]+))?([a-zA-Z]+))?")
_DURATION = re.compile(r"([0-9]+)([smhd])")
_LONGEST_NUMBER = 4000  # digits; Python refuses to read longer ones, for they take long


def parse_size(text: str) -> int:
    """Return a size in bytes.

    >>> parse_size("1.5MiB"), parse_size("2kB"), parse_size("10K")
    (1572864, 2000, 10240)
    """
    found = _SIZE.fullmatch(text)
    factor = _FACTORS.get((found[3] or "b").lower()) if found else None
    if found is None or factor is None or len(text) > _LONGEST_NUMBER:
        message = f"{text!r} is no size, such as 4096 or 1.5MiB"
        raise WrongUsageError(message)
    fraction = found[2] or ""
    # Whole numbers only: a float would round sizes above 2^53.
    size: int = int(found[1] + fraction) * factor // 10 ** len(fraction)
    if size > LARGEST:
        message = f"{text!r} is more than a file can have"
        raise WrongUsageError(message)
    return size


def parse_duration(text: str) -> int:
    """Return a duration in nanoseconds.

    >>> parse_duration("10m")
    600000000000
    """
    found = _DURATION.fullmatch(text)
    if found is None or len(text) > _LONGEST_NUMBER:
        message = f"{text!r} is no duration, such as 30s, 10m, 12h or 7d"
        raise WrongUsageError(message)
    nanoseconds = int(found[1]) * _SECONDS[found[2]] * 10**9
    if nanoseconds > LARGEST:
        message = f"{text!r} is too long"
        raise WrongUsageError(message)
    return nanoseconds


def format_size(size: int) -> str:
    """Write a size for people.

    >>> format_size(1), format_size(1023), format_size(1536)
    ('1 byte', '1023 bytes', '1.5 KiB')
    """
    number: float = size
    shown = ""
    for unit in _BINARY:
        if number < 1024:  # noqa: PLR2004  # what makes the next unit
            break
        number, shown = number / 1024, unit
    return f"{number:.1f} {shown}" if shown else counted(size, "byte")


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "file"), counted(2, "file")
    ('1 file', '2 files')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
