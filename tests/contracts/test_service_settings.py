"""The settings of a service: what is allowed, what is not, and what is said of it.

The layer is the same in every template, so one stands for all.
"""

import json
import socket
from collections.abc import Callable, Sequence

from contracts.services import Service, Settings, free_port, run, run_each
from helpers import eventually

TEMPLATES = ("microservice",)

RANGES = {
    "PORT": (1, 65535),
    "MAX_BODY_BYTES": (1, 1073741824),
    "MAX_CONNECTIONS": (1, 100000),
    "HEADER_TIMEOUT_SECONDS": (1, 3600),
    "BODY_TIMEOUT_SECONDS": (1, 3600),
    "HANDLER_TIMEOUT_SECONDS": (1, 3600),
    "KEEP_ALIVE_SECONDS": (1, 3600),
    "SHUTDOWN_GRACE_SECONDS": (0, 3600),
}
NUMBERS = {name: f"a whole number from {low} to {high}" for name, (low, high) in RANGES.items()}
ALLOWED = {
    "HOST": "an IP address",
    "PORT": NUMBERS["PORT"],
    "LOG_LEVEL": "debug, info, warning or error",
    "LOG_FORMAT": "json or text",
    **NUMBERS,
    "CORS_ALLOWED_ORIGINS": "origins such as https://example.com, separated by commas",
    "GOOGLE_CLOUD_PROJECT": "1 to 100 of a-z, 0-9, '-', '.' and ':'",
}
"""In the order of the contract."""
BAD: dict[str, list[str | bytes]] = {
    "HOST": [
        "localhost", "256.1.1.1", "1.2.3", "::g", "127.0.0.1:80", "[::1]", " 127.0.0.1", "127.0.0.01",
        "fe80::1%1", "*", "127.0.0.1\n", "\u0661.1.1.1",
    ],
    **{
        name: [
            "x", "-1", "+1", " 1", "1 ", "1_0", "٣", "1.0", "0x50", "1e2", "9" * 20, "9" * 5000, "1\n", "¹",
            b"\xff", b"1\xc3(", b"\xe2\x82", " ", '"\\\x1b\x7f\t\b', "\u2028🙂é", "8" * 61,
        ]
        for name in RANGES
    },
    "LOG_LEVEL": ["warn", "trace", "info ", "0", "INFO,DEBUG", b"\xffinfo", "\u0131nfo"],
    "LOG_FORMAT": ["xml", "json ", "jsonl", b"\xff"],
    "CORS_ALLOWED_ORIGINS": [
        "*", "null", "example.com", "https://", "https://example.com/", "https://example.com/x", "https://a b",
        "https://user@example.com", "https://example.com,example.org", "https://example.com,*", "//example.com",
        "https://example.com?x", "https://example.com#x", b"https://\xff", "https://example.com:x", "https://[1]",
    ],
    "GOOGLE_CLOUD_PROJECT": ["A", "a_b", "a/b", "a" * 101, "é", " ", b"\xff", "a\n", "a b"],
}  # fmt: skip


def line(name: str, value: str | bytes) -> str:
    """Return what the program says of a bad value."""
    text = value if isinstance(value, str) else value.decode(errors="replace")
    shown = json.dumps(text[:60] + ("…" if len(text) > 60 else ""), ensure_ascii=False)
    return f"error: {name} is {shown}; allowed is {ALLOWED[name]}"


def refused(words: list[str], cases: Sequence[Settings]) -> list[list[str]]:
    """Start a service under each of the settings, and return the lines of their complaints."""
    every = run_each([[*words, "serve"]] * len(cases), cases)
    assert {(ran.returncode, ran.stdout) for ran in every} == {(2, b"")}
    told = [ran.stderr.decode().split("\n") for ran in every]
    assert [each.pop() for each in told] == [""] * len(told)
    return told


def test_every_bad_value_has_its_line(words: list[str]) -> None:
    """One line a variable in the order of the table, the value shown as a JSON string, status 2."""
    cases = [
        {name: BAD[name][number % len(BAD[name])] for name in reversed(ALLOWED)}
        for number in range(max(map(len, BAD.values())))
    ]
    for bad, told in zip(cases, refused(words, cases), strict=True):
        assert told == [line(name, bad[name]) for name in ALLOWED]


def test_values_at_the_limits_are_allowed_and_those_beyond_are_not(words: list[str]) -> None:
    """Among good values, empty ones and absent ones, only the bad one has a line."""
    lows: dict[str, str | bytes | int] = {name: low for name, (low, _) in RANGES.items()}
    highs: dict[str, str | bytes | int] = {name: high for name, (_, high) in RANGES.items()}
    beneath = {name: str(low - 1) for name, (low, _) in RANGES.items()}
    beyond = {name: str(high + 1) for name, (_, high) in RANGES.items()}
    origins = "https://example.com,http://localhost:3000,https://[::1]:8"
    good: list[dict[str, str | bytes | int]] = [
        lows | {"HOST": "::", "LOG_LEVEL": "WARNING", "LOG_FORMAT": "Text"},
        highs | {"HOST": "::ffff:1.2.3.4", "LOG_LEVEL": "Error", "CORS_ALLOWED_ORIGINS": origins},
        dict.fromkeys(RANGES, "0001"),
        dict.fromkeys(ALLOWED, ""),
    ]  # fmt: skip
    cases = [each | {"GOOGLE_CLOUD_PROJECT": "_"} for each in good] + [
        highs | {"PORT": 0, "GOOGLE_CLOUD_PROJECT": "0-9.a:z"}
    ]
    told = refused(words, [*cases, beneath, beyond])
    assert told[:4] == [[line("GOOGLE_CLOUD_PROJECT", "_")]] * 4
    assert told[4] == [line("PORT", "0")]
    assert told[5] == [line(name, beneath[name]) for name in RANGES]
    assert told[6] == [line(name, beyond[name]) for name in RANGES]


def test_a_good_setting_counts(words: list[str], start: Callable[[Settings], Service]) -> None:
    """`::1` is listened on, and a port with zeros before it is that port."""
    if not _has_ipv6():
        ran = run([*words, "serve"], {"HOST": "::1", "PORT": 4711})
        reason = "Cannot assign requested address"
        assert (ran.returncode, ran.stdout) == (1, b"")
        assert ran.stderr.decode() == f"error: cannot listen on [::1]:4711: {reason}\n"
        return
    service = start({"HOST": "::1", "PORT": f"00{free_port()}"}).ready()
    eventually(lambda: f"listening on http://[::1]:{service.port}" in service.messages())
    settings = {"HOST": "::", "PORT": str(service.port)}
    assert run([*service.words, "healthcheck"], settings).returncode == 0


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_an_address_that_cannot_be_bound_is_one_line(service: Service) -> None:
    """A port in use, by the same program too, and an address of another machine; status 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        places = [
            ("127.0.0.1", taken.getsockname()[1], "Address already in use"),
            ("127.0.0.1", service.port, "Address already in use"),
            ("0.0.0.0", service.port, "Address already in use"),  # noqa: S104  # it is taken
            ("192.0.2.1", free_port(), "Cannot assign requested address"),
        ]
        commands = [[*service.words, "serve"]] * len(places)
        every = run_each(commands, [{"HOST": host, "PORT": port} for host, port, _ in places])
    for (host, port, reason), ran in zip(places, every, strict=True):
        told = (ran.returncode, ran.stderr.decode())
        assert told == (1, f"error: cannot listen on {host}:{port}: {reason}\n")
        assert b"listening" not in ran.stdout
