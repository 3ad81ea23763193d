"""Requests and their answers, without a socket."""

import json
import re
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from my_project.service.settings import Settings
from my_project.service.state import Phase

from .asking import Asked, assert_problem
from .demonstration import SECRET, Label, router

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MISFIT = "the request does not fit"
PARCEL = b'{"name":"a","count":1}'


@pytest.fixture
def asked() -> Asked:
    return Asked(router)


def test_probes_tell_how_the_service_is(asked: Asked) -> None:
    answer = asked.ask("GET", "/healthz")
    assert (answer.status_code, answer.content) == (200, b'{"status":"ok"}')
    assert_problem(asked.ask("GET", "/readyz"), 503, "starting")
    asked.app.life.phase = Phase.READY
    assert asked.ask("GET", "/readyz").json() == {"status": "ready"}
    asked.app.life.phase = Phase.DRAINING
    assert_problem(asked.ask("GET", "/readyz"), 503, "draining")


# --- paths, methods and queries -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/echo",
        "/healthz%0A",
        "/openapi.json%0A",
        "/count%0a",
        "/echo/",
        "/echo//",
        "//echo/a",
        "/echo/a/",
        "/e%",
    ],
)
def test_paths_are_exact(asked: Asked, path: str) -> None:
    assert_problem(asked.ask("GET", path), 404, "there is nothing here", instance=path)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("a%2Fb", "a/b"),
        ("%252F", "%2F"),
        ("a%0A", "a\n"),
        ("%ff", "�"),
        ("%C3%2f%A9", "�/�"),
        ("%e2%82%ac", "€"),
    ],
)
def test_percent_encoding_is_decoded_within_a_segment(asked: Asked, sent: str, text: str) -> None:
    assert asked.ask("GET", f"/%65cho/{sent}").json()["text"] == text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_told_which_are_allowed(asked: Asked, method: str) -> None:
    answer = asked.ask(method, "/echo/a")
    assert_problem(answer, 405, "this method is not allowed here")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert asked.ask("HEAD", "/count").headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/echo/a", "/nowhere", "/healthz", "/stream"])
def test_head_is_get_without_the_body(asked: Asked, path: str) -> None:
    head = asked.ask("HEAD", path)
    assert head.content == b""
    if path != "/stream":  # which has no end
        get = asked.ask("GET", path)
        assert head.status_code == get.status_code
        assert head.headers.get("Content-Length") == get.headers.get("Content-Length")


@pytest.mark.parametrize(
    ("path", "pointer", "detail"),
    [
        ("/echo/a?number=x", "/query/number", "must be an integer"),
        ("/echo/a?number=", "/query/number", "must be an integer"),
        ("/echo/a?number=1&number=1", "/query/number", "is given twice"),
        ("/slow/x", "/path/seconds", "must be a number"),
    ],
)
def test_a_parameter_that_does_not_fit_is_pointed_at(
    asked: Asked, path: str, pointer: str, detail: str
) -> None:
    misfit = {"pointer": pointer, "detail": detail}
    assert_problem(asked.ask("GET", path), 422, MISFIT, errors=[misfit])


def test_unknown_parameters_are_ignored_and_lists_may_repeat(asked: Asked) -> None:
    answer = asked.ask("GET", "/echo/a?x=1&x=2&many=a&many=b")
    assert answer.json() == {"text": "a", "number": 0, "many": ["a", "b"]}


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        'application/json; charset="utf-8"',
        "application/json;charset=UTF-8",
    ],
)
def test_json_is_taken(asked: Asked, media_type: str) -> None:
    answer = asked.post("/parcel/1", PARCEL, media_type)
    assert answer.json() == {"place": 1, "parcel": {"name": "a", "count": 1, "parts": []}}


