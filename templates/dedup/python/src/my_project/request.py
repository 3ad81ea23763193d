"""What is asked of `scan` and `plan`, once the words of the command line are understood."""

from dataclasses import dataclass
from enum import Enum

from .progress import Show
from .scan import Places, Reading
from .selection import Selection


class Loudness(Enum):
    """Whether summaries and warnings are said."""

    NORMAL = False
    QUIET = True


class CacheUse(Enum):
    """Whether hashes are kept from one scan to the next."""

    NONE = False
    STORED = True


@dataclass(frozen=True, slots=True)
class Request:
    """What `scan` and `plan` have in common."""

    places: Places
    selection: Selection
    reading: Reading
    cache: CacheUse
    loudness: Loudness
    show: Show
