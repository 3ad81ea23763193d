"""Moves single files into a project and out of it."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

_NEAR = ".scaffold-update"
"""A file on its way in from another file system."""


def put(source: Path, target: Path) -> None:
    """Move a file to its place in one step, over what is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        for folder in (*sorted(target.rglob("*"), reverse=True), target):
            folder.rmdir()  # there is no file in it any more
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        near = target.with_name(_NEAR)  # `.git` lies on another file system
        near.unlink(missing_ok=True)
        shutil.copy2(source, near, follow_symlinks=False)
        near.replace(target)


def remove(target: Path, project: Path) -> None:
    """Remove a file and the folders that it leaves empty, as git does."""
    for file in (target.with_name(_NEAR), target):
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            file.unlink()
    for folder in target.parents:
        if folder == project:
            break
        try:
            folder.rmdir()
        except OSError:
            break


def keep(source: Path, backup: Path) -> None:
    """Copy a file with its times and mode, safe on the disk when this returns."""
    backup.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, backup, follow_symlinks=False)
    flush(backup)


def bring_back(backup: Path, target: Path) -> None:
    """Put a copy back where the file was; doing it twice is doing it once."""
    if is_same(backup, target) and backup.lstat().st_mtime_ns == target.lstat().st_mtime_ns:
        return  # in a folder that nothing may be written to, perhaps
    spare = backup.with_name(_NEAR)
    spare.unlink(missing_ok=True)
    try:
        os.link(backup, spare, follow_symlinks=False)  # needs no room on a full disk
    except OSError:
        shutil.copy2(backup, spare, follow_symlinks=False)
    put(spare, target)


def is_file(path: Path) -> bool:
    """Return whether something other than a folder is there."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def is_same(first: Path, second: Path) -> bool:
    """Return whether two files have the same content and mode."""
    try:
        if first.lstat().st_mode != second.lstat().st_mode:
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    if first.is_symlink():
        return first.readlink() == second.readlink()
    return first.read_bytes() == second.read_bytes()


def flush(file: Path) -> None:
    """Make sure that a file is on the disk before what relies on it."""
    if not file.is_symlink():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
