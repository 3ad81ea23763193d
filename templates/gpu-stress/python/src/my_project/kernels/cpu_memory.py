"""`memory` on the CPU: the patterns of memory.wgsl over a whole allocation."""

import numpy as np

from my_project.generator import MULTIPLIER, Words, permute

from .comparing import compare_words, flip_bit
from .patterns import Filling, Pattern, filling
from .workload import Faults, Flip, Outcome, Workload

_PART = 1 << 18  # bytes at most, so that what is made and compared stays in the cache
_ROW = 128  # bytes: a whole walk of the bit


class CpuMemory(Workload):
    """Checks what a part has held since its last turn, writes it, and checks it at once."""

    least, most = 1, 1 << 20

    def __init__(self, budget: int, seed: int) -> None:
        self._seed = seed
        count = -(-budget // _PART)
        self._memory = np.empty((count, max(1, budget // count // _ROW) * _ROW // 4), np.uint32)
        self.allocated = self.patterned = self._memory.nbytes
        self._part_words = self._memory.shape[1]
        self._states = np.arange(self._part_words, dtype=np.uint32) * MULTIPLIER
        self._expected, self._scratch = np.empty_like(self._states), np.empty_like(self._states)
        self._amount, self._next, self._turn = 1, 0, 0
        self._outcome = Outcome(0, 0, Faults())

    def check_reference(self) -> None:
        """Need none: each word is compared with what was to be written."""

    def prepare(self, amount: int) -> None:
        """Make batches of so many parts."""
        self._amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        """Run a batch, which may go over the end of a turn."""
        faults, checks = Faults(), 0
        for number in range(self._amount):
            here = flip if flip is not None and flip.word // self._part_words == number else None
            if self._turn:
                faults += self._check_held(here if here and here.is_held else None)
            faults += self._write_and_check(None if here and here.is_held else here)
            checks += 2 if self._turn else 1
            self._next = (self._next + 1) % len(self._memory)
            self._turn += self._next == 0
        size = 4 * self._part_words
        written = size * self._amount
        transferred = 0 if faults.count else written + size * checks
        self._outcome = Outcome(0, transferred, faults, written)

    def collect(self) -> Outcome:
        """Return what the batch did."""
        return self._outcome

    @property
    def holds(self) -> bool:
        """Whether all parts were written."""
        return self._turn > 0

    @property
    def words(self) -> int:
        """Words of the parts of a batch."""
        return self._amount * self._part_words

    def place(self, word: int) -> int:
        """Return the place in the whole allocation."""
        return (self._next * self._part_words + word) % self._memory.size

    def close(self) -> None:
        """Have nothing to give back: the array goes with this object."""

    def _check_held(self, flip: Flip | None) -> Faults:
        self._expect(filling(self._turn - 1, self._seed))
        return self._check(flip)

    def _write_and_check(self, flip: Flip | None) -> Faults:
        self._expect(filling(self._turn, self._seed))
        self._memory[self._next] = self._expected
        faults = self._check(flip)
        if flip is not None:  # which the part would hold until its next turn
            self._flip(flip)
        return faults

    def _expect(self, turn: Filling) -> None:
        offset = self._next * self._part_words
        expect(self._expected, offset, turn, self._states, self._scratch)

    def _check(self, flip: Flip | None) -> Faults:
        if flip is not None:
            self._flip(flip)
        offset = self._next * self._part_words
        return compare_words(self._expected, self._memory[self._next], offset)

    def _flip(self, flip: Flip) -> None:
        flip_bit(self._memory[self._next], flip.word % self._part_words, flip.bit)


def expect(words: Words, offset: int, turn: Filling, states: Words, scratch: Words) -> None:
    """Write what `expected` of memory.wgsl returns for words from an address on.

    `states` are the counters from 0 on times the generator's multiplier.
    """
    first = offset & 0xFFFFFFFF
    if turn.pattern is Pattern.RANDOM:
        base = (first * int(MULTIPLIER) + turn.seed) & 0xFFFFFFFF
        np.add(states, np.uint32(base), out=words)
        permute(words, scratch)
    elif turn.pattern is Pattern.WALKING_BIT:
        bits = (np.arange(32) + first + turn.seed) % 32
        words.reshape(-1, 32)[:] = np.left_shift(np.uint32(1), bits.astype(np.uint32))
    else:
        np.add(np.arange(words.size, dtype=np.uint32), np.uint32(first), out=words)
    if turn.inverted:
        np.bitwise_xor(words, np.uint32(turn.inverted), out=words)
