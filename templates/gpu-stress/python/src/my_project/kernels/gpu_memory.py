"""`memory` on a GPU: patterns written over a whole allocation, read back and compared."""

from collections import deque
from dataclasses import dataclass

from .gpu import Gpu, Step, groups_over
from .gpu_buffers import UNIFORM_STEP, Buffer, Buffers, FaultRecord, parameter_block
from .patterns import filling
from .workload import Faults, Flip, Outcome, Workload

_SMALLEST_PART = 4 << 20  # bytes
_PAGE = 4096  # bytes
_PARTS = 256  # of an allocation, so that a pass over all of it is not many dispatches


@dataclass(frozen=True, slots=True)
class _Part:
    """A buffer, and the dispatches on it; a check for each of the records."""

    buffer: Buffer
    write: Step
    checks: tuple[Step, ...]


class GpuMemory(Workload):
    """Checks what the turn before has written, and writes the next, part by part.

    So a word is read back when the whole allocation was gone over in between. Only the first turn
    is checked as soon as it is written, for there is none before it.
    """

    depth = 2
    least = 1

    def __init__(self, gpu: Gpu, budget: int, seed: int) -> None:
        self._gpu, self._seed = gpu, seed
        self._amount, self._next, self._turn = 1, 0, 0
        self._under_way: deque[tuple[int, int]] = deque()
        self._parts: list[_Part] = []
        self._buffers = Buffers(gpu.device)
        with self._buffers.closed_on_error():
            self._allocate(budget)
        self.allocated = self._buffers.allocated
        # Places are told modulo 2^32, which is unique within one turn over any memory.
        wide = len(self._parts) * self._part_words > 1 << 32
        self.most = len(self._parts) if wide else 1 << 20

    def _allocate(self, budget: int) -> None:
        size = min(max(budget // _PARTS, _SMALLEST_PART), budget, self._gpu.largest_binding)
        size = size // _PAGE * _PAGE
        count = budget // size
        self._part_words: int = size // 4
        write, check = (self._gpu.pipeline("memory", entry) for entry in ("write", "check"))
        self._records = tuple(FaultRecord(self._buffers) for _ in range(self.depth))
        self._idle = deque(range(self.depth))
        parameters = self._buffers.uniforms([(0, 0, 0, 0)] * (2 * count))
        self._parameters = parameters[0][0]
        groups = groups_over(self._part_words)
        for number in range(count):
            buffer = self._buffers.storage(size)
            for_check, for_write = parameters[2 * number : 2 * number + 2]
            checks = tuple(
                self._gpu.step(check, [for_check, buffer, record.faults], groups)
                for record in self._records
            )
            step = self._gpu.step(write, [for_write, buffer], groups)
            self._parts.append(_Part(buffer, step, checks))

    def check_reference(self) -> None:
        """Need none: each word is compared with what was to be written."""

    def prepare(self, amount: int) -> None:
        """Make batches of so many parts."""
        self._amount = amount

    def submit(self) -> None:
        """Begin a batch, which may go over the end of a turn."""
        number = self._idle.popleft()
        record, begin, left = self._records[number], self._next, self._amount
        clear: FaultRecord | None = record
        while left:
            end = min(self._next + left, len(self._parts))
            left -= end - self._next
            steps = self._steps(self._next, end, number)
            self._gpu.submit(steps, clear, None if left else record)
            clear = None
            self._next = end % len(self._parts)
            self._turn += self._next == 0
        self._under_way.append((number, begin))

    def _steps(self, begin: int, end: int, record: int) -> list[Step]:
        """Return the dispatches on some parts of this turn."""
        self._set_parameters(begin, end, max(0, self._turn - 1), self._turn)
        steps: list[Step] = []
        for part in self._parts[begin:end]:
            both = [part.checks[record], part.write]
            steps += both if self._turn else both[::-1]
        return steps

    def collect(self) -> Outcome:
        """Wait for the oldest batch."""
        number, begin = self._under_way.popleft()
        faults = self._records[number].wait()
        if self.most == len(self._parts):
            faults = faults.based_on(begin * self._part_words)
        self._idle.append(number)
        transferred = 2 * 4 * self._part_words * self._amount
        return Outcome(0, 0 if faults.count else transferred, faults)

    @property
    def words(self) -> int:
        """Words of a part."""
        return self._part_words

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Write the first part and check it, with a bit of it flipped in between."""
        part, record = self._parts[0], self._records[0]
        self._set_parameters(0, 1, self._turn, self._turn)
        self._turn += 1
        self._gpu.submit([part.write])
        if flip is not None:
            self._gpu.flip(part.buffer, flip.word, flip.bit)
        self._gpu.submit([part.checks[0]], record, record)
        return record.wait()

    def close(self) -> None:
        """Give the buffers back."""
        self._buffers.close()

    def _set_parameters(self, begin: int, end: int, checked: int, written: int) -> None:
        """Tell the dispatches on some parts the turns that they check and write."""
        turns = [filling(turn, self._seed) for turn in (checked, written)]
        data = b"".join(
            parameter_block(each.pattern, each.seed, number * self._part_words, each.inverted)
            for number in range(begin, end)
            for each in turns
        )
        self._gpu.write(self._parameters, begin * 2 * UNIFORM_STEP, data)
