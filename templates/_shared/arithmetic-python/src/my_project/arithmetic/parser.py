"""Reads an expression into a tree, in one pass over its characters.

A Pratt parser: each operator has a strength, and an operand belongs to the stronger neighbour.
Source: Vaughan R. Pratt, "Top down operator precedence", POPL 1973.
Every function takes the text and the place to read from, and returns what it read and the place
after it; `depth` counts the levels that are open there.
"""

import math
import re
from enum import IntEnum
from typing import Final

from .errors import CalculatorError, ErrorCode
from .operations import LARGEST, SMALLEST
from .tree import Binary, Negate, Number, Operator, Sqrt, Tree

LENGTH_LIMIT: Final = 1000
DEPTH_LIMIT: Final = 50


class Strength(IntEnum):
    """How tightly an operator binds its operands."""

    SUM = 1
    PRODUCT = 2
    POWER = 3


STRENGTH: Final = {
    Operator.ADD: Strength.SUM,
    Operator.SUBTRACT: Strength.SUM,
    Operator.MULTIPLY: Strength.PRODUCT,
    Operator.DIVIDE: Strength.PRODUCT,
    Operator.FLOOR_DIVIDE: Strength.PRODUCT,
    Operator.MODULO: Strength.PRODUCT,
    Operator.POWER: Strength.POWER,
}

_OPERATOR = re.compile(r"\*\*|//|[-+*/%]")
# As much as can stand at the beginning of a number; one that stops short of a digit is cut off.
_NUMBER = re.compile(r"[0-9]*\.([0-9]+([eE][+-]?[0-9]*)?)?|[0-9]+([eE][+-]?[0-9]*)?")
# One too large for an integer, so it is read together with the minus before it.
_SMALLEST_DIGITS = re.compile(rf"[ \t]*0*{-SMALLEST}(?![0-9.eE]|[ \t]*\*\*)")


def parse(text: str) -> Tree:
    """Read the whole text as one expression.

    Raises `CalculatorError` with the code `too_long`, `too_deep` or `syntax`,
    and with `overflow` or `non_finite` for a literal outside the range of its kind.

    >>> parse("1 + 2").operator
    <Operator.ADD: '+'>
    """
    if len(text) > LENGTH_LIMIT:
        raise CalculatorError(ErrorCode.TOO_LONG, LENGTH_LIMIT)
    tree, end = _expression(text, 0, 0, Strength.SUM)
    if end < len(text):
        raise CalculatorError(ErrorCode.SYNTAX, end)
    return tree


def _expression(text: str, at: int, depth: int, weakest: int) -> tuple[Tree, int]:
    """Read operands joined by operators at least as strong as `weakest`."""
    left, at = _operand(text, at, depth)
    while (operator := _operator(text, at)) and STRENGTH[operator] >= weakest:
        start = at + len(operator)
        if operator is Operator.POWER:  # the right side takes further powers: 2 ** (3 ** 2)
            right, end = _expression(text, start, _deeper(depth, at), Strength.POWER)
        else:
            right, end = _expression(text, start, depth, STRENGTH[operator] + 1)
        left, at = Binary(operator, left, right, position=at), end
    return left, at


def _operator(text: str, at: int) -> Operator | None:
    found = _OPERATOR.match(text, at)
    return Operator(found[0]) if found else None


def _operand(text: str, at: int, depth: int) -> tuple[Tree, int]:
    """Read what stands between operators, and the blanks around it."""
    at = _after_blanks(text, at)
    match text[at : at + 1]:
        case "-":
            depth = _deeper(depth, at)
            if found := _SMALLEST_DIGITS.match(text, at + 1):
                return Number(SMALLEST, at), _after_blanks(text, found.end())
            operand, end = _expression(text, at + 1, depth, Strength.POWER)
            return Negate(operand, at), end
        case "(":
            return _bracketed(text, at, depth)
        case "s":
            operand, end = _bracketed(text, _after(text, at, "sqrt"), depth)
            return Sqrt(operand, at), end
        case _:
            return _number(text, at)


def _bracketed(text: str, at: int, depth: int) -> tuple[Tree, int]:
    """Read an expression in brackets."""
    inside = _after(text, at, "(")
    tree, end = _expression(text, inside, _deeper(depth, at), Strength.SUM)
    return tree, _after(text, end, ")")


def _number(text: str, at: int) -> tuple[Number, int]:
    """Read a literal and check its range."""
    found = _NUMBER.match(text, at)
    if not found:
        raise CalculatorError(ErrorCode.SYNTAX, at)
    digits = found[0]
    if not digits[-1].isdigit():
        raise CalculatorError(ErrorCode.SYNTAX, found.end())
    value = int(digits) if digits.isdigit() else float(digits)
    if isinstance(value, int) and value > LARGEST:
        raise CalculatorError(ErrorCode.OVERFLOW, at)
    if math.isinf(value):
        raise CalculatorError(ErrorCode.NON_FINITE, at)
    return Number(value, at), _after_blanks(text, found.end())


def _deeper(depth: int, at: int) -> int:
    """Open a level by the character at `at`."""
    if depth == DEPTH_LIMIT:
        raise CalculatorError(ErrorCode.TOO_DEEP, at)
    return depth + 1


def _after(text: str, at: int, word: str) -> int:
    """Return the place after the word that must stand here, and after the blanks behind it."""
    for character in word:
        if not text.startswith(character, at):
            raise CalculatorError(ErrorCode.SYNTAX, at)
        at += 1
    return _after_blanks(text, at)


def _after_blanks(text: str, at: int) -> int:
    while text.startswith((" ", "\t"), at):
        at += 1
    return at
