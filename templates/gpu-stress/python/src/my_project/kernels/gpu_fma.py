"""`fma` on a GPU: chains of multiply-adds in registers."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from my_project import reference
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import LANES, PERIOD, Judgement

from .gpu import DTYPES, BitFlip, Gpu, Step, groups_over
from .gpu_buffers import Buffer, Buffers, FaultRecord
from .workload import Flip, Outcome, Workload

_GROUP = PERIOD  # invocations of a workgroup, and all workgroups are alike
_OPERATIONS = 64  # of a step and invocation
# Enough to fill the largest devices; and few for a software one, where a word of a comparison takes
# as long as a dozen steps of a chain.
_MOST_INVOCATIONS = 1 << 20
_MOST_IN_SOFTWARE = 1 << 13


@dataclass(frozen=True, slots=True)
class _Slot:
    """What a batch under way has for itself."""

    results: Buffer
    record: FaultRecord
    run: Step
    compare: Step


class GpuFma(Workload):
    """Two batches under way, each with its own results, which are held to one workgroup's."""

    depth = 2
    least, most = 64, 1 << 30

    def __init__(self, gpu: Gpu, precision: Precision, budget: int, seed: int) -> None:
        self._gpu, self._precision, self._seed = gpu, precision, seed
        self._steps = 0
        self._item = LANES * ARITHMETIC[precision].size  # bytes of an invocation
        room = min(budget // self.depth, gpu.largest_binding)
        self._invocations = _MOST_IN_SOFTWARE if gpu.is_software else _MOST_INVOCATIONS
        while self._invocations * self._item > room and self._invocations > _GROUP:
            self._invocations //= 2
        self._idle: deque[_Slot] = deque()
        self._under_way: deque[_Slot] = deque()
        self._buffers = Buffers(gpu.device)
        with self._buffers.closed_on_error():
            self._allocate()
        self.allocated = self._buffers.allocated

    def _allocate(self) -> None:
        main = self._gpu.pipeline("fma", "main", self._precision)
        compare = self._gpu.pipeline("compare", "main")
        groups = (self._invocations // _GROUP,)
        self._parameters = self._buffers.uniform(0, self._seed)
        self._first = self._buffers.storage(_GROUP * self._item)
        self._make_first = self._gpu.step(main, [self._parameters, self._first], (1,))
        words = self._buffers.uniform(self.words, 0, 0, self._first.size // 4 - 1)
        for _ in range(self.depth):
            results = self._buffers.storage(self._invocations * self._item)
            record = FaultRecord(self._buffers)
            run = self._gpu.step(main, [self._parameters, results], groups)
            bound = [words, self._first, results, record.faults]
            check = self._gpu.step(compare, bound, groups_over(self.words))
            self._idle.append(_Slot(results, record, run, check))

    def check_reference(self) -> Judgement:
        """Hold the first result to the reference, after few steps."""
        steps = ARITHMETIC[self._precision].chain_steps
        self.prepare(steps)
        read = self._gpu.read(self._first, 0, self._first.size)
        found = np.frombuffer(read, DTYPES[self._precision]).astype(np.float64)
        return reference.judge_chains(
            found.reshape(_GROUP, LANES), self._seed, steps, self._precision
        )

    def prepare(self, amount: int) -> None:
        """Make the first result of so many steps."""
        self._steps = amount
        self._gpu.write(self._parameters[0], 0, amount.to_bytes(4, "little"))
        self._gpu.submit([self._make_first])

    def submit(self, flip: Flip | None = None) -> None:
        """Begin a batch: the same chains again, and a comparison with the first result."""
        slot = self._idle.popleft()
        flips = [] if flip is None else [BitFlip(slot.results, 4 * flip.word, flip.bit)]
        self._gpu.submit([slot.run, *flips, slot.compare], slot.record, slot.record)
        self._under_way.append(slot)

    def collect(self) -> Outcome:
        """Wait for the oldest batch."""
        slot = self._under_way.popleft()
        faults = slot.record.wait()
        self._idle.append(slot)
        done = 0 if faults.count else _OPERATIONS * self._steps * self._invocations
        return Outcome(done, 0, faults)

    @property
    def words(self) -> int:
        """Words of a result."""
        return self._invocations * self._item // 4

    def close(self) -> None:
        """Give the buffers back."""
        self._buffers.close()
