"""`matmul` on a GPU: one product of two fixed matrices after the other."""

import time
from collections import deque

import numpy as np

from my_project import reference
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import PERIOD, Judgement

from .gpu import DTYPES, BitFlip, Gpu, Step, groups_over
from .gpu_buffers import Binding, Buffers, FaultRecord
from .sides import largest_side
from .workload import Flip, Outcome, Workload

_TILE = PERIOD  # rows and columns that a workgroup makes, and all workgroups make the same
_MATRICES = 3  # A, B, and a C that is compared with the tile


class GpuMatmul(Workload):
    """Products into as many C as the memory holds, each held to one tile of the first one."""

    depth = 2
    least, most = 1, 1 << 20

    def __init__(self, gpu: Gpu, precision: Precision, budget: int, seed: int) -> None:
        self._gpu, self._precision, self._seed, self._budget = gpu, precision, seed, budget
        self._main = gpu.pipeline("matmul", "main", precision)
        self._compare = gpu.pipeline("compare", "main")
        self._side = largest_side(self._room, _MATRICES + 1, self._time)
        self._amount, self._next = 1, 0
        self._under_way: deque[FaultRecord] = deque()
        self._products: list[Binding] = []
        self._buffers = Buffers(gpu.device)
        with self._buffers.closed_on_error():
            self._allocate()
        self.allocated = self._buffers.allocated

    def _bytes(self, side: int) -> int:
        return side * side * ARITHMETIC[self._precision].size

    def _room(self, side: int) -> int:
        size = self._bytes(side)
        return self._budget // size if size <= self._gpu.largest_binding else 0

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
        tile = _TILE * _TILE * ARITHMETIC[self._precision].size
        self._words = size // 4
        self._parameters = self._buffers.uniform(self._side, self._seed)
        self._left, self._right = (self._buffers.storage(size) for _ in range(2))
        self._first = self._buffers.storage(tile)
        self._idle = deque(FaultRecord(self._buffers) for _ in range(self.depth))
        room = max(1, self._budget // size - _MATRICES + 1)
        while len(self._products) < room:
            count = min(room - len(self._products), self._gpu.largest_buffer // size)
            block = self._buffers.storage(count * size)
            self._products += [(block, place * size, size) for place in range(count)]
        row, row_of_tile = (each // 4 // rows for each, rows in ((size, self._side), (tile, _TILE)))
        self._repeats = self._buffers.uniform(
            self._words, row.bit_length() - 1, _TILE - 1, row_of_tile - 1
        )
        fill = self._gpu.pipeline("matmul", "fill", self._precision)
        bound = [self._parameters, self._left, self._right]
        self._gpu.submit([self._gpu.step(fill, bound, groups_over(self._words)), self._multiply(0)])
        self._gpu.copy_corner(self._products[0], 4 * row, self._first, _TILE)

    def check_reference(self) -> Judgement:
        """Hold the first tile to the reference."""
        tile = reference.product_tile(self._side, self._seed)
        read = self._gpu.read(self._first, 0, self._first.size)
        found = np.frombuffer(read, DTYPES[self._precision]).reshape(1, _TILE, _TILE)
        return reference.judge_strips(found, tile, reference.tiled_tolerance(tile, self._precision))

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        """Begin a batch: products, each compared with the first tile."""
        record, steps = self._idle.popleft(), list[Step | BitFlip]()
        for number in range(self._amount):
            steps.append(self._multiply(self._next))
            if flip is not None and flip.word // self._words == number:
                block, offset, _ = self._products[self._next]
                steps.append(BitFlip(block, offset + 4 * (flip.word % self._words), flip.bit))
            steps.append(self._check(self._next, record))
            self._next = (self._next + 1) % len(self._products)
        self._gpu.submit(steps, record, record)
        self._under_way.append(record)

    def collect(self) -> Outcome:
        """Wait for the oldest batch."""
        record = self._under_way.popleft()
        faults = record.wait()
        self._idle.append(record)
        return Outcome(0 if faults.count else 2 * self._side**3 * self._amount, 0, faults)

    @property
    def words(self) -> int:
        """Words of the products of a batch."""
        return self._amount * self._words

    def place(self, word: int) -> int:
        """Return the place within a product, whichever it is."""
        return word % self._words

    def close(self) -> None:
        """Give the buffers back."""
        self._buffers.close()

    def _multiply(self, number: int) -> Step:
        bound = [self._parameters, self._left, self._right, self._products[number]]
        return self._gpu.step(self._main, bound, _tiles(self._side))

    def _check(self, number: int, record: FaultRecord) -> Step:
        bound = [self._repeats, self._first, self._products[number], record.faults]
        return self._gpu.step(self._compare, bound, groups_over(self._words))


def _tiles(side: int) -> tuple[int, int]:
    return (side // _TILE, side // _TILE)
