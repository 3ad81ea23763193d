"""What counts as a request of HTTP, beyond what the parser takes for one."""

import re
from collections.abc import Collection

Fields = Collection[tuple[bytes, bytes]]

_NOT_IN_TARGET = re.compile(rb"""[^#]*[<>]|[^?#]*`|[^?#]*\?[^#]*\"""")
_REQUEST_LINE_REST = len(b"  HTTP/1.1\r\n")
_FIELD_REST = len(b": \r\n")
_EMPTY_LINE = len(b"\r\n")


def ensure_http(version: str, target: bytes, headers: Fields) -> None:
    """Raise `ValueError` for what the parser lets pass, but RFC 9112 does not (§3.2, §6.1).

    Proxies read such a request in one way and servers in another, which is how a request is
    smuggled past a proxy in the body of one before it.
    """
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if version == "1.1":
        is_sound = hosts == 1
    else:  # the parser still reads HTTP/0.9
        is_sound = version == "1.0" and hosts <= 1 and b"transfer-encoding" not in names
    if b"transfer-encoding" in names:
        is_sound &= dict(headers)[b"transfer-encoding"].lower() == b"chunked"
    if not is_sound or _NOT_IN_TARGET.match(target):
        raise ValueError(version)


def header_length(method: bytes, target: bytes, headers: Fields) -> int:
    """Return how many bytes a header has, with its request line and the empty line at its end."""
    fields = sum(len(name) + len(value) + _FIELD_REST for name, value in headers)
    return len(method) + len(target) + _REQUEST_LINE_REST + fields + _EMPTY_LINE


def without_upgrade(first_line: bytes, headers: Fields, blanks: int) -> bytes:
    """Return the bytes of a header that asks for no upgrade, and that is as long as before.

    `blanks` is how many of them stood at the ends of its values, which `headers` lack.
    """
    kept = []
    for name, value in headers:
        line = b"%b: %b" % (name, value)
        if name == b"upgrade":
            blanks += len(line) + len(b"\r\n")
        else:
            kept.append(line)
    # There is one at least: without a field `Connection` it would be no upgrade.
    return b"\r\n".join([first_line, *kept]) + b" " * blanks + b"\r\n\r\n"


def bare_answer(status: bytes, headers: Fields) -> bytes:
    """Return an answer without a body, after which the connection ends."""
    lines = [
        b"HTTP/1.1 " + status,
        *(b"%b: %b" % field for field in headers),
        b"content-length: 0",
        b"connection: close",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"
