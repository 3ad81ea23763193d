"""Which journals `apply` of `dedup` takes."""

from pathlib import Path

import pytest

from contracts.dedup_events import LINKS, Event, calls_of
from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, run, said


def test_journals_that_are_none_are_refused(
    programs: dict[str, list[str]], tree: Path, tmp_path: Path
) -> None:
    """So are those of another plan, with a bad line or in use, but not one that was cut off."""
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


@pytest.mark.parametrize("action", ["hardlink", "symlink", "delete"])
def test_every_line_is_on_the_disk_before_anything_goes_on(
    program: list[str], library: Path, tmp_path: Path, action: str
) -> None:
    """It is `fsync` that sees to it, and the folder of a new journal is synced too."""
    tree = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"})
    folder = tmp_path / "journals"
    folder.mkdir()
    plan(program, tree, action, file=tmp_path / "plan")
    event = Event("none", tmp_path).environment(library, tmp_path / "log")
    words: list[str | Path] = ["apply", tmp_path / "plan", "--yes", "--journal", folder / "j"]
    assert run(program, *words, env=event).returncode == 0
    calls = calls_of(tmp_path / "log")
    moves = {*LINKS.split(","), "renameat2", "unlink", "unlinkat"}
    acts = [at for at, (name, path) in enumerate(calls) if name in moves and str(tree) in path]
    syncs = [at for at, call in enumerate(calls) if call == ("fsync", str(folder / "j"))]
    assert ("fdatasync", str(folder / "j")) not in calls
    assert calls.index(("fsync", str(folder))) < acts[0]
    assert len(syncs) == 3
    assert syncs[1] < acts[0]
    assert syncs[2] > acts[-1]
