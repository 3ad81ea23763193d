"""`matmul` on the CPU: one product of two fixed matrices after the other, through NumPy's BLAS."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from my_project import reference
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import PERIOD, Judgement

from .comparing import compare_words, flip_bit
from .sides import largest_side
from .workload import Faults, Flip, Outcome, Workload

_MATRICES = 4  # A, B, the first C, and one that is compared with it

Matrix = NDArray[Any]  # of one precision or the other


class CpuMatmul(Workload):
    """Products into as many C as the memory holds, each held to the first one.

    The BLAS has one thread for each of these, as there are as many as cores.
    """

    least, most = 1, 1 << 20

    def __init__(self, precision: Precision, budget: int, seed: int) -> None:
        self._precision, self._seed, self._budget = precision, seed, budget
        self._dtype = np.float64 if precision is Precision.F64 else np.float32
        self._side = largest_side(self._room, _MATRICES + 1, self._time)
        self._left, self._right = self._operands(self._side)
        self._first: Matrix = np.matmul(self._left, self._right)
        self._words: int = self._first.nbytes // 4
        count = max(1, budget // self._first.nbytes - _MATRICES + 1)
        self._products = np.empty((count, self._side, self._side), self._dtype)
        self._amount, self._next = 1, 0
        self._outcome = Outcome(0, 0, Faults())
        self.allocated = 3 * self._first.nbytes + self._products.nbytes

    def _room(self, side: int) -> int:
        return self._budget // (side * side * ARITHMETIC[self._precision].size)

    def _time(self, side: int) -> float:
        """Return how long a product takes, the second time."""
        left, right = self._operands(side)
        out = left @ right
        begin = time.monotonic()
        np.matmul(left, right, out=out)
        return time.monotonic() - begin

    def _operands(self, side: int) -> tuple[Matrix, Matrix]:
        left, right = (each.astype(self._dtype) for each in reference.operands(side, self._seed))
        repeats = side // PERIOD
        return np.tile(left, (repeats, 1)), np.tile(right, (1, repeats))

    def check_reference(self) -> Judgement:
        """Hold the first product to the reference."""
        tile = reference.product_tile(self._side, self._seed)
        tolerance = reference.library_tolerance(tile, self._precision)
        return reference.judge_strips(self._first.reshape(-1, PERIOD, self._side), tile, tolerance)

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        """Run a batch: products, each compared with the first one while it is in the cache."""
        faults = Faults()
        for number in range(self._amount):
            product = self._products[self._next]
            np.matmul(self._left, self._right, out=product)
            if flip is not None and flip.word // self._words == number:
                flip_bit(product, flip.word % self._words, flip.bit)
            faults += compare_words(self._first, product)
            self._next = (self._next + 1) % len(self._products)
        work = 2 * self._side**3 * self._amount
        self._outcome = Outcome(0 if faults.count else work, 0, faults)

    def collect(self) -> Outcome:
        """Return what the batch did."""
        return self._outcome

    @property
    def words(self) -> int:
        """Words of the products of a batch."""
        return self._amount * self._words

    def place(self, word: int) -> int:
        """Return the place within a product, whichever it is."""
        return word % self._words

    def close(self) -> None:
        """Have nothing to give back: the arrays go with this object."""