@pytest.mark.parametrize(
    "headers",
    [
        [],
        *[
            [("Content-Type", bad)]
            for bad in (
                "text/json",
                "application/json; charset=latin-1",
                "application/json; q=1",
                "application/problem+json",
                "application/json,",
            )
        ],
        [("Content-Type", "application/json")] * 2,
        [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
    ],
    ids=str,
)
def test_other_media_types_are_refused(asked: Asked, headers: list[tuple[str, str]]) -> None:
    answer = asked.ask("POST", "/parcel/1", headers=headers, content=PARCEL)
    assert_problem(answer, 415, "the body must be application/json")


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ("[]", "/body", "must be an object"),
        ("null", "/body", "must be an object"),
        ("1", "/body", "must be an object"),
        ('{"count":1}', "/body/name", "is missing"),
        ('{"name":"a","count":1,"a/b~c":1}', "/body/a~1b~0c", "is not known"),
        ('{"name":1,"count":1}', "/body/name", "must be a string"),
        ('{"name":"a","count":"1"}', "/body/count", "must be an integer"),
        ('{"name":"a","count":1.0}', "/body/count", "must be an integer"),
        ('{"name":"a","count":true}', "/body/count", "must be an integer"),
        ('{"name":"a","count":1,"parts":{}}', "/body/parts", "must be an array"),
        ('{"name":"a","count":1,"parts":[1]}', "/body/parts/0", "must be an object"),
        (
            '{"name":"a","count":1,"parts":[{"number":"1"}]}',
            "/body/parts/0/number",
            "must be a number",
        ),
        (
            '{"name":"a","count":1,"parts":[{"number":1,"flag":1}]}',
            "/body/parts/0/flag",
            "must be a boolean",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_pointed_at(
    asked: Asked, body: str, pointer: str, detail: str
) -> None:
    misfit = {"pointer": pointer, "detail": detail}
    assert_problem(asked.post("/parcel/1", body.encode()), 422, MISFIT, errors=[misfit])


@pytest.mark.parametrize("count", [2**53 + 1, 2**63, -(2**63) - 1, 10**300])
def test_integers_of_any_size_are_exact(asked: Asked, count: int) -> None:
    body = f'{{"name":"a","count":{count}}}'.encode()
    assert asked.post("/parcel/1", body).json()["parcel"]["count"] == count


@pytest.mark.parametrize("path", ["/count", "/echo/a"])
def test_a_body_that_is_declared_too_large_is_refused_at_once(path: str) -> None:
    asked = Asked(router, settings=Settings(max_body_bytes=10))
    assert asked.post("/count", b"0123456789").json() == {"bytes": 10}
    answer = asked.ask("POST", path, content=b"0123456789a")
    assert_problem(answer, 413, "the body is too large")
    assert answer.headers["Connection"] == "close"


def test_the_first_of_several_faults_counts(asked: Asked) -> None:
    """The path comes before the media type, that before JSON, and JSON before its shape."""
    bad_path = [{"pointer": "/path/place", "detail": "must be an integer"}]
    assert_problem(asked.post("/parcel/x", b"{", "text/plain"), 422, MISFIT, errors=bad_path)
    assert asked.post("/parcel/1", b"{", "text/plain").status_code == 415
    assert_problem(asked.post("/parcel/1", b'{"x":NaN}'), 400, "the body is not JSON")
    assert_problem(asked.post("/parcel/1", b'{"x":1,"x":1}'), 400, "the body has a key twice")
    assert asked.post("/parcel/x", b"1" * 70_000).status_code == 413
    assert asked.post("/nowhere", b"1" * 70_000).status_code == 413


def test_a_body_that_is_encoded_twice_is_refused(asked: Asked) -> None:
    media_type = ("Content-Type", "application/json")
    for codings, status in ((["identity"] * 2, 200), (["identity", "gzip"], 415)):
        headers = [media_type, *(("Content-Encoding", coding) for coding in codings)]
        assert asked.ask("POST", "/parcel/1", headers=headers, content=PARCEL).status_code == status


def test_what_json_has_only_as_text_or_an_array_is_taken(asked: Asked) -> None:
    label = {
        "day": "2026-11-25",
        "key": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "colour": "red",
        "weight": "0.10",
        "corner": [1, 2],
    }
    assert asked.post("/label", json.dumps(label).encode()).json() == label


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({"day": 20_000}, "/body/day"),
        ({"corner": [1, "2"]}, "/body/corner/1"),
        ({"corner": [1.5, 2]}, "/body/corner/0"),
        ({"colour": "blue"}, "/body/colour"),
        ({"other": 1}, "/body/other"),
    ],
)
def test_what_is_none_of_these_is_not(
    asked: Asked, member: dict[str, object], pointer: str
) -> None:
    label = {"day": "2026-11-25", "key": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", **member}
    answer = asked.post("/label", json.dumps(label).encode())
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_body_can_be_made_in_code_too() -> None:
    label = Label(day=date(2026, 11, 25), key=uuid4(), weight=Decimal("0.10"))
    assert label.model_dump()["weight"] == Decimal("0.10")


# --- errors ---------------------------------------------------------------------------------------


def test_an_error_of_the_domain_has_its_code_and_position(asked: Asked) -> None:
    answer = asked.ask("GET", "/refuse/422")
    assert_problem(answer, 422, "it is broken", code="broken", position=3)


@pytest.mark.parametrize(
    ("path", "detail", "title"),
    [
        ("404", "there is nothing here", "Not Found"),
        ("404?detail=no+luck", "no luck", "Not Found"),
        ("409", "Conflict", "Conflict"),
        ("413", HTTPStatus(413).phrase, "Content Too Large"),
        ("499?detail=gone", "gone", "Error"),
    ],
)
def test_what_the_framework_raises_is_a_problem(
    asked: Asked, path: str, detail: str, title: str
) -> None:
    answer = asked.ask("GET", f"/refuse/{path}")
    assert (answer.json()["detail"], answer.json()["title"]) == (detail, title)


def test_less_than_an_error_is_no_problem(asked: Asked) -> None:
    answer = asked.ask("GET", "/refuse/304")
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_fault_of_ours_stands_in_the_log_alone(asked: Asked) -> None:
    answer = asked.ask("GET", "/crash")
    assert_problem(answer, 500, "something went wrong here")
    assert SECRET not in answer.text
    fault, request = asked.lines()
    assert (fault["severity"], request["severity"]) == ("ERROR", "ERROR")
    assert f"RuntimeError: {SECRET}" in fault["message"]
    assert fault["request_id"] == request["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/slow/5", "/block/0.3"])
