"""`matmul` on a GPU: one product of two fixed matrices after the other."""

import time
from collections import deque

import numpy as np

from my_project import reference
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import Judgement

from .gpu import DTYPES, Gpu, Step, groups_over
from .gpu_buffers import Binding, Buffer, Buffers, FaultRecord
from .workload import Faults, Flip, Outcome, Workload

_SMALLEST, _LARGEST = 256, 8192
_TILE = 64  # rows and columns that a workgroup makes
_LONG = 0.060  # seconds: a product that takes longer leaves no room for a batch of several


class GpuMatmul(Workload):
    """Products into as many C as the memory holds, each held to the first one."""

    depth = 2
    least = 1

    def __init__(self, gpu: Gpu, precision: Precision, budget: int, seed: int) -> None:
        self._gpu, self._precision, self._seed, self._budget = gpu, precision, seed, budget
        self._main = gpu.pipeline("matmul", "main", precision)
        self._compare = gpu.pipeline("compare", "main")
        self._side = self._largest_side()
        self._amount, self._next = 1, 0
        self._under_way: deque[tuple[FaultRecord, int]] = deque()
        self._products: list[Binding] = []
        self._buffers = Buffers(gpu.device)
        with self._buffers.closed_on_error():
            self._allocate()
        self.allocated = self._buffers.allocated
        # Places are told modulo 2^32, which is unique within one turn over any memory.
        wide = len(self._products) * self._words > 1 << 32
        self.most = len(self._products) if wide else 1 << 20

    def _largest_side(self) -> int:
        """Return the largest side whose product is quick enough, and whose matrices have room."""
        side = _SMALLEST
        while side < _LARGEST and self._fits(2 * side) and 8 * self._time(side) <= _LONG:
            side *= 2
        return side

    def _bytes(self, side: int) -> int:
        return side * side * ARITHMETIC[self._precision].size

    def _fits(self, side: int) -> bool:
        size = self._bytes(side)
        return 5 * size <= self._budget and size <= self._gpu.largest_binding

    def _time(self, side: int) -> float:
        """Return how long a product takes, the second time."""
        scratch = Buffers(self._gpu.device)
        try:
            matrices = [scratch.storage(self._bytes(side)) for _ in range(3)]
            bound = [scratch.uniform(side, self._seed), *matrices]
            step = self._gpu.step(self._main, bound, _tiles(side))
            record = FaultRecord(scratch)
            for _ in range(2):
                begin = time.monotonic()
                self._gpu.submit([step], record, record)
                record.wait()
            return time.monotonic() - begin
        finally:
            scratch.close()

    def _allocate(self) -> None:
        size = self._bytes(self._side)
        self._words = size // 4
        self._parameters = self._buffers.uniform(self._side, self._seed)
        self._left, self._right, self._first = (self._buffers.storage(size) for _ in range(3))
        self._idle = deque(FaultRecord(self._buffers) for _ in range(self.depth))
        room = max(1, self._budget // size - 3)
        while len(self._products) < room:
            count = min(room - len(self._products), self._gpu.largest_buffer // size)
            block = self._buffers.storage(count * size)
            self._products += [(block, place * size, size) for place in range(count)]
        offsets = [(self._words, number * self._words) for number in range(room)]
        self._offsets = self._buffers.uniforms(offsets)
        fill = self._gpu.pipeline("matmul", "fill", self._precision)
        bound = [self._parameters, self._left, self._right]
        self._gpu.submit(
            [self._gpu.step(fill, bound, groups_over(self._words)), self._multiply(self._first)]
        )

    def check_reference(self) -> Judgement:
        """Hold 64 elements of the first product to the reference."""
        expected = reference.products(self._side, self._seed)
        size = ARITHMETIC[self._precision].size
        aligned = [int(place) * size // 4 * 4 for place in expected.places]
        read = [bytes(self._gpu.read(self._first, at, max(4, size))) for at in aligned]
        values = [
            np.frombuffer(data, DTYPES[self._precision])[int(place) * size % 4 // size]
            for data, place in zip(read, expected.places, strict=True)
        ]
        tolerance = reference.tiled_tolerance(expected, self._side, self._precision)
        found = np.array(values, np.float64)
        return reference.judge(found, expected.values, tolerance, expected.places)

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self) -> None:
        """Begin a batch: products, each compared with the first one."""
        record, begin = self._idle.popleft(), self._next
        steps: list[Step] = []
        for _ in range(self._amount):
            steps += [self._multiply(self._products[self._next]), self._check(self._next, record)]
            self._next = (self._next + 1) % len(self._products)
        self._gpu.submit(steps, record, record)
        self._under_way.append((record, begin))

    def collect(self) -> Outcome:
        """Wait for the oldest batch."""
        record, begin = self._under_way.popleft()
        faults = record.wait()
        if self.most == len(self._products):
            faults = faults.based_on(begin * self._words)
        self._idle.append(record)
        return Outcome(0 if faults.count else 2 * self._side**3 * self._amount, 0, faults)

    @property
    def words(self) -> int:
        """Words of a product."""
        return self._words

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Make a product into the first C, with a bit of it flipped before the comparison."""
        self._gpu.submit([self._multiply(self._products[0])])
        if flip is not None:
            self._gpu.flip(self._products[0][0], flip.word, flip.bit)
        record = self._idle[0]
        self._gpu.submit([self._check(0, record)], record, record)
        return record.wait()

    def close(self) -> None:
        """Give the buffers back."""
        self._buffers.close()

    def _multiply(self, target: Buffer | Binding) -> Step:
        bound = [self._parameters, self._left, self._right, target]
        return self._gpu.step(self._main, bound, _tiles(self._side))

    def _check(self, number: int, record: FaultRecord) -> Step:
        bound = [self._offsets[number], self._first, self._products[number], record.faults]
        return self._gpu.step(self._compare, bound, groups_over(self._words))


def _tiles(side: int) -> tuple[int, int]:
    return (side // _TILE, side // _TILE)
