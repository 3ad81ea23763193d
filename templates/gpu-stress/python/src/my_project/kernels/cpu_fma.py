"""`fma` on the CPU: the map of fma.wgsl on vectors that fit the cache of a core."""

import numpy as np

from my_project import reference
from my_project.generator import start_values
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import LANES, Judgement, as_counters

from .comparing import compare_words, flip_bit
from .workload import Faults, Flip, Outcome, Workload

_INVOCATIONS = 1024  # 16,384 x and as many y: 128 KiB in f32, which the second cache holds
_OPERATIONS = 64  # of a step and invocation


class CpuFma(Workload):
    """The same chains again and again, held to the results of the first time.

    NumPy has no fused multiply-add: a product is rounded before it is added, which the tolerance
    allows for.
    """

    least, most = 64, 1 << 30

    def __init__(self, precision: Precision, seed: int) -> None:
        self._precision, self._seed = precision, seed
        self._dtype = np.float64 if precision is Precision.F64 else np.float32
        self._factor = self._dtype(reference.chain_factor(precision))
        starts = start_values(as_counters(0, _INVOCATIONS * LANES), seed).astype(self._dtype)
        # All x in a row, then all y: a row is (2, invocations, 16).
        self._starts = np.ascontiguousarray(starts.reshape(_INVOCATIONS, 2, -1).swapaxes(0, 1))
        self._results = np.empty_like(self._starts)
        self._first = np.empty_like(self._starts)
        self._scratch = np.empty_like(self._starts[0])
        self._steps = 0
        self.allocated = 3 * self._starts.nbytes + self._scratch.nbytes

    def check_reference(self) -> Judgement:
        """Hold all lanes of 64 invocations to the reference, after few steps."""
        steps = ARITHMETIC[self._precision].chain_steps
        self._run(steps)
        invocations = reference.sample_places(_INVOCATIONS, [0, _INVOCATIONS - 1], self._seed)
        found = self._results[:, invocations].swapaxes(0, 1).reshape(-1).astype(np.float64)
        return reference.judge_chains(found, invocations, self._seed, steps, self._precision)

    def prepare(self, amount: int) -> None:
        """Make the first result of so many steps."""
        self._steps = amount
        self._run(amount)
        self._first[:] = self._results

    def submit(self) -> None:
        """Run a batch."""
        self._run(self._steps)

    def collect(self) -> Outcome:
        """Compare the batch with the first one."""
        faults = compare_words(self._first, self._results)
        done = 0 if faults.count else _OPERATIONS * self._steps * _INVOCATIONS
        return Outcome(done, 0, faults)

    @property
    def words(self) -> int:
        """Words of a result."""
        return self._results.nbytes // 4

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Run a batch with a bit of its result flipped before the comparison."""
        self.submit()
        if flip is not None:
            flip_bit(self._results, flip)
        return self.collect().faults

    def close(self) -> None:
        """Have nothing to give back: the arrays go with this object."""

    def _run(self, steps: int) -> None:
        self._results[:] = self._starts
        x, y = self._results
        scratch, factor = self._scratch, self._factor
        for _ in range(steps):
            np.multiply(y, factor, out=scratch)
            np.subtract(x, scratch, out=x)
            np.multiply(x, factor, out=scratch)
            np.add(y, scratch, out=y)
