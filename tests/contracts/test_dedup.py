"""The contract of `dedup`, held against the program of each language from outside."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.dedup_faults import ERRORS, LONG, OTHER, Bench, each_call
from contracts.dedup_trees import (
    DRAWN,
    Drawn,
    Ran,
    clear,
    grow,
    lines,
    mounted,
    run,
    said,
    shape,
    shim,
    unprivileged,
)
from helpers import need

LONG_TESTS = os.environ.get("SCAFFOLD_LONG_TESTS") == "1"
CONTRACT = Path(__file__).parents[2] / "templates/dedup/any/contract"
BIG = b"x" * 100_000
QUIET = b""


def schema(name: str, program: list[str]) -> jsonschema.Draft202012Validator:
    """Return a schema, with the name of the project in it as the program has it."""
    text = (CONTRACT / f"{name}.schema.json").read_text("utf-8")
    own = json.loads(text.replace("my-project", Path(program[0]).name))
    jsonschema.Draft202012Validator.check_schema(own)
    return jsonschema.Draft202012Validator(own)


def paths(ran: Ran, folder: Path) -> list[list[str]]:
    """Return the names in each group of `--format null`, relative to a folder."""
    return [
        [os.fsdecode(os.path.relpath(name, os.fsencode(folder))) for name in group.split(b"\0")]
        for group in ran.stdout.split(b"\0\0")
        if group
    ]


def scan(program: list[str], folder: Path, *words: str | Path) -> list[list[str]]:
    """Return the groups that a scan without problems finds."""
    ran = run(program, "scan", folder, "--format", "null", *words)
    assert (ran.returncode, ran.stderr) == (0, b""), ran.stderr
    return paths(ran, folder)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make two groups, with odd names and a hard link."""
    folder = grow(tmp_path / "tree", {"a": b"x" * 5000, 'b,"\n': b"x" * 5000, "c": b"y", "d": b"y"})
    (folder / "\udcff").hardlink_to(folder / "a")
    return folder


# --- output -------------------------------------------------------------------------------------


def test_text_to_the_byte(program: list[str], tree: Path) -> None:
    """Groups, further names, escapes and the summary."""
    ran = run(program, "scan", tree)
    text = (
        f'2 files of 4.9 KiB, 4.9 KiB to gain\n  {tree}/a\n    {tree}/\\xff\n  {tree}/b,"\\n\n\n'
        f"2 files of 1 byte, 1 byte to gain\n  {tree}/c\n  {tree}/d\n\n"
    )
    assert said(ran) == (0, f"{text}2 groups, 4 files, 4.9 KiB to gain\n".encode(), b"")
    ran = run(program, "scan", tree, tree / "miss\ting", "--verify", "bytes")
    assert ran.returncode == 1
    assert ran.stderr.decode() == f"warning: {tree}/miss\\ting: missing\n"
    assert said(run(program, "scan", tree, tree / "missing", "--quiet")) == (1, text.encode(), b"")


def test_json_csv_and_null_to_the_byte(program: list[str], tree: Path) -> None:
    """The JSON holds to its schema, in the order of its keys; CSV and NUL tell bytes as they are."""
    ran = run(program, "scan", tree, tree / "missing", "--format", "json")
    found = json.loads(ran.stdout)
    schema("scan", program).validate(found)
    assert ran.stdout.decode() == json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    assert [*found] == ["version", "verify", "groups", "problems", "summary"]
    assert found["summary"] == {"scanned": 4, "groups": 2, "files": 4, "gain": 5001}
    assert found["problems"] == [{"name": {"path": f"{tree}/missing"}, "reason": "missing"}]
    name = os.fsencode(tree)
    assert run(program, "scan", tree, "--format", "csv").stdout == (
        b'group,size,path\n1,5000,%b/a\n1,5000,%b/\xff\n1,5000,"%b/b,""\n"\n2,1,%b/c\n2,1,%b/d\n'
        % ((name,) * 5)
    )
    assert run(program, "scan", tree, "--format", "null").stdout == (
        b'%b/a\0%b/\xff\0%b/b,"\n\0\0%b/c\0%b/d\0\0' % ((name,) * 5)
    )
    none = run(program, "scan", tree, "--glob", "none", "--format", "json", "--verify", "bytes")
    schema("scan", program).validate(json.loads(none.stdout))
    assert (
        run(program, "scan", tree, "--glob", "none").stdout
        == b"0 groups, 0 files, 0 bytes to gain\n"
    )


def test_hash_is_blake3_and_null_for_bytes(program: list[str], tree: Path) -> None:
    """The hash of one `y`, from the reference implementation."""
    ran = run(program, "scan", tree, "--format", "json", "--max-size", "1")
    digest = json.loads(ran.stdout)["groups"][0]["hash"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    ran = run(program, "scan", tree, "--format", "json", "--verify", "bytes")
    assert [group["hash"] for group in json.loads(ran.stdout)["groups"]] == [None, None]


def test_sizes_for_people(program: list[str], tmp_path: Path) -> None:
    """Sparse files of many sizes, whose first bytes differ from size to size."""
    table = {2: "2 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1075: "1.0 KiB", 1076: "1.1 KiB",
             1126: "1.1 KiB", 1048575: "1024.0 KiB", 1048576: "1.0 MiB", 5 << 20: "5.0 MiB"}  # fmt: skip
    for size in table:
        for copy in "ab":
            with (tmp_path / f"{size}{copy}").open("wb") as file:
                file.truncate(size)
    shown = re.findall(r"files of (.*?),", run(program, "scan", tmp_path).stdout.decode())
    assert shown == [table[size] for size in sorted(table, reverse=True)]


# --- selection ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("1.5KiB", 1536), ("1k", 1024), ("1kB", 1000), ("0.001MB", 1000),
     ("0.0009765625M", 1024), ("1000B", 1000), ("1.9B", 1), ("9223372036854775807", 2**63 - 1)],
)  # fmt: skip
def test_sizes_as_people_write_them(
    programs: dict[str, list[str]], tmp_path: Path, text: str, size: int
) -> None:
    """What is just too small for the size falls away, and what has it stays."""
    for length in {size - 1, size} & set(range(5000)):
        for copy in "ab":
            (tmp_path / f"{length}{copy}").write_bytes(b"x" * length)
    expected = [[f"{size}a", f"{size}b"]] if size < 5000 else []
    for program in programs.values():
        assert scan(program, tmp_path, "--min-size", text) == expected


