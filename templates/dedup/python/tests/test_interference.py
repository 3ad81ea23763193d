"""Other programs that write to the files, or take their names, while a plan is followed."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import send2trash  # type: ignore[import-untyped]  # it ships no types

from my_project import Action
from my_project.errors import ExitStatus
from my_project.journal import State

from .faults import EVERY, calls, fail
from .trees import apply, contents, grow, leftovers, plan, save

LONG = b"x" * 5000
OTHER = b"y" * len(LONG)
MOVING = (Action.HARDLINK, Action.SYMLINK, Action.DELETE)


@pytest.fixture
def _no_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse leases, as many file systems do: then nobody is kept from writing."""
    control = fcntl.fcntl

    def refuse(descriptor: int, command: int, value: int = 0) -> int:
        if command == fcntl.F_SETLEASE:
            fail()()
        return control(descriptor, command, value)

    monkeypatch.setattr(fcntl, "fcntl", refuse)


@pytest.fixture
def _leases(tmp_path: Path) -> Iterator[None]:
    """Skip where files cannot be leased; elsewhere do as the program does about the signal."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    with grow(tmp_path, {"lease": b""}).joinpath("lease").open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except (AttributeError, OSError):
            pytest.skip("no leases here")
    yield
    signal.signal(signal.SIGIO, before)


def prepare(folder: Path, action: Action) -> tuple[Path, Path]:
    """Return a tree with a pair of files, and a plan for it."""
    tree = grow(folder / "tree", {"a": LONG, "b": LONG})
    return tree, save(plan(tree, action), folder / "plan")


def rewrite(path: Path) -> None:
    """Write other bytes in place, and put the mtime back."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# The call of which each file is looked at the last time before something happens to it.
LAST_LOOKS = {
    ("a", Action.HARDLINK): ("link", 2),
    ("a", Action.SYMLINK): ("unlink", 1),
    ("a", Action.DELETE): ("unlink", 1),
    ("b", Action.HARDLINK): ("_rename", 1),
    ("b", Action.SYMLINK): ("_rename", 1),
    ("b", Action.DELETE): ("_rename", 1),
}


@pytest.mark.usefixtures("_no_leases")
@pytest.mark.parametrize(("name", "action"), LAST_LOOKS)
def test_a_file_that_is_rewritten_in_place_is_left_alone_though_its_mtime_was_put_back(
    tmp_path: Path, name: str, action: Action
) -> None:
    """At whatever call before the last look; what was written then is never lost."""
    call, before = LAST_LOOKS[name, action]
    _, path = prepare(tmp_path / "all", action)
    with calls() as counted:
        apply(path)
    last = len(counted.names) - counted.names[::-1].index(call) - before
    assert last > 20
    for at in range(1, last + 1):
        tree, path = prepare(tmp_path / str(at), action)
        with calls(at, lambda: rewrite(tree / name)):  # noqa: B023  # called in this round
            tally = apply(path)
        assert tally.status is ExitStatus.LEFT_ALONE, at
        assert contents(tree) == {LONG, OTHER}, at
        assert leftovers(tree) == [], at


@pytest.mark.usefixtures("_leases")
@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
@pytest.mark.parametrize("action", [*MOVING, Action.REFLINK, Action.TRASH])
def test_a_file_that_is_open_for_writing_is_left_alone(
    tmp_path: Path, action: Action, name: str
) -> None:
    tree, path = prepare(tmp_path, action)
    said: list[str] = []
    with (tree / name).open("r+b"):
        assert apply(path, said).status is ExitStatus.LEFT_ALONE
    assert said == [f"left alone: {tree / 'b'}: in use"]
    assert sorted(os.listdir(tree)) == ["a", "b"]


@pytest.mark.usefixtures("_leases")
@pytest.mark.parametrize("action", MOVING)
def test_nobody_gets_to_write_between_the_comparison_and_the_end(
    tmp_path: Path, action: Action
) -> None:
    tree, path = prepare(tmp_path, action)
    refused: list[str] = []

    def write() -> None:
        for name in os.listdir(tree):
            if not (tree / name).is_symlink():
                try:
                    os.close(os.open(tree / name, os.O_WRONLY | os.O_NONBLOCK))
                except BlockingIOError:
                    refused.append(name)

    with calls(
        EVERY, lambda: write() if counted.names[-1] in {"_rename", "unlink"} else None
    ) as counted:
        assert apply(path).states[State.DONE] == 1
    assert {"a", "b"} <= set(refused)
    assert any(name.endswith(".tmp") for name in refused)
    (tree / "a").open("r+b").close()  # and nobody waits afterwards


