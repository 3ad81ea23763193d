"""Settings are read from the environment, all of them or none."""

import os
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.service.settings import (
    Settings,
    SettingsError,
    read_settings,
)

from .running import run

GOOD = [
    ("HOST", "::", "::"),
    ("HOST", "0:0::1", "::1"),
    ("PORT", "00080", 80),
    ("PORT", "65535", 65535),
    ("LOG_LEVEL", "Warning", "warning"),
    ("LOG_FORMAT", "TEXT", "text"),
    ("SHUTDOWN_GRACE_SECONDS", "0", 0),
    ("CORS_ALLOWED_ORIGINS", "https://a.example, http://[::1]:3000", None),
    ("GOOGLE_CLOUD_PROJECT", "example.com:a-1", "example.com:a-1"),
]
BAD = [
    *[("HOST", bad) for bad in ("localhost", "fe80::1%1", "127.0.0.01", "[::1]", "1.2.3", " ::")],
    *[("PORT", bad) for bad in ("0", "65536", "-1", "+1", "1.0", "80 ", "²", "٣", "9" * 5000)],
    *[("LOG_LEVEL", bad) for bad in ("trace", "info ", "20")],
    ("LOG_FORMAT", "xml"),
    ("MAX_BODY_BYTES", "0"),
    ("MAX_CONNECTIONS", "100001"),
    ("KEEP_ALIVE_SECONDS", "3601"),
    *[
        ("CORS_ALLOWED_ORIGINS", bad)
        for bad in ("*", "null", "https://a/", "https://a,", "http://[1]")
    ],
    *[("GOOGLE_CLOUD_PROJECT", bad) for bad in ("Example", "a" * 101, "a b")],
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_a_good_value_is_taken(name: str, text: str, value: object) -> None:
    expected = value or frozenset({"https://a.example", "http://[::1]:3000"})
    read = asdict(read_settings({name: text}))
    assert read == asdict(Settings()) | {name.lower(): value if value == 0 else expected}


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_bad_value_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf'^{name} is ".*"; allowed is [^\n]+$'):
        read_settings({name: text})


def test_empty_counts_as_absent() -> None:
    assert read_settings(dict.fromkeys(("HOST", "PORT", "GOOGLE_CLOUD_PROJECT"), "")) == Settings()


def test_every_bad_value_has_a_line_in_the_order_of_the_table() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"LOG_LEVEL": "x", "PORT": "http", "HOST": "a\n" + "b" * 60})
    assert str(caught.value).split("\n") == [
        f'HOST is "a\\n{"b" * 58}…"; allowed is an IP address',
        'PORT is "http"; allowed is a whole number from 1 to 65535',
        'LOG_LEVEL is "x"; allowed is debug, info, warning or error',
    ]


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(content=st.binary(min_size=1) | TEXTS.map(str.encode))
def test_whatever_is_in_the_environment_is_a_setting_or_an_error(content: bytes) -> None:
    text = os.fsdecode(content.replace(b"\0", b"1"))  # as Python reads the environment
    for name in ("HOST", "PORT", "LOG_LEVEL", "CORS_ALLOWED_ORIGINS", "GOOGLE_CLOUD_PROJECT"):
        for fault in _faults({name: text}):
            assert fault.startswith(f"{name} is ")
            assert "\n" not in fault
            assert len(fault) < 500


@pytest.mark.parametrize("command", ["serve", "healthcheck"])
def test_a_bad_setting_is_a_line_and_status_2(command: str) -> None:
    shown = 'error: PORT is "h\ufffd"; allowed is a whole number from 1 to 65535\n'
    ran = run(command, PORT=os.fsdecode(b"h\xff"))
    assert (ran.returncode, ran.stderr, ran.stdout) == (2, shown, "")


def _faults(environment: dict[str, str]) -> list[str]:
    try:
        read_settings(environment)
    except SettingsError as error:
        return error.faults
    return []
