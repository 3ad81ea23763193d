"""Parsing, printing and computing fit together."""

import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from my_project.arithmetic import (
    Binary,
    CalculatorError,
    ErrorCode,
    Negate,
    Number,
    Operator,
    Sqrt,
    Tree,
    Value,
    compute,
    evaluate,
    format_tree,
    format_value,
    parse,
)

SMALLEST, LARGEST = -(2**63), 2**63 - 1
FINITE = st.floats(allow_nan=False, allow_infinity=False)
LITERALS = st.integers(0, LARGEST) | st.just(SMALLEST) | FINITE.map(abs)
TREES = st.recursive(
    LITERALS.map(Number),
    lambda parts: (
        st.builds(Negate, parts)
        | st.builds(Sqrt, parts)
        | st.builds(Binary, st.sampled_from(Operator), parts, parts)
    ),
    max_leaves=12,
)
# Texts that look like expressions, so that many of them get past the first character.
TEXTS = st.text() | st.text("0123456789.eE+-*/%() \tsqrt_,\0²٣", max_size=40)


@given(tree=TREES)
@example(tree=Binary(Operator.POWER, Number(SMALLEST), Number(2)))
@example(tree=Negate(Number(SMALLEST)))
def test_parsing_what_was_printed_gives_the_tree(tree: Tree) -> None:
    assert parse(format_tree(tree)) == tree


@given(text=TEXTS)
@example(text="(" * 10_000)
@example(text="1" * 1_000_000)
@example(text="\ud800")
def test_any_text_has_a_value_or_an_error_within_the_text(text: str) -> None:
    position: int | None = 0
    try:
        assert math.isfinite(evaluate(text))
    except CalculatorError as error:
        position = error.position
    assert position is not None
    assert 0 <= position <= len(text)


@given(tree=TREES)
def test_computing_a_tree_is_evaluating_its_text(tree: Tree) -> None:
    assert _outcome(lambda: compute(tree)) == _outcome(lambda: evaluate(format_tree(tree)))


@given(
    numbers=st.lists(st.integers(0, 9), min_size=2, max_size=8),
    operators=st.lists(st.sampled_from(["+", "-", "*", "//", "%"]), min_size=7, max_size=7),
    opening=st.integers(0, 7),
)
def test_precedence_is_that_of_python(
    numbers: list[int], operators: list[str], opening: int
) -> None:
    words = [f"-{numbers[0]}"]
    for operator, number in zip(operators, numbers[1:], strict=False):
        words += [operator, str(number)]
    start = 2 * (opening % len(numbers))
    text = " ".join([*words[:start], "(", *words[start:], ")"])
    try:
        expected = eval(text)  # noqa: S307  # the judge is Python's own grammar, on digits and signs
    except ZeroDivisionError:
        assert _outcome(lambda: evaluate(text)) == str(ErrorCode.DIVISION_BY_ZERO)
    else:
        assert evaluate(text) == expected


@given(value=FINITE | st.integers(SMALLEST, LARGEST))
def test_a_printed_value_reads_back_as_the_same(value: float) -> None:
    text = format_value(value)
    assert repr(type(value)(text)) == repr(value)
    assert evaluate(text) == value


@pytest.mark.parametrize("value", [math.inf, math.nan, 2**63])
def test_a_tree_made_by_hand_is_checked_too(value: float) -> None:
    with pytest.raises(CalculatorError):
        compute(Number(value))


def test_a_node_knows_the_character_that_it_came_from() -> None:
    tree = parse(" 1 + -sqrt(4)")
    assert isinstance(tree, Binary)
    assert isinstance(tree.right, Negate)
    assert [tree.position, tree.left.position, tree.right.position] == [3, 1, 5]
    assert tree.right.operand.position == 6


def test_a_long_sum_is_not_limited_by_the_stack() -> None:
    tree: Tree = Number(0)
    for _ in range(100_000):
        tree = Binary(Operator.ADD, tree, Number(1))
    assert compute(tree) == 100_000


def _outcome(computation: Callable[[], Value]) -> str:
    """Return what a computation comes to: the value as printed, or the code of the error."""
    try:
        return format_value(computation())
    except CalculatorError as error:
        return str(error.code)
