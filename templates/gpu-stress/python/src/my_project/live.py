"""Shows on standard error how a run goes: live lines on a terminal, plain ones elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Sequence

from .streams import Printer

_PERIOD = 10.0  # seconds between plain lines
_GAP = "  "
_NARROW, _LOW = 80, 24  # columns and lines of a terminal that does not tell

Fields = Sequence[str]


class Screen:
    """Shows nothing."""

    def show(self, lines: list[Fields]) -> None:
        """Show how each device does; called once a second."""

    def stage_over(self, fields: Fields) -> None:
        """Show how a device did in a kernel that is over."""

    def say(self, sentence: str) -> None:
        """Write a line that stays."""

    def close(self) -> None:
        """Leave the terminal as it was, once what was said is written."""


class PlainScreen(Screen):
    """A line for each device now and then."""

    def __init__(
        self, printer: Printer | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._printer = clock, printer or Printer()
        self._due = clock() + _PERIOD

    def show(self, lines: list[Fields]) -> None:
        """Write the lines every ten seconds."""
        if self._clock() >= self._due and not self._printer.is_busy:
            self._due += _PERIOD
            for fields in lines:
                self.say(_GAP.join(fields))

    def stage_over(self, fields: Fields) -> None:
        """Write the last line of a kernel."""
        self.say(_GAP.join(fields))

    def say(self, sentence: str) -> None:
        """Write a line."""
        self._printer.put(f"{sentence}\n")

    def close(self) -> None:
        """Wait until all is written."""
        self._printer.close()


class TerminalScreen(Screen):
    """Lines that change in place.

    The cursor is not hidden, so that however the program ends there is one.
    """

    def __init__(self) -> None:
        self._printer = Printer()
        self._shown: list[str] = []

    def show(self, lines: list[Fields]) -> None:
        """Draw the lines anew, unless those before are not drawn yet."""
        if self._printer.is_busy:
            return
        columns, rows = _size()
        self._redraw("", [fit(fields, columns) for fields in lines[: rows - 1]])

    def say(self, sentence: str) -> None:
        """Write a line above those that change."""
        self._redraw(f"{sentence}\n", self._shown)

    def close(self) -> None:
        """Take the lines away, so that only results are left."""
        self._redraw("", [])
        self._printer.close()

    def _redraw(self, above: str, lines: list[str]) -> None:
        """Go up to the first line, erase all from there on, and write."""
        erase = f"\x1b[{len(self._shown)}F\x1b[J" if self._shown else ""
        self._shown = lines
        self._printer.put(erase + above + "".join(f"{line}\n" for line in lines))


def open_screen(*, quiet: bool) -> Screen:
    """Return what suits standard error."""
    if quiet:
        return Screen()
    # Windows' console would have to be asked before it understands escape codes.
    is_smart = os.name == "posix" and os.environ.get("TERM") != "dumb"
    return TerminalScreen() if is_smart and sys.stderr.isatty() else PlainScreen()


def fit(fields: Fields, width: int) -> str:
    """Return as many fields as fit, from the left.

    >>> fit(["device 0", "fma f32", "1.00 TFLOP/s", "0 errors"], 30)
    'device 0  fma f32'
    """
    text = fields[0][:width]
    for field in fields[1:]:
        if len(text) + len(_GAP) + len(field) > width:
            break
        text += _GAP + field
    return text


def _size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return _NARROW, _LOW
    return size.columns or _NARROW, size.lines or _LOW
