"""Checked arithmetic and an evaluator of expressions.

>>> evaluate("2 * (3 + 4) ** 2")
98
"""

from .errors import CalculatorError, ErrorCode
from .evaluator import compute, evaluate
from .formatting import format_tree, format_value
from .operations import (
    Value,
    add,
    divide,
    floor_divide,
    modulo,
    multiply,
    negate,
    power,
    sqrt,
    subtract,
)
from .parser import parse
from .tree import Binary, Negate, Number, Operator, Sqrt, Tree

__all__ = [
    "Binary",
    "CalculatorError",
    "ErrorCode",
    "Negate",
    "Number",
    "Operator",
    "Sqrt",
    "Tree",
    "Value",
    "add",
    "compute",
    "divide",
    "evaluate",
    "floor_divide",
    "format_tree",
    "format_value",
    "modulo",
    "multiply",
    "negate",
    "parse",
    "power",
    "sqrt",
    "subtract",
]
