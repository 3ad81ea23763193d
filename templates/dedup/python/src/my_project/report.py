"""Writes what a scan found, piece by piece, in one of four forms."""

from collections.abc import Iterator
from enum import StrEnum

from .grouping import Group
from .names import as_field, shown
from .scan import Scan
from .units import counted, format_size


class Format(StrEnum):
    """The forms of the output of `scan`."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    NULL = "null"


def report(scan: Scan, form: Format) -> Iterator[bytes]:
    """Yield the groups in a form; the summary of the text is `summary`."""
    match form:
        case Format.TEXT:
            return _text(scan)
        case Format.JSON:
            return _json(scan)
        case Format.CSV:
            return _csv(scan)
        case Format.NULL:  # pragma: no branch  # mypy holds that there is no other
            return _null(scan)


def summary(scan: Scan) -> bytes:
    """Return the last line of the text."""
    groups, files = counted(len(scan.groups), "group"), counted(scan.grouped, "file")
    return f"{groups}, {files}, {format_size(scan.gain)} to gain\n".encode()


def _text(scan: Scan) -> Iterator[bytes]:
    for group in scan.groups:
        size, gain = format_size(group.size), format_size(group.gain)
        yield f"{counted(len(group.rows), 'file')} of {size}, {gain} to gain\n".encode()
        for row in group.rows:
            path, *further = scan.files.names(row)
            yield f"  {shown(path)}\n".encode()
            for name in further:
                yield f"    {shown(name)}\n".encode()
        yield b"\n"


def _json(scan: Scan) -> Iterator[bytes]:
    yield f'{{\n  "version": 1,\n  "verify": "{scan.verify}",\n  "groups": '.encode()
    yield from _list((_json_group(scan, group) for group in scan.groups), "  ")
    yield b',\n  "problems": '
    problems = (
        f'{{\n      "name": {_json_name(name, "      ")},\n      "reason": "{reason}"\n    }}'
        for name, reason in scan.problems.in_order()
    )
    yield from _list(problems, "  ")
    yield (
        f',\n  "summary": {{\n    "scanned": {len(scan.files)},\n'
        f'    "groups": {len(scan.groups)},\n    "files": {scan.grouped},\n'
        f'    "gain": {scan.gain}\n  }}\n}}\n'
    ).encode()


def _json_group(scan: Scan, group: Group) -> str:
    digest = "null" if group.digest is None else f'"{group.digest.hex()}"'
    return (
        f'{{\n      "size": {group.size},\n      "hash": {digest},\n      "files": '
        + b"".join(_list((_json_file(scan, row) for row in group.rows), "      ")).decode()
        + "\n    }"
    )


def _json_file(scan: Scan, row: int) -> str:
    names = (_json_name(name, " " * 12) for name in scan.files.names(row))
    listed = b"".join(_list(names, " " * 10)).decode()
    return f'{{\n          "names": {listed}\n        }}'


def _json_name(name: bytes, margin: str) -> str:
    return f"{{\n{margin}  {as_field(name, ' ')}\n{margin}}}"


def _list(items: Iterator[str], margin: str) -> Iterator[bytes]:
    """Yield items as a list, indented; each has its own inner lines indented already."""
    before = "["
    for item in items:
        yield f"{before}\n{margin}  {item}".encode()
        before = ","
    yield b"[]" if before == "[" else f"\n{margin}]".encode()


def _csv(scan: Scan) -> Iterator[bytes]:
    yield b"group,size,path\n"
    for number, group in enumerate(scan.groups, 1):
        for row in group.rows:
            for name in scan.files.names(row):
                yield b"%d,%d,%s\n" % (number, group.size, _csv_field(name))


def _csv_field(name: bytes) -> bytes:
    if any(sign in name for sign in b'",\r\n'):
        return b'"' + name.replace(b'"', b'""') + b'"'
    return name


def _null(scan: Scan) -> Iterator[bytes]:
    for group in scan.groups:
        for row in group.rows:
            for name in scan.files.names(row):
                yield name + b"\0"
        yield b"\0"
