"""Writes files whole or not at all; pipes and devices as they are."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from .errors import StressError, UsageError
from .signals import interrupts
from .streams import print_text

STANDARD_OUTPUT = "-"


def check_target(option: str, name: str | None) -> None:
    """Raise `UsageError` if a file cannot be written, before all the work is done for it."""
    if name == "":
        raise UsageError(f"{option}: an empty name")
    if name is None or name == STANDARD_OUTPUT:
        return
    try:
        target = _target(name)
        if os.path.lexists(target) and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not _is_written_in_place(name, target):
            _create_beside(target).unlink()
    except OSError as error:
        raise UsageError(f"{option} {name}: {error.strerror}") from error


def write_target(option: str, name: str, text: str) -> None:
    """Write a file, or standard output; raise `StressError`."""
    if name == STANDARD_OUTPUT:
        print_text(text)
        return
    data = text.encode(errors="replace")
    try:
        target = _target(name)
        if _is_written_in_place(name, target):
            interrupts().hurry()  # a pipe that nobody reads holds a writer up
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise StressError(f"{option} {name}: {error.strerror}") from error


def _target(name: str) -> Path:
    """Return what a name leads to; raise `OSError` where that is a folder, or links go round."""
    with suppress(FileNotFoundError):
        os.stat(name)  # noqa: PTH116  # `Path` forgets the slash at the end of a folder
    # A link below /proc is followed by opening it alone.
    target = Path(name if _leads_below_proc(name) else os.path.realpath(name))
    if target.is_dir() or name.endswith("/"):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return target


def _is_written_in_place(name: str, target: Path) -> bool:
    """Say whether it is a pipe, a device, or a file that some process has open."""
    return target.exists() and (not target.is_file() or _leads_below_proc(name))


def _leads_below_proc(name: str) -> bool:
    """Say whether one of the links that a name leads along is below /proc: /dev/stdout is one."""
    path = Path(name)
    while True:  # round links were found before
        path = Path(os.path.realpath(path.parent)) / path.name
        if path.is_relative_to("/proc") or not path.is_symlink():
            return path.is_relative_to("/proc")
        path = path.parent / path.readlink()


def _create_beside(target: Path) -> Path:
    """Create a file with a name of its own in the folder of a target."""
    path = target.with_name(f".{secrets.token_hex(8)}.tmp")
    path.open("xb").close()
    return path


def _replace(target: Path, data: bytes) -> None:
    """Write beside a file, then put that in its place; what was there is whole until then."""
    path = _create_beside(target)
    try:
        if target.exists():
            path.chmod(target.stat().st_mode & 0o7777)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.replace(target)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
