"""The cache of hashes that both programs of `dedup` share."""

import os
import time
from pathlib import Path

from contracts.dedup_runs import BIG
from contracts.dedup_trees import grow, lines, run
from helpers import eventually


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


def test_the_cache_is_filled_quietly_and_never_for_nothing(
    program: list[str], tmp_path: Path
) -> None:
    """`--quiet` has no say in it; there is nothing to keep of compared bytes and of no files."""
    tree = grow(tmp_path / "t", {"a": BIG, "b": BIG})
    (tmp_path / "empty").mkdir()
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    changed = (tree / "b").stat().st_ctime
    # From then on hashes are kept.
    eventually(lambda: time.time() > changed + 2.1, within=30)
    for words in (["empty"], ["t", "--verify", "bytes"]):
        ran = run(program, "scan", *words, "--cache", env=home, cwd=tmp_path)
        assert ran.returncode == 0
        assert run(program, "cache", "info", env=home).stdout.startswith(b"there is no cache at ")
    ran = run(program, "scan", tree, "--cache", "--quiet", env=home)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b": 2 hashes, " in run(program, "cache", "info", env=home).stdout
