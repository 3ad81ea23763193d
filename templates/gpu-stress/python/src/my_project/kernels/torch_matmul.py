"""`matmul` through torch, which calls the library of the device's maker."""

import time
from typing import Any

import numpy as np
import torch

from my_project import reference
from my_project.errors import DeviceError
from my_project.generator import Values
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import PERIOD, Judgement

from .sides import largest_side
from .workload import MOST_PLACES, Faults, Flip, Outcome, Workload

_MATRICES = 4  # A, B, the first C, and one that is compared with it
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
            self._side = largest_side(self._room, _MATRICES + 1, self._time)
            self._left, self._right = self._operands(self._side)
            self._first = self._left @ self._right
            size = int(self._first.nbytes)
            shape = (max(1, budget // size - _MATRICES + 1), self._side, self._side)
            self._products = torch.empty(shape, dtype=self._dtype, device=device)
            _wait(device)
        except RuntimeError as error:
            if "memory" in str(error):  # on the CPU, torch has no type of its own for it
                raise MemoryError(str(error)) from error
            raise DeviceError(str(error)) from error
        self._words = size // 4
        self._amount, self._next = 1, 0
        self._outcome = Outcome(0, 0, Faults())
        self.allocated = 3 * size + self._products.nbytes

    def _room(self, side: int) -> int:
        return self._budget // (side * side * ARITHMETIC[self._precision].size)

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
        left, right = (
            torch.from_numpy(each).to(self._dtype).to(self._device)
            for each in reference.operands(side, self._seed)
        )
        repeats = side // PERIOD
        return left.repeat(repeats, 1), right.repeat(1, repeats)

    def _rounded(self, values: Values) -> Values:
        """Return elements as the precision holds them; bf16 has fewer bits than they have."""
        return np.asarray(torch.from_numpy(values).to(self._dtype).double().numpy())

    def check_reference(self) -> Judgement:
        """Hold the first product to the reference."""
        tile = reference.product_tile(self._side, self._seed, self._rounded)
        tolerance = reference.library_tolerance(tile, self._precision)
        strips = self._first.split(PERIOD)
        return reference.judge_strips(
            (each.double().cpu().numpy() for each in strips), tile, tolerance
        )

    def prepare(self, amount: int) -> None:
        """Make batches of so many products."""
        self._amount = amount

    def submit(self, flip: Flip | None = None) -> None:
        """Run a batch: products, each compared with the first one."""
        faults = Faults()
        for number in range(self._amount):
            product = self._products[self._next]
            torch.matmul(self._left, self._right, out=product)
            if flip is not None and flip.word // self._words == number:
                mask = int(np.uint32(1 << flip.bit).astype(np.int32))  # the highest bit is the sign
                _as_words(product)[flip.word % self._words] ^= mask
            faults += self._compare(product)
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
        """Give the memory back to the device."""
        del self._left, self._right, self._first, self._products
        if self._device != "cpu":
            torch.cuda.empty_cache()

    def _compare(self, product: Tensor) -> Faults:
        different = _as_words(self._first) != _as_words(product)
        count = int(different.count_nonzero())  # waits for the device
        if not count:
            return Faults()
        return Faults(count, tuple(different.nonzero().reshape(-1)[:MOST_PLACES].tolist()))


def _choose_arithmetic(precision: Precision) -> None:
    """Have sums made in f32 throughout, and tf32 only where it is asked for."""
    matmul = torch.backends.cuda.matmul
    matmul.allow_tf32 = precision is Precision.TF32
    matmul.allow_fp16_reduced_precision_reduction = False
    matmul.allow_bf16_reduced_precision_reduction = False


def _as_words(matrix: Tensor) -> Tensor:
    return matrix.reshape(-1).view(torch.int32)


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)
