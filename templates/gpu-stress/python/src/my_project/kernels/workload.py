"""What every kernel can do, whatever it runs on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from my_project.reference import Judgement

MOST_PLACES = 16


@dataclass(frozen=True, slots=True)
class Faults:
    """Words of 32 bits that were wrong."""

    count: int = 0
    places: tuple[int, ...] = ()
    """The first 16."""

    def __add__(self, other: "Faults") -> "Faults":
        if not other.count:
            return self
        places = (*self.places, *other.places)[:MOST_PLACES]
        return Faults(self.count + other.count, places)

    def based_on(self, base: int) -> "Faults":
        """Return the places as numbers of more than 32 bits; none is before `base`."""
        wrapped = tuple(base + (place - base) % (1 << 32) for place in self.places)
        return Faults(self.count, wrapped)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch did."""

    operations: int
    transferred: int
    """Bytes written and read back."""
    faults: Faults
    written: int = 0
    """Bytes of patterns, right or wrong."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A bit to be flipped, for `selftest`."""

    word: int
    """Of those that the batch verifies, over all its products or buffers."""
    bit: int
    is_held: bool = False
    """Flip it before the batch, in what the memory holds, and not in what the batch makes."""


class Workload(ABC):
    """A kernel in one precision, with its memory on one device; for one thread.

    A batch is some amount of work: steps, products or buffers. It computes, then verifies.
    """

    depth = 1
    """Batches that may be under way at once."""
    allocated = 0
    """Bytes."""
    patterned = 0
    """Bytes that patterns are written over; 0 where there are none."""
    least, most = 1, 1
    """The limits of an amount."""

    @abstractmethod
    def check_reference(self) -> Judgement | None:
        """Hold a first result to the reference; nothing where it needs none."""

    @abstractmethod
    def prepare(self, amount: int) -> None:
        """Make batches of so much from now on; none may be under way."""

    @abstractmethod
    def submit(self, flip: Flip | None = None) -> None:
        """Begin a batch, with a bit flipped before it is verified."""

    @abstractmethod
    def collect(self) -> Outcome:
        """Wait for the batch that was begun first, and return what it did."""

    @property
    @abstractmethod
    def words(self) -> int:
        """How many words a batch verifies, once prepared."""

    @property
    def holds(self) -> bool:
        """Whether a batch also verifies what the memory holds from an earlier one."""
        return False

    def place(self, word: int) -> int:
        """Return what a word of the next batch is called if it is wrong."""
        return word

    @abstractmethod
    def close(self) -> None:
        """Give the memory back."""
