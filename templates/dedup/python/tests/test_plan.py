"""What a plan keeps, what it takes, and which plans are refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from my_project import Action, Choice, Keep, make_plan, read_plan
from my_project.errors import RefusedError
from my_project.globs import Globs

from .trees import grow, look, plan, save


def names(made: Any) -> list[list[str]]:  # noqa: ANN401  # a plan, or what was read of one
    """Return for each group the last parts of the keeper's and the victims' paths."""
    return [
        [os.fsdecode(os.path.basename(file.path)) for file in (group.keep, *group.victims)]
        for group in made.groups
    ]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (Keep.FIRST_PATH, ["aaa", "b", "cc", "d"]),
        (Keep.OLDEST, ["cc", "aaa", "b", "d"]),
        (Keep.NEWEST, ["b", "aaa", "cc", "d"]),
        (Keep.SHORTEST, ["b", "aaa", "cc", "d"]),
    ],
)
def test_the_keeper_is_the_one_that_was_asked_for(
    tmp_path: Path, keep: Keep, expected: list[str]
) -> None:
    grow(tmp_path, {"aaa": b"x", "b": b"x", "cc": b"x", "d": b"x"})
    os.utime(tmp_path / "cc", (1, 1))
    os.utime(tmp_path / "b", (2_000_000_000, 2_000_000_000))
    assert names(plan(tmp_path, Action.DELETE, keep)) == [expected]


def test_protected_files_are_no_victims_and_references_are_kept(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "b": b"x", "ref/c": b"x", "ref/d": b"x", "e": b"y", "f": b"y"})
    (tmp_path / "f").chmod(0o600)
    (tmp_path / "alias").symlink_to("ref")
    made = plan(tmp_path, Action.DELETE, protect=(b"b", b"f"), reference=(tmp_path / "alias",))
    assert names(made) == [["c", "a"]]
    (tmp_path / "z").hardlink_to(tmp_path / "ref/d")
    assert names(plan(tmp_path, Action.DELETE, reference=(tmp_path / "ref",)))[0] == ["c", "a", "b"]


def test_a_folder_can_be_protected_with_all_in_it(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "safe/b": b"x", "safe/in/c": b"x", "d": b"x"})
    assert names(plan(tmp_path, Action.DELETE, protect=(b"safe",))) == [["a", "d"]]
    whole = os.fsencode(tmp_path / "safe/in")
    assert names(plan(tmp_path, Action.DELETE, protect=(whole,))) == [["a", "d", "b"]]
    assert plan(tmp_path, Action.DELETE, protect=(b"**/safe", b"d")).groups == []


def test_a_root_within_a_reference_is_a_reference(tmp_path: Path) -> None:
    """Whatever name it is given by: here the walk of the reference does not reach it."""
    grow(tmp_path, {"ref/.in/a": b"x", "ref/.in/b": b"x", "c": b"x"})
    (tmp_path / "alias").symlink_to("ref/.in")
    reference = tmp_path / "ref"
    found = look(tmp_path / "alias", tmp_path / "c", references=(reference,))
    choice = Choice(Action.DELETE, Keep.FIRST_PATH, Globs([]), [os.fsencode(reference)])
    assert names(make_plan(found, [], choice)) == [["a", "c"]]


def test_a_plan_reads_back_as_it_was_written(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "b\n": b"x", "é\udcff": b"x"})
    made = plan(tmp_path, Action.SYMLINK)
    read, data = read_plan(os.fsencode(save(made, tmp_path / "plan")))
    assert read == made
    assert data == (tmp_path / "plan").read_bytes()


MINUS_NOTHING = "minus nothing"  # stands for `-0`, which Python cannot write
Edit = Callable[[list[Any]], object]


def _rename(lines: list[Any], path: str) -> None:
    lines[1]["victims"][0]["names"] = [{"path": path}]


def _cross(lines: list[Any]) -> None:
    """Make the keeper of the first group a victim of the second."""
    lines[2]["victims"].append(lines[1]["keep"])
    lines[3]["victims"] += 1


FAULTS: dict[str, tuple[int, str, Edit]] = {
    "other version": (1, "another version", lambda p: p[0].update(plan=2)),
    "no version": (1, "not a line of a plan", lambda p: p[0].pop("plan")),
    "true version": (1, "not a line of a plan", lambda p: p[0].update(plan=True)),
    "no roots": (1, "not a line of a plan", lambda p: p[0].update(roots=[])),
    "no such action": (1, "not a line of a plan", lambda p: p[0].update(action="eat")),
    "relative root": (1, "a path that is not absolute", lambda p: p[0].update(roots=[{"path": "a"}])),
    "no keeper": (2, "a group without a file to keep", lambda p: p[1].pop("keep")),
    "null keeper": (2, "a group without a file to keep", lambda p: p[1].update(keep=None)),
    "no victims": (2, "a group without victims", lambda p: p[1].update(victims=[])),
    "other and huge version": (1, "not a line of a plan", lambda p: p[0].update(plan=2**70)),
    "null action": (1, "not a line of a plan", lambda p: p[0].update(action={"delete": None})),
    "group as a list": (2, "not a line of a plan", lambda p: p.__setitem__(1, [*p[1].values()])),
    "file as a list": (2, "not a line of a plan", lambda p: p[1].update(keep=[*p[1]["keep"].values()])),
    "two names in one": (2, "not a line of a plan", lambda p: p[1]["keep"]["names"][0].update(path_base64=None)),
    "minus nothing": (2, "not a line of a plan", lambda p: p[1].update(size=MINUS_NOTHING)),
    "half a size": (2, "not a line of a plan", lambda p: p[1].update(size=2.0)),
    "huge end": (4, "the end counts otherwise", lambda p: p[3].update(victims=2**64 - 1)),
    "too huge end": (4, "not a line of a plan", lambda p: p[3].update(victims=2**64)),
    "a list": (2, "not a line of a plan", lambda p: p.__setitem__(1, [])),
    "no inode": (2, "not a line of a plan", lambda p: p[1]["keep"].pop("inode")),
    "half an inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=0.5)),
    "huge inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=2**64)),
    "negative size": (2, "not a line of a plan", lambda p: p[1].update(size=-1)),
    "nameless": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[])),
    "odd name": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[{"x": "/"}])),
    "more": (2, "not a line of a plan", lambda p: p[1].update(more=1)),
    "relative": (2, "a path that is not absolute", lambda p: _rename(p, "a")),
    "dots": (2, "a path that is not plain", lambda p: _rename(p, "/../etc/passwd")),
    "double slash": (2, "a path that is not plain", lambda p: _rename(p, "//x")),
    "nul": (2, "a path that is not plain", lambda p: _rename(p, "/x\0")),
    "elsewhere": (2, "a path outside of the roots", lambda p: _rename(p, "/etc/passwd")),
    "keeper as victim": (2, "a victim is the file to keep", lambda p: p[1]["victims"].append(p[1]["keep"])),
    "victim twice": (2, "a victim stands twice", lambda p: p[1]["victims"].append(p[1]["victims"][0])),
    "victim again": (3, "a victim stands twice", lambda p: p.insert(2, p[1])),
    "keeper elsewhere": (2, "the file to keep is a victim elsewhere", _cross),
    "no end": (4, "the end is missing", lambda p: p.pop()),
    "more than the end": (5, "not a line of a plan", lambda p: p.append(p[3])),
    "other end": (4, "the end counts otherwise", lambda p: p[3].update(victims=7)),
    "odd end": (4, "not a line of a plan", lambda p: p[3].update(more=7)),
    "negative end": (4, "not a line of a plan", lambda p: p[3].update(victims=-1)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unsafe_plan_is_refused_and_the_line_named(tmp_path: Path, fault: str) -> None:
    number, reason, edit = FAULTS[fault]
    grow(tmp_path, {"a": b"xx", "b": b"xx", "c": b"xx", "d": b"y", "e": b"y"})
    path = save(plan(tmp_path, Action.DELETE), tmp_path / "plan")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    edit(lines)
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    path.write_text(text.replace(f'"{MINUS_NOTHING}"', "-0"))
    with pytest.raises(RefusedError) as refused:
        read_plan(os.fsencode(path))
    assert refused.value.reason == f"line {number}: {reason}"


@pytest.mark.parametrize(
    "data",
    [b"\n", b"hello\n", b"\xff\n", b"[" * 100_000, b'{"plan":1,"plan":1}', b"NaN", b"\x89PNG\r\n"],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "plan").write_bytes(data)
    with pytest.raises(RefusedError, match="line 1: not a line of a plan"):
        read_plan(os.fsencode(tmp_path / "plan"))


def test_a_plan_that_was_cut_off_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "b": b"x"})
    path = save(plan(tmp_path, Action.DELETE), tmp_path / "plan")
    whole = path.read_bytes()
    for size in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:size])
        with pytest.raises(RefusedError):
            read_plan(os.fsencode(path))
    path.write_bytes(whole.rstrip(b"\n"))
    assert read_plan(os.fsencode(path))[0].victims == 1
    with pytest.raises(RefusedError, match="missing"):
        read_plan(os.fsencode(tmp_path / "no plan"))
