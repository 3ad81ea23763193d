"""`matmul` on the CPU: one product of two fixed matrices after the other, through NumPy's BLAS."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from my_project import reference
from my_project.generator import elements
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import Judgement, as_counters

from .comparing import compare_words, flip_bit
from .workload import Faults, Flip, Outcome, Workload

_SMALLEST, _LARGEST = 256, 8192
_LONG = 0.060  # seconds: a product that takes longer leaves no room for a batch of several
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
        self._side = self._largest_side()
        self._left, self._right = self._operands(self._side)
        self._first = self._left @ self._right
        count = max(1, budget // self._first.nbytes - _MATRICES + 1)
        self._products = np.empty((count, self._side, self._side), self._dtype)
        self._amount, self._next = 1, 0
        self._outcome = Outcome(0, 0, Faults())
        self.allocated = 3 * self._first.nbytes + self._products.nbytes

    def _largest_side(self) -> int:
        """Return the largest side whose product is quick enough, and whose matrices have room."""
        side = _SMALLEST
        while side < _LARGEST and self._fits(2 * side) and 8 * self._time(side) <= _LONG:
            side *= 2
        return side

    def _fits(self, side: int) -> bool:
        return (_MATRICES + 1) * side * side * ARITHMETIC[self._precision].size <= self._budget

    def _time(self, side: int) -> float:
        """Return how long a product takes, the second time."""
        left, right = self._operands(side)
        out = left @ right
        begin = time.monotonic()
        np.matmul(left, right, out=out)
        return time.monotonic() - begin

    def _operands(self, side: int) -> tuple[Matrix, Matrix]:
        count = side * side
        left, right = (
            elements(as_counters(first, count), self._seed).astype(self._dtype)
            for first in (0, count)
        )
        return left.reshape(side, side), right.reshape(side, side)

    def check_reference(self) -> Judgement:
        """Hold 64 elements of the first product to the reference."""
        expected = reference.products(self._side, self._seed)
        found = self._first.reshape(-1)[expected.places].astype(np.float64)
        tolerance = reference.library_tolerance(expected, self._side, self._precision)
        return reference.judge(found, expected.values, tolerance, expected.places)

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self) -> None:
        """Run a batch: products, each compared with the first one while it is in the cache."""
        faults = Faults()
        for _ in range(self._amount):
            number = self._next
            np.matmul(self._left, self._right, out=self._products[number])
            faults += compare_words(self._first, self._products[number], number * self.words)
            self._next = (number + 1) % len(self._products)
        work = 2 * self._side**3 * self._amount
        self._outcome = Outcome(0 if faults.count else work, 0, faults)

    def collect(self) -> Outcome:
        """Return what the batch did."""
        return self._outcome

    @property
    def words(self) -> int:
        """Words of a product."""
        return self._first.nbytes // 4

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Make a product into the first C, with a bit of it flipped before the comparison."""
        np.matmul(self._left, self._right, out=self._products[0])
        if flip is not None:
            flip_bit(self._products[0], flip)
        return compare_words(self._first, self._products[0])

    def close(self) -> None:
        """Have nothing to give back: the arrays go with this object."""
