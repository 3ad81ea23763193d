"""What file systems refuse `dedup`, and what only some can do."""

from pathlib import Path

from contracts.dedup_trees import mounted
from helpers import LONG_TESTS, need


def test_what_the_file_system_refuses_is_a_failure(program: list[str], tmp_path: Path) -> None:
    """Another device, blocks that cannot be shared and a full disk for the journal are told as such."""
    ran = mounted(
        "mkdir disk other; mount -t tmpfs none disk; mount -t tmpfs none other\n"
        # New file systems give the same inode, so that a file of the same instant would be taken
        # for the same file; another time tells them apart.
        "printf x >disk/a; printf x >disk/b; printf x >other/c; touch -d @1 other/c\n"
        '"$P" plan disk --action delete -o delete --quiet\n'
        '"$P" plan disk --action reflink -o reflink --quiet\n'
        '"$P" plan disk other --action symlink -o across --quiet\n'
        "sed s/symlink/hardlink/ across >linked\n"
        'try() { "$P" apply "$@" --yes 2>&1 || echo "status $?"; }\n'
        "try reflink; try linked\n"
        "mount -o remount,ro disk; try delete; mount -o remount,rw disk\n"
        "mkdir full; mount -t tmpfs -o size=4k none full; head -c 4096 /dev/zero >full/x || true\n"
        "try delete --journal full/j; ls disk other; "
        '"$P" plan disk --action delete -o full/plan 2>&1 || echo "status $?"; ls -A full',
        tmp_path,
        P=program[0],
    )
    disk = tmp_path / "disk"
    told = ran.stdout.decode().splitlines()
    assert told == [
        f"failed: {disk}/b: not supported",
        "0 done, 0 left alone, 1 failed, 0 bytes freed", "status 1",
        f"failed: {tmp_path}/other/c: another file system",
        "1 done, 0 left alone, 1 failed, 1 byte freed", "status 1",
        # `linked` made b a name of a, so this is no longer what was planned
        f"left alone: {disk}/b: same file",
        "0 done, 1 left alone, 0 failed, 0 bytes freed", "status 3",
        "error: full/j: no space left", "status 1",
        "disk:", "a", "b", "", "other:", "c",
        "error: full/plan: no space left", "status 1", "j", "x",
    ], (told, ran.stderr)  # fmt: skip


def test_a_read_only_file_system_is_a_failure(program: list[str], tmp_path: Path) -> None:
    """It is one for each action that would change a name."""
    ran = mounted(
        "mkdir disk; mount -t tmpfs none disk; printf x >disk/a; printf x >disk/b\n"
        'for each in delete hardlink symlink; do "$P" plan disk --action $each -o $each --quiet; done\n'
        'mount -o remount,ro disk; for each in delete hardlink symlink; do "$P" apply $each --yes 2>&1 || echo $?; done',
        tmp_path,
        P=program[0],
    )
    failure = [
        f"failed: {tmp_path}/disk/b: read-only file system",
        "0 done, 0 left alone, 1 failed, 0 bytes freed",
        "1",
    ]
    assert ran.stdout.decode().splitlines() == failure * 3, ran.stderr


def test_reflinks_share_blocks(program: list[str], tmp_path: Path) -> None:
    """On Btrfs, the victim keeps its inode and shares the keeper's blocks."""
    need("mkfs.btrfs")
    ran = mounted(
        "truncate -s 200M image; mkfs.btrfs -q image >mkfs.log; mkdir disk; mount -o loop image disk\n"
        "head -c 300000 /dev/urandom >disk/a; cp --reflink=never disk/a disk/b; sync; ls -i disk/b\n"
        '"$P" plan disk --action reflink -o plan --quiet; "$P" apply plan --yes; ls -i disk/b; cmp disk/a disk/b',
        tmp_path,
        P=program[0],
    )
    first, told, last = ran.stdout.decode().splitlines()
    assert (first, told) == (last, "1 done, 0 left alone, 0 failed, 293.0 KiB freed"), ran.stderr


# It needs a file system of its own, and is no part of the short form.
setattr(test_reflinks_share_blocks, "__test__", LONG_TESTS)  # noqa: B010  # functions have no such field for mypy
