"""Arithmetic keeps its laws, and fails by name where it has no answer."""

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from my_project.arithmetic import (
    CalculatorError,
    ErrorCode,
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

SMALLEST, LARGEST = -(2**63), 2**63 - 1
INTEGERS = st.integers(SMALLEST, LARGEST)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
BINARY = [add, subtract, multiply, divide, floor_divide, modulo, power]


@given(dividend=INTEGERS, divisor=INTEGERS)
@example(dividend=-7, divisor=2)
@example(dividend=7, divisor=-2)
@example(dividend=SMALLEST, divisor=3)
def test_quotient_and_remainder_of_integers_give_back_the_dividend(
    dividend: int, divisor: int
) -> None:
    assume(divisor != 0 and (dividend, divisor) != (SMALLEST, -1))
    remainder = modulo(dividend, divisor)
    assert floor_divide(dividend, divisor) * divisor + remainder == dividend
    assert min(divisor + 1, 0) <= remainder <= max(divisor - 1, 0)


@given(
    dividend=st.floats(-1e15, 1e15, allow_subnormal=False),
    divisor=st.floats(0.5, 1e9).flatmap(lambda size: st.sampled_from([size, -size])),
)
@example(dividend=-7.5, divisor=2.0)
@example(dividend=-1e-20, divisor=1.0)
def test_quotient_and_remainder_of_floats_give_back_the_dividend(
    dividend: float, divisor: float
) -> None:
    quotient, remainder = floor_divide(dividend, divisor), modulo(dividend, divisor)
    assert float(quotient).is_integer()
    # The quotient is exact below 2**53; the remainder is rounded once, where it takes the sign.
    error = Fraction(quotient) * Fraction(divisor) + Fraction(remainder) - Fraction(dividend)
    assert abs(error) <= math.ulp(divisor) / 2
    assert abs(remainder) <= abs(divisor)
    assert math.copysign(1, remainder) == math.copysign(1, divisor)


@given(left=INTEGERS, right=INTEGERS)
@pytest.mark.parametrize(
    ("operation", "exact"), [(add, int.__add__), (subtract, int.__sub__), (multiply, int.__mul__)]
)
def test_integers_are_exact_or_an_overflow(
    operation: Callable[[Value, Value], Value],
    exact: Callable[[int, int], int],
    left: int,
    right: int,
) -> None:
    expected = exact(left, right)
    if SMALLEST <= expected <= LARGEST:
        assert operation(left, right) == expected
    else:
        assert _code(operation, left, right) is ErrorCode.OVERFLOW


@given(left=INTEGERS | FLOATS, right=INTEGERS | FLOATS)
@pytest.mark.parametrize("operation", BINARY)
def test_every_answer_is_within_range(
    operation: Callable[[Value, Value], Value], left: Value, right: Value
) -> None:
    try:
        value = operation(left, right)
    except CalculatorError:
        return  # which error it has to be is for the tests beside this one
    assert math.isfinite(value)
    assert isinstance(value, float) or SMALLEST <= value <= LARGEST


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, SMALLEST - 1, LARGEST + 1])
@pytest.mark.parametrize("operation", BINARY)
def test_what_is_no_value_is_refused_on_either_side(
    operation: Callable[[Value, Value], Value], value: Value
) -> None:
    code = ErrorCode.OVERFLOW if isinstance(value, int) else ErrorCode.NON_FINITE
    assert _code(operation, value, 1) is code
    assert _code(operation, 1, value) is code
    assert _code(negate, value) is code
    assert _code(sqrt, value) is code


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
@pytest.mark.parametrize("dividend", [0, 1, -1.5])
@pytest.mark.parametrize("operation", [divide, floor_divide, modulo])
def test_nothing_is_divided_by_zero(
    operation: Callable[[Value, Value], Value], dividend: Value, zero: Value
) -> None:
    assert _code(operation, dividend, zero) is ErrorCode.DIVISION_BY_ZERO


@pytest.mark.parametrize(
    ("base", "exponent", "code"),
    [
        (0, -1, ErrorCode.DIVISION_BY_ZERO),
        (-0.0, -0.5, ErrorCode.DIVISION_BY_ZERO),
        (-8, 0.5, ErrorCode.DOMAIN),
        (1, 1025, ErrorCode.EXPONENT_TOO_LARGE),
        (0, -1025, ErrorCode.EXPONENT_TOO_LARGE),
        (2, 63, ErrorCode.OVERFLOW),
        (2.0, 1024, ErrorCode.NON_FINITE),
    ],
)
def test_powers_without_an_answer_say_why(base: Value, exponent: Value, code: ErrorCode) -> None:
    assert _code(power, base, exponent) is code


def test_smallest_integer_has_no_opposite() -> None:
    assert _code(negate, SMALLEST) is ErrorCode.OVERFLOW
    assert _code(floor_divide, SMALLEST, -1) is ErrorCode.OVERFLOW
    assert modulo(SMALLEST, -1) == 0


def test_negative_zero_keeps_its_sign() -> None:
    assert [math.copysign(1, zero) for zero in (negate(0.0), sqrt(-0.0))] == [-1, -1]


def _code(operation: Callable[..., Value], *values: Value) -> ErrorCode:
    with pytest.raises(CalculatorError) as caught:
        operation(*values)
    return caught.value.code
