"""Prints tables on standard output."""

import sys
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .units import format_size, format_throughputs

_WIDE = 1000  # columns where there is no terminal, so that no line is broken
_NAMES = ("file", "device", "name")  # what may be cut
_NAME = 12  # characters of a name that are left at least
_GAP = 2  # columns between two cells

Record = dict[str, Any]


def print_devices(devices: list[Record]) -> None:
    """Print a line for each device of `list`."""
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
    _print(heads, rows, numbers=())


def print_report(report: Record) -> None:
    """Print a line for each device and kernel, and the verdict with its reasons."""
    if any(device["kernels"] for device in report["devices"]):
        print_kernels([(report, "")], with_file=False)
    print_verdict(report)


def print_verdict(report: Record) -> None:
    """Print the verdict, and a line for each reason."""
    verdict = report["verdict"]
    sys.stdout.write(f"{verdict['status']}\n")
    for reason in verdict["reasons"]:
        sys.stdout.write(f"  {reason}\n")
    sys.stdout.flush()


def print_kernels(reports: list[tuple[Record, str]], *, with_file: bool) -> None:
    """Print a line for each device and kernel of some reports, each with the name of its file."""
    rows = []
    for report, name in reports:
        verdict = report["verdict"]["status"]
        for device in report["devices"]:
            for kernel in device["kernels"]:
                row = [name] if with_file else []
                rows.append(
                    [*row, *_kernel_cells(device, kernel), *([verdict] if with_file else [])]
                )
    heads = ["device", "kernel", "precision", "min", "median", "max", "unit", "errors"]
    if with_file:
        heads = ["file", *heads, "verdict"]
    _print(heads, rows, numbers=("min", "median", "max", "errors"))


def _kernel_cells(device: Record, kernel: Record) -> list[str]:
    index = "" if device["index"] is None else f"{device['index']}: "
    rates = kernel["throughput"]
    found = [rates[each] for each in ("min", "median", "max")]
    numbers, unit = format_throughputs(found, rates["unit"])
    return [
        index + device["name"],
        kernel["kernel"],
        kernel["precision"] or "-",
        *numbers,
        unit,
        str(kernel["errors"]),
    ]


def _print(heads: list[str], rows: list[list[str]], numbers: tuple[str, ...]) -> None:
    """Print a table; where a terminal is narrow, names are cut, and nothing else is."""
    console = Console(file=sys.stdout, highlight=False)
    available = console.width if console.is_terminal else _WIDE
    columns = [list(cells) for cells in zip(heads, *rows, strict=True)]
    names = [cells for cells in columns if cells[0] in _NAMES]
    others = sum(max(map(len, cells)) for cells in columns if cells[0] not in _NAMES)
    room = max(_NAME, (available - others - _GAP * len(columns)) // len(names))
    for cells in names:
        cells[:] = [cell if len(cell) <= room else f"{cell[: room - 1]}…" for cell in cells]
    console.width = max(available, others + len(names) * room + _GAP * len(columns))
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for head, *_ in columns:
        table.add_column(head, justify="right" if head in numbers else "left", no_wrap=True)
    for row in list(zip(*columns, strict=True))[1:]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