GLOBS = [
    ("*.txt", ["a.txt", "n/b.txt", "n/m/a.txt"]), ("n", []), ("n/*", ["n/b.txt", "n/c"]),
    ("n/**", ["n/b.txt", "n/c", "n/m/a.txt", "n/m/["]), ("?", ["n/c", "n/m/[", "]", "\udcff"]),
    ("[a-c]*", ["a.txt", "n/b.txt", "n/c", "n/m/a.txt"]), ("[!a-z]", ["n/m/[", "]", "\udcff"]),
    ("[]]", ["]"]), ("[[]", ["n/m/["]), ("\\[", ["n/m/["]), ("m/?.txt", ["n/m/a.txt"]),
    ("/n/*", []), ("[z-a]*", []), ("**.txt", ["a.txt", "n/b.txt", "n/m/a.txt"]), ("n[!x]c", []), ("??", ["é"]),
]  # fmt: skip


def test_globs(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """Each glob alone, as what is wanted and as what is not; all files are equal."""
    names = ["a.txt", "n/b.txt", "n/c", "n/m/a.txt", "n/m/[", "]", "é", "\udcff"]
    grow(tmp_path, dict.fromkeys(names, b"x"))
    for glob, expected in GLOBS:
        for language, program in programs.items():
            found = [name for group in scan(program, tmp_path, "--glob", glob) for name in group]
            alone = len(expected) < 2  # and so no duplicate
            assert found == ([] if alone else sorted(expected, key=os.fsencode)), (language, glob)
    for language, program in programs.items():
        rest = scan(program, tmp_path, "--exclude", "n", "--exclude", "[]]")
        assert rest == [["a.txt", "é", "\udcff"]], language
        both = scan(program, tmp_path, "--glob", "*.txt", "--glob", "c", "--exclude", "m/*")
        assert both == [["a.txt", "n/b.txt", "n/c"]], language


def test_hidden_files_ages_and_file_roots(program: list[str], tmp_path: Path) -> None:
    """Hidden names need a word, but not where they are given."""
    grow(tmp_path, {".h/a": b"x", "b": b"x", ".c": b"x", "d": b"x"})
    assert scan(program, tmp_path) == [["b", "d"]]
    assert scan(program, tmp_path, "--hidden") == [[".c", ".h/a", "b", "d"]]
    ran = run(program, "scan", tmp_path / ".h", tmp_path / ".c", tmp_path / "b", "--format", "null")
    assert paths(ran, tmp_path) == [[".c", ".h/a", "b"]]
    (tmp_path / "b").touch()
    assert scan(program, tmp_path, "--hidden", "--min-age", "1h") == [[".c", ".h/a", "d"]]
    assert scan(program, tmp_path, "--min-age", "106751d") == []


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
        [".", "--reference", ""],
    ],
    ids=" ".join,
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
    "words", [["--help"], ["scan", "--help"], ["plan", "--help"], ["apply", "--help"]]
)
def test_help_has_examples_and_version_a_number(
    programs: dict[str, list[str]], words: list[str]
) -> None:
    """On standard output."""
    for program in programs.values():
        ran = run(program, *words)
        name = Path(program[0]).name.encode()
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert ran.stdout.count(name) >= (4 if len(words) == 1 else 1)
        assert said(run(program, "--version")) == (0, name + b" 0.1.0\n", b"")


# --- the walk -----------------------------------------------------------------------------------


def test_the_same_file_is_never_its_own_duplicate(program: list[str], tmp_path: Path) -> None:
    """The same root twice, nested roots, `..`, links and hard links."""
    grow(tmp_path, {"in/a": b"x", "in/deep/b": b"y"})
    (tmp_path / "in/a2").hardlink_to(tmp_path / "in/a")
    (tmp_path / "alias").symlink_to("in")
    (tmp_path / "in/loop").symlink_to(tmp_path)
    words: list[str | Path] = [tmp_path, tmp_path / "in", tmp_path / "in", f"{tmp_path}/in/../in/", tmp_path / "in/a",
             tmp_path / "alias", f"{tmp_path}//in/./deep", tmp_path / "alias/a"]  # fmt: skip
    for more in ([], ["--follow-symlinks"]):
        ran = run(program, "scan", *words, *more, "--format", "json")
        found = json.loads(ran.stdout)
        assert (found["groups"], found["summary"]["scanned"], ran.stderr) == ([], 2, b"")
    ran = run(program, "scan", "in", "in/../in", "--format", "null", cwd=tmp_path)
    assert said(ran) == (0, b"", b"")


def test_links_are_followed_to_folders_if_asked(program: list[str], tmp_path: Path) -> None:
    """Never to files; loops end, and links that lead nowhere are passed over."""
    grow(tmp_path, {"in/a": b"x", "out/b": b"x"})
    for name, target in {
        "loop": ".",
        "there": "../out",
        "file": "a",
        "no": "no",
        "gone": "x",
    }.items():
        (tmp_path / "in" / name).symlink_to(target)
    assert scan(program, tmp_path / "in") == []
    assert scan(program, tmp_path / "in", "--follow-symlinks") == [["a", "there/b"]]
    ran = run(program, "scan", tmp_path / "in/file", tmp_path / "out/b", tmp_path / "in/gone")
    assert ran.returncode == 1
    assert ran.stderr.decode() == f"warning: {tmp_path}/in/gone: missing\n"
    assert ran.stdout.startswith(b"0 groups")
    (tmp_path / "alias").symlink_to("in")
    grow(tmp_path, {"in/c": b"x"})
    ran = run(program, "scan", tmp_path / "alias", "--format", "null")
    assert paths(ran, tmp_path) == [["alias/a", "alias/c"]]


def test_a_file_met_twice_counts_once(program: list[str], tmp_path: Path) -> None:
    """By the name met first."""
    grow(tmp_path, {"in/a": b"x", "in/b": b"x"})
    (tmp_path / "z").symlink_to("in")
    ran = run(
        program, "scan", tmp_path / "z/a", tmp_path / "in", tmp_path / "in/a", "--format", "null"
    )
    assert paths(ran, tmp_path) == [["in/b", "z/a"]]


def test_folders_of_the_kernel_and_special_files_are_passed_over(
    program: list[str], tmp_path: Path
) -> None:
    """A FIFO that is opened would hang the program."""
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("socket")
        grow(tmp_path, {"a": b"x", "b": b"x"})
        (tmp_path / "sys").symlink_to("/sys")
        roots: list[str | Path] = [
            "/proc",
            "/sys",
            "/dev",
            "/dev/null",
            "/dev/zero",
            tmp_path / "fifo",
            tmp_path / "sys",
        ]
        ran = run(
            program,
            "scan",
            *roots,
            tmp_path,
            "--format",
            "json",
            "--min-size",
            "0",
            "--follow-symlinks",
        )
    found = json.loads(ran.stdout)
    assert said(ran)[0] == 0
    assert (found["summary"]["scanned"], found["summary"]["groups"]) == (2, 1)


