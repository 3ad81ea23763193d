"""`memory` on the CPU: the patterns of memory.wgsl over a whole allocation."""

import numpy as np

from my_project.generator import MULTIPLIER, Words, permute

from .comparing import compare_words
from .patterns import Filling, Pattern, filling
from .workload import Faults, Flip, Outcome, Workload

_PART = 1 << 16  # words: 256 KiB, so that what is made and compared stays in the cache


class CpuMemory(Workload):
    """Checks what the turn before has written, and writes the next, part by part.

    So a word is read back when the whole allocation was gone over in between. Only the first turn
    is checked as soon as it is written, for there is none before it.
    """

    least, most = 1, 1 << 20

    def __init__(self, budget: int, seed: int) -> None:
        self._seed = seed
        self._memory = np.empty((max(1, budget // (4 * _PART)), _PART), np.uint32)
        self.allocated = self._memory.nbytes
        self._states = np.arange(_PART, dtype=np.uint32) * MULTIPLIER
        self._expected, self._scratch = (np.empty(_PART, np.uint32) for _ in range(2))
        self._amount, self._next, self._turn = 1, 0, 0
        self._outcome = Outcome(0, 0, Faults())

    def check_reference(self) -> None:
        """Need none: each word is compared with what was to be written."""

    def prepare(self, amount: int) -> None:
        """Make batches of so many parts."""
        self._amount = amount

    def submit(self) -> None:
        """Run a batch, which may go over the end of a turn."""
        faults = Faults()
        for _ in range(self._amount):
            number, turn = self._next, self._turn
            if turn:
                faults += self._check(number, filling(turn - 1, self._seed))
            self._write(number, filling(turn, self._seed))
            if not turn:
                faults += self._check(number, filling(0, self._seed))
            self._next = (number + 1) % len(self._memory)
            self._turn += self._next == 0
        transferred = 2 * 4 * _PART * self._amount
        self._outcome = Outcome(0, 0 if faults.count else transferred, faults)

    def collect(self) -> Outcome:
        """Return what the batch did."""
        return self._outcome

    @property
    def words(self) -> int:
        """Words of a part."""
        return _PART

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Write the first part and check it, with a bit of it flipped in between."""
        self._turn += 1
        turn = filling(self._turn, self._seed)
        self._write(0, turn)
        if flip is not None:
            self._memory[0, flip.word] ^= np.uint32(1 << flip.bit)
        return self._check(0, turn)

    def close(self) -> None:
        """Have nothing to give back: the array goes with this object."""

    def _write(self, number: int, turn: Filling) -> None:
        expect(self._memory[number], number * _PART, turn, self._states, self._scratch)

    def _check(self, number: int, turn: Filling) -> Faults:
        offset = number * _PART
        expect(self._expected, offset, turn, self._states, self._scratch)
        return compare_words(self._expected, self._memory[number], offset)


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
