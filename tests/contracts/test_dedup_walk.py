"""How `dedup` walks through folders."""

import json
import os
import socket
from pathlib import Path

from contracts.dedup_runs import paths, scan
from contracts.dedup_trees import clear, grow, mounted, run, said, unprivileged


def test_the_same_file_is_never_its_own_duplicate(program: list[str], tmp_path: Path) -> None:
    """The same root twice, nested roots, `..`, links and hard links lead to no group."""
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
    """Links to files are not followed, loops end, and links that lead nowhere are passed over."""
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
    """It counts by the name that was met first."""
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
    """Each is told by the name and the reason of the contract, in order."""
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


def test_the_walk_stays_on_one_file_system_and_bind_mounts_are_one_folder(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """A small file system is left out if asked, and what is bound twice is met once."""
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
