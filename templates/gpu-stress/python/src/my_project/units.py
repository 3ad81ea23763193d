"""Parses and prints numbers, durations, throughputs and sizes."""

import re
from collections.abc import Sequence

from .errors import UsageError

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LONGEST = 1000 * 3600  # seconds
_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_FASTEST = 1e30
_TERA = 1e12
_DIGITS = 15  # that a float holds; more are not what anybody meant


def parse_duration(word: str) -> float:
    """Return seconds; raise `UsageError`.

    >>> parse_duration("1.5m")
    90.0
    """
    found = re.fullmatch(f"{_NUMBER}([smh])", word)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"--duration {word}: not a time such as 90s, 10m or 1h, up to 1000h")
    return seconds


def parse_throughput(word: str) -> float:
    """Return operations or bytes a second; raise `UsageError`.

    >>> parse_throughput("9.5T")
    9500000000000.0
    """
    found = re.fullmatch(f"{_NUMBER}([kMGTP]?)", word)
    value = float(found[1]) * _FACTORS.get(found[2], 1) if found else 0
    if not 0 < value <= _FASTEST:
        what = "not a rate above 0 such as 9.5T (k, M, G, T, P)"
        raise UsageError(f"--min-throughput {word}: {what}")
    return value


def parse_number(option: str, word: str, least: float, most: float) -> float:
    """Return a number from `least` to `most`, where zero is never one; raise `UsageError`."""
    value = float(word) if re.fullmatch(_NUMBER, word) else 0
    if not (value and least <= value <= most):
        limits = f"from {least:g} to {most:g}" if least else f"more than 0 and at most {most:g}"
        raise UsageError(f"{option} {word}: not a number {limits}")
    return value


def parse_whole(option: str, word: str, most: int) -> int:
    """Return a whole number from 1 on; raise `UsageError`."""
    value = int(word) if re.fullmatch(f"[0-9]{{1,{_DIGITS}}}", word) else 0
    if not 1 <= value <= most:
        raise UsageError(f"{option} {word}: not a whole number from 1 to {most}")
    return value


def format_throughputs(rates: Sequence[float | None], unit: str) -> tuple[list[str], str]:
    """Return rates as numbers, and the unit that they have together, in powers of ten.

    >>> format_throughputs([1.234e12, 9e11, None], "operations/s")
    (['1.23', '0.90', '-'], 'TFLOP/s')
    """
    scale, shown = (1e9, "GB/s") if unit == "bytes/s" else (1e9, "GFLOP/s")
    if shown == "GFLOP/s" and max(rate or 0 for rate in rates) >= _TERA:
        scale, shown = _TERA, "TFLOP/s"
    return ["-" if rate is None else f"{rate / scale:.2f}" for rate in rates], shown


def format_throughput(rate: float | None, unit: str) -> str:
    """Return a rate with its unit.

    >>> format_throughput(2e9, "bytes/s")
    '2.00 GB/s'
    """
    (number,), shown = format_throughputs([rate], unit)
    return f"{number} {shown}"


def format_size(size: int | None) -> str:
    """Return a number of bytes as people read memory.

    >>> format_size(3 * 2**30)
    '3.0 GiB'
    """
    return "-" if size is None else f"{size / 2**30:.1f} GiB"