@pytest.mark.usefixtures("_leases")
def test_a_writer_that_waits_does_not_end_the_program(tmp_path: Path) -> None:
    """The system sends a signal then, which ends a program that did not ask for it."""
    tree, path = prepare(tmp_path, Action.DELETE)
    script = (
        "import os, signal, sys\nfrom my_project import apply, cli\n"
        "signal.signal(signal.SIGIO, signal.SIG_DFL)\n"  # that it is ignored is inherited
        "old, victim = apply.act, sys.argv.pop()\n"
        "def act(*words):\n"
        "    try: os.open(victim, os.O_WRONLY | os.O_NONBLOCK)\n"
        "    except BlockingIOError: return old(*words)\n"
        "apply.act = act\n"
        "cli.main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, "apply", "--yes", path, tree / "b"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("spoil", [os.unlink, os.utime])
def test_trash_syncs_the_keeper_and_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object]
) -> None:
    tree, path = prepare(tmp_path, Action.TRASH)
    keeper = (tree / "a").stat().st_ino
    thrown: list[bytes] = []
    monkeypatch.setattr(send2trash, "send2trash", thrown.append)

    def sync(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == keeper:
            spoil(tree / "a")

    monkeypatch.setattr(os, "fsync", sync)
    said: list[str] = []
    apply(path, said)
    assert said == [f"left alone: {tree / 'b'}: changed"]
    assert thrown == []


# --- what takes the victim's name while the victim has another -----------------------------------


def take_name(tree: Path, spoil: Callable[[Path], object]) -> Callable[[], None]:
    """Return an event: the keeper is spoilt, and another file gets the victim's name."""

    def event() -> None:
        spoil(tree / "a")
        grow(tree.parent, {"new": OTHER}).joinpath("new").rename(tree / "b")

    return event


@pytest.mark.parametrize("spoil", [os.utime, os.unlink])
@pytest.mark.parametrize("action", MOVING)
def test_a_victim_whose_name_is_taken_meanwhile_keeps_the_temporary_one_and_it_is_told(
    tmp_path: Path, action: Action, spoil: Callable[[Path], object]
) -> None:
    """The outcome is what stopped the action; later runs say so too, until the name is free."""
    _, path = prepare(tmp_path / "all", action)
    with calls() as counted:
        apply(path)
    at = counted.names.index("_rename") + 2
    tree, path = prepare(tmp_path, action)
    said: list[str] = []
    with calls(at, take_name(tree, spoil)):
        assert apply(path, said).status is ExitStatus.LEFT_ALONE
    (temporary,) = leftovers(tree)
    where = f"  it is now {tree / temporary}"
    assert said == [f"left alone: {tree / 'b'}: changed", where]
    assert ((tree / "b").read_bytes(), (tree / temporary).read_bytes()) == (OTHER, LONG)
    said = []
    assert apply(path, said).status is ExitStatus.PARTLY
    assert said == [f"failed: {tree / 'b'}: changed", where]
    (tree / "b").unlink()
    apply(path)
    assert (leftovers(tree), (tree / "b").read_bytes()) == ([], LONG)


# --- one file that two devices show ---------------------------------------------------------------

MOUNTS = (
    'mount -t tmpfs none "$0" && cd "$0" && mkdir lower upper work merged && '
    "printf content >lower/a && "
    "mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged && "
    'exec "$@"'
)
PLAN = """
import os, sys
from my_project import Action, Places, Plan, Reading, Selection, scan
from my_project.plan import PlannedFile, PlannedGroup
from my_project.plan_writing import Counts, plan_lines
here = os.getcwdb()
assert len(scan(Places([here]), Selection(), Reading(jobs=1)).groups) == 0
files = []
for name in (b"merged/a", b"lower/a"):
    told = os.stat(name)
    times = told.st_mtime_ns, told.st_ctime_ns
    files.append(PlannedFile([os.path.join(here, name)], told.st_dev, told.st_ino, *times))
assert files[0].device != files[1].device
for action in Action:
    with open("plan", "wb") as out:
        out.writelines(plan_lines(action, [here], [PlannedGroup(7, files[0], files[1:])], Counts()))
    os.system(f"{sys.executable} -m my_project apply plan --yes --journal {action}")
    assert open("lower/a").read() == open("merged/a").read() == "content"
"""


def test_a_file_of_an_overlay_is_no_duplicate_of_its_layer(tmp_path: Path) -> None:
    """To delete one would be to delete both; a plan can say it though, here one made by hand."""
    probe = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "/bin/sh",
        "-c",
        MOUNTS,
        str(tmp_path),
    ]
    if shutil.which("unshare") is None or subprocess.run([*probe, "true"], check=False).returncode:
        pytest.skip("no overlays may be mounted here")
    ran = subprocess.run(
        [*probe, sys.executable, "-c", PLAN], capture_output=True, check=False, text=True
    )
    victim = f"left alone: {tmp_path}/lower/a: same file\n"
    assert (ran.returncode, ran.stderr) == (0, victim * len(Action))
