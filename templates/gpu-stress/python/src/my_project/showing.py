"""What `report` does once its words are understood: a table of reports, and a plot of the first."""

from pathlib import Path

from .errors import ExitStatus, UsageError
from .files import STANDARD_OUTPUT, check_target, write_target
from .reading import read_report
from .signals import interrupts
from .streams import print_text
from .table import format_kernels

_SVG = "--svg"


def run_report(names: list[str], svg: str | None) -> int:
    """Print a table of reports, and draw the first one; return the exit status."""
    interrupts().hurry()
    reports = [(read_report(name), name) for name in names]
    check_target(_SVG, svg)
    if svg is not None:
        from .plot import draw  # noqa: PLC0415  # only here

        if any(_is_same(svg, name) for name in names):
            raise UsageError(f"{_SVG} {svg}: it is one of the reports")
        write_target(_SVG, svg, draw(reports[0][0]))
    if svg != STANDARD_OUTPUT:
        print_text(format_kernels(reports, with_file=True))
    return ExitStatus.HELD


def _is_same(one: str, other: str) -> bool:
    return Path(one).exists() and Path(one).samefile(other)
