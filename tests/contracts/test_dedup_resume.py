"""How a second run of `apply` of `dedup` goes on where another was killed or failed."""

import errno
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.dedup_events import Event, calls_of
from contracts.dedup_runs import plan
from contracts.dedup_trees import Ran, grow, lines, mounted, run, said

ONE_DONE = (0, b"1 done, 0 left alone, 0 failed, 2 bytes freed\n", b"")
ACTIONS = ("hardlink", "symlink", "delete")


@dataclass(frozen=True, slots=True)
class Begun:
    """A plan with one victim, `v/b`, whose step was begun when the program was killed."""

    program: list[str]
    folder: Path

    @property
    def victim(self) -> Path:
        """The victim."""
        return self.folder / "t/v/b"

    @property
    def journal(self) -> Path:
        """The journal, whose last line is a `start`."""
        return self.folder / "plan.journal"

    def resume(self) -> Ran:
        """Go on, with a trash for this test only."""
        home = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data")}
        return run(self.program, "apply", self.folder / "plan", "--yes", env=home)

    def aside(self, number: int) -> Path:
        """Return a temporary name as the program makes them."""
        name = Path(self.program[0]).name
        return self.victim.with_name(f".{name}-{number:016x}.tmp")

    def write_journal(self, *changes: dict[str, Any]) -> None:
        """Let the journal have its first line and, for each change, its `start` with the change."""
        head, start = lines(self.journal.read_bytes())
        start.pop("temporary", None)
        rows = [head, *(start | change for change in changes)]
        text = [json.dumps(row, separators=(",", ":")) for row in rows]
        self.journal.write_text("".join(f"{row}\n" for row in text))


def begin(program: list[str], library: Path, folder: Path, action: str) -> Begun:
    """Kill the program when it looks at its first file."""
    tree = grow(folder / "t", {"a": b"xx", "v/b": b"xx"})
    plan(program, tree, action, file=folder / "plan")
    event = Event("kill", tree).environment(library, folder / "log")
    ran = run(program, "apply", folder / "plan", "--yes", env=event)
    begun = Begun(program, folder)
    assert ran.returncode < 0
    assert [line.get("state") for line in lines(begun.journal.read_bytes())] == [None, "start"]
    return begun


