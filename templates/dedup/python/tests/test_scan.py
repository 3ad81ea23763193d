"""What a scan finds, and what it leaves out."""

import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from my_project import Action, Selection, Verify, grouping, hashing
from my_project.comparing import same_bytes, split_by_bytes
from my_project.errors import ExitStatus
from my_project.files import Files, Mark
from my_project.globs import Globs
from my_project.holes import has_holes
from my_project.problems import Problems
from my_project.reading import Reader, StoppedReadingError
from my_project.selection import Devices, Hidden, Links

from .faults import calls
from .trees import OLD, apply, groups, grow, look, plan, problems, save

Event = Callable[[], object]
BIG = b"x" * 100_000


@pytest.mark.parametrize("verify", Verify)
def test_files_are_together_if_and_only_if_all_bytes_are_equal(
    tmp_path: Path, verify: Verify
) -> None:
    grow(
        tmp_path,
        {
            "small1": b"a", "small2": b"a", "small3": b"b",
            "head1": b"1" + BIG, "head2": b"2" + BIG,
            "tail1": BIG + b"1", "tail2": BIG + b"2", "tail3": BIG + b"1",
            "middle1": BIG + b"1" + BIG, "middle2": BIG + b"2" + BIG, "middle3": BIG + b"2" + BIG,
            "medium1": b"m" * 5000, "medium2": b"m" * 5000, "medium3": b"m" * 4999 + b"n",
        },
    )  # fmt: skip
    found = look(tmp_path, verify=verify)
    assert groups(found, tmp_path) == [
        ["middle2", "middle3"], ["tail1", "tail3"], ["medium1", "medium2"], ["small1", "small2"]
    ]  # fmt: skip
    assert all((group.digest is None) == (verify is Verify.BYTES) for group in found.groups)
    assert not found.problems


def test_hard_links_are_one_file_with_several_names(tmp_path: Path) -> None:
    grow(tmp_path, {"b": b"one", "c": b"one"})
    (tmp_path / "a").hardlink_to(tmp_path / "b")
    found = look(tmp_path)
    assert groups(found, tmp_path) == [["a", "c"]]
    names = found.files.names(found.groups[0].rows[0])
    assert names == [os.fsencode(tmp_path / "a"), os.fsencode(tmp_path / "b")]
    assert len(found.files) == 2


def test_selection_leaves_out_by_size_name_and_age(tmp_path: Path) -> None:
    grow(tmp_path, {f"{size}{copy}.dat": b"x" * size for size in (0, 1, 5, 9) for copy in "ab"})
    grow(tmp_path, {".dot/a": b"h", ".dot/b": b"h"})

    def names(selection: Selection) -> list[list[str]]:
        return groups(look(tmp_path, selection=selection), tmp_path)

    nine, five, one, none = ([f"{size}a.dat", f"{size}b.dat"] for size in (9, 5, 1, 0))
    assert names(Selection()) == [nine, five, one]
    assert names(Selection(min_size=0)) == [nine, five, one, none]
    assert names(Selection(min_size=5, max_size=5)) == [five]
    assert names(Selection(globs=Globs([b"9*"]))) == [nine]
    assert names(Selection(exclude=Globs([b"9*", b"/" + b"**/5?.dat"]))) == [one]
    assert names(Selection(hidden=Hidden.SHOW))[2] == [".dot/a", ".dot/b"]
    assert names(Selection(exclude=Globs([b".dot"]), hidden=Hidden.SHOW)) == [nine, five, one]
    (tmp_path / "9a.dat").touch()
    assert names(Selection(min_age=3600 * 10**9)) == [five, one]
    assert names(Selection(min_age=(int(time.time()) - OLD + 3600) * 10**9)) == []


def test_a_root_may_be_a_file_and_may_be_hidden_but_not_excluded(tmp_path: Path) -> None:
    grow(tmp_path, {".a": b"x", "b": b"x", "c": b"x"})
    roots = (tmp_path / ".a", tmp_path / "b", tmp_path / "c")
    assert groups(look(*roots), tmp_path) == [[".a", "b", "c"]]
    chosen = Selection(exclude=Globs([b"b"]))
    assert groups(look(*roots, selection=chosen), tmp_path) == [[".a", "c"]]
    chosen = Selection(globs=Globs([b"[bc]"]))
    assert groups(look(*roots, selection=chosen), tmp_path) == [["b", "c"]]


def test_links_to_folders_are_followed_if_asked_and_loops_end(tmp_path: Path) -> None:
    grow(tmp_path, {"in/a": b"x", "out/b": b"x"})
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/there").symlink_to(tmp_path / "out")
    (tmp_path / "in/file").symlink_to("a")
    (tmp_path / "in/nowhere").symlink_to("missing")
    (tmp_path / "in/round").symlink_to("round")
    assert groups(look(tmp_path / "in"), tmp_path) == []
    found = look(tmp_path / "in", selection=Selection(links=Links.FOLLOW))
    assert groups(found, tmp_path) == [["in/a", "in/there/b"]]
    assert problems(found) == []


