"""The precisions, and what their arithmetic is worth."""

from dataclasses import dataclass
from enum import StrEnum


class Precision(StrEnum):
    """A form of numbers."""

    F64 = "f64"
    F32 = "f32"
    TF32 = "tf32"
    BF16 = "bf16"
    F16 = "f16"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What a tolerance is made of."""

    unit: float
    """Half the distance from 1 to the next number: the largest relative error of rounding."""
    total_unit: float
    """The same of the numbers that sums are added up in."""
    chain_steps: int
    """As many steps of `fma` are held to the reference."""
    size: int
    """Bytes of a number."""


ARITHMETIC = {
    Precision.F64: Arithmetic(2.0**-53, 2.0**-53, 1024, 8),
    Precision.F32: Arithmetic(2.0**-24, 2.0**-24, 1024, 4),
    # Elements have ten bits, which tf32 holds; the result is an f32.
    Precision.TF32: Arithmetic(2.0**-24, 2.0**-24, 1024, 4),
    Precision.BF16: Arithmetic(2.0**-8, 2.0**-24, 32, 2),
    Precision.F16: Arithmetic(2.0**-11, 2.0**-24, 32, 2),
}
