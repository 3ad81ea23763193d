"""Which files are looked at, and where the walk goes."""

from dataclasses import dataclass, field
from enum import Enum

from .errors import WrongUsageError
from .globs import Globs
from .units import LARGEST


class Hidden(Enum):
    """What becomes of names that start with a dot."""

    SKIP = False
    SHOW = True


class Links(Enum):
    """What becomes of symbolic links to folders."""

    SKIP = False
    FOLLOW = True


class Devices(Enum):
    """Whether the walk leaves the file system of its root."""

    ALL = False
    ONE = True


@dataclass(frozen=True, slots=True)
class Selection:
    """The files that are wanted; sizes in bytes, the age in nanoseconds."""

    min_size: int = 1
    max_size: int = LARGEST
    globs: Globs = field(default_factory=lambda: Globs([]))
    exclude: Globs = field(default_factory=lambda: Globs([]))
    hidden: Hidden = Hidden.SKIP
    links: Links = Links.SKIP
    devices: Devices = Devices.ALL
    min_age: int | None = None

    def __post_init__(self) -> None:
        """Raise `WrongUsageError` where no file can pass."""
        if self.min_size > self.max_size:
            raise WrongUsageError("--min-size is above --max-size")
