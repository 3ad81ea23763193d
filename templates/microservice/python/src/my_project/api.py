"""What this service is about: the calculator, over HTTP.

Replace it by routes of your own; `router` is what the service looks for.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Path, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .arithmetic import (
    CalculatorError,
    Value,
    add,
    divide,
    evaluate,
    floor_divide,
    format_value,
    modulo,
    multiply,
    power,
    subtract,
)
from .service.problems import DomainError, MisfitError
from .service.routing import Body, Router, problem

OPERATIONS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "floor_divide": floor_divide,
    "modulo": modulo,
    "power": power,
}

_NUMBER = re.compile(r"^-?([0-9]+|[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)$")
_ENOUGH_DIGITS = 20  # an integer with as many is out of range, whatever comes after

router = Router(tags=["calculator"])


class Calculation(Body):
    """What to evaluate."""

    expression: Annotated[
        str,
        Field(description="An expression such as 2 * (3 + 4), of 1,000 characters at most."),
    ]


class Answer(BaseModel):
    """What was computed."""

    model_config = ConfigDict(json_schema_extra={})

    result: Annotated[float, Field(description="An integer of 64 bits, or a float.")]


def _operation(name: str) -> str:
    if name not in OPERATIONS:
        raise MisfitError("is not an operation")
    return name


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise MisfitError("is not a number")
    return text


Operation = Annotated[str, AfterValidator(_operation)]
Number = Annotated[str, AfterValidator(_number)]


@router.get(
    "/v1/{operation}/{a}/{b}",
    operation_id="calculate",
    summary="Computes one operation with two numbers",
    response_description="The result",
    response_model=Answer,
    responses={422: problem("A value that does not fit, or a result that does not exist")},
)
async def calculate(
    operation: Annotated[
        Operation,
        Path(description="What to compute.", json_schema_extra={"enum": [*OPERATIONS]}),
    ],
    a: Annotated[
        Number,
        Path(description="The left number.", json_schema_extra={"pattern": _NUMBER.pattern}),
    ],
    b: Annotated[
        Number,
        Path(description="The right number.", json_schema_extra={"pattern": _NUMBER.pattern}),
    ],
) -> Response:
    """Compute one operation with two numbers."""
    return _answer(lambda: OPERATIONS[operation](_value(a), _value(b)))


@router.post(
    "/v1/evaluate",
    operation_id="evaluate",
    summary="Evaluates an expression",
    response_description="The result",
    response_model=Answer,
    responses={422: problem("A body that does not fit, or a result that does not exist")},
)
async def evaluate_expression(calculation: Calculation) -> Response:
    """Evaluate an expression."""
    return _answer(lambda: evaluate(calculation.expression))


def _value(text: str) -> Value:
    """Read a number that fits; whether it is in range, the operation looks at."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if digits.isdigit():
        return int(sign + (digits.lstrip("0")[:_ENOUGH_DIGITS] or "0"))
    return float(text)


def _answer(compute: Callable[[], Value]) -> Response:
    try:
        # The digits of the contract are not those of Python's JSON.
        result = format_value(compute())
    except CalculatorError as error:
        raise DomainError(error.code, error.code.message, error.position) from error
    return Response(f'{{"result":{result}}}', media_type="application/json")
