"""What `apply` of `dedup` does, and what it leaves alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.dedup_runs import BIG, plan, schema
from contracts.dedup_trees import grow, lines, run, said, shape


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
    """The exit status is 3, and everything else is done."""
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
    """A plan that is true but for the bytes is not followed, nor where a victim became the keeper."""
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
