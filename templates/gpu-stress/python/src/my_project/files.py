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
        if not _is_written_in_place(target):
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
        if _is_written_in_place(target):
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
    target = Path(os.path.realpath(name))
    if target.is_dir() or name.endswith("/"):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return target


def _is_written_in_place(target: Path) -> bool:
    """Say whether it is a pipe, a device, or a file that standard output goes to."""
    if not target.exists():
        return False
    return not target.is_file() or any(_is_open_as(number, target) for number in (1, 2))


def _is_open_as(number: int, target: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), target.stat())
    except OSError:
        return False


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
