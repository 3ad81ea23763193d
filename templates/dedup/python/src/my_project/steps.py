"""The steps of a plan: one for each name of each victim."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .plan import Action, Plan, PlannedFile, PlannedGroup

_FIRST_GROUP = 2  # the line; before it there is the head


class Key(NamedTuple):
    """Where a step stands in its plan."""

    line: int
    victim: int
    name: int


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a victim, and what becomes of it."""

    key: Key
    action: Action
    group: PlannedGroup
    victim: PlannedFile
    name: bytes

    @property
    def keep(self) -> PlannedFile:
        """The file that is kept for it."""
        return self.group.keep

    @property
    def is_last(self) -> bool:
        """Whether it is the last name of its victim."""
        return self.key.name == len(self.victim.names) - 1

    @property
    def folder(self) -> bytes:
        """The folder in which the name stands."""
        return os.path.dirname(self.name)

    @property
    def base(self) -> bytes:
        """The name in its folder."""
        return os.path.basename(self.name)


def has_step(plan: Plan, key: Key) -> bool:
    """Tell whether the plan has the name that a key stands for."""
    place = key.line - _FIRST_GROUP
    if not 0 <= place < len(plan.groups):
        return False
    victims = plan.groups[place].victims
    return 0 <= key.victim < len(victims) and 0 <= key.name < len(victims[key.victim].names)


def steps_of(plan: Plan) -> Iterator[Step]:
    """Yield the steps in the order of the plan."""
    for line, group in enumerate(plan.groups, _FIRST_GROUP):
        for place, victim in enumerate(group.victims):
            for number, name in enumerate(victim.names):
                yield Step(Key(line, place, number), plan.action, group, victim, name)
