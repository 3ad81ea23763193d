"""The program, run as a process of its own."""

import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from my_project.cli import app
from my_project.errors import RefusedError
from my_project.journal import Journal
from my_project.plan_reading import read_plan
from my_project.report import Format, report
from my_project.workers import affordable

from .trees import CONTRACT, OLD, grow, look, run_program

FUTURE = 4_000_000_000  # seconds
EXAMPLE = re.compile(rb"\n    my-project (scan|plan|cache) [~.i]")
PROGRAM = [sys.executable, "-m", "my_project"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make two groups, one of them with odd names and a hard link."""
    folder = grow(tmp_path / "tree", {"a": b"x" * 5000, 'b,"\n': b"x" * 5000, "c": b"y", "d": b"y"})
    (folder / "\udcff").hardlink_to(folder / "a")
    return folder


def test_text_shows_groups_names_and_a_summary(tree: Path) -> None:
    ran = run_program("scan", tree)
    assert ran.stdout.decode() == (
        f'2 files of 4.9 KiB, 4.9 KiB to gain\n  {tree}/a\n    {tree}/\\xff\n  {tree}/b,"\\n\n\n'
        f"2 files of 1 byte, 1 byte to gain\n  {tree}/c\n  {tree}/d\n\n"
        "2 groups, 4 files, 4.9 KiB to gain\n"
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    quiet = run_program("scan", tree, tree / "missing", "--quiet")
    assert quiet.stdout == ran.stdout[: ran.stdout.rindex(b"2 groups")]
    assert (quiet.returncode, quiet.stderr) == (1, b"")


def test_json_is_indented_and_in_the_order_of_its_schema(tree: Path) -> None:
    ran = run_program("scan", tree, tree / "missing", "--format", "json")
    found = json.loads(ran.stdout)
    assert ran.stdout.decode() == json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    schema = json.loads((CONTRACT / "scan.schema.json").read_text(encoding="utf-8"))
    assert [*found] == schema["required"]
    assert found["summary"] == {"scanned": 4, "groups": 2, "files": 4, "gain": 5001}
    assert found["problems"] == [{"name": {"path": f"{tree}/missing"}, "reason": "missing"}]
    first = found["groups"][0]
    assert [*first] == ["size", "hash", "files"]
    assert [[*name] for name in first["files"][0]["names"]] == [["path"], ["path_base64"]]
    assert ran.stderr.decode() == f"warning: {tree}/missing: missing\n"
    assert ran.returncode == 1
    empty = run_program("scan", tree, "--max-size", "1", "--glob", "x", "--format", "json")
    assert json.loads(empty.stdout)["groups"] == []
    by_bytes = json.loads(run_program("scan", tree, "--verify", "bytes", "--format=json").stdout)
    assert [group["hash"] for group in by_bytes["groups"]] == [None, None]


def test_csv_and_null_write_names_byte_by_byte(tree: Path) -> None:
    folder = os.fsencode(tree)
    assert run_program("scan", tree, "--format", "csv").stdout == (
        b'group,size,path\n1,5000,%b/a\n1,5000,%b/\xff\n1,5000,"%b/b,""\n"\n2,1,%b/c\n2,1,%b/d\n'
        % ((folder,) * 5)
    )
    assert run_program("scan", tree, "--format", "null").stdout == (
        b'%b/a\0%b/\xff\0%b/b,"\n\0\0%b/c\0%b/d\0\0' % ((folder,) * 5)
    )


@pytest.mark.parametrize("form", Format)
def test_output_is_the_same_on_every_run(tree: Path, form: Format) -> None:
    outputs = {b"".join(report(look(tree, jobs=jobs), form)) for jobs in (1, 2, 3, 100)}
    assert len(outputs) == 1


def test_plan_and_apply_say_what_they_do(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    ran = run_program("plan", tree, "--action", "delete", "-o", path)
    assert ran.stdout == b"2 victims in 2 groups, 4.9 KiB to gain\n"
    printed = run_program("plan", tree, "--action", "delete", "--quiet")
    assert printed.stdout == path.read_bytes()
    ran = run_program("apply", path)
    assert ran.stdout.decode() == (
        f'delete {tree}/b,"\\n\n  keep {tree}/a\ndelete {tree}/d\n  keep {tree}/c\n'
        "2 actions, 4.9 KiB to gain; --yes does it\n"
    )
    assert len(os.listdir(tree)) == 5
    (tree / "d").write_bytes(b"z")
    ran = run_program("apply", path, "--yes")
    assert ran.stdout == b"1 done, 1 left alone, 0 failed, 4.9 KiB freed\n"
    assert ran.stderr.decode() == f"left alone: {tree}/d: changed\n"
    assert ran.returncode == 3
    assert sorted(os.listdir(tree)) == ["a", "c", "d", "\udcff"]
    assert run_program("apply", path, "--yes", "--quiet").stdout == b""


def test_each_error_is_one_line(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    run_program("plan", tree, "--action", "delete", "-o", path)
    cases: list[tuple[int, list[str | Path], str]] = [
        (2, ["apply", tmp_path / "no\tplan"], f"error: {tmp_path}/no\\tplan: missing"),
        (2, ["apply", tree], f"error: {tree}: is a folder"),
        (2, ["scan", tree, "--reference", tree / "no"], f"error: {tree}/no: missing"),
        (
            2,
            ["plan", tree, "--reference", tree / "a/b", "--action", "delete"],
            f"error: {tree}/a/b: missing",
        ),
        (1, ["plan", tree, "--action", "delete", "-o", tree], f"error: {tree}: is a folder"),
        (1, ["apply", path, "--yes", "--journal", tree], f"error: {tree}: is a folder"),
        (
            1,
            ["apply", path, "--yes", "--journal", "/dev/full"],
            "error: /dev/full: not a regular file",
        ),
        (2, ["apply", path, "--yes", "--journal", path], f"error: {path}: belongs to another plan"),
    ]
    for status, words, line in cases:
        ran = run_program(*words)
        assert (ran.returncode, ran.stderr.decode(), ran.stdout) == (status, f"{line}\n", b"")
    assert len(os.listdir(tree)) == 5


def test_a_journal_is_held_against_its_plan(tree: Path, tmp_path: Path) -> None:
    path, journal = tmp_path / "plan.json", tmp_path / "plan.json.journal"
    run_program("plan", tree, "--action", "hardlink", "-o", path)
    assert run_program("apply", path, "--yes").returncode == 0
    lines = journal.read_bytes().splitlines(keepends=True)
    faults = [b"{}\n", b"[]\n", b"x\n", b'{"line":2}\n', lines[1].replace(b".tmp", b""),
              lines[1].replace(b'"start"', b'"begun"'), lines[1].replace(b'"line":2', b'"line":2.0'),
              lines[1].replace(b'"start"', b"1"), b"[" * 99_999 + b"\n",
              lines[1].replace(b'"line":2', b'"line":99'), lines[1].replace(b'"line":2', b'"line":-5'),
              lines[1].replace(b'"victim":0', b'"victim":7'), lines[1].replace(b'"name":0', b'"name":1'),
              lines[1].replace(b'"victim":0', b'"victim":-0'), lines[1].replace(b'"line":2', b'"line":2,"line":2'),
              lines[1].replace(b'"start"', b'"start","reason":null'), lines[1].replace(b'"start"', b'{"start":null}'),
              lines[1].replace(b'"start"', b'"start","keeper_ctime_ns":9223372036854775808')]  # fmt: skip
    assert len({*faults}) == len(faults)
    assert lines[1] not in faults
    for fault in faults:
        journal.write_bytes(lines[0] + fault)
        with pytest.raises(RefusedError, match="line 2: not a line of a journal"):
            Journal(os.fsencode(journal), *read_plan(os.fsencode(path)))
    journal.write_bytes(lines[0][:20])  # cut off while it was begun
    assert run_program("apply", path, "--yes").returncode == 3
    journal.write_bytes(b"".join(lines)[:-5])  # cut off at its end, though all was done
    ran = run_program("apply", path, "--yes")
    assert ran.stdout == b"2 done, 0 left alone, 0 failed, 4.9 KiB freed\n"
    journal.write_bytes(b"something else")
    assert run_program("apply", path, "--yes").returncode == 2
    assert journal.read_bytes() == b"something else"


def test_the_cache_keeps_hashes_of_files_that_did_not_change(tree: Path, tmp_path: Path) -> None:
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    path = tmp_path / "cache/my-project/hashes-1.json"
    assert (
        run_program("cache", "info", env=home).stdout.decode() == f"there is no cache at {path}\n"
    )
    assert (
        run_program("cache", "clear", env=home).stdout.decode() == f"there is no cache at {path}\n"
    )
    os.utime(tree / "a", (FUTURE, FUTURE))
    os.utime(tree / 'b,"\n', (FUTURE, FUTURE))
    before = run_program("scan", tree, "--cache", env=home)
    assert not path.exists()  # all is too fresh
    os.utime(tree / "a", (OLD, OLD))
    os.utime(tree / 'b,"\n', (OLD, OLD))
    time.sleep(2.1)  # a ctime cannot be set
    assert run_program("scan", tree, "--cache", env=home).stdout == before.stdout
    lines = path.read_text().splitlines()
    assert [json.loads(line)[0] for line in lines] == ["blake3"] * 2
    path.write_text("\n".join(["rubbish", "[1]", *lines, ""]).replace(lines[0][-10:-2], "0" * 8, 1))
    info = run_program("cache", "info", env=home).stdout.decode()
    assert info.startswith(f"{path}: 2 hashes, ")
    found = run_program("scan", tree, "--cache", env=home)
    assert b"4.9 KiB to gain" not in found.stdout  # it believed the hash that was falsified
    by_bytes = run_program("scan", tree, "--cache", "--verify", "bytes", env=home)
    assert by_bytes.stdout == before.stdout  # it has no use for hashes that others made
    os.utime(tree / "a", (OLD + 1, OLD + 1))
    os.utime(tree / 'b,"\n', (OLD + 1, OLD + 1))
    assert run_program("scan", tree, "--cache", env=home).stdout == before.stdout
    assert run_program("cache", "clear", env=home).stdout.decode() == f"removed {path}\n"
    assert not path.exists()
    path.parent.rmdir()
    path.parent.write_bytes(b"in the way")
    ran = run_program("scan", tree, "--cache", env=home)
    assert ran.returncode == 0
    assert ran.stderr == b"" or ran.stderr.startswith(b"warning: ")


def test_without_blake3_there_is_another_hash_and_a_warning(tree: Path, tmp_path: Path) -> None:
    grow(tmp_path / "no", {"blake3.py": b"raise ImportError\n"})
    ran = run_program("scan", tree, env={"PYTHONPATH": str(tmp_path / "no")})
    assert ran.stderr == b"warning: there is no BLAKE3 here, so hashes are BLAKE2B\n"
    assert ran.stdout == run_program("scan", tree).stdout


@pytest.mark.parametrize(
    "words",
    [
        ["scan"], ["scan", ""], ["scan", ".", "--jobs", "0"], ["scan", ".", "--jobs", "1025"],
        ["scan", ".", "--min-size", "-1"], ["scan", ".", "--min-size", "2", "--max-size", "1"],
        ["scan", ".", "--max-size", "x"], ["scan", ".", "--glob", "[a"], ["scan", ".", "--exclude", ""],
        ["scan", ".", "--min-age", "1"], ["scan", ".", "--format", "xml"], ["scan", ".", "--verify", "x"],
        ["plan", "."], ["plan", ".", "--action", "eat"], ["plan", ".", "--action", "delete", "--protect", "a\\"],
        ["apply"], ["cache", "eat"], ["eat"], ["--eat"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_with_2(words: list[str]) -> None:
    ran = CliRunner().invoke(app, words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Usage: ")


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["scan", "--help"], ["plan", "--help"], ["cache", "--help"]]
)
def test_help_has_examples(words: list[str]) -> None:
    ran = run_program(*words)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert EXAMPLE.search(ran.stdout)


def test_version_is_that_of_the_installed_package() -> None:
    name, version = run_program("--version").stdout.decode().split()
    assert version == metadata.version(name)


def test_workers_share_the_descriptors_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may have two files open, and some descriptors are needed for all else."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    assert 2 <= affordable(1024) <= (64 - 20) // 2
    assert affordable(1) == 1
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10, 10))
    assert affordable(1024) == 1
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert affordable(1024) == 1024


def test_few_descriptors_are_enough(tmp_path: Path) -> None:
    grow(tmp_path, {str(each): b"x" * (5000 + each // 2) for each in range(300)})
    script = 'ulimit -n 64 && exec "$@"'
    words = [*PROGRAM, "scan", str(tmp_path), "--jobs", "1024"]
    for verify in ("hash", "bytes"):
        ran = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *words, "--verify", verify],
            capture_output=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert b"150 groups, 300 files" in ran.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_scan_quietly(tmp_path: Path, number: signal.Signals) -> None:
    for name in "ab":
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 40)  # hashing a terabyte takes long
    with subprocess.Popen(
        [*PROGRAM, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        _wait_until_it_reads(program.pid, tmp_path / "a")
        program.send_signal(number)
        stdout, stderr = program.communicate(timeout=30)
    assert (program.returncode, stdout, stderr) == (128 + number, b"", b"")


def _wait_until_it_reads(process: int, path: Path) -> None:
    """Wait for a program to have a file open, where the system tells; else for a while."""
    folder = Path(f"/proc/{process}/fd")
    for _ in range(300):
        time.sleep(0.02)
        if folder.exists() and any(_leads_to(link, path) for link in folder.iterdir()):
            return


def _leads_to(link: Path, path: Path) -> bool:
    try:
        return link.readlink() == path
    except OSError:
        return False


def test_a_reader_that_goes_away_ends_the_program_quietly(tmp_path: Path) -> None:
    grow(tmp_path, {f"{'n' * 200}{each}": b"x" for each in range(1000)})
    with subprocess.Popen(
        [*PROGRAM, "scan", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        program.stdout.close()
        assert program.stderr is not None
        assert program.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line_and_no_traceback(tree: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*PROGRAM, "scan", tree], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, b"error: standard output: no space left\n")


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full", "2>&- <&- 3>&-"])
def test_standard_error_that_takes_nothing_changes_nothing_else(
    tree: Path, tmp_path: Path, stream: str
) -> None:
    def run(*words: str | Path) -> tuple[int, bytes]:
        ran = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {stream}', "sh", *PROGRAM, *words],
            stdout=subprocess.PIPE,
            check=False,
        )
        return ran.returncode, ran.stdout

    path = tmp_path / "plan"
    assert run("scan", tree / "no", tree) == (1, run_program("scan", tree).stdout)
    assert run("scan") == (2, b"")
    assert run("apply", tmp_path / "no") == (2, b"")
    assert run("plan", tree, "--action", "delete", "-o", path, "--quiet") == (0, b"")
    (tree / "d").unlink()
    assert run("apply", path, "--yes") == (
        3,
        b"1 done, 1 left alone, 0 failed, 4.9 KiB freed\n",
    )
    assert len((tmp_path / "plan.journal").read_bytes().splitlines()) == 5


@pytest.mark.parametrize(
    ("stream", "reason"), [(">&-", "i/o error"), (">/dev/full", "no space left")]
)
def test_standard_output_that_takes_nothing_is_an_error(
    tree: Path, tmp_path: Path, stream: str, reason: str
) -> None:
    """But not where nothing is to be written; and `apply --yes` does its work first."""
    path = tmp_path / "plan"
    run_program("plan", tree, "--action", "delete", "-o", path)
    cases: list[tuple[str | Path, ...]] = [
        ("--version",), ("--help",), ("cache", "info"), ("scan", tree), ("apply", path),
        ("plan", tree, "--action", "delete"), ("apply", path, "--yes"), ("apply", path, "--yes", "--quiet"),
    ]  # fmt: skip
    for words in cases:
        ran = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {stream}', "sh", *PROGRAM, *words],
            stderr=subprocess.PIPE,
            check=False,
        )
        if "--quiet" in words:
            assert (ran.returncode, ran.stderr) == (0, b"")
        else:
            said = f"error: standard output: {reason}\n".encode()
            assert (ran.returncode, ran.stderr) == (1, said), words
    assert sorted(os.listdir(tree)) == ["a", "c", "\udcff"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("words", [("apply",), ("apply", "--yes")], ids=" ".join)
def test_a_signal_ends_the_wait_for_a_plan(
    tmp_path: Path, words: tuple[str, ...], number: signal.Signals
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [*PROGRAM, *words, fifo], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        writer = fifo.open("wb")  # waits until the program has it open
        time.sleep(0.1)
        program.send_signal(number)
        stdout, stderr = program.communicate(timeout=10)
        writer.close()
    assert (program.returncode, stdout, stderr) == (128 + number, b"", b"")


def test_a_signal_ends_the_wait_for_a_reader_of_messages(tmp_path: Path) -> None:
    """What is said there stands in the journal already."""
    tree = grow(tmp_path / "tree", {f"{'n' * 200}{each:03}": b"x" for each in range(400)})
    path = tmp_path / "plan"
    run_program("plan", tree, "--action", "delete", "-o", path)
    for name in os.listdir(tree):
        (tree / name).write_bytes(b"y")
    journal = tmp_path / "plan.journal"
    with subprocess.Popen([*PROGRAM, "apply", path, "--yes"], stderr=subprocess.PIPE) as program:
        sizes = [0, 1]
        while sizes[-1] == 0 or sizes[-1] != sizes[-2]:  # until nothing happens any more
            time.sleep(0.5)
            sizes.append(journal.stat().st_size if journal.exists() else 0)
        program.send_signal(signal.SIGTERM)
        try:
            assert program.wait(timeout=10) == 128 + signal.SIGTERM
        finally:
            program.kill()


def test_a_plan_is_written_into_what_is_no_file(tree: Path, tmp_path: Path) -> None:
    fifo, link = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    link.symlink_to("kept/file")
    words = ("plan", tree, "--action", "delete", "--quiet", "-o")
    printed = run_program(*words, "-").stdout
    with subprocess.Popen(["/bin/cat", fifo], stdout=subprocess.PIPE) as reader:
        try:
            assert run_program(*words, fifo).returncode == 0
            assert reader.communicate(timeout=10)[0] == printed
        finally:
            reader.kill()
    assert fifo.is_fifo()
    (tmp_path / "kept").mkdir()
    for _ in range(2):  # new, and then over what is there
        assert run_program(*words, link).returncode == 0
        assert (link.is_symlink(), link.read_bytes()) == (True, printed)
    assert os.listdir(tmp_path / "kept") == ["file"]


def on_a_terminal(*words: str | Path) -> tuple[int, bytes, bytes]:
    """Run the program with standard error on a terminal; return status, output and errors."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=theirs, env=env
    ) as program:
        os.close(theirs)
        shown = b""
        while True:
            select.select([ours], [], [], 30)
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how Linux tells the end of a terminal
                break
            if not piece:
                break
            shown += piece
        assert program.stdout is not None
        stdout = program.stdout.read()
    os.close(ours)
    return program.returncode, stdout, shown


def test_a_terminal_gets_a_progress_bar_and_a_pipe_gets_none(tree: Path, tmp_path: Path) -> None:
    status, stdout, shown = on_a_terminal("scan", tree, tree / ":key:")
    assert (status, stdout) == (1, run_program("scan", tree).stdout)
    assert b"whole files" in shown
    assert b"\x1b[" in shown
    assert b"warning: " in shown
    assert b"/:key:: missing" in shown.replace(b"\r\n", b"")
    assert b"\x1b[" not in run_program("scan", tree).stderr
    for option in ("--quiet", "--no-progress"):
        assert on_a_terminal("scan", tree, option)[2] == b""
    path = tmp_path / "plan"
    run_program("plan", tree, "--action", "hardlink", "-o", path)
    (tree / "d").unlink()
    status, _, shown = on_a_terminal("apply", path, "--yes")
    assert status == 3
    assert b"left alone: " in shown
    assert b"hardlink" in shown
