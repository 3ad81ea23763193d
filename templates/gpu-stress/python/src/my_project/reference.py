"""References in f64, and the tolerances that results are held to."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .generator import Values, Words, elements, start_values
from .precisions import ARITHMETIC, Precision

SAMPLES = 64
LANES = 32  # of an invocation of `fma`: 16 x and 16 y
CHAIN = 0.6180339887498949  # T of the map in fma.wgsl
_LARGEST = 4.0  # no value of a chain exceeds it
_MOST_PLACES = 16

Places = NDArray[np.int64]
Rounding = Callable[[Values], Values]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a sample of results compares with its reference."""

    samples: int
    largest_error: float | None
    """Nothing where a value was not finite."""
    tolerance: float
    """The least of those of the samples."""
    wrong: int
    places: tuple[int, ...]
    """The first that were wrong, as numbers of elements."""


def judge(values: Values, expected: Values, tolerance: Values, places: Places) -> Judgement:
    """Compare results with a reference; what is not finite is wrong."""
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        errors = np.abs(values - expected)
    wrong = np.flatnonzero(~(errors <= tolerance))
    finite = bool(np.isfinite(values).all())
    return Judgement(
        values.size,
        float(errors.max()) if finite else None,
        float(tolerance.min()),
        wrong.size,
        tuple(int(place) for place in places[wrong[:_MOST_PLACES]]),
    )


def sample_places(count: int, surely: list[int], seed: int) -> Places:
    """Return 64 of `count` places: some surely, and others at random."""
    drawn = np.random.default_rng(seed).integers(0, count, SAMPLES - len(surely))
    return np.concatenate([np.array(surely, dtype=np.int64), drawn])


def chains(invocations: Places, seed: int, steps: int, precision: Precision) -> Values:
    """Return the results of `fma` for invocations, 32 lanes each: first all x, then all y."""
    lanes = lanes_of(invocations).astype(np.uint32)
    x, y = np.split(start_values(lanes, seed), 2, axis=1)
    factor = chain_factor(precision)
    for _ in range(steps):
        x -= factor * y
        y += factor * x
    return np.concatenate([x, y], axis=1)


def lanes_of(invocations: Places) -> Places:
    """Return the numbers of all lanes of invocations, a row for each."""
    return invocations[:, None] * LANES + np.arange(LANES)


def judge_chains(
    values: Values, invocations: Places, seed: int, steps: int, precision: Precision
) -> Judgement:
    """Hold results of `fma` to the reference: all lanes of some invocations."""
    expected = chains(invocations, seed, steps, precision)
    tolerance = np.full(expected.size, chain_tolerance(steps, precision))
    return judge(values.ravel(), expected.ravel(), tolerance, lanes_of(invocations).ravel())


def chain_factor(precision: Precision) -> float:
    """Return T as the precision has it."""
    if precision is Precision.F64:
        return CHAIN
    return float(np.float16(CHAIN) if precision is Precision.F16 else np.float32(CHAIN))


def chain_tolerance(steps: int, precision: Precision) -> float:
    """Return how far a result of `fma` may be off after some steps.

    The map (x, y) -> (x - T y, y + T x') keeps x^2 - T x y + y^2, so its powers stretch a vector
    by k = sqrt((1 + T/2) / (1 - T/2)) at most, and no value exceeds M = 4. Each of the 2 n
    multiply-adds after n steps is off by 2 u M at most, as the product may be rounded too:
    |error| <= 4 n u M k. The reference of f64 is off as far itself.
    """
    half = chain_factor(precision) / 2
    stretch = float(np.sqrt((1 + half) / (1 - half)))
    bound = 4 * steps * ARITHMETIC[precision].unit * _LARGEST * stretch
    return 2 * bound if precision is Precision.F64 else bound


@dataclass(frozen=True, slots=True)
class Products:
    """A sample of elements of C = A B."""

    places: Places
    """Row times side plus column."""
    values: Values
    magnitudes: Values
    """The sums of |a| |b|."""


def products(side: int, seed: int, rounding: Rounding = lambda values: values) -> Products:
    """Return the corners of C and others at random; `rounding` is that of the elements."""
    corners = [0, side - 1, side * (side - 1), side * side - 1]
    places = sample_places(side * side, corners, seed)
    along = np.arange(side)
    rows = (places // side)[:, None] * side + along
    columns = side * side + along * side + (places % side)[:, None]
    left = rounding(elements(rows.astype(np.uint32), seed))
    right = rounding(elements(columns.astype(np.uint32), seed))
    return Products(
        places, np.einsum("ij,ij->i", left, right), np.einsum("ij,ij->i", abs(left), abs(right))
    )


def tiled_tolerance(found: Products, side: int, precision: Precision) -> Values:
    """Return how far elements may be off that matmul.wgsl makes.

    Sums of 16 products in the precision under test, and side/16 such sums in the type `total`:
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1.
    """
    is_f64 = precision is Precision.F64
    unit, total = ARITHMETIC[precision].unit, 2.0**-53 if is_f64 else 2.0**-24
    return (17 * unit + side / 16 * total) * found.magnitudes + unit * np.abs(found.values)


def library_tolerance(found: Products, side: int, precision: Precision) -> Values:
    """Return how far elements may be off where a library adds in an order of its own."""
    arithmetic = ARITHMETIC[precision]
    rounded = arithmetic.unit * np.abs(found.values)
    return side * arithmetic.total_unit * found.magnitudes + rounded


def as_counters(first: int, count: int) -> Words:
    """Return `count` counters from the first one on; they wrap around at 32 bits."""
    return np.arange(first, first + count, dtype=np.int64).astype(np.uint32)
