"""Reads a line of JSON that has to be one object, more strictly than the standard library does."""

import json
from typing import TypeGuard


def read_object(line: bytes) -> dict[str, object]:
    """Return the object; raise `ValueError` if there is none, or one that says a key twice.

    >>> read_object(b'{"a": 1}')
    {'a': 1}
    """
    try:
        value = json.loads(
            line.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise ValueError(line) from error
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004  # what is wrong is the line
    return value


def is_whole(value: object, least: int, most: int) -> TypeGuard[int]:
    """Tell whether a value of JSON is a whole number within bounds.

    >>> is_whole(True, 0, 9), is_whole(9, 0, 9), is_whole(1.0, 0, 9)
    (False, True, False)
    """
    # `bool` is a kind of `int` to Python, and `true` is no number to JSON.
    return type(value) is int and least <= value <= most


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(pairs)
    return value


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _integer(digits: str) -> int | float:
    # No number of ours can be below zero and zero at once; to others `-0` is a fraction.
    return -0.0 if digits == "-0" else int(digits)
