"""Which folders `dedup` never enters, never follows, and sees through."""

import json
from pathlib import Path

import pytest

from contracts.dedup_events import Event, calls_of
from contracts.dedup_trees import Ran, grow, mounted, run, said

# Two folders laid over one another without a place to write to, which any file system allows.
OVERLAY = """mkdir disk; mount -t tmpfs none disk; cd disk; mkdir low other t t/merged
printf xx >low/a; printf xx >low/b; ln low/b low/c
if ! mount -t overlay none -o lowerdir=low:other t/merged; then echo none; exit 0; fi
mkdir t/low; mount --bind low t/low
"""
FILE = r"""file() {
  set -- "$1" $(stat -c '%d %i %.9Y %.9Z' "$1" | tr -d .)
  printf '{"names":[{"path":"%s"}],"device":%s,"inode":%s,"mtime_ns":%s,"ctime_ns":%s}' "$@"
}
"""


def overlaid(script: str, folder: Path, program: list[str]) -> Ran:
    """Run a script where `t/merged` shows what `t/low` has, on another device."""
    ran = mounted(OVERLAY + script, folder, P=program[0])
    if ran.stdout == b"none\n":
        pytest.skip(f"this machine has no overlays: {ran.stderr!r}")
    return ran


@pytest.mark.parametrize("order", ["merged low", "low merged"])
def test_a_file_that_an_overlay_shows_on_another_device_counts_once(
    program: list[str], tmp_path: Path, order: str
) -> None:
    """It counts by the device on which it was met first, with all its names there."""
    scan = '"$P" scan $O --format json'.replace(
        "$O", " ".join(f"t/{name}" for name in order.split())
    )
    found = json.loads(overlaid(scan, tmp_path, program).stdout)
    here, first = f"{tmp_path}/disk/t", order.split(maxsplit=1)[0]
    names = [[name["path"] for name in file["names"]] for file in found["groups"][0]["files"]]
    assert names == [[f"{here}/{first}/a"], [f"{here}/{first}/b", f"{here}/{first}/c"]]
    assert (len(found["groups"]), found["summary"]["scanned"]) == (1, 2)


@pytest.mark.parametrize("action", ["hardlink", "symlink", "trash", "delete"])
def test_a_file_that_an_overlay_shows_is_not_its_own_duplicate(
    program: list[str], tmp_path: Path, action: str
) -> None:
    """A plan that says so is not followed: it would take the only copy."""
    script = (
        FILE + "rm low/b low/c; export HOME=$PWD\n"
        'echo \'{"plan":1,"action":"\'$A\'","roots":[{"path":"\'$PWD\'/t"}]}\' >plan\n'
        "echo '{\"size\":2,\"keep\":'$(file $PWD/t/merged/a)',\"victims\":['$(file $PWD/t/low/a)']}' >>plan\n"
        'echo \'{"groups":1,"victims":1}\' >>plan\n'
        '"$P" apply plan --yes 2>&1 || echo "status $?"; cat t/low/a'
    ).replace("$A", action)
    ran = overlaid(script, tmp_path, program)
    assert ran.stdout.decode().splitlines() == [
        f"left alone: {tmp_path}/disk/t/low/a: same file",
        "0 done, 1 left alone, 0 failed, 0 bytes freed",
        "status 3",
        "xx",
    ], ran.stderr


def test_a_folder_that_is_swapped_for_a_link_is_not_followed(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """At whichever call it happens, what lies where the link leads is in no root."""
    grow(tmp_path / "try", {"a": b"x", "d/b": b"y", "e/c": b"z"})
    log = tmp_path / "log"
    event = Event("none", tmp_path / "try").environment(library, log)
    words: list[str | Path] = ["scan", tmp_path / "try", "--format", "null", "--jobs", "1"]
    assert run(program, *words, env=event).returncode == 0
    looks = [path for name, path in calls_of(log) if name not in {"read", "pread", "pread64"}]
    grow(tmp_path / "outside", {"f": b"x"})
    for at in range(2, min(len(looks), 12)):
        tree = grow(tmp_path / f"{at}/t", {"a": b"x", "d/b": b"y", "e/c": b"z"})
        (tmp_path / f"{at}/link").symlink_to(tmp_path / "outside")
        places = (tree / "d", tmp_path / f"{at}/link", tmp_path / f"{at}/aside")
        event = Event("swap", tree, at, "", *places).environment(library, log)
        ran = run(program, "scan", tree, "--format", "null", "--jobs", "1", env=event)
        assert ran.stdout == b"", at
        assert ran.stderr in {
            b"",
            *(f"warning: {tree}/{name}: missing\n".encode() for name in ("d", "d/b")),
        }, at


def test_the_folders_of_the_kernel_are_not_even_opened(
    program: list[str], library: Path, tmp_path: Path
) -> None:
    """It is enough to ask what they are."""
    (tmp_path / "link").symlink_to("/sys")
    log = tmp_path / "log"
    event = Event("none", Path("/sys")).environment(library, log)
    ran = run(program, "scan", "/sys", tmp_path / "link", "--jobs", "1", env=event)
    assert said(ran) == (0, b"0 groups, 0 files, 0 bytes to gain\n", b"")
    assert ("open", "/sys") not in calls_of(log)
