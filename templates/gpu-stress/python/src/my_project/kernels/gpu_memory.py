"""`memory` on a GPU: patterns written over a whole allocation, read back and compared."""

from collections import deque
from dataclasses import dataclass

from .gpu import BitFlip, Gpu, Step, groups_over
from .gpu_buffers import UNIFORM_STEP, Buffer, Buffers, FaultRecord, parameter_block
from .patterns import filling
from .workload import Flip, Outcome, Workload

_SMALLEST_PART = 1 << 20  # bytes
_PAGE = 4096  # bytes
_PARTS = 256  # of an allocation, so that a pass over all of it is not many dispatches
_LEAST_PARTS = 8  # however little there is


@dataclass(frozen=True, slots=True)
class _Part:
    """A buffer, and the dispatches on it; checks for each of the records."""

    buffer: Buffer
    check_held: tuple[Step, ...]
    write: Step
    check: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What a batch under way is to be told by."""

    record: int
    first_word: int
    checks: int


class GpuMemory(Workload):
    """Checks what a part has held since its last turn, writes it, and checks it at once."""

    depth = 2
    least = 1

    def __init__(self, gpu: Gpu, budget: int, seed: int) -> None:
        self._gpu, self._seed = gpu, seed
        self._amount, self._next, self._turn = 1, 0, 0
        self._under_way: deque[_Batch] = deque()
        self._parts: list[_Part] = []
        self._buffers = Buffers(gpu.device)
        with self._buffers.closed_on_error():
            self._allocate(budget)
        self.allocated = self._buffers.allocated
        self.patterned = 4 * self._part_words * len(self._parts)
        # Places are told modulo 2^32, which is unique within one turn over any memory.
        self.most = len(self._parts) if self.patterned > 4 << 32 else 1 << 20

    def _allocate(self, budget: int) -> None:
        most = max(budget // _PARTS, min(_SMALLEST_PART, budget // _LEAST_PARTS))
        count = -(-budget // min(most, self._gpu.largest_binding))
        size = budget // count // _PAGE * _PAGE
        self._part_words: int = size // 4
        write, check = (self._gpu.pipeline("memory", entry) for entry in ("write", "check"))
        self._records = tuple(FaultRecord(self._buffers) for _ in range(self.depth))
        self._idle = deque(range(self.depth))
        parameters = self._buffers.uniforms([(0, 0, 0, 0)] * (2 * count))
        self._parameters = parameters[0][0]
        groups = groups_over(self._part_words)
        for number in range(count):
            buffer = self._buffers.storage(size)
            held, new = parameters[2 * number : 2 * number + 2]
            check_held, check_new = (
                tuple(
                    self._gpu.step(check, [turn, buffer, record.faults], groups)
                    for record in self._records
                )
                for turn in (held, new)
            )
            step = self._gpu.step(write, [new, buffer], groups)
            self._parts.append(_Part(buffer, check_held, step, check_new))

    def check_reference(self) -> None:
        """Need none: each word is compared with what was to be written."""

    def prepare(self, amount: int) -> None:
        """Make batches of so many parts."""
        self._amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        """Begin a batch, which may go over the end of a turn."""
        number, begin, left, checks = self._idle.popleft(), self._next, self._amount, 0
        record = self._records[number]
        clear: FaultRecord | None = record
        while left:
            end = min(self._next + left, len(self._parts))
            self._set_parameters(self._next, end)
            steps: list[Step | BitFlip] = []
            for part in range(self._next, end):
                done = self._amount - left + part - self._next
                here = flip if flip is not None and flip.word // self._part_words == done else None
                steps += self._steps(self._parts[part], number, here)
            checks += (end - self._next) * (2 if self._turn else 1)
            left -= end - self._next
            self._gpu.submit(steps, clear, None if left else record)
            clear = None
            self._next = end % len(self._parts)
            self._turn += self._next == 0
        self._under_way.append(_Batch(number, begin * self._part_words, checks))

    def _steps(self, part: _Part, record: int, flip: Flip | None) -> list[Step | BitFlip]:
        """Return the dispatches on a part in this turn."""
        flips: list[BitFlip] = []
        if flip is not None:
            flips = [BitFlip(part.buffer, 4 * (flip.word % self._part_words), flip.bit)]
        held_flips, new_flips = (flips, []) if flip is not None and flip.is_held else ([], flips)
        held: list[Step | BitFlip] = [*held_flips, part.check_held[record]] if self._turn else []
        # The second time undoes the flip, which the part would hold until its next turn.
        return [*held, part.write, *new_flips, part.check[record], *new_flips]

    def collect(self) -> Outcome:
        """Wait for the oldest batch."""
        batch = self._under_way.popleft()
        faults = self._records[batch.record].wait()
        if self.most == len(self._parts):
            faults = faults.based_on(batch.first_word)
        self._idle.append(batch.record)
        size = 4 * self._part_words
        written = size * self._amount
        transferred = 0 if faults.count else written + size * batch.checks
        return Outcome(0, transferred, faults, written)

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
        return (self._next * self._part_words + word) % (self._part_words * len(self._parts))

    def close(self) -> None:
        """Give the buffers back."""
        self._buffers.close()

    def _set_parameters(self, begin: int, end: int) -> None:
        """Tell the dispatches on some parts what these held, and what they are to hold."""
        turns = [filling(turn, self._seed) for turn in (max(0, self._turn - 1), self._turn)]
        data = b"".join(
            parameter_block(each.pattern, each.seed, number * self._part_words, each.inverted)
            for number in range(begin, end)
            for each in turns
        )
        self._gpu.write(self._parameters, begin * 2 * UNIFORM_STEP, data)
