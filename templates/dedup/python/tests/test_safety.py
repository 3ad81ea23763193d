"""The rules of safety, in their order: each is a test, or several."""

import ctypes
import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import send2trash  # type: ignore[import-untyped]  # it ships no types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from my_project import Action, DedupError, kernel
from my_project.errors import ExitStatus
from my_project.journal import State
from my_project.plan import Plan

from .faults import EVERY, Killed, calls, fail, kill
from .trees import apply, contents, groups, grow, leftovers, look, plan, run_program, save

MOVING = (Action.HARDLINK, Action.SYMLINK, Action.DELETE)
LONG = b"x" * 5000


def prepare(folder: Path, action: Action) -> tuple[Path, Plan, Path]:
    """Return a tree with duplicates, a plan for it, and where it was written."""
    tree = grow(folder / "tree", {"a": LONG, "c/d": LONG, "e": b"other", "f": b"other"})
    (tree / "c/g").hardlink_to(tree / "c/d")
    made = plan(tree, action)
    return tree, made, save(made, folder / "plan")


# --- 1: every content still exists, whatever fails ----------------------------------------------


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.EINVAL])
@pytest.mark.parametrize("action", MOVING)
def test_1_no_call_that_fails_loses_a_content(tmp_path: Path, action: Action, code: int) -> None:
    """And what a run could not do, or put right, the next one does."""
    at = 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        tree, _, path = prepare(folder, action)
        before = contents(tree)
        with calls(at, fail(code)) as counted, suppress(DedupError):
            apply(path)
        assert contents(tree) == before, at
        assert leftovers(tree) == [], at
        tally = apply(path)
        assert contents(tree) == before, at
        assert tally.status is not ExitStatus.PARTLY, at
        assert leftovers(tree) == [], at
        if counted.count < at:
            break
    assert at > 50


@pytest.mark.parametrize("action", MOVING)
def test_1_a_run_that_was_killed_at_any_call_is_finished_by_the_next(
    tmp_path: Path, action: Action
) -> None:
    at = 0
    killed = True
    while killed:
        at += 1
        tree, made, path = prepare(tmp_path / str(at), action)
        before = contents(tree)
        killed = False
        with calls(at, kill):
            try:
                apply(path)
            except Killed:
                killed = True
        assert contents(tree) == before, at
        tally = apply(path)
        assert (tally.status, tally.freed) == (ExitStatus.DONE, made.gain), at
        assert contents(tree) == before, at
        assert groups(look(tree), tree) == [], at
        assert leftovers(tree) == [], at
    assert at > 50


@given(
    files=st.dictionaries(
        st.sampled_from("abcdefgh"), st.sampled_from([b"1", b"2", LONG, LONG + b"!"]), min_size=2
    ),
    links=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("stuv")), max_size=3),
    action=st.sampled_from(MOVING),
    at=st.integers(1, 120),
    code=st.sampled_from([errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EROFS, 0]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_1_any_tree_any_plan_and_any_failure(  # noqa: PLR0913, PLR0917  # what is drawn
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    links: list[tuple[str, str]],
    action: Action,
    at: int,
    code: int,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    tree = grow(folder / "tree", files)
    for name, link in links:
        if name in files and not (tree / link).exists():
            (tree / link).hardlink_to(tree / name)
    path = save(plan(tree, action), folder / "plan")
    before = contents(tree)
    with calls(at, fail(code) if code else kill), suppress(DedupError, Killed):
        apply(path)
    assert contents(tree) == before
    apply(path)
    assert contents(tree) == before


@pytest.mark.parametrize("action", MOVING)
def test_1_a_file_swapped_at_any_call_is_not_lost(tmp_path: Path, action: Action) -> None:
    """Another program moves the victim or the keeper away and takes its name, between two calls."""
    for name in ("a", "b"):
        at, count = 0, 1
        while at < count:
            at += 1
            folder = tmp_path / f"{name}{at}"
            tree = grow(folder / "tree", {"a": LONG, "b": LONG})
            new = grow(folder, {"new": b"y" * len(LONG)}) / "new"
            path = save(plan(tree, action), folder / "plan")
            swap = partial(_swap, tree / name, folder / "moved", new)
            said: list[str] = []
            with calls(at, swap) as counted:
                apply(path, said)
            count = counted.count
            assert contents(folder) >= {LONG, b"y" * len(LONG)}, (name, at)
            assert (folder / "new").exists() == (at > count), (name, at)
            told = [f"  it is now {tree / each}" for each in leftovers(tree)]
            assert told == said[1:], (name, at)


@pytest.mark.parametrize("action", [Action.DELETE, Action.SYMLINK])
def test_1_a_keeper_that_goes_away_is_noticed_up_to_the_last_look(
    tmp_path: Path, action: Action
) -> None:
    """Another program removes it, and believes that the victim stays; then the victim stays."""
    at, last = 0, 1
    while at < last:
        at += 1
        tree = grow(tmp_path / str(at), {"a": LONG, "b": LONG})
        path = save(plan(tree, action), tmp_path / f"plan{at}")
        with calls(at, (tree / "a").unlink) as counted:
            apply(path)
        if at == 1:  # here nothing was removed: this run shows how many calls there would be
            tree = grow(tmp_path / "all", {"a": LONG, "b": LONG})
            path = save(plan(tree, action), tmp_path / "all plan")
            with calls() as counted:
                apply(path)
            # Between the last look and the removal there is no call, and no way to look closer.
            last = len(counted.names) - counted.names[::-1].index("unlink") - 1
            assert last > 20
        else:
            assert contents(tree) == {LONG}, at


def _swap(path: Path, aside: Path, new: Path) -> None:
    if os.path.lexists(path):
        path.rename(aside)
    new.rename(path)


# --- 2: both are looked at again ----------------------------------------------------------------

CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "rewritten": ("changed", lambda path: path.write_bytes(b"y" * len(LONG))),
    "touched": ("changed", lambda path: os.utime(path, (1, 1))),
    "chmod": ("changed", lambda path: path.chmod(0o600)),
    "longer": ("changed", lambda path: path.write_bytes(LONG + b"x")),
    "replaced": ("changed", lambda path: os.replace(_twin(path), path)),
    "gone": ("missing", lambda path: path.unlink()),
    "a folder": ("not a regular file", lambda path: _instead(path, Path.mkdir)),
    "a fifo": ("not a regular file", lambda path: _instead(path, os.mkfifo)),
    "a link": ("not a regular file", lambda path: _instead(path, lambda new: new.symlink_to("e"))),
}  # fmt: skip


def _twin(path: Path) -> Path:
    """Make another file with the same bytes and times."""
    return grow(path.parent.parent, {"twin": LONG}) / "twin"


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


@pytest.mark.parametrize("action", MOVING)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
def test_2_what_is_not_as_planned_is_left_alone(
    tmp_path: Path, action: Action, change: str, name: str
) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, action), tmp_path / "plan")
    reason, event = CHANGES[change]
    event(tree / name)
    kinds = [stat.S_IFMT((tree / each).lstat().st_mode) for each in os.listdir(tree)]
    said: list[str] = []
    tally = apply(path, said)
    assert said == [f"left alone: {tree / 'b'}: {reason}"]
    assert tally.status is ExitStatus.LEFT_ALONE
    assert kinds == [stat.S_IFMT((tree / each).lstat().st_mode) for each in os.listdir(tree)]


