"""The calculator over HTTP."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project import api
from my_project.arithmetic import CalculatorError, format_value
from my_project.service.routing import Router

from .asking import Asked, assert_problem
from .contract import Case, load_contract

ASKED = Asked(api.router)
MISFIT = "the request does not fit"
NUMBERS = st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)


def test_a_service_needs_a_router_of_ours() -> None:
    assert isinstance(api.router, Router)


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("add/1/2", "3"),
        ("add/1/2.0", "3.0"),
        ("subtract/-9223372036854775808/0", "-9223372036854775808"),
        ("multiply/1e8/1e8", "1e16"),
        ("divide/6/3", "2.0"),
        ("divide/1/1000000", "1e-6"),
        ("floor_divide/-7/2", "-4"),
        ("modulo/-7/2", "1"),
        ("power/2/10", "1024"),
        ("multiply/-0.0/1", "-0.0"),
        ("add/007/.5", "7.5"),
        ("add/%31/2", "3"),
        (f"add/{'0' * 5000}7/1", "8"),
    ],
)
def test_an_operation_answers_with_the_digits_of_the_contract(path: str, result: str) -> None:
    answer = ASKED.ask("GET", f"/v1/{path}")
    assert (answer.status_code, answer.text) == (200, f'{{"result":{result}}}')
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("divide/1/0", "division_by_zero", "division by zero"),
        ("add/9223372036854775808/1e999", "overflow", "integer outside 64 bits"),
        ("add/1e999/9223372036854775808", "non_finite", "float infinite or not a number"),
        (f"divide/{'9' * 5000}/0", "overflow", "integer outside 64 bits"),
        (f"divide/-1{'0' * 20}/0", "overflow", "integer outside 64 bits"),
        ("power/-8/0.5", "domain", "result not a real number"),
    ],
)
def test_what_has_no_result_has_a_code(path: str, code: str, message: str) -> None:
    assert_problem(ASKED.ask("GET", f"/v1/{path}"), 422, message, code=code)


@pytest.mark.parametrize(
    ("path", "misfits"),
    [
        *[(f"add/{text}/2", {"a": "is not a number"}) for text in ("x", "+1", "1.", "1_0", "--1")],
        *[
            (f"add/{text}/2", {"a": "is not a number"})
            for text in ("%201", "1%0A", "%D9%A3", "NaN")
        ],
        ("root/1/1e", {"operation": "is not an operation", "b": "is not a number"}),
        ("ADD/1/2", {"operation": "is not an operation"}),
        ("add/1%2F2/1e999", {"a": "is not a number"}),
    ],
)
def test_what_does_not_fit_comes_before_what_has_no_result(
    path: str, misfits: dict[str, str]
) -> None:
    errors = [{"pointer": f"/path/{name}", "detail": words} for name, words in misfits.items()]
    assert_problem(ASKED.ask("GET", f"/v1/{path}"), 422, MISFIT, errors=errors)


@pytest.mark.parametrize("case", load_contract()["cases"], ids=lambda case: ascii(case)[:30])
def test_expressions_are_answered_as_the_contract_says(case: Case) -> None:
    answer = ASKED.post("/v1/evaluate", json.dumps({"expression": case["expression"]}).encode())
    if "value" in case:
        assert (answer.status_code, answer.text) == (200, f'{{"result":{case["value"]}}}')
    else:
        message = load_contract()["messages"][case["error"]]
        assert_problem(answer, 422, message, code=case["error"], position=case["position"])


@given(operation=st.sampled_from(sorted(api.OPERATIONS)), a=NUMBERS, b=NUMBERS)
def test_an_answer_is_that_of_the_library(operation: str, a: float, b: float) -> None:
    answer = ASKED.ask("GET", f"/v1/{operation}/{a}/{b}")
    try:
        result = format_value(api.OPERATIONS[operation](a, b))
    except CalculatorError as error:
        assert_problem(answer, 422, error.code.message, code=error.code)
    else:
        assert answer.text == f'{{"result":{result}}}'
