"""Finds the files below the roots, each folder once, without opening any file."""

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from .errors import Reason, scan_reason
from .files import Files, Mark
from .names import LONGEST_NAME, is_below
from .problems import Problems
from .selection import Devices, Hidden, Links, Selection

# Folders of the kernel: what lies there is no file of anybody, and reading it can do harm.
_NEVER_ENTERED = (b"/proc", b"/sys", b"/dev")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def walk(
    roots: Sequence[bytes],
    references: Sequence[bytes],
    selection: Selection,
    problems: Problems,
    tick: Callable[[int], None],
) -> Files:
    """Return what lies below the absolute roots and references.

    References come first, so that whatever lies in one is known for it, by whatever
    other name it is met again. `tick` gets the count of names every now and then.
    """
    walker = _Walker(selection, problems, tick)
    real_references = [os.path.realpath(each) for each in references]
    for reference in references:
        walker.enter_root(reference, Mark.REFERENCE)
    for root in roots:
        within = real_references and any(
            is_below(os.path.realpath(root), reference) for reference in real_references
        )
        walker.enter_root(root, Mark.REFERENCE if within else Mark(0))
    return walker.files


class _Walker:
    """What a walk knows: the files so far, and the folders that it need not enter any more."""

    def __init__(
        self, selection: Selection, problems: Problems, tick: Callable[[int], None]
    ) -> None:
        self.files = Files()
        self._selection = selection
        self._problems = problems
        self._tick = tick
        self._newest = None if selection.min_age is None else time.time_ns() - selection.min_age
        self._entered: set[tuple[int, int]] = set()
        for folder in _NEVER_ENTERED:
            with suppress(OSError):
                status = os.stat(folder)
                self._entered.add((status.st_dev, status.st_ino))

    def enter_root(self, root: bytes, mark: Mark) -> None:
        """Look at one root to its end."""
        if self._selection.exclude.match(root) or self._is_too_long(root):
            return
        try:
            status = os.stat(root)
            is_link = stat.S_ISLNK(os.lstat(root).st_mode)
        except OSError as error:
            self._problems.add(root, scan_reason(error))
            return
        if stat.S_ISDIR(status.st_mode):
            self._enter_tree(root, status.st_dev, mark)
        elif stat.S_ISREG(status.st_mode) and not is_link:
            globs = self._selection.globs
            if not globs or globs.match(root):
                self._take(root, status, mark)

    def _enter_tree(self, root: bytes, device: int, mark: Mark) -> None:
        """Go level by level, names in order, so that each folder is met at one place only."""
        limit = device if self._selection.devices is Devices.ONE else None
        follow = True  # a root may be a link
        pending = deque([root])
        while pending:
            folder = pending.popleft()
            try:
                pending.extend(sorted(self._enter(folder, limit, mark, follow=follow)))
            except OSError as error:
                self._problems.add(folder, scan_reason(error))
            follow = self._selection.links is Links.FOLLOW
            self._tick(len(self.files.paths))

    def _enter(self, folder: bytes, device: int | None, mark: Mark, *, follow: bool) -> list[bytes]:
        """Take the files of a folder that was not entered yet, and return the folders in it.

        It may be swapped at any moment, so it is opened once and all else goes by that.
        """
        if not self._is_new(os.stat(folder, follow_symlinks=follow), device):
            return []
        descriptor = os.open(folder, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)
        try:
            status = os.fstat(descriptor)
            if not self._is_new(status, device):
                return []
            self._entered.add((status.st_dev, status.st_ino))
            return self._read_folder(descriptor, folder, device, mark)
        finally:
            os.close(descriptor)

    def _is_new(self, status: os.stat_result, device: int | None) -> bool:
        return device in {None, status.st_dev} and (
            (status.st_dev, status.st_ino) not in self._entered
        )

    def _read_folder(
        self, descriptor: int, folder: bytes, device: int | None, mark: Mark
    ) -> list[bytes]:
        """Take the files of an open folder and return the folders in it."""
        hidden = self._selection.hidden is Hidden.SHOW
        exclude, globs = self._selection.exclude, self._selection.globs
        before = folder.rstrip(b"/") + b"/"
        folders = []
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if not hidden and entry.name.startswith("."):
                    continue
                path = before + os.fsencode(entry.name)
                if exclude and exclude.match(path):
                    continue
                if self._is_folder(entry):
                    if not self._is_too_long(path):
                        folders.append(path)
                elif entry.is_file(follow_symlinks=False) and not (
                    (globs and not globs.match(path)) or self._is_too_long(path)
                ):
                    self._take_entry(entry, path, device, mark)
        return folders

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        if entry.is_symlink():
            try:
                return self._selection.links is Links.FOLLOW and entry.is_dir()
            except OSError:  # a link that leads nowhere, or round in a circle
                return False
        return entry.is_dir(follow_symlinks=False)

    def _take_entry(
        self, entry: os.DirEntry[str], path: bytes, device: int | None, mark: Mark
    ) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._problems.add(path, scan_reason(error))
            return
        if device is None or status.st_dev == device:
            self._take(path, status, mark)

    def _take(self, path: bytes, status: os.stat_result, mark: Mark) -> None:
        selection = self._selection
        if not selection.min_size <= status.st_size <= selection.max_size:
            return
        if self._newest is not None and status.st_mtime_ns > self._newest:
            return
        self.files.add(path, status, mark)

    def _is_too_long(self, name: bytes) -> bool:
        if len(name) <= LONGEST_NAME:
            return False
        self._problems.add(name, Reason.NAME_TOO_LONG)
        return True