def test_problems_are_told_and_leave_the_rest_right(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Without rights, too long, missing: each by the name and the reason of the contract."""
    before = unprivileged()
    grow(tmp_path, {"a": b"x", "b": b"x", "shut": b"x", "dark/c": b"x", "blind/d": b"x"})
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(22):
        os.mkdir(b"y" * 200, dir_fd=at)
        at, old = os.open(b"y" * 200, os.O_RDONLY, dir_fd=at), at
        os.close(old)
    os.close(at)
    for name, mode in (("shut", 0), ("dark", 0o311), ("blind", 0o600)):
        (tmp_path / name).chmod(mode)
    try:
        for language, program in programs.items():
            ran = run(program, "scan", tmp_path, tmp_path / "no", tmp_path / "a/b", "x" * 300, "/" + "z/" * 2100,
                      tmp_path / "no", before=before, cwd=tmp_path)  # fmt: skip
            told = [
                line.removeprefix("warning: ").rsplit(": ", 1)
                for line in ran.stderr.decode().splitlines()
            ]
            assert told == sorted(told), language
            short = [(name.replace(f"{tmp_path}/", "")[:9], reason) for name, reason in told]
            assert short == [
                ("a/b", "missing"), ("blind/d", "permission denied"),
                ("dark", "permission denied"), ("no", "missing"), ("shut", "permission denied"),
                ("x" * 9, "name too long"), ("y" * 9, "name too long"), ("/z/z/z/z/", "name too long"),
            ], language  # fmt: skip
            assert ran.returncode == 1
            assert ran.stdout.startswith(b"2 files of 1 byte"), language
    finally:
        clear(tmp_path)


def test_sparse_files_of_a_terabyte(program: list[str], tmp_path: Path) -> None:
    """Those that their first or last block tells apart are not read as a whole."""
    for name, first, last in (("a", b"1", b"1"), ("b", b"2", b"1"), ("c", b"1", b"2")):
        with (tmp_path / name).open("wb") as file:
            file.write(first)
            file.truncate(1 << 40)
            file.seek(-1, os.SEEK_END)
            file.write(last)
    begin = time.monotonic()
    ran = run(program, "scan", tmp_path, "--format", "json")
    assert (json.loads(ran.stdout)["groups"], ran.returncode) == ([], 0)
    assert time.monotonic() - begin < 30


def test_no_files_and_many_equal_files(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """A folder of none; and (in the long form 100,000) equal files and files of one size."""
    empty = tmp_path / "empty"
    empty.mkdir()
    count = 100_000 if LONG_TESTS else 5_000
    for number in range(count):
        (tmp_path / f"equal{number}").write_bytes(b"x" * 100)
        (tmp_path / f"first{number}").write_bytes(b"%099d" % number)
    for program in programs.values():
        assert run(program, "scan", empty).stdout == b"0 groups, 0 files, 0 bytes to gain\n"
        ran = run(program, "scan", tmp_path, "--format", "csv")
        assert (ran.stdout.count(b"\n"), ran.returncode, ran.stderr) == (count + 1, 0, b"")
    outputs = {
        run(program, "plan", tmp_path, "--action", "delete").stdout for program in programs.values()
    }
    assert len(outputs) == 1


def test_few_descriptors_and_any_number_of_jobs_give_the_same(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """64 descriptors, for 1,024 threads."""
    grow(tmp_path, {f"{number % 9}/{number}": b"x" * (9000 + number % 3) for number in range(300)})
    outputs = set()
    for program in programs.values():
        for verify in ("hash", "bytes"):
            words = ["scan", str(tmp_path), "--jobs", "1024", "--verify", verify]
            ran = run(["/bin/sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", *program, *words])
            assert (ran.returncode, ran.stderr) == (0, b"")
            outputs.add(ran.stdout)
        outputs.add(run(program, "scan", tmp_path, "--jobs", "1").stdout)
    assert len(outputs) == 1


def test_the_walk_stays_on_one_file_system_and_bind_mounts_are_one_folder(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """In a mount namespace, with a small file system and a folder and a file bound twice."""
    for language, program in programs.items():
        folder = tmp_path / language
        (folder / "t/disk").mkdir(parents=True)
        (folder / "t/bound").mkdir()
        (folder / "t/file").write_bytes(b"")
        ran = mounted(
            "mount -t tmpfs none t/disk; printf x >t/a; printf x >t/disk/b; mkdir t/in; printf x >t/in/c\n"
            "mount --bind t/in t/bound; mount --bind t/a t/file\n"
            '"$P" scan t --format null; echo; "$P" scan t --format null --one-file-system',
            folder,
            P=program[0],
        )
        first, second = ran.stdout.split(b"\n")
        here = os.fsencode(folder / "t")
        short = [
            [name.removeprefix(here + b"/") for name in out.split(b"\0") if name]
            for out in (first, second)
        ]
        assert short == [[b"a", b"bound/c", b"disk/b"], [b"a", b"bound/c"]], (language, ran.stderr)


# --- the plan -----------------------------------------------------------------------------------


def plan(
    program: list[str], folder: Path, action: str, *words: str | Path, file: Path
) -> list[Any]:
    """Write a plan and return its lines."""
    ran = run(program, "plan", folder, "--action", action, "-o", file, "--quiet", *words)
    assert said(ran) == (0, b"", b"")
    found: list[Any] = lines(file.read_bytes())
    for line in found:
        schema("plan", program).validate(line)
    return found


def files(found: list[Any]) -> list[list[str]]:
    """Return the last parts of keeper and victims of each group of a plan."""
    return [
        [
            os.fsdecode(Path(file["names"][0].get("path", "?")).name)
            for file in (line["keep"], *line["victims"])
        ]
        for line in found[1:-1]
    ]


def test_keepers_victims_and_the_untouchable(program: list[str], tmp_path: Path) -> None:
    """Each way to keep, protected names, references by whatever name."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    grow(tree, {"aaa": b"x", "b": b"x", "cc": b"x", "ref/d": b"x", "ref/e": b"x"})
    os.utime(tree / "cc", (1, 1))
    os.utime(tree / "b", (2_000_000_000, 2_000_000_000))
    for keep, first in (
        ("first-path", "aaa"),
        ("oldest", "cc"),
        ("newest", "b"),
        ("shortest", "b"),
    ):
        found = files(plan(program, tree, "trash", "--keep", keep, file=file))
        assert found == [[first, *(name for name in ("aaa", "b", "cc", "d", "e") if name != first)]]
    assert files(
        plan(program, tree, "delete", "--protect", "cc", "--protect", "ref/*", file=file)
    ) == [["aaa", "b"]]
    (tmp_path / "alias").symlink_to("t/ref")
    for reference in (tree / "ref", tmp_path / "alias"):
        made = plan(program, tree, "delete", "--reference", reference, file=file)
        assert files(made) == [["d", "aaa", "b", "cc"]]
        assert made[0]["roots"] == [{"path": str(tree)}, {"path": str(reference)}]
    assert plan(program, tree / "ref", "delete", "--reference", tree, file=file)[1:-1] == []
    (tree / "z").hardlink_to(tree / "ref/e")
    assert files(plan(program, tree, "delete", "--reference", tree / "ref", file=file)) == [
        ["d", "aaa", "b", "cc"]
    ]
    ran = run(program, "plan", tree, "--action", "delete", "-o", file)
    assert ran.stdout == b"4 victims in 1 group, 4 bytes to gain\n"


def test_both_write_the_same_plan_to_a_file_and_to_standard_output(
    programs: dict[str, list[str]], tree: Path, tmp_path: Path
) -> None:
    """To the byte, without blanks between tokens."""
    outputs = set()
    for program in programs.values():
        ran = run(program, "plan", tree, "--action", "hardlink", "-o", "-")
        plan(program, tree, "hardlink", file=tmp_path / "plan")
        outputs |= {ran.stdout, (tmp_path / "plan").read_bytes()}
    (output,) = outputs
    compact = [
        json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines(output)
    ]
    assert output.decode() == "".join(f"{line}\n" for line in compact)


FAULTS: dict[str, tuple[int, str, Any]] = {
    "other version": (1, "another version", lambda p: p[0].update(plan=2)),
    "no version": (1, "not a line of a plan", lambda p: p[0].pop("plan")),
    "true version": (1, "not a line of a plan", lambda p: p[0].update(plan=True)),
    "no roots": (1, "not a line of a plan", lambda p: p[0].update(roots=[])),
    "no such action": (1, "not a line of a plan", lambda p: p[0].update(action="eat")),
    "more in the head": (1, "not a line of a plan", lambda p: p[0].update(more=1)),
    "relative root": (1, "a path that is not absolute", lambda p: p[0].update(roots=[{"path": "a"}])),
    "no keeper": (2, "a group without a file to keep", lambda p: p[1].pop("keep")),
    "null keeper": (2, "a group without a file to keep", lambda p: p[1].update(keep=None)),
    "no victims": (2, "a group without victims", lambda p: p[1].update(victims=[])),
    "victims missing": (2, "a group without victims", lambda p: p[1].pop("victims")),
    "a list": (2, "not a line of a plan", lambda p: p.__setitem__(1, [])),
    "no inode": (2, "not a line of a plan", lambda p: p[1]["keep"].pop("inode")),
    "half an inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=0.5)),
    "huge inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=2**64)),
    "huge time": (2, "not a line of a plan", lambda p: p[1]["keep"].update(mtime_ns=2**63)),
    "negative size": (2, "not a line of a plan", lambda p: p[1].update(size=-1)),
    "text for a size": (2, "not a line of a plan", lambda p: p[1].update(size="1")),
    "nameless": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[])),
    "odd name": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[{"x": "/"}])),
    "two names in one": (2, "not a line of a plan", lambda p: p[1]["keep"]["names"][0].update(path_base64="L2E=")),
    "bad base64": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[{"path_base64": "L2F="}])),
    "more": (2, "not a line of a plan", lambda p: p[1].update(more=1)),
    "relative": (2, "a path that is not absolute", lambda p: _rename(p, "a")),
    "no path": (2, "a path that is not absolute", lambda p: _rename(p, "")),
    "dots": (2, "a path that is not plain", lambda p: _rename(p, "/../etc/passwd")),
    "a dot": (2, "a path that is not plain", lambda p: _rename(p, "/./etc/passwd")),
    "double slash": (2, "a path that is not plain", lambda p: _rename(p, "//x")),
    "slash at the end": (2, "a path that is not plain", lambda p: _rename(p, "/x/")),
    "nul": (2, "a path that is not plain", lambda p: _rename(p, "/x\0")),
    "elsewhere": (2, "a path outside of the roots", lambda p: _rename(p, "/etc/passwd")),
    "beside the root": (2, "a path outside of the roots", lambda p: _rename(p, p[0]["roots"][0]["path"] + "x/y")),
    "keeper elsewhere than roots": (2, "a path outside of the roots", lambda p: p[1]["keep"].update(names=[{"path": "/x"}])),
    "keeper as victim": (2, "a victim is the file to keep", lambda p: p[1]["victims"].append(p[1]["keep"])),
    "keeper's name": (2, "a victim is the file to keep", lambda p: p[1]["victims"][0].update(names=p[1]["keep"]["names"])),
    "victim twice": (2, "a victim stands twice", lambda p: p[1]["victims"].append(p[1]["victims"][0])),
    "name twice": (2, "a victim stands twice", lambda p: p[1]["victims"][0]["names"].extend(p[1]["victims"][0]["names"])),
    "victim again": (3, "a victim stands twice", lambda p: p.insert(2, p[1])),
    "keeper elsewhere": (2, "the file to keep is a victim elsewhere", lambda p: (p[2]["victims"].append(p[1]["keep"]), p[3].update(victims=4))),
    "no end": (4, "the end is missing", lambda p: p.pop()),
    "no groups and no end": (2, "the end is missing", lambda p: p.__delitem__(slice(1, None))),
    "more than the end": (5, "not a line of a plan", lambda p: p.append(p[3])),
    "other end": (4, "the end counts otherwise", lambda p: p[3].update(victims=7)),
    "odd end": (4, "not a line of a plan", lambda p: p[3].update(more=7)),
    "negative end": (4, "not a line of a plan", lambda p: p[3].update(victims=-1)),
}  # fmt: skip


