"""The program as a process: its words, its reports, and how it ends."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest

from my_project import cli

from .program import CONTRACT, GPU, PROGRAM, SHORT, need_gpu, run_for_report, run_program

SCHEMA = json.loads((CONTRACT / "report.schema.json").read_text(encoding="utf-8"))
EXAMPLE = CONTRACT / "plot-example.json"
CPU = ["cpu", *SHORT]


def run_inside(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command line in this process, for what ends before anything is loaded."""
    monkeypatch.setattr("sys.argv", ["my-project", *words])
    with pytest.raises(SystemExit) as ended:
        cli.run()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["cpu", "--help"],
        ["list", "-h"],
        ["report", "-h"],
        ["selftest", "--help"],
        ["selftest", "gpu", "-h"],
    ],
)
def test_help_has_examples(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inside(words, monkeypatch) == 0
    out, err = capsys.readouterr()
    assert re.search(r"\n    my-project (list|cpu|report|selftest) ?|Example: my-project ", out)
    assert "completion" not in out
    assert err == ""


@pytest.mark.parametrize("command", ["cpu", "gpu", "tgpu"])
def test_help_of_a_run_has_defaults_and_exit_statuses(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inside([command, "--help"], monkeypatch) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 held, 1 a fault," in text
    options = re.findall(r"(--[a-z-]+)(?: |,)(?:(?!--[a-z]).)*", text.partition("Options")[2])
    assert len(options) > 8
    assert text.count("[default: ") >= len(set(options)) - 1  # all but `--help`


def test_version_is_that_of_the_installed_package() -> None:
    for word in ("--version", "-V"):
        name, version = run_program(word).stdout.split()
        assert version == metadata.version(name)


@pytest.mark.parametrize(
    "words", [["--help"], ["cpu", "--duration", "0"], ["report", str(EXAMPLE)]], ids=lambda x: x[0]
)
def test_nothing_is_loaded_that_is_not_needed(words: list[str]) -> None:
    code = (
        "import sys; from my_project.start import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, check=False, encoding="utf-8"
    )
    loaded = {name.partition(".")[0] for name in ran.stderr.split()}
    assert "my_project" in loaded
    assert not loaded & {"numpy", "psutil", "pynvml", "rich", "torch", "wgpu"}


@pytest.mark.parametrize(
    "words",
    [
        "eat",
        "--eat",
        "cpu --duration 0",
        "gpu --duration -1",
        "cpu --memory-fraction 1.5",
        "cpu --threads 0",
        "tgpu --threads 1025",
        "cpu --kernel fft",
        "gpu --device 0 --device 0",
        "cpu --json {missing}/x",
        "cpu --json {folder}",
        "gpu --max-temperature 200",
        "cpu --min-throughput x",
        "selftest",
        "selftest tpu",
        "selftest cpu --rounds 0",
        "report",
        "report {missing}",
        "report {folder} --svg {missing}/x",
        "cpu --backend wgpu",
        "gpu --device -1",
        "cpu --min-throughput 9999999999999999P",
        "report {folder} --svg {folder}/new.svg",
    ],
)
def test_wrong_usage_is_one_line(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = words.format(missing=tmp_path / "missing", folder=tmp_path).split()
    assert run_inside(given, monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: [^\n]+\n", err)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["selftest"], "selftest needs cpu or gpu"),
        (["cpu", "--json", ""], "--json: an empty name"),
        (["report", ""], "report: an empty name"),
        (["report", str(EXAMPLE), "--svg", ""], "--svg: an empty name"),
        (
            ["report", str(EXAMPLE), "--svg", str(EXAMPLE)],
            f"--svg {EXAMPLE}: it is one of the reports",
        ),
        (["gpu", "--device", ""], "--device : not an index or a UUID"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = EXAMPLE.read_bytes()
    assert run_inside(words, monkeypatch) == 2
    assert capsys.readouterr().err == f"error: {told}\n"
    assert EXAMPLE.read_bytes() == before


def test_a_run_on_the_cpu_holds(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    words = ["--precision", "f64", "--precision", "f32", "--threads", "2", "--min-throughput", "1k"]
    report = run_for_report(path, *CPU, *words)
    jsonschema.validate(report, SCHEMA)
    assert report["verdict"] == {"status": "held", "exit_status": 0, "reasons": []}
    (device,) = report["devices"]
    assert (device["index"], device["kind"], device["backend"]) == (None, "cpu", "cpu")
    names = [(each["kernel"], each["precision"]) for each in device["kernels"]]
    assert names == [
        ("fma", "f64"),
        ("fma", "f32"),
        ("matmul", "f64"),
        ("matmul", "f32"),
        ("memory", None),
    ]
    for kernel in device["kernels"]:
        assert (kernel["errors"], kernel["first_addresses"]) == (0, [])
        assert (
            kernel["throughput"]["min"]
            <= kernel["throughput"]["median"]
            <= kernel["throughput"]["max"]
        )
        assert (
            (kernel["operations"] > 0) == (kernel["kernel"] != "memory") == (kernel["bytes"] == 0)
        )
    assert report["settings"]["threads"] == 2


def test_a_run_on_a_gpu_from_several_threads_holds(tmp_path: Path) -> None:
    need_gpu()
    report = run_for_report(tmp_path / "report.json", "tgpu", *GPU[1:], "--threads", "2")
    jsonschema.validate(report, SCHEMA)
    assert report["verdict"]["status"] == "held"
    (device,) = report["devices"]
    assert [each["kernel"] for each in device["kernels"]] == ["fma", "matmul", "memory"]
    assert device["index"] == 0
    assert device["allocated_bytes"] > 1 << 20


def test_too_slow_is_a_fault(tmp_path: Path) -> None:
    words = [*CPU, "--kernel", "memory", "--min-throughput", "9P"]
    ran = run_program(*words, "--json", tmp_path / "report.json")
    verdict = json.loads((tmp_path / "report.json").read_bytes())["verdict"]
    assert (ran.returncode, verdict["exit_status"]) == (1, 1)
    (reason,) = verdict["reasons"]
    assert "memory: median" in reason
    assert ran.stderr == f"error: {reason}\n"  # for it was to be quiet
    assert ran.stdout.endswith(f"fault\n  {reason}\n")


def test_what_a_device_lacks_is_refused() -> None:
    cases = ["cpu --precision f16", "cpu --precision tf32"]
    if find_spec("torch") is None:
        cases.append("cpu --backend torch")
    for words in cases:
        ran = run_program(*words.split(), *SHORT)
        assert (ran.returncode, ran.stdout) == (3, "")
        assert re.fullmatch(r"error: [^\n]+\n", ran.stderr)


def test_without_a_driver_there_is_no_gpu_and_list_has_the_cpu(tmp_path: Path) -> None:
    env = {"VK_DRIVER_FILES": str(tmp_path), "VK_ICD_FILENAMES": str(tmp_path)}
    ran = run_program(*GPU, env=env)
    assert ran.returncode == 3
    assert re.fullmatch(r"error: no GPU found: [^\n]+\n", ran.stderr)
    listed = run_program("list", "--json", "-", env=env)
    assert listed.returncode == 0
    (cpu,) = json.loads(listed.stdout)["devices"]
    assert (cpu["index"], cpu["kind"], cpu["precisions"]) == (None, "cpu", ["f32", "f64"])


@pytest.mark.parametrize("which", [["cpu"], ["gpu", "--allow-software"]], ids=["cpu", "gpu"])
def test_a_self_test_catches_all(tmp_path: Path, which: list[str]) -> None:
    if which[0] == "gpu":
        need_gpu()
    path = tmp_path / "report.json"
    ran = run_program("selftest", *which, "--rounds", "5", "--json", path)
    assert "caught 15 of 15 flips; 0 false alarms in 15 rounds without" in ran.stdout
    assert ran.returncode == 0
    report = json.loads(path.read_bytes())
    jsonschema.validate(report, SCHEMA)
    assert report["devices"][0]["selftest"] == {
        "flips": 15,
        "caught": 15,
        "rounds_without": 15,
        "false_alarms": 0,
    }


def test_reports_become_a_table_and_a_plot(tmp_path: Path) -> None:
    svg = tmp_path / "plot.svg"
    ran = run_program("report", EXAMPLE, EXAMPLE, "--svg", svg)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("Example GPU <A>") == 2 * 3
    assert svg.read_bytes() == (CONTRACT / "plot-example.svg").read_bytes()
    alone = run_program("report", EXAMPLE, "--svg", "-")
    assert alone.stdout == svg.read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    ran = run_program(*CPU, "--kernel", "fma", "--json", "/dev/full")
    assert ran.returncode == 1
    assert ran.stderr == "error: --json /dev/full: No space left on device\n"
    with Path("/dev/full").open("wb") as full:
        full_ran = subprocess.run(
            [*PROGRAM, "report", EXAMPLE], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (full_ran.returncode, full_ran.stderr.count(b"\n")) == (1, 1)


def test_a_terminal_gets_live_lines_and_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm"}
    words = [*PROGRAM, "cpu", "--duration", "0.5s", "--kernel", "fma", "--threads", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=env) as program:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 20)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # how Linux tells the end of a terminal
                break
        assert program.stdout is not None
        stdout = program.stdout.read()
    os.close(ours)
    assert b"fma f32" in shown
    assert shown.endswith(b"\x1b[1F\x1b[J")
    assert b"\x1b[?25l" not in shown  # so the cursor is there, however the program ends
    assert b"held" in stdout
    assert b"\x1b" not in stdout
