"""Which pages of other sites a service lets read its answers."""

from collections.abc import Callable

from contracts.http_client import Answer
from contracts.services import SERVICES, UUID, Cell, Service, Settings

TEMPLATES = SERVICES

LISTED = "https://example.com"
ALLOW = "access-control-allow-"
EXPOSE = "access-control-expose-headers"
PREFLIGHT = ("Access-Control-Request-Method", "DELETE")


def told(answer: Answer) -> dict[str, str]:
    """Return what an answer says of origins."""
    named = {key.lower(): value for key, value in answer.headers}
    return {key: value for key, value in named.items() if key == "vary" or key[:6] == "access"}


def test_origins_on_the_list_and_no_others_are_allowed(
    cell: Cell, start: Callable[[Settings], Service]
) -> None:
    """Their requests get the two fields, errors too; every answer varies by the origin."""
    service = start({"CORS_ALLOWED_ORIGINS": f"{LISTED},http://localhost:3000"}).ready()
    for origin in (LISTED, "http://localhost:3000"):
        for method, path in [
            ("GET", cell.example.path), ("HEAD", "/healthz"), ("GET", "/nothing"), ("POST", "/readyz"),
            ("OPTIONS", "/healthz"), ("GET", f"/{'a' * 9000}"),
        ]:  # fmt: skip
            answer = service.ask(method, path, [("Origin", origin)])
            allowed = {f"{ALLOW}origin": origin, EXPOSE: "X-Request-ID", "vary": "Origin"}
            assert told(answer) == allowed, (method, path)
    for other in (None, "", "null", "https://example.com.evil.example", "http://example.com", "*",
                  "HTTPS://EXAMPLE.COM", "https://example.com:443", "http://localhost", f"{LISTED}/",
                  f"{LISTED},http://localhost:3000", "\xff"):  # fmt: skip
        headers = [] if other is None else [("Origin", other)]
        for path in (cell.example.path, "/nothing"):
            answer = service.ask("GET", path, headers)
            assert told(answer) == {"vary": "Origin"}, (other, path)
        refused = service.ask("OPTIONS", cell.example.path, [*headers, PREFLIGHT])
        assert (refused.status, refused.one("Allow")) == (405, "GET, HEAD")
        assert told(refused) == {"vary": "Origin"}
    answer = service.ask("OPTIONS", cell.example.path, [("Origin", LISTED), PREFLIGHT])
    assert (answer.status, answer.body) == (204, b"")
    assert told(answer) == {
        f"{ALLOW}origin": LISTED,
        f"{ALLOW}methods": "GET, HEAD, POST",
        f"{ALLOW}headers": "Content-Type, X-Request-ID",
        "access-control-max-age": "600",
        EXPOSE: "X-Request-ID",
        "vary": "Origin",
    }
    assert UUID.fullmatch(answer.one("X-Request-ID"))
    assert answer.one("X-Content-Type-Options") == "nosniff"
    assert answer.all("Content-Length") + answer.all("Content-Type") == []


def test_without_a_list_there_is_no_word_of_origins(cell: Cell, service: Service) -> None:
    """A preflight is a method like others."""
    for method in ("GET", "OPTIONS"):
        answer = service.ask(method, cell.example.path, [("Origin", LISTED), PREFLIGHT])
        assert answer.status == (200 if method == "GET" else 405)
        assert told(answer) == {}
