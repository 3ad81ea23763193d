"""Faults that `gpu-stress` must find: wrong shaders, flipped bits, slow kernels."""

import re

import pytest

from contracts.gpu_runs import GPU, LITTLE, Subject
from helpers import LONG_TESTS


@pytest.mark.parametrize("command", ["cpu", "gpu"])
def test_selftest_catches_every_flip(tested: Subject, command: str) -> None:
    """And nothing where there was no flip."""
    rounds = 100 if LONG_TESTS else 10
    more = ["--allow-software"] if command == "gpu" else []
    words = ("selftest", command, *more, "--rounds", str(rounds))
    ran = tested.shared(*words)
    assert (ran.status, ran.report["command"]) == (0, f"selftest {command}")
    flips = {"flips": 3 * rounds, "caught": 3 * rounds}
    assert ran.device["selftest"] == {**flips, "rounds_without": 3 * rounds, "false_alarms": 0}
    text = (
        f"caught {3 * rounds} of {3 * rounds} flips; 0 false alarms in {3 * rounds} rounds without"
    )
    assert text in ran.stdout


def test_a_kernel_that_computes_wrongly_is_a_fault(broken: Subject) -> None:
    """Each kernel by itself, named in the verdict, with its first addresses; also with `--quiet`.

    Of `fma`, f64 is off at once, and f32 in a word of each batch.
    """
    # So little memory that it is gone over many times.
    words = ("gpu", "--allow-software", "--memory-fraction", "0.0001", "--duration", "2.5s")
    ran = broken.shared(*words, "--precision", "f64", "--precision", "f32", "--quiet")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert re.fullmatch(r"(error: .+\n)+", ran.stderr), ran.stderr
    for kernel in ran.device["kernels"]:
        assert f"{kernel['kernel']} {kernel['precision'] or ''}".strip() in ran.reasons
        assert kernel["errors"] > 0, kernel
        assert kernel["first_addresses"], kernel
        assert kernel["operations"] == 0  # nothing of it is verified
    fma64, fma32, *matmuls, memory = ran.device["kernels"]
    for each in (fma64, *matmuls):
        assert each["reference"]["largest_error"] > each["reference"]["tolerance"]
        assert each["batches"] == 0
    assert fma32["errors"] > fma32["batches"] > 0  # those of the warm-up count too
    assert set(fma32["first_addresses"]) == {7}
    assert set(memory["first_addresses"]) == {5}
    assert ran.reasons in ran.stdout or all(each in ran.stdout for each in ran.reasons.split("\n"))


def test_selftest_tells_a_blind_comparison(broken: Subject) -> None:
    """Flips that are missed make it fail, and false alarms too."""
    ran = broken.shared("selftest", "gpu", "--allow-software", "--rounds", "3")
    assert ran.status == 1
    found = ran.device["selftest"]
    assert found["caught"] < found["flips"]
    # Of `fma` and `matmul`; and of `memory` in each round that writes its spoilt word.
    assert 2 * 3 <= found["false_alarms"] <= 3 * 3
    assert f"caught {found['caught']} of {found['flips']} flips" in ran.stdout


@pytest.mark.parametrize("command", ["cpu", "gpu"])
def test_throughput_below_what_was_asked_is_a_fault(tested: Subject, command: str) -> None:
    """Each kernel's median is held to it."""
    words = (command, *(GPU if command == "gpu" else LITTLE), "--duration", "0.5s")
    ran = tested.report(*words, "--kernel", "fma", "--min-throughput", "9.5P")
    assert ran.status == 1
    assert re.search("fma f32.* 9500.* TFLOP/s", ran.reasons), ran.reasons
    if command == "cpu":
        ran = tested.report(*words, "--kernel", "matmul", "--min-throughput", "1.5k")
        assert ran.status == 0
