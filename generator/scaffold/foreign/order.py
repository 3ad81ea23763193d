"""What the process that renders is told, and what it answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What the process that renders is told."""

    source: str
    ref: str | None
    place: str
    data: dict[str, str]
    trust: bool
    site: str | None
    """A folder of packages to import beside those installed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the process that renders answers; without a problem, the project is there."""

    problem: str
    step: str
    notes: list[str]
    more_in_log: bool
    """Whether the log ends with what belongs to the problem."""