def test_2_one_inode_is_no_duplicate_of_itself(tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.DELETE), tmp_path / "plan")
    (tree / "b").unlink()
    (tree / "b").hardlink_to(tree / "a")
    said: list[str] = []
    assert apply(path, said).status is ExitStatus.LEFT_ALONE
    assert said == [f"left alone: {tree / 'b'}: same file"]


def test_2_bytes_are_compared_whatever_the_plan_says(tmp_path: Path) -> None:
    """Here the plan was edited, so that all it says is true but that the files are equal."""
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.DELETE), tmp_path / "plan")
    (tree / "b").write_bytes(b"y" * len(LONG))
    now = (tree / "b").stat()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["victims"][0] |= {"mtime_ns": now.st_mtime_ns, "ctime_ns": now.st_ctime_ns}
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    said: list[str] = []
    apply(path, said)
    assert said == [f"left alone: {tree / 'b'}: differs"]


# --- 3: replacing is atomic ---------------------------------------------------------------------


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
@pytest.mark.parametrize("kernel_can", [True, False], ids=["exchange", "rename over"])
def test_3_the_name_is_never_without_the_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Action, *, kernel_can: bool
) -> None:
    tree, _, path = prepare(tmp_path, action)
    if not kernel_can:
        monkeypatch.setattr(kernel, "_renameat2", lambda: None)
    before = contents(tree)
    names = [tree / name for name in ("a", "c/d", "c/g", "e", "f")]
    watched = []

    def watch() -> None:
        watched.append([name.read_bytes() for name in names])

    with calls(EVERY, watch):
        tally = apply(path)
    assert tally.status is ExitStatus.DONE
    assert contents(tree) == before
    assert len(watched) > 50
    assert all(each == [LONG] * 3 + [b"other"] * 2 for each in watched)


def test_3_nothing_is_deleted_where_the_kernel_cannot_rename_with_a_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no other way to take aside what has the name, whatever it is by then."""
    monkeypatch.setattr(kernel, "_renameat2", lambda: None)
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    said: list[str] = []
    assert apply(save(plan(tree, Action.DELETE), tmp_path / "plan"), said).freed == 0
    assert said == [f"failed: {tree / 'b'}: not supported"]
    assert sorted(os.listdir(tree)) == ["a", "b"]


# --- 4: hard links and reflinks -----------------------------------------------------------------


def test_4_a_hard_link_across_devices_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.HARDLINK), tmp_path / "plan")
    monkeypatch.setattr(os, "link", lambda *_, **__: fail(errno.EXDEV)())
    said: list[str] = []
    assert apply(path, said).status is ExitStatus.PARTLY
    assert said == [f"failed: {tree / 'b'}: another file system"]


@pytest.mark.parametrize(
    ("status", "said"), [(0, []), (1, ["left alone"]), (-errno.EOPNOTSUPP, ["failed"])]
)
def test_4_a_reflink_is_made_by_the_kernel_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: list[str]
) -> None:
    """The kernel's answers are played, for few file systems can share blocks."""

    def answer(_: int, __: int, request: bytearray) -> None:
        fields = list(kernel._RANGE.unpack(request))  # noqa: SLF001  # the kernel's side of it
        fields[7] = fields[1] if status == 0 else 0
        fields[8] = status
        request[:] = kernel._RANGE.pack(*fields)  # noqa: SLF001  # as above

    monkeypatch.setattr(fcntl, "ioctl", answer)
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    inode = (tree / "b").stat().st_ino
    lines: list[str] = []
    tally = apply(save(plan(tree, Action.REFLINK), tmp_path / "plan"), lines)
    assert [line.partition(":")[0] for line in lines] == said
    assert tally.freed == (len(LONG) if status == 0 else 0)
    assert ((tree / "b").stat().st_ino, (tree / "b").read_bytes()) == (inode, LONG)


