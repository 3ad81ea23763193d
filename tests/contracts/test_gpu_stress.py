"""The contract of `gpu-stress`, held against the program of each language from outside."""

import copy
import fcntl
import itertools
import json
import math
import os
import random
import re
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.dedup_trees import unprivileged
from contracts.gpu_runs import (
    CONTRACT,
    GPU,
    OTHER_UUID,
    PROMPT,
    SCHEMA,
    UUID,
    Ran,
    Report,
    Running,
    Subject,
    calls,
    compile_nvml,
    nvml,
    screen_lines,
)
from contracts.gpu_vulkan import software_driver
from helpers import need
from scaffold import catalog

LONG_TESTS = os.environ.get("SCAFFOLD_LONG_TESTS") == "1"
long_form = pytest.mark.skipif(not LONG_TESTS, reason="only with SCAFFOLD_LONG_TESTS=1")
LITTLE = ("--memory-fraction", "0.003")
Both = dict[str, Subject]
Of = Callable[..., Subject]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables that lead to `llvmpipe` and to no other driver."""
    found = software_driver()
    if isinstance(found, str):
        assert os.environ.get("CI") != "true", found
        pytest.skip(found)
    return {**found, "XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))}


@pytest.fixture(scope="module")
def of(
    build: Callable[..., list[str]],
    driver: dict[str, str],
    library: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Of:
    """Return a function that gives the program of a language, or of a variant of it."""

    @cache
    def made(language: str, *variant: Any) -> Subject:  # noqa: ANN401  # what `build` takes
        words = build("gpu-stress", language, *variant)
        folder = tmp_path_factory.mktemp(language)
        sound = nvml(tmp_path_factory.mktemp("sound"), library)
        return Subject(language, words, folder, driver, sound)

    return made


@pytest.fixture(scope="module", params=catalog.LANGUAGES)
def tested(request: pytest.FixtureRequest, of: Of) -> Subject:
    """Return the program of each language in turn."""
    return of(request.param)


@pytest.fixture(scope="module")
def both(of: Of) -> Both:
    """Return the programs by language."""
    return {language: of(language) for language in catalog.LANGUAGES}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a management library of today."""
    return compile_nvml(tmp_path_factory.mktemp("nvml") / "new", need("cc"), "-Wall", "-Werror")


