"""The parts that a parsed expression is made of."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from .operations import Value


class Operator(StrEnum):
    """An operator between two operands, as it is written."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    FLOOR_DIVIDE = "//"
    MODULO = "%"
    POWER = "**"


# `position` is where a node's first or only sign stands, a 0-based character of the text it came
# from. It tells where a computation failed, and is no part of what an expression means.


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; the smallest integer is the only negative one."""

    value: Value
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negate:
    """A minus before its operand."""

    operand: "Tree"
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Sqrt:
    """A square root."""

    operand: "Tree"
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and the operator between them."""

    operator: Operator
    left: "Tree"
    right: "Tree"
    position: int = field(default=0, compare=False)


Tree: TypeAlias = Number | Negate | Sqrt | Binary
