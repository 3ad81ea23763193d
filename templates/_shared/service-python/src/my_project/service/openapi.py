"""The OpenAPI document, made from the routes as `contract/openapi.json` has it."""

import inspect
import json
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

_DISTRIBUTION = "my-project"
_TITLE = "My Project"
# FastAPI keeps bounds as doubles, which rounds those of 64 bits up.
_EXACT = {2.0**63: 2**63 - 1, 2.0**64: 2**64 - 1}


class Misfit(BaseModel):
    """A part of a request that does not fit."""

    pointer: Annotated[str, Field(description="A JSON pointer into path, query and body.")]
    detail: Annotated[str, Field(description="What is wrong there.")]


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: Annotated[str, Field(description="What kind of problem; always about:blank.")]
    title: Annotated[str, Field(description="The phrase of the status.")]
    status: Annotated[int, Field(ge=400, le=599, description="The status.")]
    detail: Annotated[str, Field(description="What went wrong, for people.")]
    instance: Annotated[str, Field(description="The path of the request.")]
    request_id: Annotated[
        str, Field(description="The id of the request, as in X-Request-ID and the log.")
    ]
    code: Annotated[
        str, Field(default_factory=str, description="The stable name of an error in the domain.")
    ]
    position: Annotated[
        int,
        Field(
            default_factory=int,
            ge=0,
            description="Where in a text, as a 0-based index of a character.",
        ),
    ]
    errors: Annotated[
        list[Misfit],
        Field(default_factory=list, description="The parts of the request that do not fit."),
    ]


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the document."""
    about = metadata.metadata(_DISTRIBUTION)
    made = get_openapi(title=_TITLE, version=about["Version"], routes=routes)
    made["info"]["description"] = about["Summary"]
    _leave_out_docstrings(made, routes)
    _, errors = models_json_schema(
        [(Problem, "validation")], ref_template="#/components/schemas/{model}"
    )
    made["components"]["schemas"] |= errors["$defs"]
    return {
        **made,
        "components": _tidied(made["components"]),
        "paths": {path: _tidied(methods) for path, methods in made["paths"].items()},
    }


def text(routes: Sequence[BaseRoute]) -> str:
    """Return the text of `contract/openapi.json`."""
    return json.dumps(document(routes), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _leave_out_docstrings(made: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Docstrings are for those who read the code; what others shall read is given to a route."""
    for route in iter_route_contexts(routes):
        docstring = inspect.getdoc(route.endpoint)
        for operation in made["paths"].get(route.path_format, {}).values():
            if operation.get("description") == docstring:
                operation.pop("description", None)


def _tidied(node: Any) -> Any:  # noqa: ANN401  # JSON can be anything
    """Leave out what the libraries add of their own accord."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if isinstance(node, float):
        return _EXACT.get(node, int(node) if node.is_integer() else node)
    if not isinstance(node, dict):
        return node
    if "in" in node and "schema" in node:  # a parameter, which is described beside its schema
        node["schema"].pop("description", None)
    return {
        key: _tidied(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
    }
