"""Routes: ordinary ones of FastAPI, but strict about what they take."""

import json
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, get_args, get_origin
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.params import Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from . import strict_json
from .problems import MEDIA_TYPE, Refusal


class Overrides:
    """What takes the place of dependencies in tests, in all services of a process."""

    def __init__(self) -> None:
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}


OVERRIDES: Final = Overrides()

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""The content of an answer that is an error, in OpenAPI."""

# No text decodes to half of a surrogate pair, so it can stand for a slash that does not separate,
# and for a line end, before which the pattern of a route would end.
_ENCODED_SLASH, _LINE_END = "\udc2f", "\udc0a"
_RESTORED = str.maketrans({_ENCODED_SLASH: "/", _LINE_END: "\n"})
_JSON = re.compile(rb'application/json[ \t]*(;[ \t]*charset=("?)utf-8\2[ \t]*)?', re.IGNORECASE)


class Body(BaseModel):
    """The base of what comes in a body: no unknown keys, and no values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let a date be text, say, as only JSON may: FastAPI hands over the values of Python."""
        schema = handler(source)
        if schema["type"] in {"json-or-python", "definition-ref"}:  # it is made more than once
            return schema

        def read(value: object, read_values: core_schema.ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401  # a model
            if isinstance(value, strict_json.Object):
                return cls.model_validate_json(json.dumps(value))
            return read_values(value)

        nameless: Any = {key: value for key, value in schema.items() if key != "ref"}
        in_code = core_schema.no_info_wrap_validator_function(read, nameless)
        return core_schema.json_or_python_schema(nameless, in_code, ref=schema.get("ref"))


def decode_path(raw_path: bytes) -> str:
    """Decode a path segment by segment, so that an encoded slash does not become a separator."""
    parts = re.split("%2[Ff]", raw_path.decode("latin-1"))
    path = _ENCODED_SLASH.join(unquote(part, errors="replace") for part in parts)
    return path.replace("\n", _LINE_END)


def problem(description: str) -> dict[str, Any]:
    """Describe an error for `responses` of a route."""
    return {"description": description, "content": PROBLEM}


class StrictRequest(Request):
    """A request whose JSON is strict."""

    async def json(self) -> Any:  # noqa: ANN401  # JSON can be anything
        """Return the body, which must be JSON."""
        if not hasattr(self, "_strict"):
            self._strict = strict_json.parse(await self.body())
        return self._strict


class StrictRoute(APIRoute):
    """A route that looks at a request in the order of the contract."""

    def get_route_handler(self) -> Handler:
        """Return the handler of FastAPI, with the checks that it lacks before it."""
        handle = super().get_route_handler()
        fields = get_flat_params(self.dependant)
        in_path = [field for field in fields if isinstance(field.field_info, Path)]
        in_query = [field for field in fields if isinstance(field.field_info, Query)]
        single = {each.alias for each in in_query if not _is_list(each.field_info.annotation)}
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            scope = request.scope
            if b"%" in scope["raw_path"]:
                _restore_path(scope)
            if scope["query_string"]:
                _refuse_repeated(request, single)
            if not takes_body:
                return await handle(request)
            if in_path or in_query:  # FastAPI would look at the body first
                _, errors = request_params_to_args(in_path, request.path_params)
                _, more = request_params_to_args(in_query, request.query_params)
                if errors or more:
                    raise RequestValidationError(errors + more)
            _check_media_type(request)
            request = StrictRequest(scope, request.receive)
            await request.json()
            return await handle(request)

        return strict


class Router(APIRouter):
    """A router whose routes are strict, and whose errors are in the documentation."""

    def __init__(
        self,
        *,
        tags: list[Any] | None = None,
        errors: str = "Any other error",
        **options: Any,  # noqa: ANN401  # those of FastAPI
    ) -> None:
        responses: dict[int | str, dict[str, Any]] = {"default": problem(errors)}
        super().__init__(
            tags=tags,
            route_class=StrictRoute,
            responses=responses,
            dependency_overrides_provider=OVERRIDES,
            **options,
        )


def _is_list(annotation: object) -> bool:
    """Tell whether a parameter may repeat: a list, or one that may be absent."""
    kinds = {get_origin(each) or each for each in (annotation, *get_args(annotation))}
    return not kinds.isdisjoint({list, set, tuple, Sequence})


def _restore_path(scope: Any) -> None:  # noqa: ANN401  # as ASGI has it
    scope["path"] = scope["path"].translate(_RESTORED)
    parameters: Mapping[str, Any] = scope["path_params"]
    scope["path_params"] = {
        name: value.translate(_RESTORED) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _refuse_repeated(request: Request, single: set[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items() if name in single]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RequestValidationError(
            [{"type": "given_twice", "loc": ("query", name)} for name in twice]
        )


def _check_media_type(request: Request) -> None:
    given = [value for name, value in request.scope["headers"] if name == b"content-type"]
    codings = {value.lower() for value in request.headers.getlist("content-encoding")}
    if len(given) != 1 or not _JSON.fullmatch(given[0]) or codings - {"identity"}:
        raise Refusal(415, "the body must be application/json")
