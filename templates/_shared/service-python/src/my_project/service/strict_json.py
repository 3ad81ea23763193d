"""JSON as RFC 8259 has it, without what Python's parser lets through."""

import json
import math
import re
from typing import Any, Final, NoReturn

from .problems import Refusal

DEPTH_LIMIT: Final = 127

_LONGEST_INTEGER = 400  # digits; a double has 309 at most, and Python reads 4,300
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class Object(dict[str, Any]):
    """An object that came as JSON, whose values are of no other types than JSON has."""


def parse(body: bytes) -> Any:  # noqa: ANN401  # JSON can be anything
    """Return what the body holds; raises `Refusal` with 400 for what is not strict JSON."""
    try:
        text = body.decode("utf-8")
        if text.count("[") + text.count("{") > DEPTH_LIMIT:
            _check_depth(text)
        value = _DECODER.decode(text)
        if "\\u" in text:  # half of a surrogate pair could not be written again
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise Refusal(400, "the body is not JSON") from error
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
        if depth > DEPTH_LIMIT:
            raise Refusal(400, "the body is nested too deep")


def _object(pairs: list[tuple[str, Any]]) -> Object:
    members = Object(pairs)
    if len(members) < len(pairs):
        raise Refusal(400, "the body has a key twice")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise _out_of_range()
    number = int(digits)
    try:
        float(number)
    except OverflowError:
        raise _out_of_range() from None
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _out_of_range()
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN, Infinity and -Infinity, which JSON does not have


def _out_of_range() -> Refusal:
    return Refusal(400, "the body has a number out of range")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