def test_a_root_that_is_a_link_is_followed_to_a_folder_only(tmp_path: Path) -> None:
    grow(tmp_path, {"in/a": b"x", "in/b": b"x"})
    (tmp_path / "folder").symlink_to("in")
    (tmp_path / "file").symlink_to("in/a")
    assert groups(look(tmp_path / "folder"), tmp_path) == [["folder/a", "folder/b"]]
    assert groups(look(tmp_path / "file", tmp_path / "in/b"), tmp_path) == []


def test_the_same_folder_by_any_other_name_holds_no_duplicates(tmp_path: Path) -> None:
    grow(tmp_path, {"in/a": b"x"})
    (tmp_path / "in/b").hardlink_to(tmp_path / "in/a")
    (tmp_path / "alias").symlink_to("in")
    roots = (tmp_path, tmp_path / "in", tmp_path / "in", tmp_path / "alias", tmp_path / "in/a")
    found = look(*roots, selection=Selection(links=Links.FOLLOW))
    assert (groups(found, tmp_path), len(found.files)) == ([], 1)


def test_a_file_met_twice_counts_once(tmp_path: Path) -> None:
    grow(tmp_path, {"in/a": b"x", "in/b": b"x"})
    (tmp_path / "alias").symlink_to("in")
    found = look(tmp_path / "in/a", tmp_path / "alias/a", tmp_path / "in", tmp_path / "in/a")
    assert groups(found, tmp_path) == [["in/a", "in/b"]]
    assert found.files.names(found.groups[0].rows[0]) == [os.fsencode(tmp_path / "in/a")]
    assert groups(look(tmp_path / "alias/a", tmp_path / "in"), tmp_path) == [["alias/a", "in/b"]]


def test_one_file_that_two_devices_show_is_one(tmp_path: Path) -> None:
    """As an overlay and its layers do; what was met first stays, with all its names."""
    grow(tmp_path, {"a": b"x", "b": b"x"})
    (tmp_path / "c").hardlink_to(tmp_path / "a")
    files = Files()
    for device in (1, 2):
        for name in "acb":
            fields = [*(tmp_path / name).stat()]
            fields[stat.ST_DEV] = device
            told = {
                each: getattr((tmp_path / name).stat(), each)
                for each in ("st_mtime_ns", "st_ctime_ns")
            }
            status = os.stat_result(fields, told)
            files.add(f"/{device}/{name}".encode(), status, Mark(0))
    classes = files.same_size()
    assert [files.names(row) for row in classes.rows(0)] == [[b"/1/a", b"/1/c"], [b"/1/b"]]
    assert (len(classes), len(files)) == (1, 2)


def test_a_folder_that_is_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    """At whatever call it is swapped."""
    with calls() as undisturbed:
        look(grow(tmp_path / "0", {"in/a": b"x", "in/sub/b": b"xx"}) / "in")
    assert undisturbed.names[-4:] == ["stat", "open", "fstat", "scandir"]  # of the inner folder
    for at in range(1, undisturbed.count + 1):
        tree = grow(tmp_path / str(at), {"in/a": b"x", "in/sub/b": b"xx", "out/c": b"xxx"})

        def swap(folder: Path = tree / "in") -> None:
            (folder / "sub").rename(folder.parent / "aside")
            (folder / "sub").symlink_to(folder.parent / "out")

        with calls(at, swap):
            found = look(tree / "in")
        assert tree / "in/sub/c" not in [Path(os.fsdecode(path)) for path in found.files.paths], at


def test_times_that_do_not_fit_into_64_bits_are_the_nearest_that_do(tmp_path: Path) -> None:
    """Some file systems keep them; where this one does not, there is nothing to see."""
    grow(tmp_path, {"a": b"x" * 5000, "b": b"x" * 5000})
    for name, seconds in (("a", 2**34), ("b", -(2**34))):
        os.utime(tmp_path / name, (seconds, seconds))
    found = look(tmp_path)
    assert (groups(found, tmp_path), problems(found)) == ([["a", "b"]], [])
    path = save(plan(tmp_path, Action.DELETE), tmp_path.parent / "plan")
    assert apply(path).status is ExitStatus.DONE


