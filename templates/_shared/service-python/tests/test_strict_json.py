"""A body is JSON by RFC 8259, or it is refused with its reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.service.problems import Refusal
from my_project.service.strict_json import parse

NOT_JSON = "the body is not JSON"
TWICE = "the body has a key twice"
DEEP = "the body is nested too deep"
RANGE = "the body has a number out of range"
BAD = [
    *[
        (text, NOT_JSON)
        for text in (b"", b" ", b"{", b"NaN", b"[Infinity]", b"-Infinity", b"{a:1}")
    ],
    *[
        (text, NOT_JSON)
        for text in (b"01", b"1.", b"+1", b"'a'", b'"\t"', b"1 2", b"[1,]", b"\xff")
    ],
    *[(text, NOT_JSON) for text in (b'"\\ud800"', b'{"\\udc00":1}', b"\xef\xbb\xbf1")],
    *[("1".encode(code), NOT_JSON) for code in ("utf-16", "utf-16-le", "utf-32")],
    *[(text, TWICE) for text in (b'{"a":1,"a":1}', b'[{"a":{"b":1,"\\u0062":2}}]')],
    *[(text, RANGE) for text in (b"1e400", b"[-1e999]", b"1" * 400, b"1" * 401, b"9" * 5000)],
    *[(b"[" * depth + b"]" * depth, DEEP) for depth in (128, 10_000)],
    (b'{"a":' * 128 + b"1" + b"}" * 128, DEEP),
    (b"[" * 10_000, DEEP),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # No half of a surrogate pair, which `st.text` does not make either.
    | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=10,
)


@pytest.mark.parametrize(("body", "detail"), BAD, ids=lambda each: ascii(each)[:30])
def test_what_is_not_strict_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(body)
    assert (caught.value.status_code, caught.value.detail) == (400, detail)


@given(value=VALUES)
def test_what_is_json_is_read_as_ever(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@pytest.mark.parametrize(
    "text", ["[" * 127 + "]" * 127, '"' + "[" * 999 + '\\"{"', "1" + "0" * 308]
)
def test_what_is_just_within_the_limits_is_read(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)


@given(body=st.binary() | st.text('[]{}",:\\u0dDeE+-. 1NaInfty').map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except Refusal:
        return  # which of them are refused is for the tests above
    assert json.loads(body) == value
