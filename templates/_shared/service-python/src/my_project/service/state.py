"""How far the life of a service has come."""

from enum import StrEnum


class Phase(StrEnum):
    """A part of the life of a service."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Life:
    """The phase that a service is in, which its readiness tells."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
