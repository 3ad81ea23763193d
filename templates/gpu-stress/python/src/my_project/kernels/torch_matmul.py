"""`matmul` through torch, which calls the library of the device's maker."""

import time
from typing import Any

import numpy as np
import torch

from my_project import reference
from my_project.errors import DeviceError
from my_project.generator import Values, elements
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import Judgement, as_counters

from .workload import MOST_PLACES, Faults, Flip, Outcome, Workload

_SMALLEST, _LARGEST = 256, 8192
_LONG = 0.060  # seconds: a product that takes longer leaves no room for a batch of several
_DTYPES = {
    Precision.F64: torch.float64,
    Precision.F32: torch.float32,
    Precision.TF32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.F16: torch.float16,
}
Tensor = Any  # torch may be absent where types are checked


class TorchMatmul(Workload):
    """Products into as many C as the memory holds, each held to the first one."""

    least, most = 1, 1 << 20

    def __init__(self, device: str, precision: Precision, budget: int, seed: int) -> None:
        self._device, self._precision, self._seed, self._budget = device, precision, seed, budget
        self._dtype = _DTYPES[precision]
        _choose_arithmetic(precision)
        try:
            self._side = self._largest_side()
            self._left, self._right = self._operands(self._side)
            self._first = self._left @ self._right
            size = self._first.nbytes
            shape = (max(1, budget // size - 3), self._side, self._side)
            self._products = torch.empty(shape, dtype=self._dtype, device=device)
            _wait(device)
        except RuntimeError as error:
            if "memory" in str(error):  # on the CPU, torch has no type of its own for it
                raise MemoryError(str(error)) from error
            raise DeviceError(str(error)) from error
        self._amount, self._next = 1, 0
        self._outcome = Outcome(0, 0, Faults())
        self.allocated = 3 * size + self._products.nbytes

    def _largest_side(self) -> int:
        """Return the largest side whose product is quick enough, and whose matrices have room."""
        side = _SMALLEST
        while side < _LARGEST and self._fits(2 * side) and 8 * self._time(side) <= _LONG:
            side *= 2
        return side

    def _fits(self, side: int) -> bool:
        return 5 * side * side * ARITHMETIC[self._precision].size <= self._budget

    def _time(self, side: int) -> float:
        """Return how long a product takes, the second time."""
        left, right = self._operands(side)
        out = left @ right
        _wait(self._device)
        begin = time.monotonic()
        torch.matmul(left, right, out=out)
        _wait(self._device)
        return time.monotonic() - begin

    def _operands(self, side: int) -> tuple[Tensor, Tensor]:
        count = side * side
        left, right = (
            torch.from_numpy(elements(as_counters(first, count), self._seed))
            .to(self._dtype)
            .reshape(side, side)
            .to(self._device)
            for first in (0, count)
        )
        return left, right

    def _rounded(self, values: Values) -> Values:
        """Return elements as the precision holds them; bf16 has fewer bits than they have."""
        return np.asarray(torch.from_numpy(values).to(self._dtype).double().numpy())

    def check_reference(self) -> Judgement:
        """Hold 64 elements of the first product to the reference."""
        expected = reference.products(self._side, self._seed, self._rounded)
        places = torch.from_numpy(expected.places).to(self._device)
        found = self._first.reshape(-1)[places].double().cpu().numpy()
        tolerance = reference.library_tolerance(expected, self._side, self._precision)
        return reference.judge(found, expected.values, tolerance, expected.places)

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self) -> None:
        """Run a batch: products, each compared with the first one."""
        faults = Faults()
        for _ in range(self._amount):
            number = self._next
            torch.matmul(self._left, self._right, out=self._products[number])
            faults += self._faults(number)
            self._next = (number + 1) % len(self._products)
        work = 2 * self._side**3 * self._amount
        self._outcome = Outcome(0 if faults.count else work, 0, faults)

    def collect(self) -> Outcome:
        """Return what the batch did."""
        return self._outcome

    @property
    def words(self) -> int:
        """Words of a product."""
        return int(self._first.nbytes) // 4

    def run_flipped(self, flip: Flip | None) -> Faults:
        """Make a product into the first C, with a bit of it flipped before the comparison."""
        torch.matmul(self._left, self._right, out=self._products[0])
        if flip is not None:
            mask = int(np.uint32(1 << flip.bit).astype(np.int32))  # the highest bit is the sign
            _words(self._products[0])[flip.word] ^= mask
        return self._faults(0)

    def close(self) -> None:
        """Give the memory back to the device."""
        del self._left, self._right, self._first, self._products
        if self._device != "cpu":
            torch.cuda.empty_cache()

    def _faults(self, number: int) -> Faults:
        different = _words(self._first) != _words(self._products[number])
        count = int(different.count_nonzero())  # waits for the device
        if not count:
            return Faults()
        places = different.nonzero().reshape(-1)[:MOST_PLACES].tolist()
        return Faults(count, tuple(number * self.words + place for place in places))


def _choose_arithmetic(precision: Precision) -> None:
    """Have sums made in f32 throughout, and tf32 only where it is asked for."""
    matmul = torch.backends.cuda.matmul
    matmul.allow_tf32 = precision is Precision.TF32
    matmul.allow_fp16_reduced_precision_reduction = False
    matmul.allow_bf16_reduced_precision_reduction = False


def _words(matrix: Tensor) -> Tensor:
    return matrix.reshape(-1).view(torch.int32)


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)
