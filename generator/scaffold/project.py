"""A project on disk: written whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from scaffold import git as git_command
from scaffold import interrupts
from scaffold.compose import Tree
from scaffold.errors import DestinationError, ToolError

_STAGING = ".scaffold-new-"
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def check_destination(destination: Path) -> None:
    """Raise `DestinationError` unless nothing is there yet, or an empty folder."""
    _check_parent(destination)
    choose = "choose another destination"
    if destination.is_symlink():
        raise DestinationError(destination, "is a link", choose)
    if not destination.exists():
        return
    if not destination.is_dir():
        raise DestinationError(destination, "is a file", choose)
    if not _is_empty(destination):
        raise DestinationError(destination, "exists and is not empty", choose)
    if _is_current(destination):
        step = "run this from the folder above it"
        raise DestinationError(destination, "is the current folder and would be replaced", step)
    # The project takes over the mode of the folder, and could then be neither moved nor removed.
    _check_writable(destination)


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError as error:
        raise _from_os(folder, error) from error


def _is_current(folder: Path) -> bool:
    try:
        return folder.samefile(Path.cwd())
    except FileNotFoundError:
        return False  # the current folder was removed


def _check_parent(destination: Path) -> None:
    parent = destination.parent
    try:
        if not parent.is_dir():
            raise DestinationError(parent, "is not a folder", "make it first, with mkdir -p")
        os.lstat(destination)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _from_os(destination, error) from error
    _check_writable(parent)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DestinationError(folder, "cannot be written to", "choose another destination")


def write(tree: Tree, destination: Path, *, git: bool) -> bool:
    """Write the files of `tree` as a project, and make it a git repository if `git`.

    Returns whether a repository was made: not where git is absent. The project appears in one step,
    by a rename within the folder that it lies in; a failure or an interrupt leaves nothing, and
    what a kill left unfinished under a hidden name is removed by the next call there. Raises
    `DestinationError`, and `ToolError` where git fails.
    """
    check_destination(destination)
    try:
        _sweep(destination.parent)
        with interrupts.held() as interrupted, _staging(destination.parent) as staging:
            project = staging / "project"
            write_files(tree, project, interrupted)
            made = git and not interrupted() and _git_init(project)
            if not interrupted():
                _move(project, destination)
    except OSError as error:
        raise _from_os(destination, error) from error
    return made


def _move(project: Path, destination: Path) -> None:
    if destination.is_dir():
        shutil.copymode(destination, project)
        if os.name == "nt":
            destination.rmdir()  # a rename there does not replace an empty folder
    try:
        # Fails where somebody put something there meanwhile; an empty folder is replaced.
        project.rename(destination)
    except OSError as error:
        if error.errno in _TAKEN:
            raise DestinationError(
                destination, "was made by someone else meanwhile", "choose another destination"
            ) from error
        raise


def write_files(tree: Tree, folder: Path, interrupted: interrupts.Asked = lambda: False) -> None:
    """Write files into a new folder; stop short where an interrupt came."""
    folder.mkdir()
    for path, file in tree.items():
        if interrupted():
            return
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            target.symlink_to(file.link)
            continue
        target.write_bytes(file.content)
        if file.executable:
            mode = target.stat().st_mode
            target.chmod(mode | (mode & 0o444) >> 2)  # for those who may read it, as git does


@contextmanager
def _staging(parent: Path) -> Iterator[Path]:
    """Make a hidden folder, held by a lock as long as this process lives, and remove it after."""
    lock: IO[str] | None = None
    while lock is None:
        staging = parent / f"{_STAGING}{secrets.token_hex(8)}"
        staging.mkdir(mode=0o700)
        try:
            lock = _lock(staging)
        except OSError:
            break  # no locks here: nothing is swept either
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if lock is not None:
            lock.close()


def _sweep(parent: Path) -> None:
    """Remove the hidden folders of processes that were killed: nobody holds their lock."""
    for staging in parent.glob(f"{_STAGING}*"):
        if not re.fullmatch("[0-9a-f]{16}", staging.name.removeprefix(_STAGING)):
            continue
        with suppress(OSError):  # another user's folder, a file, or no locks here
            lock = _lock(staging)
            if lock is not None:
                with lock:
                    shutil.rmtree(staging, ignore_errors=True)


def _lock(staging: Path) -> IO[str] | None:
    """Lock a hidden folder; return None where another process holds it, or is removing it."""
    if sys.platform == "win32":
        raise OSError(errno.ENOTSUP, "no such locks")
    import fcntl  # noqa: PLC0415  # not on Windows

    path = staging / "lock"
    try:
        with ExitStack() as stack:
            lock = stack.enter_context(path.open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A sweep may have removed the file between its opening and its lock.
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                stack.pop_all()
                return lock
    except (FileNotFoundError, BlockingIOError):
        pass
    return None


def inside_repository(folder: Path) -> bool:
    """Return whether `folder` lies in the work tree of a git repository."""
    try:
        done = git_command.run(folder, "rev-parse", "--is-inside-work-tree")
    except FileNotFoundError:
        return False
    # Git refuses to speak of a repository of another user's, but it is one.
    return done.stdout.strip() == b"true" or b"dubious ownership" in done.stderr


def _git_init(project: Path) -> bool:
    try:
        # The workflows of the project run on the branch main.
        done = git_command.run(project, "init", "--quiet", "--initial-branch=main")
    except FileNotFoundError:
        return False  # the closing screen names git among the tools that are missing
    if done.returncode:
        step = "mend git, or make the project without a repository, with --no-git"
        raise ToolError("git init", f"failed: {git_command.reason(done)}", step)
    return True


def _from_os(destination: Path, error: OSError) -> DestinationError:
    reason = (error.strerror or str(error)).lower()
    step = "see to that or choose another destination; nothing was left there"
    return DestinationError(destination, f"cannot be written: {reason}", step)
