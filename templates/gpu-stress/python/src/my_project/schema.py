"""Holds data to a JSON Schema, as far as the schema of reports uses one."""

import math
import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

_MOST, _MOST_EXACTLY = 1e30, 10**30  # the first one is a little more

Schema = dict[str, Any]


def first_flaw(value: Any, schema: Schema, root: Schema | None = None, at: str = "") -> str | None:  # noqa: ANN401  # any data
    """Return where a value breaks a schema first, and how; nothing if it does not.

    >>> first_flaw({"a": [0]}, {"properties": {"a": {"items": {"minimum": 1}}}})
    '/a/0 is less than 1'
    """
    root = schema if root is None else root
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    place = at or "the whole"
    wrong = _wrong_alone(value, schema)
    if wrong is not None:
        return f"{place} {wrong}"
    if isinstance(value, dict):
        return _flaw_inside(value, schema, root, at)
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            flaw = first_flaw(each, schema["items"], root, f"{at}/{number}")
            if flaw is not None:
                return flaw
    return None


def _wrong_alone(value: Any, schema: Schema) -> str | None:  # noqa: ANN401  # any data
    """Return what is wrong with a value, not looking into it."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_of(value, each) for each in types):
        return f"is not of the type {' or '.join(types)}"
    allowed = schema.get("enum", [schema.get("const", value)])
    # In Python, True and 1.0 are 1.
    if not any(value == each and type(value) is type(each) for each in allowed):
        return "is not what it must be"
    if isinstance(value, list) and len(value) > schema.get("maxItems", len(value)):
        return f"has more than {schema['maxItems']} items"
    if isinstance(value, str) and not _has_form(value, schema.get("pattern", "")):
        return "has not the form it must have"
    return _out_of_range(value, schema) if _is_of(value, "number") else None


def _out_of_range(value: float, schema: Schema) -> str | None:
    least, bound = schema.get("minimum", value), schema.get("exclusiveMinimum", -math.inf)
    # JSON has numbers of any size, which no plot could show.
    if abs(value) > (_MOST_EXACTLY if isinstance(value, int) else _MOST):
        return "is beyond 1e30"
    if value < least:
        return f"is less than {least}"
    return f"is not more than {bound}" if value <= bound else None


def _has_form(text: str, pattern: str) -> bool:
    r"""Say whether a pattern is found, as JSON Schema means it: `\d` in ASCII, `$` at the end.

    >>> _has_form("1\n", "^1$")
    False
    """
    return re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None


def _flaw_inside(value: dict[str, Any], schema: Schema, root: Schema, at: str) -> str | None:
    for name in schema.get("required", ()):
        if name not in value:
            return f"{at}/{name} is missing"
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    for name, each in value.items():
        inner = known.get(name, others)
        if inner is False:
            return f"{at}/{name} should not be there"
        flaw = first_flaw(each, inner, root, f"{at}/{name}") if isinstance(inner, dict) else None
        if flaw is not None:
            return flaw
    return None


def _is_of(value: Any, name: str) -> bool:  # noqa: ANN401  # any data
    """Say whether a value has a type; a truth value is no number, and 1.0 is no integer."""
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])
