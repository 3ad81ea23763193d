"""The contract of the calculator, held against the program of each language from outside."""

import json
import random
import re
import signal
import struct
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_FOLDER = Path(__file__).parents[2] / "templates/_shared/arithmetic/contract"
CONTRACT: dict[str, Any] = json.loads((_FOLDER / "vectors.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = CONTRACT["cases"]
MESSAGES: dict[str, str] = CONTRACT["messages"]

# Some expressions cannot be told as a line of standard input, and some not as an argument.
_NO_LINE = re.compile(r".*\n.*|.*\r", re.DOTALL)
_NO_WORD = re.compile(r".*\0.*|-|--[-A-Za-z]*", re.DOTALL)
LINES = [case for case in CASES if not _NO_LINE.fullmatch(case["expression"])]
WORDS = [case for case in CASES if not _NO_WORD.fullmatch(case["expression"])]

SIGNS = "0123456789.eE+-*/%() \tsqrt"
STRANGE = "_,x$\0\x1b\x7f\r\u00a0²٣é\u2212\u2028\ufeff🙂"


def test_contract_covers_every_error_and_has_no_case_twice() -> None:
    """`vectors.json` has 200 cases or more, each once, with every code among them."""
    assert len(CASES) >= 200
    assert len({case["expression"] for case in CASES}) == len(CASES)
    assert {case["error"] for case in CASES if "error" in case} == set(MESSAGES)
    assert min(len(LINES), len(WORDS)) > 0.98 * len(CASES)


def test_every_vector_as_json_through_standard_input(program: list[str]) -> None:
    """Each line gets one JSON object, in order, to the byte as the contract says."""
    ran = _eval(program, "--json", "-", stdin=_lines(LINES))
    _same(ran.stdout, [_json(case) for case in LINES])
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_every_vector_as_json_through_arguments(program: list[str]) -> None:
    """An argument is read as a line of standard input is, whatever character it starts with."""
    ran = _eval(program, "--json", *(case["expression"] for case in WORDS))
    _same(ran.stdout, [_json(case) for case in WORDS])
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_every_vector_as_text(program: list[str]) -> None:
    """Values go to standard output and errors to standard error, each on one line."""
    ran = _eval(program, "-", stdin=_lines(LINES))
    _same(ran.stdout, [case["value"] for case in LINES if "value" in case])
    _same(ran.stderr, [_error_line(case) for case in LINES if "error" in case])
    assert ran.returncode == 1


def test_exit_status_tells_whether_all_succeeded(program: list[str]) -> None:
    """0 when all succeeded, 1 when any failed, with and without `--json`."""
    for words, status in [(["1"], 0), (["1", "2"], 0), (["1 +"], 1), (["1", "x", "2"], 1)]:
        assert _eval(program, *words).returncode == status
        assert _eval(program, "--json", *words).returncode == status


@pytest.mark.parametrize(
    ("stdin", "expressions"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"\n\n1", ["", "", "1"]),
        (b"1\r\n2\n3", ["1", "2", "3"]),
        (b"\r\n", [""]),
        (b"1\r", ["1\r"]),
        (b"1\r\r\n", ["1\r"]),
        (b"1\r2\n", ["1\r2"]),
        (b"1\x0b2\x0c\x85\n", ["1\x0b2\x0c\ufffd"]),
        (b"\0\n1\0", ["\0", "1\0"]),
        (b"\xff", ["\ufffd"]),
        (b"1 + \xc3(\n2", ["1 + \ufffd(", "2"]),
        (b"\xe2\x82\n\xf0\x9f\x99", ["\ufffd", "\ufffd"]),
        (b"\xed\xa0\x80\n\xc0\xaf", ["\ufffd" * 3, "\ufffd" * 2]),
        (b"\xef\xbb\xbf1", ["\ufeff1"]),
        ("🙂 + 1".encode(), ["🙂 + 1"]),
        (b"-\n--json\n", ["-", "--json"]),
        (b"1" * 2**20 + b"\n2", ["1" * 2**20, "2"]),
        (b"(" * 10_000, ["(" * 10_000]),
        (b"\xff" * 2**20, ["\ufffd" * 2**20]),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_standard_input_is_read_line_by_line(
    program: list[str], stdin: bytes, expressions: list[str]
) -> None:
    r"""Only `\n` and `\r\n` end a line, and every byte of a line reaches the answer."""
    ran = _eval(program, "--json", "-", stdin=stdin)
    answers = _objects(ran.stdout)
    assert [answer["expression"] for answer in answers] == expressions
    assert ran.returncode == int(any("error" in answer for answer in answers))
    assert ran.stderr == b""


def test_an_error_repeats_the_first_60_characters(program: list[str]) -> None:
    """Characters, not bytes; an ellipsis stands for more of them."""
    texts = ["🙂" * 60, "🙂" * 61, "1" * 2**20]
    ran = _eval(program, "-", stdin="\n".join(texts).encode())
    shown = ["🙂" * 60, "🙂" * 60 + "…", "1" * 60 + "…"]
    codes = [("syntax", 0), ("syntax", 0), ("too_long", 1000)]
    lines = [
        f'error: {MESSAGES[code]} at position {position} in "{text}"'
        for (code, position), text in zip(codes, shown, strict=True)
    ]
    _same(ran.stderr, lines)
    assert ran.stdout == b""


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["-2 ** 2"], ["-4"]),
        (["-5"], ["-5"]),
        (["--5", "-5"], ["5", "-5"]),
        (["--", "-5", "--5"], ["-5", "5"]),
        (["-sqrt(4)", "--sqrt(4)"], ["-2.0", "2.0"]),
        (["1", "-", "4"], ["1", "2", "3", "4"]),
        (["-", "-"], ["2", "3"]),
    ],
)
def test_expressions_may_start_with_a_minus(
    program: list[str], words: list[str], values: list[str]
) -> None:
    """Words are expressions from the first that is no option; `-` is standard input."""
    ran = _eval(program, *words, stdin=b"2\n3\n")
    assert (ran.stdout.decode().split(), ran.stderr, ran.returncode) == (values, b"", 0)


