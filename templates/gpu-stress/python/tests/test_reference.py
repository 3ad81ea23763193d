"""The generator is that of the shaders, and the tolerances hold without being vacuous."""

import numpy as np
import pytest

from my_project import reference
from my_project.generator import elements, random_words, start_values
from my_project.kernels.gpu import Gpu, groups_over
from my_project.kernels.gpu_buffers import Buffers
from my_project.kernels.patterns import Pattern
from my_project.precisions import ARITHMETIC, Precision
from my_project.reference import as_counters

COUNTERS = as_counters(0, 1 << 16)
CHAINED = [Precision.F64, Precision.F32, Precision.F16]


@pytest.mark.parametrize("seed", [0, 1, 0xFFFFFFFF])
def test_the_device_makes_the_same_random_words(gpu: Gpu, seed: int) -> None:
    buffers = Buffers(gpu.device)
    words = buffers.storage(4 * COUNTERS.size)
    offset = 0xFFFFFF00  # counters wrap around
    parameters = buffers.uniform(Pattern.RANDOM, seed, offset, 0)
    pipeline = gpu.pipeline("memory", "write")
    gpu.submit([gpu.step(pipeline, [parameters, words], groups_over(COUNTERS.size))])
    found = np.frombuffer(gpu.read(words, 0, 4 * COUNTERS.size), np.uint32)
    np.testing.assert_array_equal(found, random_words(COUNTERS + np.uint32(offset), seed))
    buffers.close()


def test_starts_and_elements_are_spread_and_exact_in_every_precision() -> None:
    starts, matrix = start_values(COUNTERS, 3), elements(COUNTERS, 3)
    assert 1 <= starts.min() < 1.01
    assert 1.99 < starts.max() < 2
    assert -1 <= matrix.min() < -0.99
    assert 0.99 < matrix.max() < 1
    assert abs(starts.mean() - 1.5) < 0.01
    assert abs(matrix.mean()) < 0.01
    for values in (starts, matrix):
        np.testing.assert_array_equal(values.astype(np.float16).astype(np.float64), values)


def test_no_chain_exceeds_the_largest_value() -> None:
    places = np.arange(1000)
    for steps in range(0, 64, 7):
        assert np.abs(reference.chains(places, 1, steps, Precision.F64)).max() < 4


@pytest.mark.parametrize("precision", CHAINED)
def test_the_tolerance_of_chains_tells_a_wrong_constant(precision: Precision) -> None:
    """A factor that is off by a hundred roundings is seen in every precision."""
    places, steps = np.arange(64), ARITHMETIC[precision].chain_steps
    good = reference.chains(places, 5, steps, precision)
    assert reference.judge_chains(good, places, 5, steps, precision).wrong == 0
    starts = start_values(reference.lanes_of(places).astype(np.uint32), 5)
    x, y = np.split(starts, 2, axis=1)
    factor = reference.chain_factor(precision) * (1 + 100 * ARITHMETIC[precision].unit)
    for _ in range(steps):
        x -= factor * y
        y += factor * x
    bad = np.concatenate([x, y], axis=1)
    assert reference.judge_chains(bad, places, 5, steps, precision).wrong > 0


@pytest.mark.parametrize("precision", [Precision.F64, Precision.F32, Precision.F16])
def test_the_tolerance_of_products_is_below_what_they_are(precision: Precision) -> None:
    side = 256
    found = reference.products(side, 7)
    tiled = reference.tiled_tolerance(found, side, precision)
    library = reference.library_tolerance(found, side, precision)
    typical = np.abs(found.values).mean()
    assert tiled.max() < typical / 4
    assert library.max() < typical / 4
    assert reference.judge(found.values, found.values, tiled, found.places).wrong == 0


def test_samples_have_the_corners_and_are_right() -> None:
    side, seed = 256, 9
    found = reference.products(side, seed)
    assert found.places.size == reference.SAMPLES
    assert {0, side - 1, side * (side - 1), side * side - 1} <= set(found.places.tolist())
    a, b = elements(as_counters(0, 2 * side * side), seed).reshape(2, side, side)
    np.testing.assert_array_equal(found.values, (a @ b).reshape(-1)[found.places])


def test_what_is_not_finite_is_wrong() -> None:
    ones = np.ones(4)
    values = np.array([1, np.nan, np.inf, 1.5])
    found = reference.judge(values, ones, ones / 4, np.array([10, 11, 12, 13]))
    assert (found.wrong, found.places, found.largest_error) == (3, (11, 12, 13), None)
