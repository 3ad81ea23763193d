"""What `apply` of `dedup` does about others that write to its files."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from contracts.dedup_events import READS, Event, calls_of, run_held
from contracts.dedup_runs import plan
from contracts.dedup_trees import contents, grow, run, said

LARGE = b"x" * (4 << 20)  # several pieces, however they are read
REWRITTEN = b"z" + LARGE[1:]
ACTIONS = ("hardlink", "symlink", "delete", "trash")


@pytest.fixture
def needs_leases(tmp_path: Path) -> None:
    """Skip where the file system of the test has no leases."""
    (tmp_path / "leased").touch()
    with (tmp_path / "leased").open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            pytest.skip(f"there are no leases here: {error}")


def homely(tmp_path: Path) -> dict[str, str]:
    """Return what gives a program a home, and so a trash, of its own."""
    (tmp_path / "home").mkdir(exist_ok=True)
    return {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home/data")}


@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_file_rewritten_while_it_is_compared_is_left_alone(
    program: list[str], library: Path, tmp_path: Path, action: str, name: str
) -> None:
    """A byte that was compared already is replaced and the mtime put back; no content is lost."""
    tree, file = grow(tmp_path / "t", {"a": LARGE, "b": LARGE}), tmp_path / "plan"
    plan(program, tree, action, file=file)
    event = Event("rewrite", tree, 4, READS, old=tree / name, leases=False)
    interference = event.environment(library, tmp_path / "log") | homely(tmp_path)
    ran = run(program, "apply", file, "--yes", env=interference)
    assert contents(tree) == {LARGE, REWRITTEN}
    assert said(ran) == (
        3,
        b"0 done, 1 left alone, 0 failed, 0 bytes freed\n",
        f"left alone: {tree}/b: changed\n".encode(),
    )


@pytest.mark.parametrize("action", ["symlink", "delete"])
def test_a_keeper_rewritten_right_before_its_victim_goes_brings_it_back(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """The keeper's ctime tells it, though its mtime was put back; a hard link changes that too."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    plan(program, tree, action, file=file)
    event = Event("rewrite", tree, 1, "renameat2", old=tree / "a", leases=False)
    ran = run(program, "apply", file, "--yes", env=event.environment(library, tmp_path / "log"))
    assert contents(tree) == {b"xx", b"zx"}
    assert (ran.returncode, ran.stderr) == (3, f"left alone: {tree}/b: changed\n".encode())
    assert sorted(path.name for path in tree.iterdir()) == ["a", "b"]


@pytest.mark.usefixtures("needs_leases")
@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
def test_a_file_that_is_open_for_writing_is_left_alone(
    program: list[str], tmp_path: Path, name: str
) -> None:
    """It is so whatever the action, and asked after what is planned and before the bytes."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    found = plan(program, tree, "delete", file=file)
    left = (3, b"0 done, 1 left alone, 0 failed, 0 bytes freed\n")
    in_use = (*left, f"left alone: {tree}/b: in use\n".encode())
    with (tree / name).open("r+b") as writer:
        for action in (*ACTIONS, "reflink"):
            found[0]["action"] = action
            file.with_suffix(f".{action}").write_text(
                "".join(f"{json.dumps(line)}\n" for line in found)
            )
            ran = run(program, "apply", file.with_suffix(f".{action}"), "--yes")
            assert said(ran) == in_use, action
        writer.write(b"xy")
        writer.flush()
        ran = run(program, "apply", file, "--yes")
        assert said(ran) == (*left, f"left alone: {tree}/b: changed\n".encode())
        now = (tree / name).stat()
        planned = found[1]["keep"] if name == "a" else found[1]["victims"][0]
        planned |= {"mtime_ns": now.st_mtime_ns, "ctime_ns": now.st_ctime_ns}
        file.with_suffix(".true").write_text("".join(f"{json.dumps(line)}\n" for line in found))
        assert said(run(program, "apply", file.with_suffix(".true"), "--yes")) == in_use
    assert contents(tree) == {b"xx", b"xy"}


@pytest.mark.usefixtures("needs_leases")
def test_a_file_that_is_open_for_reading_is_no_obstacle(program: list[str], tmp_path: Path) -> None:
    """Only a writer could change what was compared."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    plan(program, tree, "hardlink", file=file)
    with (tree / "a").open("rb"), (tree / "b").open("rb") as reader:
        ran = run(program, "apply", file, "--yes")
        assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
        assert reader.read() == b"xx"


@pytest.mark.usefixtures("needs_leases")
def test_a_writer_waits_until_the_step_is_done(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """Neither file can be opened for writing while they are compared, and the step goes on."""
    tree, file = grow(tmp_path / "t", {"a": LARGE, "b": LARGE}), tmp_path / "plan"
    plan(program, tree, "hardlink", file=file)

    def try_to_write(_: int) -> None:
        for name in "ab":
            with pytest.raises(BlockingIOError):
                os.close(os.open(tree / name, os.O_WRONLY | os.O_NONBLOCK))

    event = Event("stop", tree, 4, READS).environment(library, tmp_path / "log")
    ran = run_held([*program, "apply", str(file), "--yes"], event, try_to_write)
    assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 4.0 MiB freed\n", b"")
    assert (tree / "a").samefile(tree / "b")


def test_a_step_goes_on_where_there_are_no_leases(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """It does so even with a writer, of whom nothing can be known then."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    plan(program, tree, "symlink", file=file)
    event = Event("none", tree, leases=False).environment(library, tmp_path / "log")
    with (tree / "b").open("r+b"):
        ran = run(program, "apply", file, "--yes", env=event)
    assert said(ran) == (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
    assert (tree / "b").readlink() == tree / "a"


@pytest.mark.parametrize("action", ACTIONS)
def test_the_keeper_is_synced_before_its_victim_goes(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """The power may fail right after."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    plan(program, tree, action, file=file)
    event = Event("none", tmp_path).environment(library, tmp_path / "log")
    ran = run(program, "apply", file, "--yes", env=event | homely(tmp_path))
    assert ran.returncode == 0
    calls = calls_of(tmp_path / "log")
    renames = [at for at, (name, _) in enumerate(calls) if name.startswith("rename")]
    assert ("fsync", f"{tree}/a") in calls[: renames[0]]
