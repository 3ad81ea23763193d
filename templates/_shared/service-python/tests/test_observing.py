"""What operators see: the log and the metrics."""

import logging
import re

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from my_project.service.log import Handler, Log, take_over
from my_project.service.settings import LogFormat, LogLevel, Settings

from .asking import Asked
from .demonstration import router

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_request_is_one_line_with_all_fields() -> None:
    asked = Asked(router)
    answer = asked.ask("GET", "/echo/a?secret=1", headers={"X-Request-ID": "id"})
    (line,) = asked.lines()
    assert TIME.fullmatch(line.pop("time"))
    assert line.pop("duration_ms") >= 0
    assert re.search(r'"duration_ms":\d+\.\d{3},', asked.text())
    assert line == {
        "severity": "INFO",
        "message": "GET /echo/{text} 200",
        "request_id": "id",
        "method": "GET",
        "route": "/echo/{text}",
        "status": 200,
        "bytes": len(answer.content),
    }


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/nowhere/a", "unmatched"),
        ("POST", "/echo/a", "/echo/{text}"),
        ("HEAD", "/echo/a", "/echo/{text}"),
        ("GET", "/slow/x", "/slow/{seconds}"),
        ("GET", "/openapi.json", "/openapi.json"),
    ],
)
def test_the_route_is_the_template(method: str, path: str, route: str) -> None:
    asked = Asked(router)
    asked.ask(method, path)
    assert asked.lines()[0]["route"] == route


def test_what_is_refused_before_its_path_is_looked_at_has_its_route_too() -> None:
    asked = Asked(router, settings=Settings(max_body_bytes=1))
    asked.post("/parcel/1", b"too large")
    asked.post("/nowhere", b"too large")
    assert [line["route"] for line in asked.lines()] == ["/parcel/{place}", "unmatched"]


@pytest.mark.parametrize(
    ("header", "value", "trace"),
    [
        ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        ("traceparent", f"01-{TRACE}-00f067aa0ba902b7-01-more", TRACE),
        ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01-more", None),
        ("traceparent", f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        ("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        ("traceparent", f"00-{TRACE}-{'0' * 16}-01", None),
        ("traceparent", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("X-Cloud-Trace-Context", f"{TRACE.upper()}/123;o=1", TRACE),
        ("X-Cloud-Trace-Context", TRACE, TRACE),
        ("X-Cloud-Trace-Context", "0" * 32, None),
        ("X-Cloud-Trace-Context", "x", None),
    ],
)
def test_a_trace_is_taken_over_if_it_is_valid(header: str, value: str, trace: str | None) -> None:
    asked = Asked(router, settings=Settings(google_cloud_project="example"))
    asked.ask("GET", "/echo/a", headers={header: value})
    (line,) = asked.lines()
    assert line.get("trace") == trace
    cloud = f"projects/example/traces/{trace}" if trace else None
    assert line.get("logging.googleapis.com/trace") == cloud


def test_without_a_project_a_trace_has_no_place_in_the_cloud() -> None:
    asked = Asked(router)
    asked.ask("GET", "/echo/a", headers={"X-Cloud-Trace-Context": TRACE})
    assert asked.lines()[0]["trace"] == TRACE
    assert "googleapis" not in asked.text()


@pytest.mark.parametrize("level", LogLevel)
def test_probes_are_for_debugging_and_faults_for_all(level: LogLevel) -> None:
    asked = Asked(router, settings=Settings(log_level=level))
    for path in ("/healthz", "/readyz", "/metrics", "/echo/a", "/crash"):
        asked.ask("GET", path)
    asked.ask("POST", "/healthz")
    routes = [line["route"] for line in asked.lines() if "route" in line]
    expected = {
        "debug": ["/healthz", "/readyz", "/metrics", "/echo/{text}", "/crash", "/healthz"],
        "info": ["/echo/{text}", "/crash", "/healthz"],
    }
    assert routes == expected.get(level, ["/crash"])


def test_text_is_for_people() -> None:
    asked = Asked(router, settings=Settings(log_format=LogFormat.TEXT))
    asked.ask("GET", "/echo/a", headers={"X-Request-ID": "id"})
    asked.log.event(logging.WARNING, "careful")
    request, event = asked.text().splitlines()
    assert re.fullmatch(r"\S+Z INFO GET /echo/\{text\} 200 \d+\.\d{3} ms 35 bytes \[id\]", request)
    assert re.fullmatch(r"\S+Z WARNING careful", event)


def test_a_fault_is_one_line_for_people_too() -> None:
    asked = Asked(router, settings=Settings(log_format=LogFormat.TEXT))
    asked.ask("GET", "/crash")
    fault, request = asked.text().splitlines()
    assert "Traceback" in fault
    assert "\\nRuntimeError: " in fault
    assert "GET /crash 500" in request


def test_a_line_that_cannot_be_formatted_is_told_and_fails_nobody() -> None:
    asked = Asked(router)
    record = logging.LogRecord("a", logging.WARNING, "here.py", 7, "%d things", ("one",), None)
    Handler(asked.log).handle(record)
    (line,) = asked.lines()
    assert line["severity"] == "ERROR"
    assert line["message"].startswith("cannot log '%d things' of here.py:7: ")


def test_a_trace_that_is_told_twice_is_none() -> None:
    asked = Asked(router)
    traceparent = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")
    asked.ask("GET", "/echo/a", headers=[traceparent, traceparent])
    assert "trace" not in asked.lines()[0]


def test_what_other_code_logs_becomes_a_line_of_ours() -> None:
    asked = Asked(router)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        take_over(asked.log)
        logging.getLogger("other").info("quoted: %s", '"')
        logging.getLogger("other").debug("too little")
        logging.getLogger("uvicorn.error").warning("of no interest")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    (line,) = asked.lines()
    assert (line["severity"], line["message"]) == ("INFO", 'quoted: "')


def test_a_log_that_nobody_reads_does_not_stop_the_service() -> None:
    log = Log(Settings(), descriptor=-1)
    log.event(logging.ERROR, "into the void")
    log.flush()


def test_metrics_count_by_method_route_and_status() -> None:
    asked = Asked(router)
    for method, path in [
        *[("GET", f"/echo/{text}") for text in "ab"],
        ("HEAD", "/echo/a"),
        ("GET", "/nowhere/1"),
        ("GET", "/nowhere/2"),
        ("BREW", "/echo/a"),
    ]:
        asked.ask(method, path)
    answer = asked.ask("GET", "/metrics")
    media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.headers["Content-Type"] == media_type
    read = text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]  # it has no types
    families = {family.name: family for family in read}
    assert set(families) == {
        "http_requests",
        "http_request_duration_seconds",
        "http_requests_in_flight",
        "build_info",
    }
    assert "_created" not in answer.text
    counted = {
        tuple(each.labels.values()): each.value for each in families["http_requests"].samples
    }
    assert counted == {
        ("GET", "/echo/{text}", "200"): 2,
        ("HEAD", "/echo/{text}", "200"): 1,
        ("GET", "unmatched", "404"): 2,
        ("other", "/echo/{text}", "405"): 1,
    }
    assert [each.value for each in families["http_requests_in_flight"].samples] == [1]
    (build,) = families["build_info"].samples
    assert (build.value, build.labels["language"]) == (1, "python")


def test_two_services_do_not_share_their_metrics() -> None:
    one, other = Asked(router), Asked(router)
    one.ask("GET", "/echo/a")
    assert "/echo" in one.ask("GET", "/metrics").text
    assert "/echo" not in other.ask("GET", "/metrics").text
