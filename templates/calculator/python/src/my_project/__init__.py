"""Checked arithmetic and an evaluator of expressions.

>>> evaluate("2 * (3 + 4) ** 2")
98
"""

from .arithmetic import (
    Binary,
    CalculatorError,
    ErrorCode,
    Negate,
    Number,
    Operator,
    Sqrt,
    Tree,
    Value,
    add,
    compute,
    divide,
    evaluate,
    floor_divide,
    format_tree,
    format_value,
    modulo,
    multiply,
    negate,
    parse,
    power,
    sqrt,
    subtract,
)

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