@pytest.fixture
def sensing(library: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return a function that says how the fake library answers otherwise than `SOUND`."""

    def answering(**changes: str) -> dict[str, str]:
        return nvml(tmp_path, library, changes)

    return answering


def one_error(ran: Ran, status: int) -> str:
    """Hold that a run has ended with one line on standard error and nothing else."""
    assert (ran.status, ran.stdout, ran.written) == (status, "", None), (ran.stdout, ran.stderr)
    assert re.fullmatch(r"error: .+\n", ran.stderr), ran.stderr
    return ran.stderr


def sense(tested: Subject, env: dict[str, str], *words: str, kernel: str = "fma") -> Ran:
    """Run one kernel with the sensors of the fake device."""
    shared = ("gpu", *GPU, "--sensors", UUID, "--kernel", kernel)
    return tested.report(*shared, *(words or ("--duration", "1.2s")), env=env)


# --- words --------------------------------------------------------------------------------------


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
    "gpu --device 0 --device 0", "gpu --device all --device all", "gpu --device all --device 0",
    "cpu --device 0", "cpu --sensors none", "cpu --allow-software", "gpu --threads 2",
    "cpu --rounds 5", "cpu extra", "cpu --eat", "cpu --duration", "cpu --duration 1s --duration 2s",
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
    if language == "python" and number % 5 and not LONG_TESTS:
        pytest.skip("a start of Python takes long: one in five without SCAFFOLD_LONG_TESTS=1")
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


def test_a_machine_without_any_driver(tested: Subject, tmp_path: Path) -> None:
    """`list` has the CPU alone, and whatever needs a GPU says that there is none."""
    env = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(tmp_path / "none.json"))
    ran = tested.run("list", env=env)
    assert (ran.status, ran.stderr) == (0, "")
    assert "llvmpipe" not in ran.stdout
    assert re.search(r"^-\s.*\bcpu\b", ran.stdout, re.MULTILINE)
    for words in (["gpu"], ["tgpu", "--allow-software"], ["selftest", "gpu"]):
        assert one_error(tested.run(*words, env=env), 3).startswith("error: no GPU found: ")


CRASHING = "#include <stdlib.h>\nvoid *vk_icdGetInstanceProcAddr(void *i, char *n) { abort(); }\n"


def test_a_driver_that_crashes_is_reported(tested: Subject, tmp_path: Path) -> None:
    """`list` shows what there is all the same, and says what happened."""
    (tmp_path / "icd.c").write_text(CRASHING, "utf-8")
    words = [need("cc"), "-w", "-shared", "-fPIC", "-o", "icd.so", "icd.c"]
    assert Running(words, tmp_path, {}).finish().status == 0
    icd = {"library_path": str(tmp_path / "icd.so"), "api_version": "1.1.0"}
    described = tmp_path / "icd.json"
    described.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": icd}), "utf-8")
    env = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(described))
    ran = tested.run("list", env=env)
    assert ran.status == 3, (ran.status, ran.stderr)
    assert re.search(r"^error: .+$", ran.stderr, re.MULTILINE)
    assert re.search(r"^-\s.*\bcpu\b", ran.stdout, re.MULTILINE)


def test_the_list_of_devices(both: Both) -> None:
    """Text and JSON, equal between the languages."""
    found = {}
    for language, tested in both.items():
        ran = tested.run("list", "--json", "-")
        listed = json.loads(ran.stdout)
        assert (ran.status, ran.stderr) == (0, "")
        gpu, cpu = listed["devices"]
        assert (gpu["index"], gpu["kind"], gpu["backend"]) == (0, "software", "vulkan")
        assert (cpu["index"], cpu["kind"], cpu["backend"]) == (None, "cpu", "cpu")
        assert gpu["precisions"] == ["f32", "f16", "f64"]
        assert cpu["precisions"] == ["f32", "f64"]
        assert set(listed) == {"version", "program", "host", "devices"}
        text = tested.run("list").stdout
        line = rf"^0\s+{re.escape(gpu['name'])}\s+software\s+vulkan\s"
        assert re.search(line, text, re.MULTILINE)
        for device in listed["devices"]:
            del device["driver"]  # bindings call it differently
        found[language] = listed["devices"]
        with (tested.folder / "list.json").open("wb") as file:
            assert tested.run("list", "--json", file.name).stdout.split() == text.split()
        written = json.loads(Path(file.name).read_text("utf-8"))
        assert [each["uuid"] for each in written["devices"]] == [None, None]
    assert found["python"] == found["rust"]


# --- runs ---------------------------------------------------------------------------------------

ALL = ("--precision", "f32", "--precision", "f64")
CONFIGURATIONS: dict[str, tuple[str, ...]] = {
    "cpu": ("cpu", *LITTLE, "--duration", "2s", *ALL),
    "gpu": ("gpu", *GPU, "--duration", "2.8s", *ALL, "--precision", "f16"),
    "tgpu": ("tgpu", *GPU, "--duration", "1.5s", "--threads", "3"),
    "one kernel": ("gpu", *GPU, "--duration", "3.3s", "--kernel", "fma", "--sensors", UUID),
    "one thread": ("cpu", *LITTLE, "--duration", "1s", "--kernel", "matmul", "--threads", "1"),
}
WIDTHS = {"cpu": 80, "tgpu": 80, "one kernel": 200, "one thread": 33}
"""The runs on a terminal, and its columns."""
configured = pytest.mark.parametrize("name", CONFIGURATIONS)


def configuration(tested: Subject, name: str) -> Ran:
    """Return the run of a configuration, made once."""
    env = tested.sound if "--sensors" in CONFIGURATIONS[name] else {}
    return tested.shared(*CONFIGURATIONS[name], columns=WIDTHS.get(name), **env)


@configured
def test_a_run_holds_and_its_report_fits_the_schema(tested: Subject, name: str) -> None:
    """The verdict, the exit status, the table and the settings say the same."""
    ran = configuration(tested, name)
    assert ran.status == 0, (ran.stderr, ran.reasons)
    assert ran.report["verdict"] == {"status": "held", "exit_status": 0, "reasons": []}
    assert ran.report["command"] == CONFIGURATIONS[name][0]
    assert ran.report["program"]["language"] == tested.language
    assert ran.report["host"]["cores"] == len(os.sched_getaffinity(0))
    device = ran.device
    kind = ("cpu", None, "cpu") if ran.report["command"] == "cpu" else ("software", 0, "vulkan")
    assert (device["kind"], device["index"], device["backend"]) == kind
    rows = [line for line in ran.stdout.splitlines() if device["name"] in line]
    for kernel, row in zip(device["kernels"], rows, strict=True):
        assert kernel["kernel"] in row
        assert (kernel["precision"] or "-") in row
        assert ("GB/s" if kernel["kernel"] == "memory" else "FLOP/s") in row
        assert row.split()[-1] == "0"
    assert ran.stdout.splitlines()[-1].startswith("held")


@configured
def test_what_is_counted_is_whole_batches_of_verified_work(tested: Subject, name: str) -> None:
    """Operations are a multiple of the kernel's unit, and fit the throughput and the time."""
    ran = configuration(tested, name)
    words = CONFIGURATIONS[name]
    expected = [word for at, word in enumerate(words) if words[at - 1] == "--kernel"]
    precisions = [word for at, word in enumerate(words) if words[at - 1] == "--precision"]
    order = [
        (kernel, precision)
        for kernel in expected or ["fma", "matmul", "memory"]
        for precision in ([None] if kernel == "memory" else precisions or ["f32"])
    ]
    kernels = ran.device["kernels"]
    assert [(each["kernel"], each["precision"]) for each in kernels] == order
    for each in kernels:
        memory = each["kernel"] == "memory"
        work, none = (each["bytes"], each["operations"])[:: 1 if memory else -1]
        assert none == 0
        assert work > 0
        assert work % {"fma": 64, "matmul": 2 * 256**3, "memory": 4}[each["kernel"]] == 0
        throughput = each["throughput"]
        assert throughput["unit"] == ("bytes/s" if memory else "operations/s")
        assert 0 < throughput["min"] <= throughput["median"] <= throughput["max"]
        rate = work / each["seconds"]
        # Batches of several threads overlap, and the last ones do not fill the time.
        slack = 1.05 if name in {"gpu", "one kernel", "one thread"} else 1.5
        assert throughput["min"] / slack <= rate <= throughput["max"] * slack, each
        assert (each["errors"], each["first_addresses"]) == (0, [])
        assert (each["reference"] is None) == memory
        if not memory:
            reference = each["reference"]
            assert 0 <= reference["largest_error"] <= reference["tolerance"]
            samples = reference["samples"]  # a matrix for each thread, or one for all
            assert samples % {"fma": 64 * 32, "matmul": 64}[each["kernel"]] == 0


@configured
def test_batches_are_short_and_the_time_is_kept(tested: Subject, name: str) -> None:
    """Kernels share the duration; batches last 50 to 100 ms, within a busy machine's share."""
    ran = configuration(tested, name)
    words = CONFIGURATIONS[name]
    duration = float(words[words.index("--duration") + 1].removesuffix("s"))
    kernels = ran.device["kernels"]
    threads = ran.report["settings"].get("threads", 1)
    for each in kernels:
        share = duration / len(kernels)
        assert share * 0.9 <= each["seconds"] <= share + 0.5, each
        length = threads * each["seconds"] / each["batches"]
        assert 0.025 <= length <= 0.25 * (threads if "gpu" in name else 1), each
    assert duration * 0.9 <= ran.report["duration_s"]


@pytest.mark.parametrize("name", ["one kernel", "gpu", "cpu"])
def test_samples_come_once_a_second(tested: Subject, name: str) -> None:
    """Also where a kernel runs for less: a device could get hot unseen."""
    ran = configuration(tested, name)
    times = [sample["time_s"] for sample in ran.samples]
    assert len(times) >= math.floor(ran.report["duration_s"]) - 1, times
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert all(0.8 <= gap <= 1.6 for gap in gaps[:-1]), times
    known = {(each["kernel"], each["precision"]) for each in ran.device["kernels"]}
    for sample in ran.samples:
        assert (sample["kernel"], sample["precision"]) in known
    if name.startswith("one"):
        (kernel,) = ran.device["kernels"]
        rates = sorted(sample["throughput"] for sample in ran.samples)
        assert kernel["throughput"]["min"] == pytest.approx(rates[0])
        assert kernel["throughput"]["max"] == pytest.approx(rates[-1])


def test_both_languages_report_the_same_but_for_measurements(both: Both) -> None:
    """Settings, host, device and what the reference was held to."""
    for name in CONFIGURATIONS:
        left, right = (configuration(tested, name) for tested in both.values())
        assert left.report["settings"] == right.report["settings"]
        hosts = [{**ran.report["host"], "system": ""} for ran in (left, right)]
        assert hosts[0] == hosts[1]
        for key in ("index", "name", "kind", "backend", "uuid", "pci", "memory_bytes"):
            assert left.device[key] == right.device[key], key
        held = [
            [
                each["reference"]["tolerance"]
                for each in ran.device["kernels"]
                if each["kernel"] == "fma"
            ]
            for ran in (left, right)
        ]
        assert held[0] == pytest.approx(held[1], rel=1e-3)  # T may be rounded first


@configured
def test_memory_is_what_was_asked_for_and_little_more(tested: Subject, name: str) -> None:
    """Less than 200 MB beside the allocation, which is a part of what is free."""
    ran = configuration(tested, name)
    allocated = ran.device["allocated_bytes"]
    assert 0 < allocated <= 0.003 * ran.report["host"]["memory_bytes"]
    if name != "one kernel":  # `fma` needs no memory
        assert allocated >= 16 << 20
    assert 0 < ran.peak_bytes - allocated < 200e6, (ran.peak_bytes, allocated)


def test_all_the_cores_that_it_may_use_and_no_other(tested: Subject) -> None:
    """The affinity is respected, and seen from outside by the time that it took."""
    need("taskset")
    words = ("cpu", *LITTLE, "--duration", "1.5s", "--kernel", "fma", "--json", "report.json")
    ran = tested.run(*words, before=("taskset", "-c", str(min(os.sched_getaffinity(0)))))
    assert ran.status == 0
    assert (ran.report["host"]["cores"], ran.report["settings"]["threads"]) == (1, 1)
    assert ran.cpu_seconds <= 1.05 * ran.seconds
    whole = configuration(tested, "cpu")
    assert whole.report["settings"]["threads"] == len(os.sched_getaffinity(0))
    single = configuration(tested, "one thread")
    assert single.report["settings"]["threads"] == 1
    assert single.cpu_seconds <= 1.25 * single.seconds


def test_two_runs_at_once_on_one_device(tested: Subject) -> None:
    """Each holds, and each writes its report."""
    words = ("gpu", *GPU, "--duration", "1s", "--kernel", "memory", "--json", "report.json")
    running = [tested.start(*words) for _ in range(2)]
    for each in running:
        assert each.finish().status == 0


def test_out_of_memory_takes_less(tested: Subject) -> None:
    """With a limit far below what was asked for, each run goes on with what it can have."""
    limit = ("prlimit", f"--data={1200 << 20}")
    need(limit[0])
    for command in (("cpu",), ("gpu", "--allow-software")):
        words = (*command, "--memory-fraction", "0.1", "--duration", "0.5s", "--kernel", "memory")
        ran = tested.run(*words, "--json", "report.json", before=limit)
        assert ran.status == 0, (command, ran.stderr)
        processes = len(os.sched_getaffinity(0)) if command[0] == "cpu" else 1  # each has the limit
        assert 16 << 20 <= ran.device["allocated_bytes"] <= processes * (1200 << 20), command


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


# --- faults -------------------------------------------------------------------------------------

BROKEN = {
    "fma.wgsl": ("0.6180339887498949", "0.6180390887498949"),
    "matmul.wgsl": ("part[3] += left_tile[down + 3u]", "part[3] += left_tile[down + 2u]"),
    "memory.wgsl": (
        "words[at] = expected(at);",
        "words[at] = expected(at) ^ u32(parameters.offset + at == 5u);",
    ),
    "compare.wgsl": ("first[at] != results[at]", "first[at] + 1u == results[at]"),
}
"""What makes each shader compute wrongly, and the comparison blind."""


def break_shaders(folder: Path) -> None:
    """Edit the shaders of a project."""
    for name, (sound, broken) in BROKEN.items():
        path = folder / "shaders" / name
        text = path.read_text("utf-8")
        assert text.count(sound) == 1, name
        path.write_text(text.replace(sound, broken), "utf-8")


@pytest.fixture(scope="module")
def broken(tested: Subject, of: Of) -> Subject:
    """Return the program with shaders that are wrong."""
    return of(tested.language, "-b", break_shaders)


def test_a_kernel_that_computes_wrongly_is_a_fault(broken: Subject) -> None:
    """Each kernel by itself, named in the verdict, with its first addresses."""
    ran = broken.shared("gpu", *GPU, "--duration", "1.5s")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    for kernel in ran.device["kernels"]:
        assert kernel["kernel"] in ran.reasons
        assert kernel["errors"] > 0, kernel
        assert kernel["first_addresses"], kernel
    fma, matmul, memory = ran.device["kernels"]
    for each in (fma, matmul):
        assert each["reference"]["largest_error"] > each["reference"]["tolerance"]
        assert each["operations"] == 0  # nothing of it is verified
    assert set(memory["first_addresses"]) == {5}
    assert ran.reasons in ran.stdout or all(each in ran.stdout for each in ran.reasons.split("\n"))


def test_selftest_tells_a_blind_comparison(broken: Subject) -> None:
    """Flips that are missed make it fail."""
    ran = broken.shared("selftest", "gpu", "--allow-software", "--rounds", "3")
    assert ran.status == 1
    found = ran.device["selftest"]
    assert found["caught"] < found["flips"]
    assert f"caught {found['caught']} of {found['flips']} flips" in ran.stdout


@pytest.mark.parametrize("command", ["cpu", "gpu"])
def test_throughput_below_what_was_asked_is_a_fault(tested: Subject, command: str) -> None:
    """Each kernel's median is held to it."""
    words = (command, *(GPU if command == "gpu" else LITTLE), "--duration", "0.5s")
    ran = tested.report(*words, "--kernel", "fma", "--min-throughput", "9.5P")
    assert ran.status == 1
    assert re.search("fma f32.* 9500.* TFLOP/s", ran.reasons), ran.reasons
    ran = tested.report(*words, "--kernel", "matmul", "--min-throughput", "1.5k")
    assert ran.status == 0


# --- sensors ------------------------------------------------------------------------------------


def test_what_the_sensors_say_is_in_the_samples(tested: Subject) -> None:
    """In the units of the report, on a terminal and in the JSON."""
    ran = configuration(tested, "one kernel")
    assert ran.status == 0, ran.reasons
    sensors = ran.device["sensors"]
    assert (sensors["source"], sensors["reasons"]) == ("nvml", {})
    assert (sensors["slowdown_c"], sensors["max_temperature_c"]) == (90, 87)
    assert sensors["power_limit_w"] == 300
    assert ran.samples
    for sample in ran.samples:
        assert {key: sample[key] for key in READ} == READ
    shown = screen_lines(ran.stderr, 200)
    assert any(re.search(r"41.*251\.5|41.*25[12].*300", line) for line in shown), shown
    assert any("sw_power_cap" in line for line in shown)
    assert not any("gpu_idle" in line for line in shown)


READ = {
    "temperature_c": 41, "power_w": 251.5, "clock_mhz": 1830, "memory_clock_mhz": 7001,
    "utilisation_percent": 97, "memory_used_bytes": 3 << 30, "ecc_errors": 0,
    "throttle": ["gpu_idle", "sw_power_cap"],
}  # fmt: skip


def test_the_device_that_was_named_and_no_other(tested: Subject, tmp_path: Path) -> None:
    """The second of two, by UUID and PCI address; the library is one from before 2023."""
    library = compile_nvml(tmp_path / "old", need("cc"), "-DOLD")
    second = {"count": "2", "1.uuid": OTHER_UUID, "1.pci": "0:66:0", "1.temperature": "57"}
    env = nvml(tmp_path, library, second)
    for name in (OTHER_UUID, "0000:66:00.0", "00000000:66:00.0"):
        words = ("gpu", *GPU, "--duration", "1.2s", "--kernel", "fma", "--sensors", name)
        ran = tested.report(*words, env=env)
        assert (ran.status, ran.device["sensors"]["reasons"]) == (0, {})
        assert {sample["temperature_c"] for sample in ran.samples} == {57}
        if not LONG_TESTS and name != OTHER_UUID:
            break


def test_a_device_that_nothing_matches_has_no_sensors(
    tested: Subject, sensing: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    """Not even one of its name, since its vendor is another; `none` reads nothing."""
    env = sensing(name="llvmpipe (LLVM 15.0.6, 256 bits)", temperature="149", throttle="0x40")
    for choice in ("auto", "none"):
        (tmp_path / "log").unlink(missing_ok=True)
        duration = "1.2s" if choice == "auto" else "0.3s"
        words = ("gpu", *GPU, "--duration", duration, "--kernel", "fma", "--sensors", choice)
        ran = tested.report(*words, env=env)
        assert (ran.status, ran.device["sensors"]["source"]) == (0, None)
        assert {sample["temperature_c"] for sample in ran.samples} <= {None}
        assert "temperature" not in calls(tmp_path)


def test_a_ramp_of_temperature_stops_the_run(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """At 3 below the card's threshold, in the sample that has it; the report is written."""
    env = sensing(temperature="80 80 86 87 88 99")
    ran = sense(tested, env, "--duration", "30s")
    assert (ran.status, ran.report["verdict"]["status"]) == (4, "stopped for temperature")
    temperatures = [sample["temperature_c"] for sample in ran.samples]
    assert temperatures[-1] >= 87
    assert all(each < 87 for each in temperatures[:-1])
    assert "temperature" in ran.reasons
    assert re.search(r"\b87\b", ran.reasons)
    assert ran.device["kernels"][0]["operations"] > 0
    assert ran.seconds < 15


def test_the_limit_that_was_asked_for(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """`--max-temperature` counts, whatever the card says, and also where it says nothing."""
    env = sensing(temperature="60", slowdown="!3")
    ran = sense(tested, env, "--duration", "20s", "--max-temperature", "60")
    assert ran.status == 4
    assert ran.device["sensors"]["max_temperature_c"] == 60
    assert (ran.device["sensors"]["slowdown_c"], ran.seconds < 10) == (None, True)
    ran = sense(tested, sensing(temperature="99", slowdown="!3"))
    assert (ran.status, ran.device["sensors"]["max_temperature_c"]) == (0, None)
    assert "slowdown_c" in ran.device["sensors"]["reasons"]


def test_throttle_reasons_are_told_bit_by_bit(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Combined, also bits that have no name yet; none of these is a fault."""
    ran = sense(tested, sensing(throttle="0x8000000000010337"))
    assert ran.status == 0, ran.reasons
    (told,) = {tuple(sample["throttle"]) for sample in ran.samples}
    named = ["gpu_idle", "applications_clocks", "sw_power_cap", "sync_boost", "sw_thermal",
             "display_clocks"]  # fmt: skip
    assert [*told] == [*named, "unknown_0x200", "unknown_0x10000", "unknown_0x8000000000000000"]


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        ("0x49", ["hw_slowdown", "hw_thermal"]),
        pytest.param("0x8", ["hw_slowdown"], marks=long_form),
        pytest.param("0x80", ["hw_power_brake"], marks=long_form),
    ],
)
def test_hardware_that_slows_down_is_a_fault(
    tested: Subject, sensing: Callable[..., dict[str, str]], bits: str, names: list[str]
) -> None:
    """In any sample after the warm-up."""
    ran = sense(tested, sensing(throttle=f"0x0 0x0 {bits} {bits} 0x0"), "--duration", "3.2s")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert all(name in ran.reasons for name in names), ran.reasons
    assert "gpu_idle" not in ran.reasons
    assert () in {tuple(sample["throttle"]) for sample in ran.samples}


def test_all_reasons_are_told_and_the_last_status_counts(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Slow hardware, too little throughput, and too hot: 4."""
    env = sensing(throttle="0x40", temperature="50 50 50 95")
    ran = sense(tested, env, "--duration", "20s", "--min-throughput", "1P")
    assert ran.status == 4
    for word in ("hw_thermal", "temperature", "FLOP/s"):
        assert word in ran.reasons


SILENT = {
    "temperature": "!4", "slowdown": "!3", "power": "!3", "limit": "!4", "clock": "!999",
    "memory_clock": "!3", "utilisation": "!4", "memory_used": "!4", "ecc": "!3", "throttle": "!4",
}  # fmt: skip


def test_a_sensor_that_is_not_there_is_null_with_its_reason(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Permission denied, not supported, unknown: never a zero; all at once, and one by one."""
    ran = sense(tested, sensing(**SILENT))
    assert ran.status == 0, ran.reasons
    sensors = ran.device["sensors"]
    assert ran.samples
    for sample in ran.samples:
        assert {sample[name] for name in READ} == {None}
    assert set(READ) | {"slowdown_c", "power_limit_w"} <= set(sensors["reasons"])
    assert all(sensors["reasons"].values())
    assert (sensors["slowdown_c"], sensors["power_limit_w"]) == (None, None)
    ran = sense(tested, sensing(power="!4"))
    assert [*ran.device["sensors"]["reasons"]] == ["power_w"]
    assert re.search("permission", ran.device["sensors"]["reasons"]["power_w"], re.IGNORECASE)
    for sample in ran.samples:
        assert {key: sample[key] for key in READ} == {**READ, "power_w": None}


@long_form
def test_a_sensor_that_fails_now_and_then(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Its value is null where it failed, and no other value stands in."""
    ran = sense(tested, sensing(ecc="0 0 !999 7"), "--duration", "4.2s")
    values = [sample["ecc_errors"] for sample in ran.samples]
    assert set(values) <= {0, 7, None}
    assert None in values
    assert values[-1] == 7
    assert "ecc_errors" in ran.device["sensors"]["reasons"]


DRIVERS = {
    "not loaded": {"init": "!9"},
    "no device": {"count": "0"},
    "no permission": {"init": "!4"},
    "another version": {"init": "!18"},
    "no access to the device": {"handle": "!4"},
}


@pytest.mark.parametrize(
    "name",
    [
        "not loaded",
        "no device",
        *(pytest.param(name, marks=long_form) for name in list(DRIVERS)[2:]),
    ],
)
def test_a_driver_that_cannot_be_had(
    tested: Subject, library: Path, tmp_path: Path, name: str
) -> None:
    """No sensors and a reason with `auto`, one line and 3 where it was named."""
    env = nvml(tmp_path, library, DRIVERS[name])
    words = ("gpu", *GPU, "--duration", "0.2s", "--kernel", "fma")
    ran = tested.report(*words, env=env)
    assert (ran.status, ran.device["sensors"]["source"]) == (0, None)
    assert set(READ) <= set(ran.device["sensors"]["reasons"])
    one_error(tested.run(*words, "--sensors", UUID, "--json", "report.json", env=env), 3)


def test_a_device_that_is_lost_is_a_fault(
    tested: Subject, sensing: Callable[..., dict[str, str]]
) -> None:
    """Its run ends, and the reason says so."""
    ran = sense(tested, sensing(lost="2"), "--duration", "30s")
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert re.search("lost", ran.reasons, re.IGNORECASE)
    assert ran.seconds < 15


# --- interrupts ---------------------------------------------------------------------------------

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}


def stopped(running: Running, number: int) -> Ran:
    """Interrupt a program, and hold that it ends in time and tells why."""
    before = time.monotonic()
    running.send(number)
    ran = running.finish(20)
    assert time.monotonic() - before < PROMPT
    assert ran.status == SIGNALS[signal.Signals(number)]
    if "report.json" in running.words:
        assert ran.report["verdict"]["status"] == "interrupted"
        assert signal.Signals(number).name in ran.reasons
    return ran


PHASES = {"devices": ("uuid", 1), "warm-up": ("temperature", 1), "run": ("temperature", 3)}
"""What the fake library is asked for in each, and how often."""


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("devices", signal.SIGINT),
        ("warm-up", signal.SIGTERM),
        ("run", signal.SIGINT),
        pytest.param("devices", signal.SIGTERM, marks=long_form),
        pytest.param("warm-up", signal.SIGINT, marks=long_form),
        pytest.param("run", signal.SIGTERM, marks=long_form),
    ],
)
def test_an_interrupt_stops_a_run(
    tested: Subject, library: Path, tmp_path: Path, phase: str, number: int
) -> None:
    """Where the devices are set up, before the first batch counts, and later; with the report."""
    env = nvml(tmp_path, library)
    words = ("gpu", *GPU, "--sensors", UUID, "--duration", "60s", "--json", "report.json")
    running = tested.start(*words, env=env)
    key, count = PHASES[phase]
    running.wait_until(lambda: calls(tmp_path).count(key) >= count)
    ran = stopped(running, number)
    if phase == "run":
        assert ran.samples
        assert ran.device["kernels"][0]["operations"] > 0


@pytest.mark.parametrize("command", ["cpu", "tgpu", "selftest cpu", "selftest gpu"])
def test_an_interrupt_stops_every_command(tested: Subject, command: str) -> None:
    """When it has computed for a while."""
    more = {"cpu": LITTLE, "tgpu": GPU, "selftest gpu": ("--allow-software",)}.get(command, ())
    length = ("--rounds", "100000") if "selftest" in command else ("--duration", "60s")
    running = tested.start(*command.split(), *more, *length, "--json", "report.json")
    running.wait_until(lambda: running.cpu_seconds() > 0.5)
    stopped(running, signal.SIGINT)


def test_an_interrupt_at_any_moment(tested: Subject) -> None:
    """From the first instruction on, where the system itself ends it, to the last."""
    draw = random.Random(tested.language)  # noqa: S311  # moments, no secrets
    words = ("cpu", *LITTLE, "--duration", "0.5s", "--kernel", "fma", "--json", "report.json")
    for _ in range(60 if LONG_TESTS else 3):
        running = tested.start(*words)
        moment = draw.uniform(0, 1.5)
        time.sleep(moment)
        before = time.monotonic()
        running.send(signal.SIGINT)
        ran = running.finish(20)
        assert time.monotonic() - before < PROMPT
        assert ran.status in {0, 130, *([-signal.SIGINT] if moment < 0.3 else [])}
        assert ran.written is not None or ran.status < 0 or moment < 0.3


def test_an_interrupt_while_the_report_is_written(tested: Subject) -> None:
    """Into a pipe that nobody reads."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(theirs, False)
    os.write(theirs, b"x" * 4096)
    os.set_blocking(theirs, True)
    words = ("cpu", *LITTLE, "--duration", "0.5s", "--kernel", "fma", "--quiet")
    running = tested.start(*words, "--json", f"/proc/self/fd/{theirs}", passed=theirs)
    os.close(theirs)
    waiting = Path(f"/proc/{running.process.pid}/wchan")
    running.wait_until(lambda: "pipe_w" in waiting.read_text("ascii"), 20)
    before = time.monotonic()
    running.send(signal.SIGINT)
    ran = running.finish(20)
    os.close(ours)
    assert (ran.status, time.monotonic() - before < PROMPT) == (130, True)


def test_a_sensor_that_hangs_holds_up_nothing(
    tested: Subject, library: Path, tmp_path: Path
) -> None:
    """The run goes on, an interrupt stops it, and so does its own end."""
    env = nvml(tmp_path, library, {"delay.power": "30"})
    words = ("gpu", *GPU, "--sensors", UUID, "--kernel", "fma", "--json", "report.json")
    running = tested.start(*words, "--duration", "60s", env=env)
    running.wait_until(lambda: "power" in calls(tmp_path))
    stopped(running, signal.SIGTERM)
    ran = tested.run(*words, "--duration", "1s", env=env)
    assert (ran.status, ran.seconds < 15) == (0, True)


def test_a_second_interrupt_ends_the_program_at_once(
    tested: Subject, library: Path, tmp_path: Path
) -> None:
    """Also where a driver does not answer at all."""
    env = nvml(tmp_path, library, {"delay.init": "30"})
    running = tested.start("gpu", *GPU, "--sensors", UUID, "--duration", "60s", env=env)
    running.wait_until(lambda: "init" in calls(tmp_path))
    running.send(signal.SIGINT)
    time.sleep(0.3)
    before = time.monotonic()
    running.send(signal.SIGINT)
    ran = running.finish(20)
    assert time.monotonic() - before < PROMPT
    assert ran.status in {130, -signal.SIGINT}


# --- places to write to -------------------------------------------------------------------------


def test_a_report_into_a_full_disk_is_1(tested: Subject) -> None:
    """The run itself is told as ever, and standard error says what could not be written."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet")
    ran = tested.run(*words, "--json", "/dev/full")
    assert ran.status == 1
    assert re.fullmatch(r"error: .*/dev/full.*\n", ran.stderr), ran.stderr
    assert "fma" in ran.stdout


def test_a_folder_without_rights_is_found_before_the_run(tested: Subject) -> None:
    """As wrong usage, in less time than the run would take; what lay there is left as it was."""
    before = unprivileged()
    folder = tested.folder / "shut"
    folder.mkdir(exist_ok=True)
    old = folder / "old.json"
    old.write_text("old", "utf-8")
    old.chmod(0o444)
    folder.chmod(0o555)
    for path in (folder / "new.json", old):
        words = ("cpu", *LITTLE, "--duration", "30s", "--json", str(path))
        ran = tested.run(*words, before=before)
        one_error(ran, 2)
        assert str(path) in ran.stderr
        assert ran.seconds < 10
    assert (old.read_text("utf-8"), [*folder.iterdir()]) == ("old", [old])


def test_a_report_to_standard_output_is_alone_there(tested: Subject) -> None:
    """So that another program can read it."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet", "--json", "-")
    ran = tested.run(*words)
    SCHEMA.validate(json.loads(ran.stdout))
    assert (ran.status, ran.stderr) == (0, "")


# --- while it runs ------------------------------------------------------------------------------


def test_a_live_line_never_wraps(tested: Subject) -> None:
    """Whatever the width; what does not fit falls away from the right."""
    for name, columns in WIDTHS.items():
        ran = configuration(tested, name)
        assert "\x1b" in ran.stderr or "\r" in ran.stderr
        shown = screen_lines(ran.stderr, columns)
        kernel = ran.device["kernels"][0]["kernel"]
        assert any(columns < 80 or kernel in line for line in shown), shown
        if columns >= 80:
            rate = [line for line in shown if re.search(r"\d FLOP|[GT]FLOP/s|GB/s", line)]
            assert rate, shown


def test_plain_lines_where_there_is_no_terminal(tested: Subject) -> None:
    """One a kernel at its end, and nothing that only a terminal understands."""
    ran = configuration(tested, "gpu")
    lines = ran.stderr.splitlines()
    assert all(line.isprintable() for line in lines)
    kernels = ran.device["kernels"]
    assert len(lines) == len(kernels)
    for line, kernel in zip(lines, kernels, strict=True):
        assert kernel["kernel"] in line
        assert (kernel["precision"] or "") in line
        assert "0 errors" in line


def test_quiet_leaves_the_table(tested: Subject) -> None:
    """On a terminal too."""
    words = ("cpu", *LITTLE, "--duration", "0.3s", "--kernel", "fma", "--quiet")
    ran = tested.run(*words, columns=80)
    assert (ran.status, ran.stderr) == (0, "")
    assert "GFLOP/s" in ran.stdout


# --- report -------------------------------------------------------------------------------------

NUMBER = re.compile(r"[0-9]+\.[0-9]")
GOLDEN: Report = json.loads((CONTRACT / "plot-example.json").read_text("utf-8"))


def plot(tested: Subject, *files: Path) -> bytes:
    """Return the plot of a report."""
    target = tested.folder / "plot.svg"
    ran = tested.run("report", *map(str, files), "--svg", str(target))
    assert (ran.status, ran.stderr) == (0, ""), ran.stderr
    return target.read_bytes()


def test_the_table_of_several_reports(tested: Subject, both: Both, tmp_path: Path) -> None:
    """A line a device and kernel, from reports of either language."""
    files = []
    for language, other in both.items():
        files.append(tmp_path / f"{language}.json")
        files[-1].write_text(json.dumps(configuration(other, "cpu").report), "utf-8")
    ran = tested.run("report", *map(str, files))
    assert (ran.status, ran.stderr) == (0, "")
    for language in both:
        lines = [line for line in ran.stdout.splitlines() if f"{language}.json" in line]
        assert len(lines) == 5
        assert all("held" in line for line in lines)
    alone = tested.run("report", str(files[0]), "--svg", "-")
    assert alone.stdout.encode() == plot(tested, files[0], files[1])


def test_the_plot_of_the_contract(tested: Subject) -> None:
    """To the byte."""
    drawn = plot(tested, CONTRACT / "plot-example.json")
    assert drawn == (CONTRACT / "plot-example.svg").read_bytes()


TEXTS = st.sampled_from(["a <b> & \"c\" 'd'", "é🙂", "x" * 200, "", "&amp;", "]]>"])
VALUES = st.none() | st.floats(0, 1e3) | st.sampled_from([0.0, 1e-9, 5.0, 99.95, 1e15, 0.05])
KERNELS = st.sampled_from([("fma", "f32"), ("fma", "f64"), ("matmul", "f16"), ("memory", None)])
SAMPLES = st.lists(st.tuples(KERNELS, st.floats(0, 1e14), VALUES, VALUES), max_size=8)


def drawn_report(name: str, devices: list[Any], step: float) -> Report:
    """Return the example's report with other devices and samples."""
    made = copy.deepcopy(GOLDEN)
    made["program"]["name"] = name
    pattern = made["devices"][0]
    sample = pattern["samples"][0]
    made["devices"] = []
    for index, samples in enumerate(devices):
        own = copy.deepcopy(pattern)
        own.update(name=name, index=None if index == 2 else index, samples=[])
        for at, ((kernel, precision), throughput, temperature, power) in enumerate(samples):
            more = {"kernel": kernel, "precision": precision, "throughput": throughput}
            more |= {"temperature_c": temperature, "power_w": power, "time_s": at * step}
            own["samples"].append({**sample, **more})
        made["devices"].append(own)
    SCHEMA.validate(made)
    return made


@given(
    name=TEXTS,
    devices=st.lists(SAMPLES, max_size=8),
    step=st.sampled_from([0.0, 0.999, 1.0, 3600.0, 1e-3]),
)
@settings(
    max_examples=200 if LONG_TESTS else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_same_report_gives_the_same_plot(
    both: Both, tmp_path: Path, name: str, devices: list[Any], step: float
) -> None:
    """In both languages, whatever is in it: well-formed, with one decimal, and no NaN."""
    file = tmp_path / "drawn.json"
    file.write_text(json.dumps(drawn_report(name, devices, step)), "utf-8")
    left, right = (plot(tested, file) for tested in both.values())
    assert left == right
    root = ET.fromstring(left.decode())  # noqa: S314  # what the program under test has drawn
    for element in root.iter():
        for key in ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"):
            assert NUMBER.fullmatch(element.get(key, "0.0")), element.attrib
        for point in re.split("[ ,]", element.get("points", "0.0")):
            assert NUMBER.fullmatch(point), point


def _without(key: str) -> Callable[[Report], object]:
    return lambda report: report.pop(key)


def _set(path: str, value: object) -> Callable[[Report], None]:
    """Return what sets a value at a path of a report."""

    def edit(report: Any) -> None:  # noqa: ANN401  # keys and indexes lead down
        *parents, last = path.split(".")
        for key in parents:
            report = report[int(key) if key.isdecimal() else key]
        report[last] = value

    return edit


FOREIGN: dict[str, tuple[str, Callable[[Report], object]]] = {
    "another version": ("version", _set("version", 2)),
    "true as version": ("version", _set("version", value=True)),
    "no verdict": ("verdict", _without("verdict")),
    "no devices": ("devices", _without("devices")),
    "one key more": ("extra", _set("extra", 1)),
    "a text for a number": ("duration_s", _set("duration_s", "1")),
    "below zero": ("duration_s", _set("duration_s", -1)),
    "another status": ("exit_status", _set("verdict.exit_status", 2)),
    "another kernel": ("kernel", _set("devices.0.kernels.0.kernel", "x")),
    "no samples": ("samples", lambda report: report["devices"][0].pop("samples")),
    "a map for a list": ("devices", _set("devices", {})),
    "a null": ("name", _set("program.name", None)),
    "no time": ("started", _set("started", "yesterday")),
    "samples below zero": ("throughput", _set("devices.0.samples.0.throughput", -1.0)),
}


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_file_that_is_no_report_is_refused(both: Both, tmp_path: Path, fault: str) -> None:
    """With its name and the first thing that is wrong."""
    word, edit = FOREIGN[fault]
    made = copy.deepcopy(GOLDEN)
    edit(made)
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps(made), "utf-8")
    for language, tested in both.items():
        told = one_error(tested.run("report", str(file)), 2)
        assert str(file) in told, language
        told = told.replace(str(file), "")
        assert word in told or re.search(r"line \d+ column \d+", told), (language, told)


def test_a_file_that_is_no_json_is_refused(tested: Subject, tmp_path: Path) -> None:
    """Foreign, cut off at any place, deep, missing, a folder; a sound one before it is no help."""
    whole = (CONTRACT / "plot-example.json").read_bytes()
    sound = str(CONTRACT / "plot-example.json")
    step = 1 if LONG_TESTS and tested.language == "rust" else len(whole) // 3
    nan = whole.replace(b'"duration_s": ', b'"duration_s": NaN, "x": ', 1)
    cuts = [whole[:size] for size in range(1, len(whole.rstrip()), step)]
    deep = b"[" * 100_000
    file = tmp_path / "foreign"
    for content in (
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b"\x89PNG\r\n",
        deep,
        nan,
        whole * 2,
        *cuts,
    ):
        file.write_bytes(content)
        told = one_error(tested.run("report", sound, str(file)), 2)
        assert told.startswith(f"error: {file}: "), content[:40]
    for path in (tmp_path / "missing", tmp_path):
        assert str(path) in one_error(tested.run("report", str(path)), 2)


def test_a_plot_that_cannot_be_written(tested: Subject, tmp_path: Path) -> None:
    """A missing folder is wrong usage, a full disk is told with 1."""
    sound = str(CONTRACT / "plot-example.json")
    ran = tested.run("report", sound, "--svg", str(tmp_path / "missing/plot.svg"))
    one_error(ran, 2)
    ran = tested.run("report", sound, "--svg", "/dev/full")
    assert (ran.status, len(ran.stderr.splitlines())) == (1, 1)
    assert ran.stderr.startswith("error: ")
