"""The settings: read from the environment once, at the start, and valid from then on."""

import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

SHOWN_CHARACTERS: Final = 60  # of a bad value

_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PROJECT = re.compile(r"[a-z0-9.:-]{1,100}")


class LogFormat(StrEnum):
    """How a line of the log looks."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """The least severe line that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment can change; `contract/service.md` has the table."""

    host: str = "0.0.0.0"  # noqa: S104  # a container is reached from outside
    port: int = 8080
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.JSON
    max_body_bytes: int = 65536
    max_connections: int = 1000
    header_timeout_seconds: float = 5
    body_timeout_seconds: float = 10
    handler_timeout_seconds: float = 30
    keep_alive_seconds: float = 75
    shutdown_grace_seconds: float = 8
    cors_allowed_origins: frozenset[str] = frozenset()
    google_cloud_project: str | None = None

    @property
    def address(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class SettingsError(Exception):
    """Variables of the environment have bad values; the message has one line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Variable(NamedTuple):
    allowed: str
    read: Callable[[str], object]
    """Raises ValueError for what is not allowed."""


def _address() -> _Variable:
    def read(text: str) -> str:
        if "%" in text:  # an address with a zone, which belongs to one machine
            raise ValueError
        return str(ipaddress.ip_address(text))

    return _Variable("an IP address", read)


def _whole(least: int, most: int) -> _Variable:
    def read(text: str) -> int:
        digits = text.lstrip("0")
        if not (text.isascii() and text.isdigit()) or len(digits) > len(str(most)):
            raise ValueError
        if not least <= (number := int(digits or "0")) <= most:
            raise ValueError
        return number

    return _Variable(f"a whole number from {least} to {most}", read)


def _word(kind: type[StrEnum]) -> _Variable:
    *words, last = kind
    return _Variable(f"{', '.join(words)} or {last}", lambda text: kind(text.lower()))


def _origins() -> _Variable:
    def read(text: str) -> frozenset[str]:
        origins = [origin.strip(" ") for origin in text.split(",")]
        for origin in origins:
            found = _ORIGIN.fullmatch(origin)
            if found is None:
                raise ValueError
            if found[1].startswith("["):
                ipaddress.IPv6Address(found[1][1:-1])  # raises a ValueError too
        return frozenset(origins)

    return _Variable("origins such as https://example.com, separated by commas", read)


def _project() -> _Variable:
    def read(text: str) -> str:
        if not _PROJECT.fullmatch(text):
            raise ValueError
        return text

    return _Variable("1 to 100 of a-z, 0-9, '-', '.' and ':'", read)


_VARIABLES: Final = {
    "HOST": _address(),
    "PORT": _whole(1, 65535),
    "LOG_LEVEL": _word(LogLevel),
    "LOG_FORMAT": _word(LogFormat),
    "MAX_BODY_BYTES": _whole(1, 2**30),
    "MAX_CONNECTIONS": _whole(1, 100_000),
    "HEADER_TIMEOUT_SECONDS": _whole(1, 3600),
    "BODY_TIMEOUT_SECONDS": _whole(1, 3600),
    "HANDLER_TIMEOUT_SECONDS": _whole(1, 3600),
    "KEEP_ALIVE_SECONDS": _whole(1, 3600),
    "SHUTDOWN_GRACE_SECONDS": _whole(0, 3600),
    "CORS_ALLOWED_ORIGINS": _origins(),
    "GOOGLE_CLOUD_PROJECT": _project(),
}


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as absent.

    Raises `SettingsError`, which names every bad value.

    >>> read_settings({"PORT": "80"}).port
    80
    """
    values: dict[str, object] = {}
    faults = []
    for name, variable in _VARIABLES.items():
        # Python hides bytes that are not UTF-8 in surrogates, which nothing could print.
        text = os.fsencode(environment.get(name, "")).decode("utf-8", errors="replace")
        if not text:
            continue
        try:
            values[name.lower()] = variable.read(text)
        except ValueError:
            faults.append(f"{name} is {_shown(text)}; allowed is {variable.allowed}")
    if faults:
        raise SettingsError(faults)
    return Settings(**values)  # type: ignore[arg-type]  # each was read by its own function


def _shown(text: str) -> str:
    cut = "…" if len(text) > SHOWN_CHARACTERS else ""
    return json.dumps(text[:SHOWN_CHARACTERS] + cut, ensure_ascii=False)
