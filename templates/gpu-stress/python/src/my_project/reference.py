"""References in f64, and the tolerances that first results are held to, each element of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .generator import Values, Words, elements, start_values
from .precisions import ARITHMETIC, Precision

PERIOD = 64  # the input repeats itself after so many invocations, rows of A and columns of B
LANES = 32  # of an invocation of `fma`: 16 x and 16 y
CHAIN = 0.6180339887498949  # T of the map in fma.wgsl
_LARGEST = 4.0  # no value of a chain exceeds it
_DEPTH = 16  # products that matmul.wgsl adds in the precision under test
_DEVIATIONS = 8  # of Hoeffding's inequality: 2 exp(-8^2 / 2) is one element in 10^13
_MOST_PLACES = 16

Rounding = Callable[[Values], Values]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How results compare with their reference."""

    samples: int
    largest_error: float | None
    """Nothing where a value was not finite."""
    tolerance: float
    """The least of those of the samples."""
    wrong: int
    places: tuple[int, ...]
    """The first that were wrong, as numbers of elements."""

    def __add__(self, other: "Judgement") -> "Judgement":
        errors = self.largest_error, other.largest_error
        return Judgement(
            self.samples + other.samples,
            None if None in errors else max(each for each in errors if each is not None),
            min(self.tolerance, other.tolerance),
            self.wrong + other.wrong,
            (*self.places, *other.places)[:_MOST_PLACES],
        )


def judge(values: Values, expected: Values, tolerance: Values, begin: int = 0) -> Judgement:
    """Compare results with a reference, which may have one row for many; uses up `values`.

    What is not finite is wrong. The first result has the number `begin`.
    """
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        errors = np.abs(np.subtract(values, expected, out=values), out=values)
    largest, wrong = float(errors.max()), np.flatnonzero(~(errors <= tolerance))
    return Judgement(
        values.size,
        largest if np.isfinite(largest) else None,
        float(tolerance.min()),
        wrong.size,
        tuple(begin + int(place) for place in wrong[:_MOST_PLACES]),
    )


def chains(seed: int, steps: int, precision: Precision) -> Values:
    """Return the results of `fma`, a row for each of the 64 invocations: all x, then all y."""
    starts = start_values(as_counters(0, PERIOD * LANES), seed).reshape(PERIOD, LANES)
    x, y = np.split(starts, 2, axis=1)
    factor = chain_factor(precision)
    for _ in range(steps):
        x -= factor * y
        y += factor * x
    return np.concatenate([x, y], axis=1)


def judge_chains(values: Values, seed: int, steps: int, precision: Precision) -> Judgement:
    """Hold results of `fma` to the reference: a row for each of the 64 invocations."""
    tolerance = np.float64(chain_tolerance(steps, precision))
    return judge(values, chains(seed, steps, precision), np.asarray(tolerance))


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
class Tile:
    """The 64 x 64 elements that C = A B repeats, which f64 holds exactly."""

    side: int
    """Of the whole matrices."""
    values: Values
    magnitudes: Values
    """The sums of |a| |b|."""
    squares: Values
    """The sums of the squares of such sums over 16 products each."""


def operands(side: int, seed: int) -> tuple[Values, Values]:
    """Return the rows that A repeats, and the columns that B does: 64 x side, side x 64."""
    count = PERIOD * side
    left, right = (elements(as_counters(first, count), seed) for first in (0, count))
    return left.reshape(PERIOD, side), right.reshape(side, PERIOD)


def product_tile(side: int, seed: int, rounding: Rounding = lambda values: values) -> Tile:
    """Return the tile for matrices of a side; `rounding` is that of the elements."""
    left, right = (rounding(each) for each in operands(side, seed))
    # Not by the BLAS, which ends the process where a limit of memory leaves no room for it.
    by_depth = np.abs(left).reshape(PERIOD, -1, _DEPTH)
    sums = np.einsum("idk,dkj->dij", by_depth, np.abs(right).reshape(-1, _DEPTH, PERIOD))
    magnitudes = sums.sum(axis=0)
    values = np.einsum("ik,kj->ij", left, right)
    return Tile(side, values, magnitudes, np.square(sums, out=sums).sum(axis=0))


def tiled_tolerance(tile: Tile, precision: Precision) -> Values:
    """Return how far elements may be off that matmul.wgsl makes.

    Of the 32 roundings of 16 products that are added in the precision under test, each is off by
    u s at most, where s is the sum of |a| |b|; then there are side/16 sums in the type `total`.
    Roundings are independent and of mean zero (Higham and Mary, A New Approach to Probabilistic
    Rounding Error Analysis, 2019), so Hoeffding's inequality holds.
    """
    unit = ARITHMETIC[precision].unit
    total = 2.0**-53 if precision is Precision.F64 else 2.0**-24
    within = _DEVIATIONS * unit * np.sqrt(2 * _DEPTH * tile.squares)
    across = _DEVIATIONS * total * np.sqrt(tile.side / _DEPTH) * tile.magnitudes
    return np.asarray(within + across + unit * np.abs(tile.values))


def library_tolerance(tile: Tile, precision: Precision) -> Values:
    """Return how far elements may be off where a library adds in an order of its own."""
    arithmetic = ARITHMETIC[precision]
    within = _DEVIATIONS * arithmetic.total_unit * np.sqrt(2 * tile.side) * tile.magnitudes
    return np.asarray(within + arithmetic.unit * np.abs(tile.values))


def judge_strips(strips: Iterable[NDArray[Any]], tile: Tile, tolerance: Values) -> Judgement:
    """Hold a whole C to the tile that it repeats, in strips of 64 rows: little memory at once."""
    whole = Judgement(0, 0.0, float(tolerance.min()), 0, ())
    for strip in strips:
        blocks = strip.astype(np.float64).reshape(PERIOD, -1, PERIOD)
        whole += judge(blocks, tile.values[:, None], tolerance[:, None], whole.samples)
    return whole


def as_counters(first: int, count: int) -> Words:
    """Return `count` counters from the first one on; they wrap around at 32 bits."""
    return np.arange(first, first + count, dtype=np.int64).astype(np.uint32)
