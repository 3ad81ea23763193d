"""What can go wrong in a calculation, each error with a stable code."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The stable name of an error, as programs read it; `message` is for people."""

    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    SYNTAX = "syntax"
    OVERFLOW = "overflow"
    NON_FINITE = "non_finite"
    DIVISION_BY_ZERO = "division_by_zero"
    DOMAIN = "domain"
    EXPONENT_TOO_LARGE = "exponent_too_large"

    @property
    def message(self) -> str:
        """What the code means, in words that fit before `at position 3`."""
        return _MESSAGES[self]


_MESSAGES = {
    ErrorCode.TOO_LONG: "more than 1,000 characters",
    ErrorCode.TOO_DEEP: "nested more than 50 deep",
    ErrorCode.SYNTAX: "syntax error",
    ErrorCode.OVERFLOW: "integer outside 64 bits",
    ErrorCode.NON_FINITE: "float infinite or not a number",
    ErrorCode.DIVISION_BY_ZERO: "division by zero",
    ErrorCode.DOMAIN: "result not a real number",
    ErrorCode.EXPONENT_TOO_LARGE: "exponent outside -1,024 to 1,024",
}


class CalculatorError(Exception):
    """The one exception of this library.

    `position` is the 0-based character of the expression that is at fault,
    or `None` where an operation was called with numbers, so that there is no expression.

    >>> print(CalculatorError(ErrorCode.SYNTAX, 3))
    syntax error at position 3
    """

    def __init__(self, code: ErrorCode, position: int | None = None) -> None:
        super().__init__(code, position)
        self.code = code
        self.position = position

    def __str__(self) -> str:
        place = "" if self.position is None else f" at position {self.position}"
        return f"{self.code.message}{place}"
