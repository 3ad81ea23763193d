"""Makes the tables that commands print."""

import os
import sys
from typing import Any
from unicodedata import combining, east_asian_width

from .errors import one_line
from .units import format_size, format_throughputs

_NAMES = ("file", "device", "name")  # what may be cut
_NAME = 12  # columns of a name that are left at least
_NUMBERS = ("min", "median", "max", "errors")  # what stands at the right
_GAP = "  "

Record = dict[str, Any]


def format_devices(devices: list[Record]) -> str:
    """Return a line for each device of `list`, below their heads."""
    rows = [
        [
            "-" if each["index"] is None else str(each["index"]),
            each["name"],
            each["kind"],
            each["backend"],
            ",".join(each["precisions"]),
            format_size(each["memory_bytes"]),
            each["uuid"] or "-",
        ]
        for each in devices
    ]
    heads = ["index", "name", "kind", "backend", "precisions", "memory", "UUID"]
    return format_table(heads, rows, _columns())


def format_report(report: Record) -> str:
    """Return a line for each device and kernel, the notes, and the verdict with its reasons."""
    verdict, devices = report["verdict"], report["devices"]
    table = ""
    if any(device["kernels"] for device in devices):
        table = format_kernels([(report, "")], with_file=False)
    notes = [f"note: {_name(device)}: {note}" for device in devices for note in device["notes"]]
    lines = [*notes, verdict["status"], *(f"  {reason}" for reason in verdict["reasons"])]
    return table + "".join(f"{line}\n" for line in lines)


def format_kernels(reports: list[tuple[Record, str]], *, with_file: bool) -> str:
    """Return a line for each device and kernel of some reports, each with the name of its file."""
    rows = []
    for report, name in reports:
        verdict = report["verdict"]["status"]
        for device in report["devices"]:
            for kernel in device["kernels"]:
                cells = _kernel_cells(device, kernel)
                rows.append([name, *cells, verdict] if with_file else cells)
    heads = ["device", "kernel", "precision", "min", "median", "max", "unit", "errors"]
    return format_table(["file", *heads, "verdict"] if with_file else heads, rows, _columns())


def _kernel_cells(device: Record, kernel: Record) -> list[str]:
    rates = kernel["throughput"]
    found = [rates[each] for each in ("min", "median", "max")]
    numbers, unit = format_throughputs(found, rates["unit"])
    return [
        _name(device),
        kernel["kernel"],
        kernel["precision"] or "-",
        *numbers,
        unit,
        str(kernel["errors"]),
    ]


def _name(device: Record) -> str:
    return device["name"] if device["index"] is None else f"{device['index']} {device['name']}"


def format_table(heads: list[str], rows: list[list[str]], columns: int | None) -> str:
    """Return a table that is as wide as a terminal at most, where there is one.

    Names are cut, and nothing else is; where that is not enough, each field has a line.
    """
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(_width, cells)) for cells in zip(heads, *rows, strict=True)]
    are_names = [head in _NAMES for head in heads]
    names = [width for width, is_name in zip(widths, are_names, strict=True) if is_name]
    if columns is not None:
        others = sum(widths) - sum(names) + len(_GAP) * (len(heads) - 1)
        limit = (columns - others) // len(names)
        if limit < min(_NAME, max(names)):
            return _format_narrow(heads, rows)
        widths = [
            min(width, limit) if is_name else width
            for width, is_name in zip(widths, are_names, strict=True)
        ]
    lines = [_format_row(heads, row, widths) for row in (heads, *rows)]
    lines.insert(1, "─" * (sum(widths) + len(_GAP) * (len(heads) - 1)))
    return "".join(f"{line}\n" for line in lines)


def _format_row(heads: list[str], cells: list[str], widths: list[int]) -> str:
    shown = []
    for head, cell, width in zip(heads, cells, widths, strict=True):
        text = _cut(cell, width)
        gap = " " * (width - _width(text))
        shown.append(gap + text if head in _NUMBERS else text + gap)
    return _GAP.join(shown).rstrip()


def _format_narrow(heads: list[str], rows: list[list[str]]) -> str:
    blocks = [
        "".join(f"{head}: {cell}\n" for head, cell in zip(heads, row, strict=True)) for row in rows
    ]
    return "\n".join(blocks)


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while _width(text) >= width:
        text = text[:-1]
    return f"{text}…"


def _width(text: str) -> int:
    """Return the columns that a text takes.

    >>> _width("Grafikkarte"), _width("显卡")
    (11, 4)
    """
    return sum(
        0 if combining(each) else 1 + (east_asian_width(each) in {"W", "F"}) for each in text
    )


def _columns() -> int | None:
    """Return the columns of the terminal that standard output goes to."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None
