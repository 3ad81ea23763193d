"""Writes values and trees in the form in which the parser reads them."""

from .operations import Value
from .parser import STRENGTH, Strength
from .tree import Binary, Negate, Number, Operator, Sqrt, Tree

# A minus is weaker than a power on its right, and stronger than every other operator.
_PREFIX = Strength.POWER
_ATOM = Strength.POWER + 1


def format_value(value: Value) -> str:
    """Write an integer in decimal, and a float as the shortest digits that read back as the same.

    A float always has a point or an exponent: an exponent from 1e16 up and below 1e-4.

    >>> format_value(2.0), format_value(1.5e-07), format_value(1e16)
    ('2.0', '1.5e-7', '1e16')
    """
    digits, mark, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent)}" if mark else digits


def format_tree(tree: Tree) -> str:
    """Write a tree as an expression, with no more brackets than it needs.

    >>> two, three = Number(2), Number(3)
    >>> format_tree(Binary(Operator.POWER, Negate(two), Binary(Operator.ADD, two, three)))
    '(-2) ** (2 + 3)'
    """
    match tree:
        case Number(value=value):
            return format_value(value)
        case Negate(operand=operand):
            return f"-{_within(operand, _PREFIX)}"
        case Sqrt(operand=operand):
            return f"sqrt({format_tree(operand)})"
        case Binary(operator=Operator.POWER, left=left, right=right):
            return f"{_within(left, _ATOM)} ** {_within(right, _PREFIX)}"
        case Binary(operator=operator, left=left, right=right):  # pragma: no branch  # the last
            strength = STRENGTH[operator]
            return f"{_within(left, strength)} {operator} {_within(right, strength + 1)}"


def _within(tree: Tree, weakest: int) -> str:
    """Write a part, in brackets where it would fall apart beside an operator of that strength."""
    text = format_tree(tree)
    return text if _strength(tree) >= weakest else f"({text})"


def _strength(tree: Tree) -> int:
    match tree:
        case Binary(operator=operator):
            return STRENGTH[operator]
        case Negate():
            return _PREFIX
        case Number(value=value) if value < 0:
            return _PREFIX
        case _:
            return _ATOM