def _rename(found: list[Any], path: str) -> None:
    found[1]["victims"][0]["names"] = [{"path": path}]


def test_an_unsafe_plan_is_refused_and_the_line_named(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Every row of the table of refusals, with and without `--yes`."""
    tree = grow(tmp_path / "t", {"a": b"xx", "b": b"xx", "c": b"xx", "d": b"y", "e": b"y"})
    file = tmp_path / "plan"
    sound = plan(programs["python"], tree, "delete", file=file)
    before = shape(tree)
    for number, (fault, (line, reason, edit)) in enumerate(FAULTS.items()):
        found = json.loads(json.dumps(sound))
        edit(found)
        file.write_text("".join(f"{json.dumps(each)}\n" for each in found))
        for language, program in programs.items():
            if language == "python" and number % 3 and not LONG_TESTS:
                continue  # a start of Python takes long, and its own tests have the same table
            ran = run(program, "apply", file, *(["--yes"] if number % 2 else []))
            assert said(ran) == (2, b"", f"error: {file}: line {line}: {reason}\n".encode()), (
                language,
                fault,
            )
    assert shape(tree) == before
    assert not (tmp_path / "plan.journal").exists()


def test_what_is_no_plan_or_was_cut_off_is_refused(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Foreign files, and a sound plan cut at any place."""
    tree = grow(tmp_path / "t", {"a": b"x", "b": b"x"})
    file = tmp_path / "plan"
    plan(programs["python"], tree, "delete", file=file)
    whole = file.read_bytes()
    foreign = [
        b"\n",
        b"hello\n",
        b"\xff\n",
        b"[" * 100_000,
        b'{"plan":1,"plan":1}',
        b"NaN",
        b"\x89PNG\r\n",
        b"\0" * 99,
    ]
    cuts = [whole[:size] for size in range(1, len(whole) - 1, 1 if LONG_TESTS else 131)]
    for data in foreign + cuts:
        file.write_bytes(data)
        expected = {run(program, "apply", file, "--yes").stderr for program in programs.values()}
        assert len(expected) == 1, (data[:60], expected)
        (told,) = expected
        assert re.fullmatch(rb"error: .*/plan: line \d: [a-z ]+\n", told), told
    assert sorted(path.name for path in tree.iterdir()) == ["a", "b"]
    file.write_bytes(whole.rstrip(b"\n"))
    for program in programs.values():
        assert run(program, "apply", file).returncode == 0
        ran = run(program, "apply", tmp_path / "none")
        assert said(ran) == (2, b"", f"error: {tmp_path}/none: missing\n".encode())
        ran = run(program, "apply", tree)
        assert said(ran) == (2, b"", f"error: {tree}: is a folder\n".encode())
        ran = run(program, "plan", tree, "--action", "delete", "-o", tree)
        assert said(ran) == (1, b"", f"error: {tree}: is a folder\n".encode())


# --- the two agree ------------------------------------------------------------------------------


@given(
    drawn=DRAWN,
    words=st.lists(
        st.sampled_from(["--hidden", "--follow-symlinks", "--one-file-system", "--verify=bytes", "--min-size=0",
                         "--exclude=[a-c]", "--glob=*", "--glob=?", "--min-size=4097", "--jobs=1", "--jobs=3",
                         "--min-age=1d", "--exclude=*/b/*"]),
        max_size=4,
        unique=True,
    ),
    action=st.sampled_from(["hardlink", "symlink", "delete", "reflink"]),
    keep=st.sampled_from(["first-path", "oldest", "newest", "shortest"]),
)  # fmt: skip
@settings(
    max_examples=300 if LONG_TESTS else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_both_say_and_do_the_same_on_any_tree(  # noqa: PLR0913, PLR0917  # what is drawn
    programs: dict[str, list[str]],
    tmp_path: Path,
    drawn: Drawn,
    words: list[str],
    action: str,
    keep: str,
) -> None:
    """Scan in all forms, plan, preview and apply; each applies the plan that the other wrote."""
    before = unprivileged()
    tree, file = tmp_path / "tree", tmp_path / "plan"
    shapes, done = [], []
    order = [*programs]
    for turn, language in enumerate(order):
        clear(tree)
        drawn.make(tree)
        for form in ("text", "json") if turn else ("csv", "null"):
            outputs = [
                said(run(each, "scan", tree, *words, "--format", form, before=before))
                for each in programs.values()
            ]
            assert outputs[0] == outputs[1]
            if form != "json":
                continue
            schema("scan", programs[language]).validate(json.loads(outputs[0][1]))
        planning: list[str | Path] = ["plan", tree, *words, "--action", action, "--keep", keep]
        plans = {name: said(run(each, *planning, before=before)) for name, each in programs.items()}
        assert plans[order[0]] == plans[order[1]]
        file.write_bytes(plans[order[1 - turn]][1])
        Path(f"{file}.journal").unlink(missing_ok=True)
        previews = {said(run(each, "apply", file)) for each in programs.values()}
        assert len(previews) == 1
        done.append(said(run(programs[language], "apply", file, "--yes", before=before)))
        shapes.append(shape(tree))
        for line in lines(Path(f"{file}.journal").read_bytes()):
            schema("journal", programs[language]).validate(line)
        again = said(run(programs[order[1 - turn]], "apply", file, "--yes", before=before))
        assert again[1].split(b" done")[0] == done[-1][1].split(b" done")[0]
    clear(tree)
    assert done[0] == done[1]
    assert shapes[0] == shapes[1]


# --- apply --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["hardlink", "symlink", "delete", "trash"])
def test_each_action_does_what_it_says(
    program: list[str], tree: Path, tmp_path: Path, action: str
) -> None:
    """The preview touches nothing; then names of victims are links, or gone."""
    file = tmp_path / "plan"
    plan(program, tree, action, file=file)
    before = shape(tree)
    ran = run(program, "apply", file)
    assert ran.stdout.decode() == (
        f'{action} {tree}/b,"\\n\n  keep {tree}/a\n{action} {tree}/d\n  keep {tree}/c\n'
        "2 actions, 4.9 KiB to gain; --yes does it\n"
    )
    assert (
        run(program, "apply", file, "--quiet").stdout
        == ran.stdout[: ran.stdout.rindex(b"2 actions")]
    )
    assert shape(tree) == before
    assert not (tmp_path / "plan.journal").exists()
    home = str(tmp_path / "home")
    Path(home).mkdir()
    ran = run(program, "apply", file, "--yes", env={"HOME": home, "XDG_DATA_HOME": f"{home}/data"})
    assert said(ran) == (0, b"2 done, 0 left alone, 0 failed, 4.9 KiB freed\n", b"")
    now = shape(tree)
    match action:
        case "hardlink":
            assert now[b'b,"\n'] == now[b"a"] == now[b"\xff"]
            assert now[b"d"] == now[b"c"]
        case "symlink":
            assert (tree / "d").readlink() == tree / "c"
        case _:
            assert sorted(now) == [b"a", b"c", b"\xff"]
    if action == "trash":
        assert (tmp_path / "home/data/Trash/files/d").read_bytes() == b"y"
        assert (tmp_path / "home/data/Trash/info/d.trashinfo").is_file()
    for line in lines((tmp_path / "plan.journal").read_bytes()):
        schema("journal", program).validate(line)
    again = run(program, "apply", file, "--yes", "--quiet")
    assert said(again) == (0, b"", b"")
    assert shape(tree) == now


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _twin(path: Path) -> None:
    path.unlink()
    grow(path.parent, {path.name: b"y"})


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "rewritten": ("changed", lambda path: path.write_bytes(b"z")),
    "longer": ("changed", lambda path: path.write_bytes(b"yy")),
    "touched": ("changed", lambda path: os.utime(path, (1, 1))),
    "chmod": ("changed", lambda path: path.chmod(0o600)),
    "gone": ("missing", lambda path: path.unlink()),
    "folder": ("not a regular file", lambda path: _instead(path, Path.mkdir)),
    "fifo": ("not a regular file", lambda path: _instead(path, os.mkfifo)),
    "link": ("not a regular file", lambda path: _instead(path, lambda new: new.symlink_to("a"))),
    "twin": ("changed", _twin),
}  # fmt: skip


@pytest.mark.parametrize("which", ["c", "d"], ids=["keeper", "victim"])
def test_what_changed_is_left_alone(
    programs: dict[str, list[str]], tmp_path: Path, which: str
) -> None:
    """With exit status 3, and everything else is done."""
    for number, (change, (reason, event)) in enumerate(CHANGES.items()):
        action = ("hardlink", "symlink", "delete")[number % 3]
        for language, program in programs.items():
            tree, file = tmp_path / f"{change}-{language}", tmp_path / f"{change}-{language}.plan"
            grow(tree, {"a": BIG, "b": BIG, "c": b"y", "d": b"y"})
            plan(program, tree, action, file=file)
            event(tree / which)
            kinds = {name: each for name, each in shape(tree).items() if name in b"cd"}
            ran = run(program, "apply", file, "--yes")
            assert said(ran) == (
                3,
                b"1 done, 1 left alone, 0 failed, 97.7 KiB freed\n",
                f"left alone: {tree}/d: {reason}\n".encode(),
            ), (change, language)
            now = {name: each for name, each in shape(tree).items() if name in b"cd"}
            assert [each[:2] for each in now.values()] == [each[:2] for each in kinds.values()]
            assert [*now] == [*kinds]


def test_bytes_are_compared_and_the_same_inode_is_left(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """A plan that was edited so that all but the bytes is true; and a victim that became the keeper."""
    for language, program in programs.items():
        tree, file = (
            grow(tmp_path / language, {"a": b"xx", "b": b"xx", "c": b"y", "d": b"y"}),
            tmp_path / language / "p",
        )
        found = plan(program, tree, "delete", file=file)
        (tree / "b").write_bytes(b"xy")
        now = (tree / "b").stat()
        found[1]["victims"][0] |= {"mtime_ns": now.st_mtime_ns, "ctime_ns": now.st_ctime_ns}
        (tree / "d").unlink()
        (tree / "d").hardlink_to(tree / "c")
        file.write_text("".join(f"{json.dumps(line)}\n" for line in found))
        ran = run(program, "apply", file, "--yes")
        assert (
            ran.stderr.decode()
            == f"left alone: {tree}/b: differs\nleft alone: {tree}/d: same file\n"
        )
        assert said(ran)[:2] == (3, b"0 done, 2 left alone, 0 failed, 0 bytes freed\n")


def test_what_the_file_system_refuses_is_a_failure(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Read-only, another device, blocks that cannot be shared, a full disk for the journal."""
    for language, program in programs.items():
        folder = tmp_path / language
        folder.mkdir()
        ran = mounted(
            "mkdir disk other; mount -t tmpfs none disk; mount -t tmpfs none other\n"
            "printf x >disk/a; printf x >disk/b; printf x >other/c\n"
            '"$P" plan disk --action delete -o delete --quiet\n'
            '"$P" plan disk --action reflink -o reflink --quiet\n'
            '"$P" plan disk other --action symlink -o across --quiet\n'
            "sed s/symlink/hardlink/ across >linked\n"
            'try() { "$P" apply "$@" --yes 2>&1 || echo "status $?"; }\n'
            "try reflink; try linked\n"
            "mount -o remount,ro disk; try delete; mount -o remount,rw disk\n"
            "mkdir full; mount -t tmpfs -o size=4k none full; head -c 4096 /dev/zero >full/x || true\n"
            "try delete --journal full/j; ls disk other; "
            '"$P" plan disk --action delete -o full/plan 2>&1 || echo "status $?"; ls -A full',
            folder,
            P=program[0],
        )
        disk = folder / "disk"
        told = ran.stdout.decode().splitlines()
        assert told == [
            f"failed: {disk}/b: not supported",
            "0 done, 0 left alone, 1 failed, 0 bytes freed", "status 1",
            f"failed: {folder}/other/c: another file system",
            "1 done, 0 left alone, 1 failed, 1 byte freed", "status 1",
            # `linked` made b a name of a, so this is no longer what was planned
            f"left alone: {disk}/b: same file",
            "0 done, 1 left alone, 0 failed, 0 bytes freed", "status 3",
            "error: full/j: no space left", "status 1",
            "disk:", "a", "b", "", "other:", "c",
            "error: full/plan: no space left", "status 1", "j", "x",
        ], (language, told, ran.stderr)  # fmt: skip


def test_a_read_only_file_system_is_a_failure(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """For each action that would change a name."""
    for language, program in programs.items():
        folder = tmp_path / language
        folder.mkdir()
        ran = mounted(
            "mkdir disk; mount -t tmpfs none disk; printf x >disk/a; printf x >disk/b\n"
            'for each in delete hardlink symlink; do "$P" plan disk --action $each -o $each --quiet; done\n'
            'mount -o remount,ro disk; for each in delete hardlink symlink; do "$P" apply $each --yes 2>&1 || echo $?; done',
            folder,
            P=program[0],
        )
        failure = [
            f"failed: {folder}/disk/b: read-only file system",
            "0 done, 0 left alone, 1 failed, 0 bytes freed",
            "1",
        ]
        assert ran.stdout.decode().splitlines() == failure * 3, (language, ran.stderr)


def test_journals_that_are_none_are_refused(
    programs: dict[str, list[str]], tree: Path, tmp_path: Path
) -> None:
    """Foreign, of another plan, with a bad line, in use, a folder or a device; one cut off is not."""
    file, journal = tmp_path / "plan", tmp_path / "journal"
    plan(programs["python"], tree, "delete", file=file)
    other = tmp_path / "other"
    plan(programs["python"], tree, "trash", file=other)
    assert run(programs["python"], "apply", file, "--yes", "--journal", journal).returncode == 0
    whole = journal.read_bytes().splitlines(keepends=True)
    foreign = "belongs to another plan"
    bad = "line 2: not a line of a journal"
    cases: list[tuple[bytes, Path, int, str]] = [
        (b"my letter", file, 2, foreign), (b"my letter\n", file, 2, foreign), (b"".join(whole), other, 2, foreign),
        (whole[0] + b"{}\n", file, 2, bad), (whole[0] + b"\xff\n", file, 2, bad), (whole[0] + b"\n", file, 2, bad),
        (whole[0] + whole[1].replace(b".tmp", b"/../x"), file, 2, bad),
        (whole[0] + whole[1].replace(b'"start"', b'"begun"'), file, 2, bad),
        (whole[0] + whole[1].replace(b'"line":2', b'"line":"2"'), file, 2, bad),
    ]  # fmt: skip
    for language, program in programs.items():
        for data, which, status, reason in cases:
            journal.write_bytes(data)
            ran = run(program, "apply", which, "--yes", "--journal", journal)
            assert said(ran) == (status, b"", f"error: {journal}: {reason}\n".encode()), (
                language,
                data,
            )
            assert journal.read_bytes() == data
        for path, status, reason in ((tree, 1, "is a folder"), (Path("/dev/full"), 1, "not a regular file"),
                                     (tmp_path / "no/j", 1, "missing")):  # fmt: skip
            ran = run(program, "apply", file, "--yes", "--journal", path)
            assert said(ran) == (status, b"", f"error: {path}: {reason}\n".encode()), language
        for data in (b"", whole[0][:30], b"".join(whole)[:-9]):
            journal.write_bytes(data)
            ran = run(program, "apply", file, "--yes", "--journal", journal)
            assert ran.returncode == (0 if len(data) > 100 else 3), (language, data)
        journal.write_bytes(b"")
        held = ["flock", str(journal), *program]
        ran = run(held, "apply", file, "--yes", "--journal", journal)
        assert said(ran) == (1, b"", f"error: {journal}: in use\n".encode()), language


# --- signals, streams, cache --------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_scan_quietly(
    program: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """A terabyte takes long to hash."""
    for name in "ab":
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 40)
    with subprocess.Popen(
        [*program, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        _wait_for_open(running.pid, tmp_path / "a")
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout, stderr) == (128 + number, b"", b"")


def _wait_for_open(process: int, path: Path) -> None:
    folder = Path(f"/proc/{process}/fd")
    for _ in range(1000):
        time.sleep(0.01)
        try:
            if any(link.readlink() == path for link in folder.iterdir()):
                return
        except OSError:
            continue
    pytest.fail("the program never opened the file")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_step_of_apply_finish(
    program: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """The journal ends with the end of a step, and a second run does the rest."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    count = 400
    grow(tree, {f"{each:03}": b"x" * 99 for each in range(count)})
    plan(program, tree, "hardlink", file=file)
    journal = tmp_path / "plan.journal"
    with subprocess.Popen(
        [*program, "apply", file, "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        while not (journal.exists() and journal.stat().st_size > 1000):
            time.sleep(0.001)
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout, stderr) == (128 + number, b"", b"")
    last = lines(journal.read_bytes())[-1]
    assert last["state"] == "done"
    assert (tree / "000").stat().st_nlink == last["victim"] + 2 < count
    ran = run(program, "apply", file, "--yes")
    assert ran.stdout == b"399 done, 0 left alone, 0 failed, 38.6 KiB freed\n"
    assert (tree / "000").stat().st_nlink == count


def test_a_reader_that_goes_away_ends_the_program_quietly(
    program: list[str], tmp_path: Path
) -> None:
    """However much was to come."""
    grow(tmp_path, {f"{'n' * 200}{each}": b"x" for each in range(1000)})
    with subprocess.Popen(
        [*program, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode in {1, 128 + signal.SIGPIPE, -signal.SIGPIPE}


def on_a_terminal(program: list[str], *words: str | Path) -> tuple[bytes, bytes]:
    """Run with standard error on a terminal; return standard output, and what the terminal got."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # how Linux tells the end of a terminal
                break
        assert running.stdout is not None
        stdout = running.stdout.read()
    os.close(ours)
    return stdout, shown


def test_only_a_terminal_gets_progress(program: list[str], tmp_path: Path) -> None:
    """Results are the same; `--quiet` and `--no-progress` silence it."""
    for name in "ab":
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 31)
    plain = run(program, "scan", tmp_path)
    assert plain.stderr == b""
    stdout, shown = on_a_terminal(program, "scan", tmp_path)
    assert stdout == plain.stdout
    assert b"\x1b[" in shown or b"\r" in shown
    assert re.search(rb"[KMG]i?B/s", shown), shown[-500:]
    for option in ("--quiet", "--no-progress"):
        assert on_a_terminal(program, "scan", tmp_path, option, "--max-size", "1")[1] == b""


def test_the_cache_is_shared_and_knows_what_changed(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """One program fills it, both believe it, and neither once a file has changed."""
    tree = grow(tmp_path / "t", {"a": BIG, "b": BIG, "c": b"y", "d": b"y"})
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    time.sleep(2.1)
    for writer, writing in programs.items():
        for language, program in programs.items():
            name = Path(program[0]).name
            path = tmp_path / "cache" / name / "hashes-1.json"
            assert (
                run(program, "cache", "info", env=home).stdout
                == f"there is no cache at {path}\n".encode()
            )
            first = run(writing, "scan", tree, "--cache", env=home)
            sound = path.read_bytes()
            assert [line[0] for line in lines(sound)] == ["blake3"] * 2, writer
            info = run(program, "cache", "info", env=home).stdout.decode()
            assert info == f"{path}: 2 hashes, {len(sound)} bytes\n", language
            false = sound.replace(lines(sound)[0][-1].encode(), b"0" * 64, 1)
            path.write_bytes(b"rubbish\n[1]\n" + false)
            believed = run(program, "scan", tree, "--cache", env=home)
            assert believed.stdout.startswith(b"2 files of 1 byte"), language
            assert run(program, "scan", tree, env=home).stdout == first.stdout
            assert (
                run(program, "scan", tree, "--cache", "--verify", "bytes", env=home).stdout
                == first.stdout
            )
            path.write_bytes(false.replace(b",100000,", b",100001,"))
            assert run(program, "scan", tree, "--cache", env=home).stdout == first.stdout
            assert run(program, "cache", "clear", env=home).stdout == f"removed {path}\n".encode()
            assert (
                run(program, "cache", "clear", env=home).stdout
                == f"there is no cache at {path}\n".encode()
            )
    os.utime(tree / "a")
    run(program, "scan", tree, "--cache", env=home)
    assert len(path.read_bytes().splitlines()) == 1  # what changed just now is not kept


def test_memory_for_many_files_is_bounded(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """Less than 200 bytes a file beyond its path, from one size of tree to another."""
    few, many = (2_000, 20_000) if not LONG_TESTS else (20_000, 200_000)
    for folder, count in (("few", few), ("many", many)):
        for each in range(200):
            (tmp_path / folder / str(each)).mkdir(parents=True)
        for each in range(count):
            (tmp_path / folder / str(each % 200) / str(each)).write_bytes(b"%d" % each)
    for language, program in programs.items():
        peak: dict[str, int] = {}
        for folder in ("few", "many"):
            script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=-3); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            ran = subprocess.run(
                ["python3", "-c", script, *program, "scan", tmp_path / folder],
                capture_output=True,
                check=True,
            )
            peak[folder] = int(ran.stdout) * 1024
        path = len(str(tmp_path / "many/199/39999"))
        growth = (peak["many"] - peak["few"]) / (many - few)
        assert growth < 200 + path, (language, peak)


def test_reflinks_share_blocks(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """On Btrfs, in an image of its own; the victim keeps its inode."""
    need("mkfs.btrfs")
    for program in programs.values():
        ran = mounted(
            "rm -rf image disk; truncate -s 200M image; mkfs.btrfs -q image >mkfs.log; mkdir disk; mount -o loop image disk\n"
            "head -c 300000 /dev/urandom >disk/a; cp --reflink=never disk/a disk/b; sync; ls -i disk/b\n"
            '"$P" plan disk --action reflink -o plan --quiet; rm -f plan.journal; "$P" apply plan --yes; ls -i disk/b; cmp disk/a disk/b',
            tmp_path,
            P=program[0],
        )
        first, told, last = ran.stdout.decode().splitlines()
        assert (first, told) == (last, "1 done, 0 left alone, 0 failed, 293.0 KiB freed"), (
            ran.stderr
        )


# It needs a file system of its own, and is no part of the short form.
setattr(test_reflinks_share_blocks, "__test__", LONG_TESTS)  # noqa: B010  # functions have no such field for mypy


# --- whatever happens, nothing is lost ----------------------------------------------------------


@pytest.fixture(params=["hardlink", "symlink", "delete"])
def make(request: pytest.FixtureRequest, program: list[str], tmp_path: Path) -> Any:  # noqa: ANN401
    """Return what makes a bench for a number, for each action that removes or replaces a name."""
    library = shim(tmp_path)
    return lambda number: Bench(tmp_path / str(number), library, program, request.param)


@pytest.fixture
def most(program: list[str]) -> int | None:
    """Return for how many calls there is time: a start of Python takes fifty times as long."""
    return None if LONG_TESTS else 3 if Path(program[0]).parent.name == "bin" else 15


def test_the_library_reaches_the_calls_that_matter(make: Any) -> None:  # noqa: ANN401
    """Otherwise the tests below would pass without having tried anything."""
    bench = make("reach").prepare()
    ran, calls = bench.apply_with(0, "kill")
    assert ran.returncode == 0
    removing = {"unlink", "unlinkat"} & set(calls)
    making = {
        "hardlink": {"link", "linkat"},
        "symlink": {"symlink", "symlinkat"},
        "delete": {"renameat2"},
    }
    assert removing
    assert making[bench.action] & set(calls)
    assert "renameat2" in calls
    assert len(calls) > 50


def _numbered(make: Any, code: int, number: int) -> Bench:  # noqa: ANN401  # as the fixture
    """Return a bench of its own for each error and call."""
    bench: Bench = make(f"{code}-{number}")
    return bench


def test_no_failing_call_loses_a_content(make: Any, most: int | None) -> None:  # noqa: ANN401
    """And the next run finishes what it can; what it cannot, it leaves alone."""
    for code in ERRORS if LONG_TESTS else ERRORS[:1]:
        for at, bench, ran in each_call(partial(_numbered, make, code), str(code), most):
            assert ran.returncode in {0, 1, 2, 3}, (at, ran)
            assert bench.contents() == {LONG, OTHER, b"small"}, (code, at)
            assert bench.apply().returncode in {0, 3}, (code, at)
            assert bench.contents() == {LONG, OTHER, b"small"}, (code, at)
            assert bench.is_clean(), (code, at)


def test_a_run_that_is_killed_is_finished_by_the_next(make: Any, most: int | None) -> None:  # noqa: ANN401
    """Whichever call it is killed at."""
    for at, bench, _ in each_call(make, "kill", most):
        assert bench.contents() == {LONG, OTHER, b"small"}, at
        ran = bench.apply()
        assert said(ran) == (0, b"3 done, 0 left alone, 0 failed, 4.9 KiB freed\n", b""), at
        assert bench.contents() == {LONG, OTHER, b"small"}, at
        assert bench.is_clean(), at
        found = run(bench.program, "scan", bench.tree)
        assert found.stdout.startswith(b"0 groups"), at


@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
def test_a_file_that_is_swapped_in_is_not_lost(make: Any, most: int | None, name: str) -> None:  # noqa: ANN401
    """Another program moves keeper or victim away, and puts a file of the same size there."""
    for at, bench, ran in each_call(make, "swap", most, old=name):
        assert ran.returncode in {0, 1, 3}, at
        assert bench.contents() == {LONG, OTHER, b"small"}, (at, ran)
        bench.apply()
        assert bench.contents() == {LONG, OTHER, b"small"}, at


@given(
    files=st.dictionaries(
        st.sampled_from("abcdefgh"), st.sampled_from([b"1", b"2", LONG]), min_size=2
    ),
    action=st.sampled_from(["hardlink", "symlink", "delete"]),
    at=st.integers(1, 150),
    event=st.sampled_from([*map(str, ERRORS), "kill", "swap"]),
    name=st.sampled_from("abc"),
)
@settings(
    max_examples=400 if LONG_TESTS else 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_tree_any_plan_and_any_event(  # noqa: PLR0913, PLR0917  # what is drawn
    programs: dict[str, list[str]],
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str | bytes, bytes],
    action: str,
    at: int,
    event: str,
    name: str,
) -> None:
    """Every content that was there is there afterwards, and after the other program's run too."""
    folder = tmp_path_factory.mktemp("any")
    for language, program in programs.items():
        bench = Bench(folder / language, shim(folder), program, action).prepare(files)
        before = bench.contents()
        bench.apply_with(at, event, bench.tree / name)
        assert bench.contents() >= before
        for other in programs.values():
            Bench(bench.folder, bench.library, other, action).apply()
            assert bench.contents() >= before


def test_one_program_finishes_what_the_other_began(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """A journal is read by both, wherever the first was killed."""
    library = shim(tmp_path)
    order = [*programs.values()]
    for first, second in (order, order[::-1]):
        for action in ("hardlink", "symlink", "delete"):
            for at in range(10, 120, 10 if LONG_TESTS else 60):
                clear(tmp_path / "bench")
                bench = Bench(tmp_path / "bench", library, first, action).prepare()
                bench.apply_with(at, "kill")
                ran = Bench(tmp_path / "bench", library, second, action).apply()
                assert said(ran) == (0, b"3 done, 0 left alone, 0 failed, 4.9 KiB freed\n", b""), (
                    first,
                    action,
                    at,
                )
                assert bench.contents() == {LONG, OTHER, b"small"}
