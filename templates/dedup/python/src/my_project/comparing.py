"""Compares files byte by byte, through descriptors that are open already."""

import os
from collections.abc import Callable

from .errors import FileChangedError, Reason, scan_reason
from .files import Files
from .holes import has_holes, next_data
from .problems import Problems
from .reading import CHUNK, Reader


def same_bytes(one: int, other: int, size: int, note: Callable[[int], None] | None = None) -> bool:
    """Tell whether two open files of one size have the same bytes; raise `OSError`.

    `note` gets the count of bytes whenever some were compared, and may raise what it likes.
    One that is shorter by now is for the caller to notice, who looks at both again.
    """
    sparse = has_holes(one, size) and has_holes(other, size)
    offset = 0
    while offset < size:
        # Where both have a hole both have zeros.
        count = (
            min(next_data(each, offset, size) for each in (one, other)) - offset if sparse else 0
        )
        if not count:
            left = _read(one, offset)
            if left != _read(other, offset):
                return False
            count = len(left)
            if not count:
                break
        offset += count
        if note is not None:
            note(count)
    return True


def split_by_bytes(
    reader: Reader, files: Files, rows: list[int], problems: Problems
) -> list[list[int]]:
    """Return the rows in classes of equal bytes, without those that are alone or fail."""
    classes = []
    while len(rows) > 1:
        model, *others = rows
        equal, rows = [model], []
        try:
            with reader.open(model) as descriptor:
                for row in others:
                    _sort_in(reader, files, row, descriptor, (equal, rows), problems)
        except (OSError, FileChangedError) as error:
            _note(problems, files.paths[model], error)
            rows = equal[1:] + rows
        else:
            classes.append(equal)
    return [each for each in classes if len(each) > 1]


def _sort_in(  # noqa: PLR0913, PLR0917  # a loop's body that has its own handler
    reader: Reader,
    files: Files,
    row: int,
    model: int,
    lists: tuple[list[int], list[int]],
    problems: Problems,
) -> None:
    equal, different = lists
    try:
        with reader.open(row) as descriptor:
            same = same_bytes(model, descriptor, files.sizes[row], reader.note)
    except (OSError, FileChangedError) as error:
        _note(problems, files.paths[row], error)
    else:
        (equal if same else different).append(row)


def _note(problems: Problems, name: bytes, error: OSError | FileChangedError) -> None:
    problems.add(name, scan_reason(error) if isinstance(error, OSError) else Reason.CHANGED)


def _read(descriptor: int, offset: int) -> bytes:
    """Return a whole chunk but at the end of the file, though the kernel may give less at once."""
    data = os.pread(descriptor, CHUNK, offset)
    while 0 < len(data) < CHUNK:
        more = os.pread(descriptor, CHUNK - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data
