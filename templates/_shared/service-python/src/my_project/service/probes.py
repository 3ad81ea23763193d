"""The routes that every service has: how it is, and what it counts."""

from fastapi import Response
from pydantic import BaseModel

from .metrics import CONTENT_TYPE, Metrics
from .problems import Refusal
from .routing import Router, problem
from .state import Life, Phase

QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What asks all the time, and is logged at the level of debugging only."""


class Status(BaseModel):
    """How the service is."""

    status: str


class MetricsResponse(Response):
    """Metrics, as the documentation has them: without the parameters of the media type."""

    media_type = "application/openmetrics-text"


def probes(life: Life, metrics: Metrics) -> Router:
    """Return the routes that tell of a service."""
    router = Router(tags=["operations"], errors="Any error")

    @router.get(
        "/healthz",
        operation_id="healthz",
        summary="Tells that the process lives",
        response_description="It lives",
        response_model=Status,
    )
    async def healthz() -> Response:
        return _status("ok")

    @router.get(
        "/readyz",
        operation_id="readyz",
        summary="Tells whether requests are welcome",
        response_description="Ready",
        response_model=Status,
        responses={503: problem("Starting or draining")},
    )
    async def readyz() -> Response:
        if life.phase is not Phase.READY:
            raise Refusal(503, life.phase)
        return _status("ready")

    @router.get(
        "/metrics",
        operation_id="metrics",
        summary="Gives the metrics as OpenMetrics text",
        response_description="The metrics",
        response_class=MetricsResponse,
    )
    async def give_metrics() -> Response:
        return MetricsResponse(metrics.text(), media_type=CONTENT_TYPE)

    return router


def _status(status: str) -> Response:
    return Response(f'{{"status":"{status}"}}', media_type="application/json")