def test_a_handler_that_takes_too_long_is_answered_for(path: str) -> None:
    asked = Asked(router, settings=Settings(handler_timeout_seconds=0.05))
    assert_problem(asked.ask("GET", path), 503, "the answer took too long")
    assert [line["status"] for line in asked.lines()] == [503]


# --- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 64])
def test_a_good_request_id_is_taken_over(asked: Asked, given: str) -> None:
    answer = asked.ask("GET", "/nowhere", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given == answer.json()["request_id"]


@pytest.mark.parametrize("given", [["x" * 65], [""], ["a b"], ["é"], ["a\u0085"], ["a", "a"]])
def test_another_request_id_is_replaced(asked: Asked, given: list[str]) -> None:
    headers = [("X-Request-ID", value) for value in given]
    raw: Any = [(name, value.encode("latin-1")) for name, value in headers]
    answer = asked.ask("GET", "/echo/a", headers=raw)
    assert UUID.fullmatch(answer.headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/echo/a", "/nowhere", "/crash", "/openapi.json", "/metrics"])
def test_headers_of_every_answer(asked: Asked, path: str) -> None:
    headers = asked.ask("GET", path).headers
    assert UUID.fullmatch(headers["X-Request-ID"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert {"Server", "Vary", "Access-Control-Allow-Origin"}.isdisjoint(headers)


def test_only_origins_on_the_list_are_let_in() -> None:
    origins = frozenset({"https://a.example"})
    asked = Asked(router, settings=Settings(cors_allowed_origins=origins))
    for path in ("/echo/a", "/nowhere"):
        headers = asked.ask("GET", path, headers={"Origin": "https://a.example"}).headers
        assert headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert headers["Access-Control-Expose-Headers"] == "X-Request-ID"
        for other in ({}, {"Origin": "https://b.example"}):
            headers = asked.ask("GET", path, headers=other).headers
            assert "Access-Control-Allow-Origin" not in headers
            assert headers["Vary"] == "Origin"


def test_a_preflight_is_answered_for_origins_on_the_list() -> None:
    origins = frozenset({"https://a.example"})
    asked = Asked(router, settings=Settings(cors_allowed_origins=origins))
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    answer = asked.ask("OPTIONS", "/count", headers=preflight)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Request-ID"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
    foreign = preflight | {"Origin": "https://b.example"}
    assert asked.ask("OPTIONS", "/count", headers=foreign).status_code == 405
    assert (
        asked.ask("OPTIONS", "/count", headers={"Origin": "https://a.example"}).status_code == 405
    )
