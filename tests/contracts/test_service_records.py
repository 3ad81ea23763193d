"""What every service writes into its log and counts in its metrics."""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.http_client import Connection, request
from contracts.http_metrics import counted, counted_since, families, in_flight
from contracts.services import SERVICES, Cell, Line, Service, Settings
from helpers import eventually

TEMPLATES = SERVICES

FIELDS = {
    "time", "severity", "message", "request_id", "method", "route", "status", "duration_ms", "bytes",
}  # fmt: skip
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "105445aa7843bc8bf206b12000100000"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
BOUNDS = [
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "7.5",
    "10.0", "+Inf",
]  # fmt: skip


def identified(
    service: Service, method: str, path: str, *headers: tuple[str, str]
) -> tuple[int, Line]:
    """Ask under an id of its own; return the length of the body, and the line of the log."""
    name = uuid.uuid4().hex
    answer = service.ask(method, path, [("X-Request-ID", name), *headers])
    return len(answer.body), service.logged(name)


def test_a_request_is_one_line_with_these_fields(cell: Cell, service: Service) -> None:
    """Nothing more and nothing less: the route, never the path, and the bytes of the body."""
    example = cell.example
    cases = [
        ("GET", example.path, example.route, 200, "INFO"),
        ("HEAD", example.path, example.route, 200, "INFO"),
        ("GET", "/healthz?a=b", "/healthz", 200, "DEBUG"),
        ("GET", "/readyz", "/readyz", 200, "DEBUG"),
        ("GET", "/metrics", "/metrics", 200, "DEBUG"),
        ("GET", "/openapi.json", "/openapi.json", 200, "INFO"),
        ("GET", "/no%0Athing", "unmatched", 404, "INFO"),
        ("DELETE", example.path, example.route, 405, "INFO"),
        ("PUT", "/healthz", "/healthz", 405, "INFO"),
        ("PROPFIND", "/nothing", "unmatched", 404, "INFO"),
    ]
    for method, path, route, status, severity in cases:
        length, line = identified(service, method, path)
        assert set(line) == FIELDS, line
        told = {key: line[key] for key in ("method", "route", "status", "severity", "bytes")}
        assert told == {
            "method": method,
            "route": route,
            "status": status,
            "severity": severity,
            "bytes": length,
        }
        assert line["message"] == f"{method} {route} {status}"
        assert 0 <= line["duration_ms"] < 10_000


def test_lines_are_json_objects_with_three_decimals(service: Service) -> None:
    """One a line, and the milliseconds are written to the microsecond."""
    identified(service, "GET", "/healthz")
    whole, _, _ = service.stdout().rpartition("\n")
    lines = whole.split("\n")
    assert all(isinstance(json.loads(line), dict) for line in lines)
    timed = [line for line in lines if '"duration_ms"' in line]
    assert timed
    assert [line for line in timed if not re.search(r'"duration_ms": ?\d+\.\d{3}[,}]', line)] == []
    assert json.loads(lines[0])["message"] == f"listening on http://127.0.0.1:{service.port}"


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        ([("traceparent", PARENT)], TRACE),
        ([("TraceParent", PARENT[:-1] + "0")], TRACE),
        ([("traceparent", f"cc{PARENT[2:]}-what-comes-later")], TRACE),
        ([("X-Cloud-Trace-Context", f"{OTHER}/1;o=1")], OTHER),
        ([("X-Cloud-Trace-Context", OTHER)], OTHER),
        ([("X-Cloud-Trace-Context", f"{OTHER}/18446744073709551615")], OTHER),
        ([("X-Cloud-Trace-Context", OTHER), ("traceparent", PARENT)], TRACE),
        ([("X-Cloud-Trace-Context", OTHER), ("traceparent", "nonsense")], OTHER),
        ([("traceparent", PARENT.upper())], None),
        ([("traceparent", f"{PARENT}-more")], None),
        ([("traceparent", f"ff{PARENT[2:]}")], None),
        ([("traceparent", PARENT.replace(TRACE, "0" * 32))], None),
        ([("traceparent", PARENT.replace("00f067aa0ba902b7", "0" * 16))], None),
        ([("traceparent", PARENT[:-1])], None),
        ([("traceparent", PARENT.replace("-", "_"))], None),
        ([("traceparent", f"{PARENT}\xff")], None),
        ([("traceparent", f"cc{PARENT[2:]}what")], None),
        ([("X-Cloud-Trace-Context", f"{OTHER[1:]}/1")], None),
        ([("X-Cloud-Trace-Context", f"{OTHER[1:]}g/1")], None),
        ([("X-Cloud-Trace-Context", "0" * 32)], None),
        ([("X-Cloud-Trace-Context", f'{OTHER}"')], None),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_trace_is_taken_from_its_header(
    service: Service, headers: list[tuple[str, str]], trace: str | None
) -> None:
    """A valid `traceparent` comes first; what is not valid is as good as absent."""
    _, line = identified(service, "GET", "/healthz", *headers)
    project = "projects/example.com:my-project-1/traces"
    assert line.get("trace") == trace
    assert line.get("logging.googleapis.com/trace") == (trace and f"{project}/{trace}")
    assert set(line) - FIELDS == ({"trace", "logging.googleapis.com/trace"} if trace else set())