def test_4_a_file_system_that_cannot_share_is_an_error_and_no_fallback(tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    lines: list[str] = []
    tally = apply(save(plan(tree, Action.REFLINK), tmp_path / "plan"), lines)
    if tally.status is ExitStatus.DONE:
        pytest.skip("this file system can share blocks")
    assert lines == [f"failed: {tree / 'b'}: not supported"]
    assert (tree / "b").stat().st_nlink == 1


# --- 5 to 8 are in test_scan; 6 and 7 here as the program shows them ----------------------------


def test_6_empty_files_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"", "b": b""})
    assert run_program("scan", tmp_path).stdout == b"0 groups, 0 files, 0 bytes to gain\n"
    ran = run_program("scan", tmp_path, "--min-size", "0")
    assert ran.stdout.startswith(b"2 files of 0 bytes, 0 bytes to gain\n")


def test_7_a_name_of_any_bytes_is_acted_on(tmp_path: Path) -> None:
    odd = [bytes([each]) for each in range(1, 256) if each not in b"./"]
    for name in (*odd, b"\xed\xa0\x80", "é".encode(), b"-rf", b"a" * 255):
        (tmp_path / "tree" / os.fsdecode(name)).parent.mkdir(exist_ok=True)
        (tmp_path / "tree" / os.fsdecode(name)).write_bytes(b"x")
    path = save(plan(tmp_path / "tree", Action.HARDLINK), tmp_path / "plan")
    assert apply(path).states[State.DONE] == len(odd) + 3
    assert (tmp_path / "tree" / "é").stat().st_nlink == len(odd) + 4


# --- 9: signals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_9_a_signal_lets_the_step_finish_and_the_next_run_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    tree = grow(tmp_path / "tree", {f"{each:03}": LONG for each in range(20)})
    made = plan(tree, Action.HARDLINK)
    path = save(made, tmp_path / "plan")
    script = (
        "import os, sys\nfrom my_project import apply, cli\nold = apply.act\n"
        "def act(*words):\n"
        f"    if words[0].step.key.victim == 5: os.kill(os.getpid(), {int(number)})\n"
        "    return old(*words)\n"
        "apply.act = act\nsys.argv = ['my-project', 'apply', sys.argv[1], '--yes']\ncli.main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (128 + number, b"", b"")
    lines = [json.loads(line) for line in (tmp_path / "plan.journal").read_text().splitlines()]
    assert [lines[-1]["victim"], lines[-1]["state"]] == [5, "done"]
    assert (tree / "000").stat().st_nlink == 7
    assert apply(path).freed == made.gain
    assert (tree / "000").stat().st_nlink == 20


# --- 10 is in test_plan; 11 ---------------------------------------------------------------------


def test_11_there_is_no_default_action(tmp_path: Path) -> None:
    ran = run_program("plan", tmp_path)
    assert (ran.returncode, ran.stdout) == (2, b"")


def test_11_trash_uses_the_trash_of_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    path = save(plan(tree, Action.TRASH), tmp_path / "plan")
    ran = run_program("apply", path, "--yes")
    assert ran.stdout == b"1 done, 0 left alone, 0 failed, 4.9 KiB freed\n"
    assert os.listdir(tree) == ["a"]
    assert (home / "data/Trash/files/b").read_bytes() == LONG


def test_11_what_cannot_be_trashed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: bytes) -> None:
        raise send2trash.TrashPermissionError("/")

    monkeypatch.setattr(send2trash, "send2trash", refuse)
    tree = grow(tmp_path / "tree", {"a": LONG, "b": LONG})
    said: list[str] = []
    apply(save(plan(tree, Action.TRASH), tmp_path / "plan"), said)
    assert said == [f"failed: {tree / 'b'}: cannot be moved to the trash"]
    assert sorted(os.listdir(tree)) == ["a", "b"]


def test_the_c_library_has_the_call_on_linux() -> None:
    """Otherwise every test above would have taken the way around."""
    if sys.platform == "linux":
        assert kernel._renameat2() is not None or not hasattr(  # noqa: SLF001
            ctypes.CDLL(None), "gnu_get_libc_version"
        )
