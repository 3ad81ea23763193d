"""The program, run as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from .contract import Case, load_contract
from .program import run_program

CONTRACT = load_contract()


def test_values_go_to_standard_output_and_errors_to_standard_error() -> None:
    ran = run_program("eval", "7 // 2", "1 / 0", "-2 ** 2")
    assert ran.stdout == b"3\n-4\n"
    assert ran.stderr == b'error: division by zero at position 2 in "1 / 0"\n'
    assert ran.returncode == 1


def test_json_holds_values_and_errors_in_the_order_of_the_input() -> None:
    ran = run_program("eval", "--json", "-5 // 2", "é")
    error = '{"code": "syntax", "message": "syntax error", "position": 0}'
    assert ran.stdout.decode().splitlines() == [
        '{"expression": "-5 // 2", "value": -3}',
        f'{{"expression": "é", "error": {error}}}',
    ]
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_dash_stands_for_the_lines_of_standard_input() -> None:
    ran = run_program("eval", "1", "-", "4", stdin=b"2\r\n3")
    assert (ran.stdout, ran.stderr, ran.returncode) == (b"1\n2\n3\n4\n", b"", 0)


@pytest.mark.parametrize(
    ("line", "position"), [(b"", 0), (b"1\0", 1), (b"\xff1", 0), (b"1 +\x1b", 3), (b"1\r", 1)]
)
def test_a_strange_line_is_an_error_at_its_place(line: bytes, position: int) -> None:
    ran = run_program("eval", "--json", "-", stdin=line + b"\r\n")
    assert json.loads(ran.stdout)["error"]["position"] == position
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_a_long_line_is_shown_by_its_beginning() -> None:
    ran = run_program("eval", "-", stdin=b"1" * 2**20)
    shown = "1" * 60 + "…"
    line = f'error: more than 1,000 characters at position 1000 in "{shown}"\n'
    assert (ran.stderr.decode(), ran.returncode) == (line, 1)


def test_output_is_utf_8_in_every_locale() -> None:
    latin = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    ran = run_program("eval", "--json", "é€".encode(), env=latin)
    assert json.loads(ran.stdout)["expression"] == "é€"


@pytest.mark.parametrize("words", [[], ["--help"], ["eval", "--json", "--help"]])
def test_help_is_no_error(words: list[str]) -> None:
    ran = run_program(*words)
    assert b"Usage:" in ran.stdout
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_two_dashes_end_the_options_and_begin_an_expression() -> None:
    assert run_program("eval", "--", "--5", "--").stdout == b"5\n"


def test_version_is_that_of_the_installed_package() -> None:
    name, version = run_program("--version").stdout.decode().split()
    assert version == metadata.version(name)


@pytest.mark.parametrize(
    "words",
    [["eval"], ["eval", "--"], ["eval", "--jsn", "1"], ["eval", "1", "--json"], ["evl"], ["--jsn"]],
)
def test_wrong_usage_exits_with_2(words: list[str]) -> None:
    ran = run_program(*words)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"Usage:" in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    with _start("-", stdin=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.close()
        _, stderr = program.communicate(b"1\n" * 10_000)
    assert stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_program_quietly_with_130() -> None:
    with _start("1", "-", stdin=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"1\n"  # it is up, and waits for input
        program.send_signal(signal.SIGINT)
        _, stderr = program.communicate()
    assert (program.returncode, stderr) == (130, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line_and_no_traceback() -> None:
    with Path("/dev/full").open("wb") as full, _start("1", stdout=full.fileno()) as program:
        _, stderr = program.communicate()
    assert (program.returncode, stderr) == (1, b"error: No space left on device\n")


def test_program_prints_the_contract_as_json() -> None:
    # A line end inside an expression cannot come through standard input.
    cases = [case for case in CONTRACT["cases"] if not {"\n", "\r"} & {*case["expression"]}]
    text = "".join(f"{case['expression']}\n" for case in cases)
    ran = run_program("eval", "--json", "-", stdin=text.encode())
    assert ran.stdout.decode().split("\n") == [*map(_json_line, cases), ""]
    assert (ran.returncode, ran.stderr) == (1, b"")


def _start(
    *words: str, stdin: int | None = None, stdout: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "my_project", "eval"]
    return subprocess.Popen(
        [*program, *words],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def _json_line(case: Case) -> str:
    answer = f'"value": {case["value"]}' if "value" in case else f'"error": {_json_error(case)}'
    return f'{{"expression": {json.dumps(case["expression"], ensure_ascii=False)}, {answer}}}'


def _json_error(case: Case) -> str:
    message = CONTRACT["messages"][case["error"]]
    return json.dumps({"code": case["error"], "message": message, "position": case["position"]})
