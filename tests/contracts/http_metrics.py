"""Reads the metrics of a service as Prometheus does."""

from prometheus_client import Metric
from prometheus_client.openmetrics import parser

from contracts.services import Service

Counts = dict[tuple[str, str, str], float]


def families(service: Service) -> dict[str, Metric]:
    """Return the metrics by name."""
    answer = service.ask("GET", "/metrics")
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert (answer.status, answer.one("Content-Type")) == (200, kind)
    assert answer.body.endswith(b"# EOF\n")
    read = parser.text_string_to_metric_families(answer.body.decode())  # type: ignore[no-untyped-call]  # it has no types
    return {each.name: each for each in read}


def in_flight(service: Service) -> float:
    """Return how many requests are being answered, the look at the metrics perhaps one."""
    (sample,) = families(service)["http_requests_in_flight"].samples
    return float(sample.value)


def counted(service: Service) -> Counts:
    """Return how many requests were answered, by method, route and status."""
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families(service)["http_requests"].samples
        if sample.name == "http_requests_total"
    }


def counted_since(service: Service, before: Counts) -> Counts:
    """Return what was counted since then, but for the looks at the metrics themselves."""
    after = {key: value for key, value in counted(service).items() if key[1] != "/metrics"}
    changes = {key: value - before.get(key, 0) for key, value in after.items()}
    return {key: value for key, value in changes.items() if value}
