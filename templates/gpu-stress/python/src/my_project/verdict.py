"""Whether a run held, and why not."""

import signal
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .errors import ExitStatus

_WORDS = {
    ExitStatus.HELD: "held",
    ExitStatus.FAULT: "fault",
    ExitStatus.TOO_HOT: "stopped for temperature",
}


@dataclass(slots=True)
class Verdict:
    """What is said at the end; of several, interrupts count before temperature before faults."""

    faults: list[str] = field(default_factory=list)
    too_hot: list[str] = field(default_factory=list)
    interrupt: signal.Signals | None = None

    @property
    def exit_status(self) -> int:
        """What the program ends with."""
        if self.interrupt is not None:
            return 128 + self.interrupt
        return ExitStatus.TOO_HOT if self.too_hot else ExitStatus(bool(self.faults))

    @property
    def status(self) -> str:
        """The same in words."""
        if self.interrupt is not None:
            return "interrupted"
        return _WORDS[ExitStatus(self.exit_status)]

    def reasons(self) -> list[str]:
        """Return all that speaks against the run."""
        interrupted = [] if self.interrupt is None else [f"interrupted by {self.interrupt.name}"]
        return [*_once(self.faults), *_once(self.too_hot), *interrupted]

    def record(self) -> dict[str, Any]:
        """Return it as a report has it."""
        return {
            "status": self.status,
            "exit_status": int(self.exit_status),
            "reasons": self.reasons(),
        }


def _once(reasons: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reasons))
