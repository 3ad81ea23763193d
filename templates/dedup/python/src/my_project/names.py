"""Names of files: any bytes but NUL, from the root of the file system."""

import base64
import json
import os
import posixpath
import re

LONGEST_NAME = 4095  # bytes: PATH_MAX of Linux counts the NUL too

_UNPRINTABLE = re.compile(r"[\\\x00-\x1f\x7f-\x9f\udc80-\udcff]")
_SHORT = {"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"}


def absolute(name: bytes) -> bytes:
    """Return the name from the root, without `.`, `..` and doubled slashes; links stay.

    >>> absolute(b"/a/./b//../c/")
    b'/a/c'
    """
    plain = posixpath.normpath(os.path.join(os.getcwdb(), name))
    # POSIX lets two slashes at the front mean something of their own; here they do not.
    return plain[1:] if plain.startswith(b"//") else plain


def shown(name: bytes) -> str:
    r"""Return the name as it can stand on a line of a terminal.

    >>> print(shown(b"a\tb\xff"))
    a\tb\xff
    """
    return _UNPRINTABLE.sub(_escape, name.decode("utf-8", "surrogateescape"))


def as_json(name: bytes, blank: str = "") -> str:
    r"""Return the name as an object of JSON, on one line, with a blank after the colon or none.

    >>> as_json(b"/a"), as_json(b"/\xff")
    ('{"path":"/a"}', '{"path_base64":"L/8="}')
    """
    return f"{{{as_field(name, blank)}}}"


def as_field(name: bytes, blank: str) -> str:
    """Return the one key and value that tell a name."""
    try:
        return f'"path":{blank}{json.dumps(name.decode(), ensure_ascii=False)}'
    except UnicodeDecodeError:
        return f'"path_base64":{blank}"{base64.b64encode(name).decode()}"'


def from_json(value: object) -> bytes:
    """Return the name that an object of JSON tells; raise `ValueError` if it tells none."""
    match value:
        case {"path": str(path), **rest} if not rest:
            return path.encode()
        case {"path_base64": str(code), **rest} if not rest:
            name = base64.b64decode(code, validate=True)
            if base64.b64encode(name).decode() == code:
                return name
    raise ValueError(value)


def is_below(name: bytes, folder: bytes) -> bool:
    """Tell whether the name is that of the folder or of something in it, as text.

    >>> is_below(b"/a/b", b"/a"), is_below(b"/ab", b"/a"), is_below(b"/a", b"/")
    (True, False, True)
    """
    return name == folder or name.startswith(folder.rstrip(b"/") + b"/")


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return _SHORT.get(sign) or "".join(
        f"\\x{byte:02x}" for byte in sign.encode("utf-8", "surrogateescape")
    )
