"""Which request a line of a log belongs to: its id, and the trace that it is part of."""

import os
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Final

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being handled; None outside of one."""

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Source: W3C Trace Context, level 1, section 3.2; versions above 00 may have more at the end.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_CLOUD_TRACE = re.compile(rb"([0-9a-fA-F]{32})(/[0-9]{1,20})?(;o=[0-9]+)?")


def request_id(headers: Sequence[tuple[bytes, bytes]], given: bytes | None) -> str:
    """Return the id that came with the request, or a new one where none came or it is unusable."""
    if given is None or not _ID.fullmatch(given):
        return new_id()
    if sum(name == b"x-request-id" for name, _ in headers) > 1:
        return new_id()
    return given.decode("ascii")


def new_id() -> str:
    """Return a random UUID, version 4, in half the time of the module `uuid`.

    Source: RFC 9562, section 5.4.
    """
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    head = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
    return f"{head}-{variant}{digits[17:20]}-{digits[20:]}"


def trace_id(headers: Mapping[bytes, bytes], fields: Sequence[tuple[bytes, bytes]]) -> str | None:
    """Return the trace that the request is part of, in 32 hexadecimal digits.

    `fields` are the same header as it came; a `traceparent` that stands twice is none.
    """
    if b"traceparent" in headers and sum(name == b"traceparent" for name, _ in fields) > 1:
        return None
    if found := _TRACEPARENT.fullmatch(headers.get(b"traceparent", b"")):
        extended = found[3] is not None and found[0].startswith(b"00")
        if not extended and found[1].strip(b"0") and found[2].strip(b"0"):
            return _text(found[1])
    if found := _CLOUD_TRACE.fullmatch(headers.get(b"x-cloud-trace-context", b"")):
        return _text(found[1]) if found[1].strip(b"0") else None
    return None


def _text(digits: bytes) -> str:
    return digits.decode("ascii").lower()
