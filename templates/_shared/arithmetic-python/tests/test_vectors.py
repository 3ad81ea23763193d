"""The library answers every case of the contract."""

import pytest

from my_project.arithmetic import (
    CalculatorError,
    ErrorCode,
    evaluate,
    format_value,
)

from .contract import Case, load_contract

CONTRACT = load_contract()


@pytest.mark.parametrize("case", CONTRACT["cases"], ids=lambda case: ascii(case["expression"][:30]))
def test_evaluate_answers_as_the_contract_says(case: Case) -> None:
    try:
        answer: tuple[object, ...] = (format_value(evaluate(case["expression"])),)
    except CalculatorError as error:
        answer = (error.code, error.position)
    assert answer == ((case["value"],) if "value" in case else (case["error"], case["position"]))


def test_messages_are_those_of_the_contract() -> None:
    assert {code.value: code.message for code in ErrorCode} == CONTRACT["messages"]