def test_holes_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is on the disk is; and a file in which the same zeros were written is equal."""
    size = 64 << 20
    for name, at in (("a", size), ("b", size), ("c", size // 2)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size + 1)
            file.seek(at)
            file.write(b"x")
    if (tmp_path / "a").stat().st_blocks * 512 > size // 2:
        pytest.skip("this file system has no holes")
    grow(tmp_path, {"d": bytes(size) + b"x"})
    read = os.preadv
    counts: list[int] = []

    def preadv(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        counts.append(read(descriptor, buffers, offset))
        return counts[-1]

    monkeypatch.setattr(os, "preadv", preadv)
    for verify in Verify:
        assert groups(look(tmp_path, verify=verify), tmp_path) == [["a", "b", "d"]]
    assert 2 * size < sum(counts) < 2 * size + (1 << 22)


def test_a_comparison_skips_holes_that_both_have(tmp_path: Path) -> None:
    """To read these would take an hour."""
    size = 1 << 41
    for name, at in (("a", size - 1), ("b", size - 1), ("c", size // 2)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
            file.seek(at)
            file.write(b"x")
    with ExitStack() as stack:
        one, two, other = (
            stack.enter_context((tmp_path / name).open("rb")).fileno() for name in "abc"
        )
        if not has_holes(one, size):
            pytest.skip("this file system has no holes")
        assert same_bytes(one, two, size)
        assert not same_bytes(one, other, size)


def test_a_signal_ends_a_comparison_of_bytes(tmp_path: Path) -> None:
    """At the next piece, however much is left to read."""
    grow(tmp_path, {"a": bytes(1 << 20), "b": bytes(1 << 20)})
    stopped = threading.Event()
    files = Files()
    for name in "ab":
        files.add(os.fsencode(tmp_path / name), (tmp_path / name).stat(), Mark(0))
    counts: list[int] = []

    def note(count: int) -> None:
        counts.append(count)
        stopped.set()

    found = Problems()
    with pytest.raises(StoppedReadingError):
        split_by_bytes(Reader(files, stopped, note), files, [0, 1], found)
    assert (len(counts), bool(found)) == (1, False)


def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(tmp_path / "socket"))
        grow(tmp_path, {"a": b"x", "b": b"x"})
        found = look(tmp_path, tmp_path / "fifo", selection=Selection(min_size=0))
    assert groups(found, tmp_path) == [["a", "b"]]
    assert problems(found) == []


@pytest.mark.parametrize("folder", ["/proc", "/sys", "/dev"])
def test_folders_of_the_kernel_are_not_entered(tmp_path: Path, folder: str) -> None:
    (tmp_path / "alias").symlink_to(folder)
    found = look(Path(folder), tmp_path / "alias", selection=Selection(min_size=0))
    assert (len(found.files), problems(found)) == (0, [])


def test_the_walk_can_stay_on_one_device(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "b": b"x"})
    found = look(tmp_path, selection=Selection(devices=Devices.ONE))
    assert groups(found, tmp_path) == [["a", "b"]]


def test_problems_leave_the_rest_right(tmp_path: Path) -> None:
    grow(tmp_path, {"a": b"x", "b": b"x"})
    deep = os.fsencode(tmp_path) + b"/" + b"y" * 200
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(22):  # beyond PATH_MAX, so it can only be made step by step
        os.mkdir(b"y" * 200, dir_fd=at)
        at, before = os.open(b"y" * 200, os.O_RDONLY, dir_fd=at), at
        os.close(before)
    os.close(at)
    found = look(tmp_path, tmp_path / "missing", tmp_path / "a/b")
    assert groups(found, tmp_path) == [["a", "b"]]
    assert problems(found)[0] == ("b", "missing")
    assert problems(found)[1:] == [("missing", "missing"), ("y" * 200, "name too long")]
    assert found.problems.in_order()[2][0].startswith(deep)


@pytest.mark.parametrize("verify", Verify)
@pytest.mark.parametrize("change", ["grow", "cut", "vanish", "swap", "link"])
def test_a_file_that_changes_during_the_scan_is_reported_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: Verify, change: str
) -> None:
    """The change happens between the first blocks and the whole files."""
    grow(tmp_path, dict.fromkeys(("a", "b", "c"), b"x" * 5000))
    victim = tmp_path / "b"
    changes: dict[str, Event] = {
        "grow": lambda: victim.write_bytes(b"x" * 5001),
        "cut": lambda: os.truncate(victim, 10),
        "vanish": victim.unlink,
        "swap": lambda: os.replace(grow(tmp_path / "new", {"n": b"x" * 5000}) / "n", victim),
        "link": lambda: os.replace(_link(tmp_path.parent / "link"), victim),
    }
    whole = Reader.whole
    done: list[object] = []

    def late(*arguments: object) -> object:
        if not done:
            done.append(changes[change]())
        return whole(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Reader, "whole", late)
    found = look(tmp_path, verify=verify, jobs=1)
    assert groups(found, tmp_path) == [["a", "c"]]
    assert problems(found) == [("b", "missing" if change == "vanish" else "changed")]


def _link(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to("a")
    return path


def test_bytes_are_compared_though_hashes_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a hash that tells nothing apart, only the bytes can."""
    monkeypatch.setattr(grouping, "fast_hash", lambda _=b"": hashing.fast_hash())
    monkeypatch.setattr(Reader, "whole", lambda *_: hashing.fast_hash())
    grow(tmp_path, {name: (b"x" if name in "ace" else b"y") * 300_000 for name in "abcdef"})
    found = look(tmp_path, verify=Verify.BYTES)
    assert sorted(groups(found, tmp_path)) == [["a", "c", "e"], ["b", "d", "f"]]