def test_levels_and_text_for_people(start: Callable[[Settings], Service]) -> None:
    """By default health checks are not told of; `text` is one line an event, and no JSON."""
    service = start({"LOG_LEVEL": "", "LOG_FORMAT": "TEXT"}).ready()
    for path in ("/healthz", "/metrics", "/nothing"):
        assert service.ask("GET", path, [("X-Request-ID", f"id{path[1:]}")]).status in {200, 404}
    eventually(lambda: "idnothing" in service.stdout())
    service.process.terminate()
    assert service.wait() == 0
    text = service.stdout()
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("{")] == []
    listening, asked, draining = lines[0], lines[1], lines[2]
    assert f"listening on http://127.0.0.1:{service.port}" in listening
    assert all(word in asked for word in ("INFO", "GET unmatched 404", "idnothing"))
    assert "draining: SIGTERM" in draining
    assert not any(name in text for name in ("healthz", "readyz", "metrics"))


def test_a_level_above_info_keeps_requests_out(start: Callable[[Settings], Service]) -> None:
    """With `error` nothing at all is written when nothing goes wrong."""
    service = start({"LOG_LEVEL": "ERROR"}).ready()
    assert service.ask("GET", "/nothing").status == 404
    service.process.terminate()
    assert (service.wait(), service.stdout()) == (0, "")


def test_there_is_no_google_field_without_a_project(start: Callable[[Settings], Service]) -> None:
    """The trace is told all the same."""
    service = start({"GOOGLE_CLOUD_PROJECT": "", "HOST": ""}).ready()
    _, line = identified(service, "GET", "/healthz", ("traceparent", PARENT))
    assert set(line) == FIELDS | {"trace"}
    assert service.messages()[0] == f"listening on http://0.0.0.0:{service.port}"


def test_metrics_have_these_names_kinds_and_labels(cell: Cell, service: Service) -> None:
    """Just the four of the contract, each with help, and the histogram with its bounds."""
    service.ask("GET", cell.example.path)
    found = families(service)
    assert {name: family.type for name, family in found.items()} == {
        "http_requests": "counter",
        "http_request_duration_seconds": "histogram",
        "http_requests_in_flight": "gauge",
        "build_info": "gauge",
    }
    assert all(family.documentation for family in found.values())
    duration = "http_request_duration_seconds"
    labels = {
        "http_requests_total": {"method", "route", "status"},
        f"{duration}_bucket": {"method", "route", "le"},
        f"{duration}_count": {"method", "route"},
        f"{duration}_sum": {"method", "route"},
        "http_requests_in_flight": set(),
        "build_info": {"version", "language"},
    }
    samples = [sample for family in found.values() for sample in family.samples]
    assert {sample.name for sample in samples} == set(labels)
    assert [sample for sample in samples if set(sample.labels) != labels[sample.name]] == []
    build = found["build_info"].samples
    assert [(each.labels, each.value) for each in build] == [
        ({"version": "0.1.0", "language": cell.language}, 1)
    ]
    bounds: dict[tuple[str, str], list[str]] = {}
    for sample in found[duration].samples:
        if sample.name.endswith("_bucket"):
            key = sample.labels["method"], sample.labels["route"]
            bounds.setdefault(key, []).append(sample.labels["le"])
    assert ("GET", cell.example.route) in bounds
    assert [each for each in bounds.values() if each != BOUNDS] == []


def test_requests_are_counted_once_by_route_and_status(cell: Cell, service: Service) -> None:
    """Whatever the path or a strange method is called, the labels stay few."""
    before = counted(service)
    example = cell.example
    for method, path in [
        ("GET", example.path), ("HEAD", example.path), ("GET", "/nothing/1"), ("GET", "/nothing/2"),
        ("PROPFIND", "/nothing"), ("PURGE", "/healthz"), ("TRACE", "/healthz"), ("GET", "/healthz?x=y"),
        ("OPTIONS", example.path),
    ]:  # fmt: skip
        service.ask(method, path)
    expected = {
        ("GET", example.route, "200"): 1,
        ("HEAD", example.route, "200"): 1,
        ("GET", "unmatched", "404"): 2,
        ("other", "unmatched", "404"): 1,
        ("other", "/healthz", "405"): 1,
        ("TRACE", "/healthz", "405"): 1,
        ("GET", "/healthz", "200"): 1,
        ("OPTIONS", example.route, "405"): 1,
    }
    eventually(lambda: counted_since(service, before) == expected)


def test_hundreds_of_requests_at_once_are_all_answered_and_counted(
    cell: Cell, service: Service
) -> None:
    """400 from 16 threads: every answer is whole, the counts add up, and none is in flight."""
    before = counted(service)
    example = cell.example

    def work(number: int) -> int:
        with Connection(service.port) as connection:
            for step in range(25):
                name = f"{number}-{step}"
                connection.send(request("GET", example.path, [("X-Request-ID", name)]))
                answer = connection.answer()
                assert (answer.one("X-Request-ID"), answer.body) == (name, example.body)
        return number

    with ThreadPoolExecutor(16) as pool:
        assert [*pool.map(work, range(16))] == [*range(16)]
    expected = {("GET", example.route, "200"): 400}
    eventually(lambda: counted_since(service, before) == expected)
    duration = families(service)["http_request_duration_seconds"].samples
    totals = counted(service)
    for sample in duration:
        if sample.name.endswith("_count") and sample.labels["route"] == example.route:
            method = sample.labels["method"]
            total = sum(n for key, n in totals.items() if key[:2] == (method, example.route))
            assert sample.value == total
    eventually(lambda: in_flight(service) <= 1)