@pytest.mark.parametrize("action", ["delete", "trash"])
def test_a_victim_whose_folder_is_away_was_not_done(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """It is missing, and is tried again once the folder is back."""
    begun = begin(program, library, tmp_path, action)
    begun.victim.parent.rename(tmp_path / "away")
    told = f"left alone: {begun.victim}: missing\n".encode()
    left = (3, b"0 done, 1 left alone, 0 failed, 0 bytes freed\n", told)
    assert said(begun.resume()) == left
    (tmp_path / "away").rename(begun.victim.parent)
    assert said(begun.resume()) == ONE_DONE
    assert not begun.victim.exists()


@pytest.mark.parametrize("action", ["delete", "trash"])
def test_a_victim_that_is_gone_from_its_folder_was_done(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """The kill may have come between the removal and its line."""
    begun = begin(program, library, tmp_path, action)
    begun.victim.unlink()
    assert said(begun.resume()) == ONE_DONE


def test_a_victim_below_an_empty_mount_point_was_not_done(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """The folder is there, but on another device, until its file system is mounted again."""
    event = Event("kill", tmp_path / "t").environment(library, tmp_path / "log")
    ran = mounted(
        "mkdir -p t/v away; mount -t tmpfs none t/v; printf xx >t/a; printf xx >t/v/b\n"
        '"$P" plan t --action delete -o plan --quiet\n'
        'env $E "$P" apply plan --yes || true; mount --move t/v away\n'
        '"$P" apply plan --yes 2>&1 || echo "status $?"\n'
        'mount --move away t/v; "$P" apply plan --yes; ls t/v',
        tmp_path,
        P=program[0],
        E=" ".join(f"{key}={value}" for key, value in event.items() if value),
    )
    assert ran.stdout.decode().splitlines() == [
        f"left alone: {tmp_path}/t/v/b: missing",
        "0 done, 1 left alone, 0 failed, 0 bytes freed",
        "status 3",
        "1 done, 0 left alone, 0 failed, 2 bytes freed",
    ], ran.stderr


@pytest.mark.parametrize("action", ACTIONS)
def test_every_temporary_name_in_the_journal_is_looked_at(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """The victim lies under that of the first of three runs, the last of which came to an end."""
    begun = begin(program, library, tmp_path, action)
    begun.victim.rename(begun.aside(1))
    begun.write_journal(
        {"temporary": begun.aside(1).name},
        {"temporary": begun.aside(2).name},
        {"state": "failed", "reason": "i/o error"},
    )
    assert said(begun.resume()) == ONE_DONE
    assert [path.name for path in begun.victim.parent.iterdir()] in ([], ["b"])
    assert begun.victim.exists() == (action != "delete")


@pytest.mark.parametrize("is_there", [True, False], ids=["victim there", "victim gone"])
def test_a_foreign_file_under_a_temporary_name_stays(
    program: list[str], library: Path, tmp_path: Path, *, is_there: bool
) -> None:
    """The step fails as long as it is there."""
    begun = begin(program, library, tmp_path, "delete")
    begun.write_journal({"temporary": begun.aside(1).name})
    begun.aside(1).write_bytes(b"zz")
    if not is_there:
        begun.victim.unlink()
    told = f"failed: {begun.victim}: changed\n".encode()
    failed = (1, b"0 done, 0 left alone, 1 failed, 0 bytes freed\n", told)
    assert said(begun.resume()) == failed
    assert said(begun.resume()) == failed
    assert begun.aside(1).read_bytes() == b"zz"
    assert begun.victim.exists() == is_there
    if is_there:
        begun.aside(1).unlink()
        assert said(begun.resume()) == ONE_DONE


def test_a_victim_whose_name_was_taken_stays_under_its_temporary_name(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """Neither file is lost, and it is told where the victim is, until its name is free again."""
    begun = begin(program, library, tmp_path, "delete")
    begun.victim.rename(begun.aside(1))
    begun.victim.write_bytes(b"zz")
    begun.write_journal({"temporary": begun.aside(1).name})
    told = f"failed: {begun.victim}: changed\n  it is now {begun.aside(1)}\n".encode()
    assert said(begun.resume()) == (1, b"0 done, 0 left alone, 1 failed, 0 bytes freed\n", told)
    assert (begun.victim.read_bytes(), begun.aside(1).read_bytes()) == (b"zz", b"xx")
    begun.victim.unlink()
    assert said(begun.resume()) == ONE_DONE
    assert [*begun.victim.parent.iterdir()] == []


@pytest.mark.parametrize("since", ["look", "removal"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_step_that_failed_halfway_is_put_right_and_tried_again(
    program: list[str], library: Path, tmp_path: Path, action: str, since: str
) -> None:
    """From the last look or the removal on every call fails, so the victim cannot come back."""
    for name in ("try", "t"):
        tree = grow(tmp_path / name, {"a": b"xx", "b": b"xx"})
        plan(program, tree, action, file=tmp_path / f"{name}.plan")
    log, event = tmp_path / "log", Event("none", tmp_path / "try")
    words = ["apply", str(tmp_path / "try.plan"), "--yes"]
    assert run(program, *words, env=event.environment(library, log)).returncode == 0
    names = [name for name, _ in calls_of(log)]
    moves = ("renameat2",) if since == "look" else ("unlink", "unlinkat")
    move = min(names.index(each) for each in moves if each in names)
    event = Event(str(errno.EIO), tree, f"{move + (2 if since == 'look' else 1)}+")
    words = ["apply", str(tmp_path / "t.plan"), "--yes"]
    ran = run(program, *words, env=event.environment(library, log))
    (aside,) = tree.glob(".*.tmp")
    assert aside.read_bytes() == b"xx"
    told = f"failed: {tree}/b: i/o error\n  it is now {aside}\n".encode()
    assert said(ran) == (1, b"0 done, 0 left alone, 1 failed, 0 bytes freed\n", told)
    assert said(run(program, *words)) == ONE_DONE
    assert sorted(each.name for each in tree.iterdir()) == ["a", "b"][: 1 + (action != "delete")]
