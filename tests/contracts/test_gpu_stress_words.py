"""The words of `gpu-stress`: help, wrong usage, and what is not there."""

from pathlib import Path

import pytest

from contracts.gpu_nvml import OTHER_UUID, UUID
from contracts.gpu_runs import Of, Subject, one_error
from helpers import LONG_TESTS
from scaffold import catalog


def test_help_and_version(tested: Subject) -> None:
    """On standard output; no words at all are a wish for help."""
    name = Path(tested.words[0]).name
    ran = tested.run("--version")
    assert (ran.status, ran.stdout, ran.stderr) == (0, f"{name} 0.1.0\n", "")
    whole = tested.run("--help")
    assert tested.run().stdout == whole.stdout
    for words in ([], ["cpu"], ["gpu"], ["tgpu"], ["list"], ["selftest"], ["report"]):
        ran = tested.run(*words, "--help")
        assert (ran.status, ran.stderr) == (0, "")
        assert name in ran.stdout
        assert all(option in ran.stdout for option in OPTIONS.get(" ".join(words), [])), ran.stdout
    assert all(command in whole.stdout for command in ("cpu", "gpu", "tgpu", "list", "selftest"))


def test_the_last_of_an_option_given_again_counts(tested: Subject, tmp_path: Path) -> None:
    """As with most programs, so that an alias can be overruled; the first one is not even tried."""
    first, last = tmp_path / "missing" / "first.json", tmp_path / "last.json"
    ran = tested.run("list", "--json", str(first), "--json", str(last))
    assert (ran.status, ran.stderr) == (0, "")
    assert last.exists()


RUNS = ["--duration", "--kernel", "--precision", "--memory-fraction", "--max-temperature",
        "--min-throughput", "--backend", "--json", "--quiet"]  # fmt: skip
OPTIONS = {
    "cpu": [*RUNS, "--threads"],
    "gpu": [*RUNS, "--device", "--sensors", "--allow-software"],
    "tgpu": [*RUNS, "--device", "--sensors", "--allow-software", "--threads"],
    "list": ["--json"],
    "report": ["--svg"],
}

WRONG = [
    *(f"cpu --duration {text}" for text in (
        "0", "0s", "0.0s", "-1", "-1s", "5_min", "5min", "1e9h", "1001h", "1000.1h", "60001m", "s",
        "60", "1.2.3s", "\u0663s", "nans", "infs", "1_s", "+1s", "1d", ".5s", "5.s", "1S", "''")),
    *(f"cpu --memory-fraction {text}" for text in (
        "0", "0.0", "1.5", "1.0000001", "nan", "inf", "-0.1", "50%", "1e-3", "''", "\uff11")),
    *(f"cpu --threads {text}" for text in ("0", "-1", "1025", "1.5", "x", "''", "1_0", "+1")),
    *(f"cpu --max-temperature {text}" for text in ("0", "0.9", "150.1", "-5", "nan", "x", "90C")),
    *(f"cpu --min-throughput {text}" for text in ("-1", "x", "1e9", "9_T", "1X", "''", "nan", "T")),
    *(f"selftest cpu --rounds {text}" for text in ("0", "-1", "100001", "1.5", "x", "''")),
    "cpu --kernel fft", "cpu --kernel fma --kernel fma", "cpu --kernel FMA", "cpu --kernel ''",
    "cpu --precision f8", "cpu --precision f32 --precision f32", "cpu --precision ''",
    "cpu --backend wgpu", "cpu --backend x", "gpu --backend native", "gpu --backend ''",
    "cpu --backend torch --kernel fma", "gpu --backend torch --kernel memory",
    "gpu --device ''", "gpu --device -1", "gpu --device 0 --device 00", "cpu --min-throughput -1",
    f"cpu --min-throughput {10**16}P", "report ''",
    "gpu --device 0 --device 0", "gpu --device all --device all", "gpu --device all --device 0",
    "cpu --device 0", "cpu --sensors none", "cpu --allow-software", "gpu --threads 2",
    "cpu --rounds 5", "cpu extra", "cpu --eat", "cpu --duration", "cpu --duration 1s --duration 0s",
    "list --quiet", "list --duration 1s", "list extra", "selftest", "selftest tgpu",
    "selftest cpu --duration 1s", "selftest cpu --device 0", "selftest cpu --allow-software",
    "selftest gpu --device 0 --device 0", "selftest cpu --quiet",
    "report", "report --svg plot.svg", "report --json x", "eat", "--eat", "selftest cpu gpu",
    "cpu --json missing/report.json", "cpu --json .", "list --json missing/list.json",
    "selftest cpu --json missing/report.json", "gpu --json missing/report.json", "cpu --json ''",
]  # fmt: skip


@pytest.mark.parametrize("language", catalog.LANGUAGES)
@pytest.mark.parametrize("number", range(len(WRONG)), ids=WRONG)
def test_wrong_usage_is_one_line_and_2(of: Of, language: str, number: int) -> None:
    """Each row of the table of options, and of the words that it does not have."""
    if language == "python" and number % 8 and not LONG_TESTS:
        pytest.skip("a start of Python takes long: one in eight without SCAFFOLD_LONG_TESTS=1")
    words = [word.replace("_", " ").replace("''", "") for word in WRONG[number].split()]
    one_error(of(language).run(*words), 2)


@pytest.mark.parametrize(
    "words",
    [
        "gpu", "gpu --device 0", "tgpu", "selftest gpu",
        "gpu --allow-software --device 99", f"gpu --allow-software --device {OTHER_UUID}",
        "gpu --allow-software --device 0 --device 99",
        "gpu --allow-software --precision tf32", "gpu --allow-software --precision bf16",
        "cpu --precision f16", "cpu --precision f32 --precision tf32", "cpu --backend torch",
        f"gpu --allow-software --sensors {UUID}",
    ],
)  # fmt: skip
def test_what_is_not_there_is_one_line_and_3(tested: Subject, words: str) -> None:
    """A device, a precision, a backend or sensors; the software adapter counts as none."""
    told = one_error(tested.run(*words.split(), "--json", "report.json"), 3)
    if not words.startswith("cpu") and "--allow-software" not in words:
        assert "a software adapter (llvmpipe" in told
        assert "--allow-software" in told
