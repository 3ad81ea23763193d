"""Words of the command line become numbers, or are refused."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.errors import UsageError
from my_project.kernels.names import Kernel
from my_project.precisions import Precision
from my_project.settings import (
    Backend,
    parse_backend,
    parse_devices,
    parse_kernels,
    parse_precisions,
)
from my_project.units import (
    format_throughput,
    parse_duration,
    parse_number,
    parse_throughput,
    parse_whole,
)

ANY_WORD = st.text(alphabet=string.printable + "٣²½∞", max_size=8)


@given(st.integers(1, 999_999), st.sampled_from("smh"))
def test_a_duration_is_a_number_and_a_unit(number: int, unit: str) -> None:
    seconds = number * {"s": 1, "m": 60, "h": 3600}[unit]
    if seconds <= 3_600_000:
        assert parse_duration(f"{number}{unit}") == seconds
        assert parse_duration(f"{number}.0{unit}") == seconds
    else:
        with pytest.raises(UsageError):
            parse_duration(f"{number}{unit}")


@given(ANY_WORD)
def test_any_word_is_a_number_in_range_or_wrong_usage(word: str) -> None:
    with suppress(UsageError):
        assert 0 < parse_duration(word) <= 3_600_000
    with suppress(UsageError):
        assert 0 < parse_throughput(word) < float("inf")
    with suppress(UsageError):
        assert 0 < parse_number("--memory-fraction", word, 0, 1) <= 1
    with suppress(UsageError):
        assert 1 <= parse_whole("--threads", word, 1024) <= 1024


@pytest.mark.parametrize(
    "word",
    [
        "0",
        "0s",
        "-1s",
        "5 min",
        "1e9h",
        "1001h",
        ".5s",
        "5.s",
        "5",
        "s",
        "1.5.s",
        "٣s",
        "nan",
        "1s\n",
        "",
    ],
)
def test_these_are_no_durations(word: str) -> None:
    with pytest.raises(UsageError, match="--duration"):
        parse_duration(word)


@pytest.mark.parametrize("word", ["0", "1.5", "nan", "-0.1", "1e-3", "", "½", "inf", "0.0"])
def test_these_are_no_fractions(word: str) -> None:
    with pytest.raises(UsageError, match="--memory-fraction"):
        parse_number("--memory-fraction", word, 0, 1)


@pytest.mark.parametrize("word", ["0", "1025", "-1", "1.0", "1_0", " 1", "", "9" * 30])
def test_these_are_no_numbers_of_threads(word: str) -> None:
    with pytest.raises(UsageError, match="--threads"):
        parse_whole("--threads", word, 1024)


@pytest.mark.parametrize("word", ["0", "x", "9.5t", "1" + "0" * 31, "1" + "0" * 16 + "P"])
def test_these_are_no_rates(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_throughput(word)
    what = "not a rate above 0 such as 9.5T (k, M, G, T, P)"
    assert str(caught.value) == f"--min-throughput {word}: {what}"


def test_the_limits_of_a_number_are_told() -> None:
    for option, limits, told in (
        ("--memory-fraction", (0, 1), "not a number more than 0 and at most 1"),
        ("--max-temperature", (1, 150), "not a number from 1 to 150"),
    ):
        with pytest.raises(UsageError) as caught:
            parse_number(option, "0", *limits)
        assert str(caught.value) == f"{option} 0: {told}"


@given(st.floats(1, 9.99e14))
def test_a_printed_rate_can_be_read_again(rate: float) -> None:
    number, unit = format_throughput(rate, "operations/s").split()
    again = parse_throughput(number + unit[0]) if float(number) else 0
    assert abs(again - rate) <= 0.006 * (1e12 if unit[0] == "T" else 1e9)


def test_kernels_come_in_the_order_given() -> None:
    assert parse_kernels(None, Backend.WGPU) == tuple(Kernel)
    assert parse_kernels(["memory", "fma"], Backend.WGPU) == (Kernel.MEMORY, Kernel.FMA)
    assert parse_kernels(None, Backend.TORCH) == (Kernel.MATMUL,)
    assert parse_precisions(None) == (Precision.F32,)
    assert parse_devices(None) == ("all",)
    assert parse_backend("torch", Backend.NATIVE) is Backend.TORCH


def test_what_is_unknown_or_repeated_is_wrong_usage() -> None:
    for words in (["fma", "fma"], ["fft"]):
        with pytest.raises(UsageError, match="--kernel"):
            parse_kernels(words, Backend.WGPU)
    with pytest.raises(UsageError, match="matmul alone"):
        parse_kernels(["fma"], Backend.TORCH)
    with pytest.raises(UsageError, match="--precision"):
        parse_precisions(["f8"])
    with pytest.raises(UsageError, match="--backend"):
        parse_backend("native", Backend.WGPU)
    for devices in (["0", "0"], [""], ["-1"], ["all", "0"]):
        with pytest.raises(UsageError, match="--device"):
            parse_devices(devices)
