"""Errors as answers: every one of 400 and above is a problem by RFC 9457."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPE: Final = "application/problem+json"
REQUEST_ID_KEY: Final = "my_project.request_id"
"""Where in the scope of a request its id is."""

# Python has the phrases of RFC 9110 from 3.13 on.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_DETAILS = {
    404: "there is nothing here",
    405: "this method is not allowed here",
    500: "something went wrong here",
}
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "given_twice": "is given twice",
}
_KINDS = {
    "string": "a string",
    "model": "an object",
    "dict": "an object",
    "dataclass": "an object",
    "list": "an array",
    "tuple": "an array",
    "set": "an array",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
}


class Refusal(HTTPException):
    """The answer to a request that gets no other; `closes` ends the connection as well."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        closes: bool = False,
    ) -> None:
        super().__init__(status, detail, {**(headers or {}), **(_CLOSE if closes else {})})
        self.members: dict[str, object] = {}


class DomainError(Refusal):
    """A request that fits, but to which the domain has no answer: 422.

    `code` is the stable name of the error, `message` is for people, and `position` the 0-based
    index of a character, where the error has a place in a text.
    """

    def __init__(self, code: str, message: str, position: int | None = None) -> None:
        super().__init__(422, message)
        self.members["code"] = code
        if position is not None:
            self.members["position"] = position


class MisfitError(ValueError):
    """Raised in a validator for a value that does not fit; the message is the domain's words."""


_CLOSE = {"Connection": "close"}


def problem_response(scope: Scope, error: HTTPException) -> Response:
    """Return the problem that tells of an error; it is no problem below 400."""
    status = error.status_code
    headers = dict(error.headers or {})
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status_code=status, headers=headers)
    return _respond(scope, status, _detail(error), getattr(error, "members", {}), headers)


def misfit_response(scope: Scope, errors: Sequence[Mapping[str, Any]]) -> Response:
    """Return the problem that tells what in a request does not fit."""
    misfits = [{"pointer": _pointer(each["loc"]), "detail": _words(each)} for each in errors]
    return _respond(scope, 422, "the request does not fit", {"errors": misfits}, {})


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer what is raised on purpose."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for nothing else
    return problem_response(request.scope, error)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    """Answer what pydantic refuses."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for nothing else
    return misfit_response(request.scope, error.errors())


def _respond(
    scope: Scope,
    status: int,
    detail: str,
    members: Mapping[str, object],
    headers: dict[str, str],
) -> Response:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    content = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": path.decode("latin-1"),
        "request_id": scope.get(REQUEST_ID_KEY, ""),
        **members,
    }
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    headers = {**headers, "Cache-Control": "no-store"}
    return Response(body.encode("utf-8", "replace"), status, headers, MEDIA_TYPE)


def _title(status: int) -> str:
    if status in _TITLES:
        return _TITLES[status]
    return HTTPStatus(status).phrase if status in _STATUSES else "Error"


_STATUSES = {status.value for status in HTTPStatus}


def _detail(error: HTTPException) -> str:
    """Return the detail; one that only repeats the phrase of the status is the framework's own."""
    status = error.status_code
    phrase = HTTPStatus(status).phrase if status in _STATUSES else ""
    detail = str(error.detail)
    return _DETAILS.get(status, detail) if detail in {"", phrase} else detail


def _pointer(location: Sequence[str | int]) -> str:
    """Write a place as RFC 6901 does."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def _words(error: Mapping[str, Any]) -> str:
    """Say in the words of the contract what pydantic says in its own."""
    kind: str = error["type"]
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    subject, _, rest = kind.partition("_")
    if rest in {"type", "parsing", "from_float", "attributes_type"} and subject in _KINDS:
        return f"must be {_KINDS[subject]}"
    return str(error["msg"])
