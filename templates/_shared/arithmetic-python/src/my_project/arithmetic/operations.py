"""Arithmetic on 64-bit integers and finite floats that fails instead of answering wrongly.

Every operation raises `CalculatorError`: with the code `overflow` where an integer, given or
found, does not fit 64 bits, with `non_finite` where a float is infinite or not a number,
and with the further codes that its own documentation names.
Where an integer meets a float, it becomes the nearest float first.
"""

import math
from typing import Final, TypeAlias

from .errors import CalculatorError, ErrorCode

Value: TypeAlias = int | float

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**63 - 1
EXPONENT_LIMIT: Final = 1024


def checked(value: Value) -> Value:
    """Return the value as it is, if it is one that this library computes with."""
    if isinstance(value, int):
        if not SMALLEST <= value <= LARGEST:
            raise CalculatorError(ErrorCode.OVERFLOW)
    elif not math.isfinite(value):
        raise CalculatorError(ErrorCode.NON_FINITE)
    return value


def add(left: Value, right: Value) -> Value:
    """Return the sum."""
    return checked(checked(left) + checked(right))


def subtract(left: Value, right: Value) -> Value:
    """Return the difference."""
    return checked(checked(left) - checked(right))


def multiply(left: Value, right: Value) -> Value:
    """Return the product."""
    return checked(checked(left) * checked(right))


def divide(left: Value, right: Value) -> float:
    """Return the quotient, always a float; `division_by_zero` is the further error.

    >>> divide(6, 3)
    2.0
    """
    # Both become floats first: `int / int` rounds the exact quotient, which other languages do not.
    return checked(float(checked(left)) / float(_divisor(right)))


def floor_divide(left: Value, right: Value) -> Value:
    """Return the quotient, rounded down; `division_by_zero` is the further error.

    Source: Raymond T. Boute, "The Euclidean definition of the functions div and mod",
    ACM TOPLAS 14 (1992), where it is F-division.

    >>> floor_divide(-7, 2)
    -4
    """
    return checked(checked(left) // _divisor(right))


def modulo(left: Value, right: Value) -> Value:
    """Return what `floor_divide` leaves over, with the sign of the divisor.

    The further error is `division_by_zero`.
    For integers, `left == floor_divide(left, right) * right + modulo(left, right)`.

    >>> modulo(-7, 2)
    1
    """
    return checked(checked(left) % _divisor(right))


def power(base: Value, exponent: Value) -> Value:
    """Return the power: an integer for integers with an exponent from 0 up, else a float.

    Further errors are `exponent_too_large` for an integer exponent of an integer that is above
    1,024 or below -1,024, `division_by_zero` for zero to a negative power,
    and `domain` for a negative base with a fractional exponent.

    >>> power(2, 10), power(2, -1), power(0, 0)
    (1024, 0.5, 1)
    """
    checked(base)
    checked(exponent)
    if isinstance(base, int) and isinstance(exponent, int):
        if abs(exponent) > EXPONENT_LIMIT:
            raise CalculatorError(ErrorCode.EXPONENT_TOO_LARGE)
        if exponent >= 0:
            return checked(int(base**exponent))
    if base == 0 and exponent < 0:
        raise CalculatorError(ErrorCode.DIVISION_BY_ZERO)
    if base < 0 and not float(exponent).is_integer():
        raise CalculatorError(ErrorCode.DOMAIN)
    try:
        return math.pow(base, exponent)
    except OverflowError:
        raise CalculatorError(ErrorCode.NON_FINITE) from None


def sqrt(value: Value) -> float:
    """Return the square root, always a float; `domain` is the further error.

    >>> sqrt(9)
    3.0
    """
    if checked(value) < 0:
        raise CalculatorError(ErrorCode.DOMAIN)
    return math.sqrt(value)


def negate(value: Value) -> Value:
    """Return the value with its sign changed; `-0.0` is a value."""
    return checked(-checked(value))


def _divisor(value: Value) -> Value:
    if checked(value) == 0:
        raise CalculatorError(ErrorCode.DIVISION_BY_ZERO)
    return value
