"""Computes parsed expressions, and tells where they fail."""

from typing import Final

from . import operations
from .errors import CalculatorError
from .operations import Value
from .parser import parse
from .tree import Binary, Negate, Number, Operator, Sqrt, Tree

_OPERATIONS: Final = {
    Operator.ADD: operations.add,
    Operator.SUBTRACT: operations.subtract,
    Operator.MULTIPLY: operations.multiply,
    Operator.DIVIDE: operations.divide,
    Operator.FLOOR_DIVIDE: operations.floor_divide,
    Operator.MODULO: operations.modulo,
    Operator.POWER: operations.power,
}


def evaluate(text: str) -> Value:
    """Compute the value of an expression.

    Raises `CalculatorError`, with the position of what is at fault in the text.

    >>> evaluate("-7 // 2")
    -4
    >>> evaluate("1 / (2 - 2)")
    Traceback (most recent call last):
    ...
    my_project.arithmetic.errors.CalculatorError: division by zero at position 2
    """
    return compute(parse(text))


def compute(tree: Tree) -> Value:
    """Compute the value of a tree, left side before right side; raises as `evaluate` does."""
    # A long sum is a tree that is deep on its left: a loop, so that the stack does not limit it.
    pending: list[Binary] = []
    while isinstance(tree, Binary):
        pending.append(tree)
        tree = tree.left
    value = _compute_operand(tree)
    for node in reversed(pending):
        right = compute(node.right)
        try:
            value = _OPERATIONS[node.operator](value, right)
        except CalculatorError as error:
            raise CalculatorError(error.code, node.position) from error
    return value


def _compute_operand(tree: Number | Negate | Sqrt) -> Value:
    value = tree.value if isinstance(tree, Number) else compute(tree.operand)
    try:
        match tree:
            case Number():
                return operations.checked(value)
            case Negate():
                return operations.negate(value)
            case Sqrt():  # pragma: no branch  # mypy holds that there is no other
                return operations.sqrt(value)
    except CalculatorError as error:
        raise CalculatorError(error.code, tree.position) from error
