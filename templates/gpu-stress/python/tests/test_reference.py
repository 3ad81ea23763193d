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
    for seed in range(16):
        for steps in range(0, 64, 7):
            assert np.abs(reference.chains(seed, steps, Precision.F64)).max() < 4


@pytest.mark.parametrize("precision", CHAINED)
def test_the_tolerance_of_chains_tells_a_wrong_constant(precision: Precision) -> None:
    """A factor that is off by a hundred roundings is seen in every precision."""
    steps = ARITHMETIC[precision].chain_steps
    good = reference.chains(5, steps, precision)
    assert reference.judge_chains(good, 5, steps, precision).wrong == 0
    starts = start_values(as_counters(0, 64 * 32), 5).reshape(64, 32)
    x, y = np.split(starts, 2, axis=1)
    factor = reference.chain_factor(precision) * (1 + 100 * ARITHMETIC[precision].unit)
    for _ in range(steps):
        x -= factor * y
        y += factor * x
    bad = np.concatenate([x, y], axis=1)
    assert reference.judge_chains(bad, 5, steps, precision).wrong > 0


def test_every_lane_of_chains_is_judged() -> None:
    good = reference.chains(5, 32, Precision.F16)
    good[63, 31] += 1
    found = reference.judge_chains(good, 5, 32, Precision.F16)
    assert (found.samples, found.wrong, found.places) == (2048, 1, (2047,))


@pytest.mark.parametrize("precision", CHAINED)
@pytest.mark.parametrize("side", [256, 8192])
def test_the_tolerance_of_products_is_below_what_they_are(precision: Precision, side: int) -> None:
    tile = reference.product_tile(side, 7)
    typical = np.abs(tile.values).mean()
    assert reference.tiled_tolerance(tile, precision).max() < typical / 2
    assert reference.library_tolerance(tile, precision).max() < typical / 2


@pytest.mark.parametrize("side", [4096, 8192])
def test_sixteen_products_that_are_missing_are_seen_in_f16(side: int) -> None:
    """Wherever they are missing, and although the tolerance holds for what the shader does."""
    seed = side + 1
    left, right = (each.astype(np.float16) for each in reference.operands(side, seed))
    tile = reference.product_tile(side, seed)
    tolerance = reference.tiled_tolerance(tile, Precision.F16)
    total, missing = np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)
    for begin in range(0, side, 16):
        part = np.zeros((64, 64), np.float16)
        for k in range(begin, begin + 16):
            part += left[:, k, None] * right[k]
        total += part
        if begin in {0, side // 2, side - 16}:
            missing = part.astype(np.float32)
            less = (tile.values - missing).astype(np.float16)
            found = reference.judge_strips(less[None], tile, tolerance)
            assert found.wrong > 0
            assert found.places
    right_one = reference.judge_strips(total.astype(np.float16)[None], tile, tolerance)
    assert right_one.wrong == 0
    assert right_one.samples == 64 * 64
    assert right_one.largest_error is not None
    assert right_one.largest_error > ARITHMETIC[Precision.F16].unit


def test_a_tile_is_what_a_product_of_whole_matrices_repeats() -> None:
    side, seed = 256, 9
    a, b = reference.operands(side, seed)
    np.testing.assert_array_equal(a.ravel(), elements(as_counters(0, 64 * side), seed))
    np.testing.assert_array_equal(b.ravel(), elements(as_counters(64 * side, 64 * side), seed))
    product = np.tile(a, (4, 1)) @ np.tile(b, (1, 4))
    tile = reference.product_tile(side, seed)
    np.testing.assert_array_equal(product, np.tile(tile.values, (4, 4)))
    np.testing.assert_allclose(tile.magnitudes, np.abs(a) @ np.abs(b))
    sums = [np.abs(a[:, at : at + 16]) @ np.abs(b[at : at + 16]) for at in range(0, side, 16)]
    np.testing.assert_allclose(tile.squares, np.square(sums).sum(axis=0))


def test_every_element_of_a_product_is_judged() -> None:
    side = 256
    tile = reference.product_tile(side, 7)
    tolerance = reference.library_tolerance(tile, Precision.F32)
    product = np.tile(tile.values, (4, 4)).astype(np.float32)
    strips = product.reshape(-1, 64, side)
    good = reference.judge_strips(strips, tile, tolerance)
    assert (good.samples, good.wrong, good.places) == (side * side, 0, ())
    product[200, 131] += 1
    product[255, 255] = np.inf
    found = reference.judge_strips(strips, tile, tolerance)
    assert (found.wrong, found.places) == (2, (200 * side + 131, side * side - 1))
    assert (found.largest_error, found.tolerance) == (None, good.tolerance)


def test_what_is_not_finite_is_wrong() -> None:
    ones = np.ones(4)
    values = np.array([1, np.nan, np.inf, 1.5])
    found = reference.judge(values, ones, ones / 4, 10)
    assert (found.wrong, found.places, found.largest_error) == (3, (11, 12, 13), None)
