"""`fma` on the CPU: the map of fma.wgsl on vectors that fit the cache of a core."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from my_project import reference
from my_project.generator import start_values
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import LANES, PERIOD, Judgement, as_counters

from .comparing import compare_words, flip_bit
from .workload import Flip, Outcome, Workload

_REPEATS = 16  # of 64 invocations: 16,384 x and as many y, 128 KiB in f32 for the second cache
_OPERATIONS = 64 * _REPEATS * PERIOD  # of a step

Lanes = NDArray[Any]  # of one precision or the other


class CpuFma(Workload):
    """The same 64 invocations side by side, each held to the first ones.

    NumPy has no fused multiply-add: a product is rounded before it is added, which the tolerance
    allows for.
    """

    least, most = 64, 1 << 30

    def __init__(self, precision: Precision, seed: int) -> None:
        self._precision, self._seed = precision, seed
        self._dtype = np.float64 if precision is Precision.F64 else np.float32
        self._factor = self._dtype(reference.chain_factor(precision))
        starts = start_values(as_counters(0, PERIOD * LANES), seed).astype(self._dtype)
        # All x, then all y; of each a row for each repeat, with 16 lanes an invocation.
        by_lane = starts.reshape(PERIOD, 2, LANES // 2).swapaxes(0, 1)
        self._starts = np.ascontiguousarray(by_lane).reshape(2, 1, -1)
        self._first, self._first_scratch = np.empty_like(self._starts), self._scratch_of(1)
        self._results = np.empty((2, _REPEATS, self._starts.shape[-1]), self._dtype)
        self._scratch = self._scratch_of(_REPEATS)
        self._steps = 0
        arrays = self._starts, self._first, self._first_scratch, self._results, self._scratch
        self.allocated = sum(array.nbytes for array in arrays)

    def _scratch_of(self, repeats: int) -> Lanes:
        return np.empty((repeats, self._starts.shape[-1]), self._dtype)

    def check_reference(self) -> Judgement:
        """Hold the first invocations to the reference, after few steps."""
        steps = ARITHMETIC[self._precision].chain_steps
        self.prepare(steps)
        by_lane = self._first.reshape(2, PERIOD, LANES // 2).swapaxes(0, 1)
        found = by_lane.reshape(PERIOD, LANES).astype(np.float64)
        return reference.judge_chains(found, self._seed, steps, self._precision)

    def prepare(self, amount: int) -> None:
        """Make the first result of so many steps."""
        self._steps = amount
        self._run(self._first, self._first_scratch)

    def submit(self, flip: Flip | None = None) -> None:
        """Run a batch."""
        self._run(self._results, self._scratch)
        if flip is not None:
            flip_bit(self._results, flip.word, flip.bit)

    def collect(self) -> Outcome:
        """Compare the batch with the first one."""
        faults = compare_words(self._first, self._results)
        return Outcome(0 if faults.count else _OPERATIONS * self._steps, 0, faults)

    @property
    def words(self) -> int:
        """Words of a result."""
        return self._results.nbytes // 4

    def close(self) -> None:
        """Have nothing to give back: the arrays go with this object."""

    def _run(self, results: Lanes, scratch: Lanes) -> None:
        results[:] = self._starts
        x, y = results
        factor = self._factor
        for _ in range(self._steps):
            np.multiply(y, factor, out=scratch)
            np.subtract(x, scratch, out=x)
            np.multiply(x, factor, out=scratch)
            np.add(y, scratch, out=y)
