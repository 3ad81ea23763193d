"""Shows on standard error how a run goes: live lines on a terminal, plain ones elsewhere."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.live

_PERIOD = 10.0  # seconds between plain lines
_NAME_SHARE = 5  # a fifth of the width at most is for the name, so that what changes is seen
_GAP = "  "

Fields = Sequence[str]


class Screen:
    """Shows faults alone."""

    def show(self, lines: list[Fields]) -> None:
        """Show how each device does."""

    def stage_over(self, fields: Fields) -> None:
        """Show how a device did in a kernel that is over."""

    def say(self, sentence: str) -> None:
        """Write a line that stays."""
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""


class PlainScreen(Screen):
    """A line for each device now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = clock() + _PERIOD

    def show(self, lines: list[Fields]) -> None:
        """Write the lines every ten seconds."""
        if self._clock() >= self._due:
            self._due += _PERIOD
            for fields in lines:
                self.say(_GAP.join(fields))

    def stage_over(self, fields: Fields) -> None:
        """Write the last line of a kernel."""
        self.say(_GAP.join(fields))


class TerminalScreen(Screen):
    """Lines that change in place."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415  # slow to load, and seldom needed
        from rich.live import Live  # noqa: PLC0415  # as above

        console = Console(stderr=True, highlight=False)
        self._live: rich.live.Live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, lines: list[Fields]) -> None:
        """Draw the lines anew."""
        from rich.text import Text  # noqa: PLC0415  # as above

        width = self._live.console.width
        text = "\n".join(fit(fields, width) for fields in lines)
        self._live.update(Text(text, no_wrap=True, overflow="crop"), refresh=True)

    def say(self, sentence: str) -> None:
        """Write a line above those that change."""
        self._live.console.print(sentence, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the lines away, so that only results are left."""
        self._live.stop()


def open_screen(*, quiet: bool) -> Screen:
    """Return what suits standard error."""
    if quiet:
        return Screen()
    return TerminalScreen() if sys.stderr.isatty() else PlainScreen()


def fit(fields: Fields, width: int) -> str:
    """Return as many fields as fit, from the left, and a name that is cut if it is long.

    >>> fit(["0: a very long name", "fma f32", "1.00 TFLOP/s"], 30)
    '0: a …  fma f32  1.00 TFLOP/s'
    """
    name, *others = fields
    limit = max(1, width // _NAME_SHARE)
    text = name if len(name) <= limit else f"{name[: limit - 1]}…"
    for field in others:
        if len(text) + len(_GAP) + len(field) > width:
            break
        text += _GAP + field
    return text
