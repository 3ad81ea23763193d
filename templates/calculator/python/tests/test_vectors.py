"""The library and the program answer every case of the contract."""

import json

import pytest

from my_project import (
    CalculatorError,
    ErrorCode,
    evaluate,
    format_value,
)

from .contract import Case, load_contract, run_program

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


def test_program_prints_the_contract_as_json() -> None:
    # A line end inside an expression cannot come through standard input.
    cases = [case for case in CONTRACT["cases"] if not {"\n", "\r"} & {*case["expression"]}]
    text = "".join(f"{case['expression']}\n" for case in cases)
    ran = run_program("eval", "--json", "-", stdin=text.encode())
    assert ran.stdout.decode().split("\n") == [*map(_json_line, cases), ""]
    assert (ran.returncode, ran.stderr) == (1, b"")


def _json_line(case: Case) -> str:
    answer = f'"value": {case["value"]}' if "value" in case else f'"error": {_json_error(case)}'
    return f'{{"expression": {json.dumps(case["expression"], ensure_ascii=False)}, {answer}}}'


def _json_error(case: Case) -> str:
    message = CONTRACT["messages"][case["error"]]
    return json.dumps({"code": case["error"], "message": message, "position": case["position"]})
