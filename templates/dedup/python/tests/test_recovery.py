"""What a run finds that an earlier one left, and what becomes of it."""

import os
from pathlib import Path

import pytest

from my_project import Action, read_plan
from my_project.errors import ExitStatus
from my_project.journal import Journal, Line, State
from my_project.steps import steps_of

from .trees import apply, grow, leftovers, plan, save

LONG = b"x" * 5000
ONE, TWO = (f".my-project-{digit * 16}.tmp" for digit in "12")


def begun(path: Path, *temporaries: str | None) -> None:
    """Write the journal of runs that each began the first step, and were killed."""
    made, data = read_plan(os.fsencode(path))
    journal = Journal(os.fsencode(f"{path}.journal"), made, data)
    key = next(steps_of(made)).key
    for name in temporaries:
        journal.record(
            Line(key, State.START, temporary=None if name is None else os.fsencode(name))
        )
    journal.close()


def test_what_earlier_runs_left_under_other_names_is_put_right_too(tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.HARDLINK), tmp_path / "plan")
    begun(path, ONE, TWO)
    (tree / ONE).hardlink_to(tree / "a")
    assert apply(path).status is ExitStatus.DONE
    assert sorted(os.listdir(tree)) == ["a", "b"]
    assert (tree / "a").samefile(tree / "b")


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK, Action.DELETE])
def test_another_file_under_a_temporary_name_stays(tmp_path: Path, action: Action) -> None:
    """Whoever gave it that name: only the victim gets its name back."""
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, action), tmp_path / "plan")
    begun(path, ONE, TWO)
    (tree / "b").rename(tree / TWO)
    grow(tree, {ONE: b"a letter"})
    said: list[str] = []
    assert apply(path, said).status is ExitStatus.PARTLY
    assert said == [f"failed: {tree / 'b'}: changed"]
    assert (tree / ONE).read_bytes() == b"a letter"
    assert ((tree / "b").read_bytes(), leftovers(tree)) == (LONG, [ONE])
    (tree / ONE).unlink()
    assert apply(path).status is ExitStatus.DONE


@pytest.mark.parametrize("action", [Action.DELETE, Action.TRASH])
def test_a_victim_is_not_gone_because_its_folder_is_away(tmp_path: Path, action: Action) -> None:
    """A disk that is not mounted has its files still."""
    tree = grow(tmp_path / "tree", {"a": LONG, "c/b": LONG})
    path = save(plan(tree, action), tmp_path / "plan")
    begun(path, ONE if action is Action.DELETE else None)
    (tree / "c").rename(tree / "away")
    said: list[str] = []
    assert apply(path, said).status is ExitStatus.LEFT_ALONE
    assert said == [f"left alone: {tree / 'c/b'}: missing"]
    assert (tree / "away/b").read_bytes() == LONG


def test_a_victim_that_is_gone_from_its_folder_was_deleted(tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.DELETE), tmp_path / "plan")
    begun(path, ONE)
    (tree / "b").unlink()
    tally = apply(path)
    assert (tally.status, tally.freed) == (ExitStatus.DONE, len(LONG))
