"""What the command line of `dedup` takes, and what it refuses."""

from pathlib import Path

import pytest

from contracts.dedup_trees import run, said


@pytest.mark.parametrize(
    "words",
    [
        [], [""], [".", "--jobs", "0"], [".", "--jobs", "1025"], [".", "--jobs", "x"],
        [".", "--min-size", "-1"], [".", "--min-size", "2", "--max-size", "1"], [".", "--max-size", "0"],
        [".", "--min-size", "1.5"], [".", "--min-size", ".5K"], [".", "--min-size", "1 K"],
        [".", "--min-size", "1PiB"], [".", "--min-size", "9223372036854775808"], [".", "--min-size", ""],
        [".", "--glob", "[a"], [".", "--glob", "a\\"], [".", "--glob", ""], [".", "--exclude", "[]"],
        [".", "--min-age", "1"], [".", "--min-age", "-1s"], [".", "--min-age", "1.5h"],
        [".", "--min-age", "106752d"], [".", "--format", "xml"], [".", "--verify", "luck"], [".", "--eat"],
        [".", "--reference", ""], [".", "--min-size", "9" * 40], [".", "--max-size", "1" * 40 + "B"],
        [".", "--min-size", "9" * 5000], [".", "--min-age", "9" * 40 + "s"], [".", "--jobs", "9" * 40],
    ],
    ids=lambda words: " ".join(words)[:60],
)  # fmt: skip
def test_wrong_usage_exits_with_2(
    programs: dict[str, list[str]], tmp_path: Path, words: list[str]
) -> None:
    """Nothing is looked at, and standard error says what is wrong."""
    for language, program in programs.items():
        ran = run(program, "scan", *words, cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (2, b""), language
        assert ran.stderr.strip(), language


@pytest.mark.parametrize(
    "words",
    [["plan", "."], ["plan", ".", "--action", "eat"], ["plan", "--action", "delete"], ["apply"],
     ["plan", ".", "--action", "trash", "--protect", "[a"], ["plan", ".", "--action", "trash", "--keep", "best"],
     ["apply", "a", "b"], ["cache", "eat"], ["eat"], ["--eat"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_of_other_commands(
    programs: dict[str, list[str]], tmp_path: Path, words: list[str]
) -> None:
    """There is no default action, and no command but those that there are."""
    for program in programs.values():
        ran = run(program, *words, cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (2, b"")
        assert ran.stderr.strip()
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "words",
    [["--help"], ["scan", "--help"], ["plan", "--help"], ["apply", "--help"], ["cache", "--help"]],
)
def test_help_has_examples_and_version_a_number(
    programs: dict[str, list[str]], words: list[str]
) -> None:
    """Both are on standard output."""
    for program in programs.values():
        ran = run(program, *words)
        name = Path(program[0]).name.encode()
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert ran.stdout.count(name) >= (5 if len(words) == 1 else 2)  # with that of the usage
        assert said(run(program, "--version")) == (0, name + b" 0.1.0\n", b"")
