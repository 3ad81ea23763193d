"""The application: the routes of the domain and of every service, in their shell."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import compile_path
from starlette.types import ASGIApp, Scope

from my_project import api

from . import openapi, problems
from .log import Log
from .metrics import UNMATCHED, Metrics
from .probes import probes
from .routing import OVERRIDES, Router, decode_path
from .settings import Settings
from .shell import Shell
from .state import Life, Phase

_DOCUMENT: Final = "/openapi.json"


_Lifespan = AbstractAsyncContextManager[Mapping[str, Any] | None]


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    template: str
    methods: frozenset[str]


class Service(FastAPI):
    """An application of FastAPI that keeps the contract of all services."""

    def __init__(self, settings: Settings, log: Log, routers: Sequence[Router]) -> None:
        super().__init__(
            openapi_url=None,
            redirect_slashes=False,
            lifespan=self._live,
            exception_handlers={
                HTTPException: problems.answer_http_exception,
                RequestValidationError: problems.answer_validation_error,
                405: self._answer_wrong_method,
            },
        )
        self.settings: Final = settings
        self.log: Final = log
        self.life: Final = Life()
        self.metrics: Final = Metrics()
        self.dependency_overrides = OVERRIDES.dependency_overrides
        self._routers: Final = (*routers, probes(self.life, self.metrics))
        for router in self._routers:
            # Not `include_router`, which looks for the route twice in every request.
            self.router.routes.extend(router.routes)
        self.add_api_route(_DOCUMENT, self._give_document, include_in_schema=False)
        self._known: list[_Known] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """Put the shell around all that FastAPI puts around the routes, but for one layer."""
        stack = super().build_middleware_stack()
        assert isinstance(stack, ServerErrorMiddleware)  # noqa: S101  # the shell answers instead
        return Shell(
            stack.app,
            settings=self.settings,
            log=self.log,
            metrics=self.metrics,
            template=self.template,
        )

    def openapi(self) -> dict[str, Any]:
        """Return the document of the interface."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.document(self.routes)
        return self.openapi_schema

    def template(self, scope: Scope) -> str:
        """Return the template of the route that a request is for, or `unmatched`."""
        if route := scope.get("route"):
            context = scope.get("fastapi", {}).get("effective_route_context")
            return str((context or route).path)
        known = self._find(decode_path(scope["raw_path"]))
        return known[0].template if known else UNMATCHED

    def _find(self, path: str) -> list[_Known]:
        """Return the routes on a path, whatever their methods."""
        if self._known is None:
            self._known = [
                _Known(compile_path(each.path)[0], each.path, frozenset(each.methods or ()))
                for each in iter_route_contexts(self.routes)
                if each.path is not None
            ]
        return [known for known in self._known if known.pattern.match(path)]

    @asynccontextmanager
    async def _live(self, app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        """Prepare and clean up what the routers need, the last of them first."""
        async with AsyncExitStack() as stack:
            state: dict[str, Any] = {}
            for router in self._routers:
                context: _Lifespan = router.lifespan_context(app)
                made = await stack.enter_async_context(context)
                state.update(made or {})
            self.life.phase = Phase.READY
            yield state
            self.life.phase = Phase.DRAINING

    async def _give_document(self) -> Response:
        return Response(self._document, media_type="application/json")

    @cached_property
    def _document(self) -> str:
        """The text of the document, which takes milliseconds to make."""
        return openapi.text(self.routes)

    async def _answer_wrong_method(self, request: Request, _error: Exception) -> Response:
        known = self._find(request.scope["path"])
        methods = {method for each in known for method in each.methods}
        if "GET" in methods:
            methods.add("HEAD")
        error = HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        return problems.problem_response(request.scope, error)


def create_app(
    settings: Settings | None = None,
    log: Log | None = None,
    routers: Sequence[Router] = (api.router,),
) -> Service:
    """Make a service; it needs no socket to answer.

    What the lifespans of the routers do before they yield is the preparation of the service.
    """
    settings = settings or Settings()
    return Service(settings, log or Log(settings), routers)