def test_an_argument_that_is_not_utf_8_is_a_syntax_error(program: list[str]) -> None:
    """It is read as standard input is: U+FFFD stands for what cannot be read."""
    ran = _eval(program, "--json", b"1 + \xff")
    (answer,) = _objects(ran.stdout)
    assert (answer["expression"], answer["error"]["position"]) == ("1 + \ufffd", 4)
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.parametrize(
    "words",
    [
        ["eval"],
        ["eval", "--json"],
        ["eval", "--"],
        ["eval", "--jsn", "1"],
        ["eval", "1", "--json"],
        ["eval", "-5", "--json-lines"],
        ["evaluate", "1"],
        ["--jsn"],
        ["1 + 2"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(program: list[str], words: list[str]) -> None:
    """Nothing is computed, and standard error says what is wrong."""
    ran = _run(program, *words)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.strip()
    _no_crash(ran.stderr)


@pytest.mark.parametrize(
    "words",
    [[], ["--help"], ["eval", "--help"], ["eval", "--json", "--help"], ["--version"]],
    ids=" ".join,
)
def test_help_and_version_are_no_errors(program: list[str], words: list[str]) -> None:
    """They go to standard output, and so does the help of a program called without any words."""
    ran = _run(program, *words)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert (b"0.1.0" if "--version" in words else b"Usage:") in ran.stdout


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_that_goes_away_ends_the_program_quietly(
    program: list[str], options: list[str]
) -> None:
    """No message and no signal but the one that means just this, however much was to come."""
    with subprocess.Popen(
        [*program, "eval", *options, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        _, stderr = running.communicate(b"1 + 2\n" * 50_000, timeout=60)
    assert stderr == b""
    assert running.returncode in {1, -signal.SIGPIPE}


@given(
    texts=st.lists(
        st.text(max_size=60) | st.text(SIGNS, max_size=60) | st.text(SIGNS + STRANGE, max_size=30),
        min_size=1,
        max_size=60,
    )
)
@settings(
    max_examples=30,
    deadline=None,  # an example starts a process
    suppress_health_check=[HealthCheck.too_slow],
)
def test_no_text_crashes_the_program(program: list[str], texts: list[str]) -> None:
    """Every line has one answer, a value or an error that points into the text."""
    lines = [text.replace("\n", "").rstrip("\r") for text in texts]
    ran = _eval(program, "--json", "-", stdin="".join(f"{line}\n" for line in lines).encode())
    answers = _objects(ran.stdout)
    assert ran.stderr == b""
    assert [answer["expression"] for answer in answers] == lines
    assert ran.returncode == int(any("error" in answer for answer in answers))
    for answer in answers:
        if "error" in answer:
            error = answer["error"]
            assert MESSAGES[error["code"]] == error["message"]
            assert 0 <= error["position"] <= len(answer["expression"])
        else:
            assert isinstance(answer["value"], int | float)


def test_languages_agree_on_10_000_expressions(programs: dict[str, list[str]]) -> None:
    """Value for value and code for code, to the byte, on every kind of expression and error."""
    chance = random.Random(20_261_123)  # noqa: S311  # the same expressions each time, no secrets
    expressions = [_expression(chance) for _ in range(10_000)]
    stdin = "".join(f"{expression}\n" for expression in expressions).encode()
    outputs = {
        language: _eval(program, "--json", "-", stdin=stdin).stdout.splitlines()
        for language, program in programs.items()
    }
    first, *others = outputs.values()
    assert len(first) == len(expressions)
    met = Counter(answer.get("error", {}).get("code", "value") for answer in map(json.loads, first))
    assert set(met) == {"value", *MESSAGES}, "the generator misses a kind"
    assert min(met.values()) >= 50, met
    for other in others:
        differing = [pair for pair in zip(first, other, strict=True) if pair[0] != pair[1]]
        assert differing == [], f"{len(differing)} differ, by {[*outputs]}: {differing[:5]}"


def _expression(chance: random.Random) -> str:
    """Return an expression: a sound one, one with a slip, a deep one or a long one."""
    kind = chance.random()
    if kind < 0.65:
        return _sound(chance, chance.randint(0, 4))
    if kind < 0.9:
        return _with_slip(chance, _sound(chance, chance.randint(0, 3)))
    if kind < 0.97:
        return _deep(chance)
    return f"{'1+' * chance.randint(485, 500)}{_sound(chance, 1)}{' ' * chance.randint(0, 9)}"


def _sound(chance: random.Random, depth: int) -> str:
    """Return an expression of the grammar, whose value may still be out of reach."""
    if depth == 0:
        return _number(chance)
    inner = _sound(chance, depth - 1)
    blank = chance.choice(["", " ", " ", "\t"])
    kind = chance.random()
    if kind < 0.12:
        return f"-{blank}{inner}"
    if kind < 0.27:
        return f"({blank}{inner}{blank})"
    if kind < 0.35:
        return f"sqrt{blank}({inner})"
    operator = chance.choice(["+", "-", "*", "/", "//", "//", "%", "%", "**", "**"])
    other = _sound(chance, chance.randint(0, depth - 1))
    left, right = chance.choice([(inner, other), (other, inner)])
    return f"{left}{blank}{operator}{blank}{right}"


def _number(chance: random.Random) -> str:
    """Return a literal: small, of any size, at the edge of a range, or a tie of two decimals."""
    kind = chance.random()
    if kind < 0.4:
        return str(chance.randint(0, 12))
    if kind < 0.5:
        return str(chance.getrandbits(chance.randint(1, 64)))
    if kind < 0.6:
        return f"{chance.randint(0, 99)}.{chance.randint(0, 99)}"
    if kind < 0.65:
        return repr(chance.getrandbits(53) / 2 ** chance.randint(1, 8))
    if kind < 0.75:
        bits = struct.pack("<Q", chance.getrandbits(63) % 0x7FF0_0000_0000_0000)
        return repr(struct.unpack("<d", bits)[0])
    edges = "0 007 0.0 .5 1e3 1e16 1e-5 1E-7 1e308 1e-308 5e-324 1e999 1023 1024 1025 1024.0 2.5e+2"
    wide = "9223372036854775807 9223372036854775808 4611686018427387904 3037000500 9007199254740993"
    smallest = "-9223372036854775808 (-9223372036854775808) (-1) (-2) (-0.0) (-2.5) (-7)"
    return chance.choice(f"{edges} {wide} {smallest}".split())


def _with_slip(chance: random.Random, sound: str) -> str:
    """Return the expression with one to three characters dropped, put in or replaced."""
    text = sound
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(text))
        put = chance.choice(["", chance.choice(SIGNS), chance.choice(SIGNS + STRANGE)])
        text = text[:at] + put + text[at + chance.randint(0, 1) :]
    return text.rstrip("\r")


def _deep(chance: random.Random) -> str:
    """Return an expression nested about as deep as is allowed, often not closed rightly."""
    levels = chance.randint(44, 53)
    openings = chance.choice([["("], ["-"], ["2**"], ["sqrt("], ["(", "-", "1 ** ", "sqrt("]])
    text = "".join(chance.choice(openings) for _ in range(levels)) + _number(chance)
    return text + ")" * (text.count("(") - text.count(")") + chance.choice([0, 0, 0, 0, -1, 1]))


def _run(
    program: list[str], *words: str | bytes, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*program, *words], input=stdin, capture_output=True, check=False, timeout=120
    )


def _eval(
    program: list[str], *words: str | bytes, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    ran = _run(program, "eval", *words, stdin=stdin)
    _no_crash(ran.stderr)
    return ran


def _no_crash(stderr: bytes) -> None:
    assert b"Traceback" not in stderr
    assert b"panicked" not in stderr


def _lines(cases: list[dict[str, Any]]) -> bytes:
    return "".join(f"{case['expression']}\n" for case in cases).encode()


def _objects(stdout: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.decode().split("\n") if line]


def _same(output: bytes, expected: list[str]) -> None:
    """Compare line by line, and show the first few that differ."""
    lines = output.decode().split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(expected)
    assert [pair for pair in zip(lines, expected, strict=True) if pair[0] != pair[1]][:5] == []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json(case: dict[str, Any]) -> str:
    if "value" in case:
        return f'{{"expression": {_quoted(case["expression"])}, "value": {case["value"]}}}'
    code = case["error"]
    error = {"code": code, "message": MESSAGES[code], "position": case["position"]}
    return f'{{"expression": {_quoted(case["expression"])}, "error": {json.dumps(error)}}}'


def _error_line(case: dict[str, Any]) -> str:
    text = case["expression"]
    shown = text[:60] + ("…" if len(text) > 60 else "")
    return f"error: {MESSAGES[case['error']]} at position {case['position']} in {_quoted(shown)}"
