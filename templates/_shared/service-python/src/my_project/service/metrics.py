"""The metrics: counted by route template, and given out as OpenMetrics text."""

from importlib import metadata
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics import exposition

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
UNMATCHED: Final = "unmatched"

_DISTRIBUTION = "my-project"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types


class Metrics:
    """Counts the requests of one service; two services in one process do not share any."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests",
            "Requests that have been answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the header read to the response written.",
            ["method", "route"],
            buckets=BOUNDS,
            registry=self._registry,
        )
        in_flight = Gauge(
            "http_requests_in_flight",
            "Requests that are being answered.",
            registry=self._registry,
        )
        in_flight.set_function(lambda: self.in_flight)
        build = Gauge(
            "build_info",
            "What is running.",
            ["version", "language"],
            registry=self._registry,
        )
        build.labels(metadata.version(_DISTRIBUTION), "python").set(1)
        # Finding the child of some labels takes longer than counting.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        if method not in _METHODS:
            method = "other"
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._requests.labels(method, route, str(status))
            self._counters[method, route, status] = counter
        counter.inc()
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._durations.labels(method, route)
            self._histograms[method, route] = histogram
        histogram.observe(seconds)

    def text(self) -> bytes:
        """Return all metrics as OpenMetrics text."""
        text: bytes = exposition.generate_latest(self._registry)  # type: ignore[no-untyped-call]  # as above
        return text
