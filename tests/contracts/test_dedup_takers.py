"""What `apply` of `dedup` does about others that take or move its names."""

import errno
import os
from functools import partial
from pathlib import Path

import pytest

from contracts.dedup_events import LINKS, Event, calls_of, run_held
from contracts.dedup_runs import plan
from contracts.dedup_trees import contents, grow, run, said

ACTIONS = ("hardlink", "symlink", "delete")


def aside(tree: Path) -> list[Path]:
    """Return what lies under temporary names."""
    return [*tree.rglob(".*.tmp")]


def test_a_kernel_that_knows_no_such_renames(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """A link is then renamed over its victim; a victim cannot be taken aside, and stays."""
    for action in ACTIONS:
        tree, file = grow(tmp_path / action, {"a": b"xx", "b": b"xx"}), tmp_path / f"{action}.plan"
        plan(program, tree, action, file=file)
        event = Event(str(errno.ENOSYS), tree, "1+", "renameat2")
        ran = run(program, "apply", file, "--yes", env=event.environment(library, tmp_path / "log"))
        if action == "delete":
            failed = f"failed: {tree}/b: not supported\n".encode()
            assert said(ran) == (1, b"0 done, 0 left alone, 1 failed, 0 bytes freed\n", failed)
            assert (tree / "b").read_bytes() == b"xx"
        else:
            done = (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
            assert said(ran) == done, action
            assert (tree / "a").samefile(tree / "b"), action
        assert aside(tree) == []


def test_what_was_linked_by_mistake_leaves_no_name(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """The keeper's name is given to another file at the moment when it is linked."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    grow(tmp_path, {"new": b"zz"})
    plan(program, tree, "hardlink", file=file)
    event = Event("swap", tree, 1, LINKS, tree / "a", tmp_path / "new", tmp_path / "aside")
    ran = run(program, "apply", file, "--yes", env=event.environment(library, tmp_path / "log"))
    assert (ran.returncode, ran.stderr) == (3, f"left alone: {tree}/b: changed\n".encode())
    assert sorted(path.name for path in tree.iterdir()) == ["a", "b"]
    assert ((tree / "a").read_bytes(), (tree / "b").read_bytes()) == (b"zz", b"xx")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_victim_is_taken_in_the_folder_that_was_opened(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """The folder is moved away, and another with a file of the same name comes in its place."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "c/b": b"xx"}), tmp_path / "plan"
    grow(tmp_path / "other", {"b": b"zz"})
    plan(program, tree, action, file=file)
    calls = f"{LINKS},renameat2"
    event = Event("swap", tree, 1, calls, tree / "c", tmp_path / "other", tmp_path / "aside")
    ran = run(program, "apply", file, "--yes", env=event.environment(library, tmp_path / "log"))
    assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
    assert [(path.name, path.read_bytes()) for path in (tree / "c").iterdir()] == [("b", b"zz")]
    left = tmp_path / "aside/b"
    match action:
        case "hardlink":
            assert left.samefile(tree / "a")
        case "symlink":
            assert left.readlink() == tree / "a"
        case _:
            assert not left.exists()


def _take(tree: Path, _: int) -> None:
    """Move the keeper away, and give the victim's name to a new file."""
    (tree / "a").rename(tree.parent / "kept")
    (tree / "b").unlink(missing_ok=True)
    (tree / "b").write_bytes(b"new")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_victim_whose_name_was_taken_keeps_its_temporary_name(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """What stopped the action is the outcome, and a second line says where the victim is."""
    for folder in ("try", "take"):
        tree, file = grow(tmp_path / folder, {"a": b"xx", "b": b"xx"}), tmp_path / f"{folder}.plan"
        plan(program, tree, action, file=file)
    words = [*program, "apply", str(tmp_path / "try.plan"), "--yes"]
    log = tmp_path / "log"
    event = Event("none", tmp_path / "try").environment(library, log)
    assert run(words, env=event).returncode == 0
    names = [name for name, _ in calls_of(log)]
    event = Event("stop", tree, names.index("renameat2") + 2).environment(library, log)
    ran = run_held([*program, "apply", str(file), "--yes"], event, partial(_take, tree))
    (temporary,) = aside(tree)
    told = f"left alone: {tree}/b: changed\n  it is now {temporary}\n".encode()
    assert said(ran) == (3, b"0 done, 1 left alone, 0 failed, 0 bytes freed\n", told)
    assert (temporary.read_bytes(), (tree / "b").read_bytes()) == (b"xx", b"new")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_victim_under_a_name_of_4090_bytes_is_acted_on(
    program: list[str], tmp_path: Path, action: str
) -> None:
    """Though its temporary name as a whole would be longer than the kernel takes."""
    tree = grow(tmp_path / "t", {"a": b"xx"})
    length = 4090 - len(os.fsencode(tree)) - len("/b")
    parts = ["y" * 200] * (length // 201 - 1)
    parts.append("y" * (length - 201 * len(parts) - 1 - 101))
    parts.append("y" * 100)
    deep = tree.joinpath(*parts)
    deep.mkdir(parents=True)
    victim = deep / "b"
    assert len(os.fsencode(victim)) == 4090
    grow(deep, {"b": b"xx"})
    file = tmp_path / "plan"
    plan(program, tree, action, file=file)
    ran = run(program, "apply", file, "--yes")
    assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
    assert contents(tree) == {b"xx"}
    left = [path.name for path in deep.iterdir()]
    assert left == ([] if action == "delete" else ["b"])
    assert action != "hardlink" or victim.samefile(tree / "a")
    assert action != "symlink" or victim.readlink() == tree / "a"
