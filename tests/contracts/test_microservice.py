"""The domain of `microservice`: the calculator, over HTTP."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.http_case import JSON
from contracts.http_client import Answer, Connection, request
from contracts.services import TEMPLATES as FOLDER
from contracts.services import Service

TEMPLATES = ("microservice",)

_VECTORS = FOLDER / "_shared/arithmetic/contract/vectors.json"
CONTRACT: dict[str, Any] = json.loads(_VECTORS.read_text("utf-8"))
MESSAGES: dict[str, str] = CONTRACT["messages"]
OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floor_divide": "//",
    "modulo": "%",
    "power": "**",
}


def evaluated(connection: Connection, expression: str) -> Answer:
    """Have an expression evaluated."""
    body = json.dumps({"expression": expression}, ensure_ascii=len(expression) % 2 == 0)
    connection.send(request("POST", "/v1/evaluate", [JSON], body.encode()))
    return connection.answer()


def outcome(answer: Answer) -> str:
    """Return the value as it was printed, or the code of the error."""
    if answer.status == 200:
        assert answer.one("Content-Type") == "application/json"
        text = answer.body.decode()
        assert (text[:10], text[-1:]) == ('{"result":', "}")
        return text[10:-1]
    problem = answer.json()
    assert (answer.status, problem["status"], "errors" in problem) == (422, 422, False)
    assert problem["detail"] == MESSAGES[problem["code"]]
    return str(problem["code"])


def test_every_vector_of_the_calculator(service: Service) -> None:
    """Values to the byte; errors with their code, message and position, in this order."""
    different = []
    with Connection(service.port) as connection:
        for case in CONTRACT["cases"]:
            answer = evaluated(connection, case["expression"])
            told = outcome(answer)
            if "value" in case:
                same = told == case["value"]
            else:
                problem = answer.json()
                same = (told, problem["position"]) == (case["error"], case["position"])
                assert [*problem][-3:] == ["request_id", "code", "position"]
            if not same:
                different.append((case, answer.body))
    assert different == []


def at_path(connection: Connection, operation: str, a: str, b: str) -> Answer:
    """Have two numbers in a path computed."""
    connection.send(request("GET", f"/v1/{operation}/{a}/{b}"))
    return connection.answer()


DIGITS = st.text("0123456789", min_size=1, max_size=25)
EDGES = st.sampled_from([
    "0", "1", "2", "3", "7", "1023", "1024", "1025", "9223372036854775807", "9223372036854775808",
    "9223372036854775809", "3037000500", "0.0", "0.5", ".5", "1e0", "1e308",
    "1.7976931348623157e308", "1e309", "5e-324", "2.5e-324", "1E+16", "1e-5", "00012", "1e99999999",
])  # fmt: skip
LITERALS = (
    EDGES
    | DIGITS
    | st.integers(0, 40).map(str)
    | st.floats(0, 1e6).map(repr)
    | st.builds("{}.{}e{}".format, DIGITS, DIGITS, st.integers(-330, 330))
)
NUMBERS = st.builds("{}{}".format, st.sampled_from(["", "-"]), LITERALS)


@given(operation=st.sampled_from([*OPERATORS]), a=NUMBERS, b=NUMBERS)
@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the service stays the same
)
def test_a_path_says_what_the_expression_says(
    service: Service, operation: str, a: str, b: str
) -> None:
    """Operation by operation, the value to the byte or the code; a path has no position."""
    with Connection(service.port) as connection:
        answer = at_path(connection, operation, a, b)
        told = outcome(answer)
        assert told == outcome(evaluated(connection, f"({a}) {OPERATORS[operation]} ({b})"))
    if answer.status != 200:
        assert [*answer.json()][-2:] == ["request_id", "code"]


def test_numbers_in_a_path_may_be_long(service: Service) -> None:
    """Thousands of digits are a number as any other, and out of range at most."""
    nines, zeros = "9" * 5000, "0" * 5000
    with Connection(service.port) as connection:
        for a, b, expected in [
            ("-9223372036854775808", "0", "-9223372036854775808"),
            (nines, "1", "overflow"),
            ("1", f"-{nines}", "overflow"),
            (f"{zeros}7", "-0", "7"),
            (f"0.{zeros}1", "0", "0.0"),
            (f"{nines}.0", "0", "non_finite"),
            (f"1e{nines}", "0", "non_finite"),
            (f"1e-{nines}", "0", "0.0"),
            (f"0e{nines}", "0", "0.0"),
            ("1e999", nines[:20], "non_finite"),
            (nines[:20], "1e999", "overflow"),
            ("1", "1e999", "non_finite"),
            ("-0.0", "-0.0", "-0.0"),
        ]:
            assert outcome(at_path(connection, "add", a, b)) == expected, (a[:30], b[:30])


def test_the_result_is_printed_as_the_calculator_prints_it(service: Service) -> None:
    """A float stays one, and the order of the operands is that of the path."""
    with Connection(service.port) as connection:
        for path, expected in [
            ("add/1/2", "3"), ("subtract/1/2", "-1"), ("multiply/3/-4", "-12"), ("divide/4/2", "2.0"),
            ("floor_divide/-7/2", "-4"), ("modulo/-7/2", "1"), ("power/2/10", "1024"), ("power/2/-1", "0.5"),
            ("multiply/1e15/10", "1e16"), ("divide/1/0", "division_by_zero"), ("power/2/1025", "exponent_too_large"),
            ("power/-8/0.5", "domain"), ("multiply/9223372036854775807/2", "overflow"), ("multiply/1e308/10", "non_finite"),
        ]:  # fmt: skip
            assert outcome(at_path(connection, *path.split("/"))) == expected, path


@given(text=st.text(max_size=1100) | st.text("0123456789.eE+-*/%() \tsqrt", max_size=60))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_crashes_the_service(service: Service, text: str) -> None:
    """Any string is answered, by a value or by an error that points into the text."""
    with Connection(service.port) as connection:
        answer = evaluated(connection, text)
    outcome(answer)
    if answer.status != 200:
        assert 0 <= answer.json()["position"] <= len(text)
