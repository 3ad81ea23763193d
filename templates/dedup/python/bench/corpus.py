"""Writes the corpus that `contract/corpus.md` describes: the same bytes on every machine."""

import argparse
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

FILES = 20_000
HEAD = 4096  # bytes; what comes after them is the body
_PIECE = 1 << 20
_FOLDER_FILES = 20
_DUPLICATES, _SAME_HEADS = 15, 20  # of 100, the second with the first
_FIRST_ROW = 6
# fmt: off
_OF_1000 = (20, 30, 50, 70, 100, 120, 130, 120, 100, 81, 61, 45, 30, 18, 12, 7, 3, 2, 1)
# fmt: on


@dataclass(frozen=True, slots=True)
class File:
    """A file of the corpus: its size, and the numbers of the files that give its bytes."""

    path: str
    size: int
    head: int
    body: int


def files(count: int) -> Iterator[File]:
    """Yield the files in the order of their numbers."""
    made: list[File] = []
    for number in range(count):
        words = blake3(f"corpus/{number}".encode()).digest(length=32)
        kind, first, second, folder = struct.unpack("<4Q", words)
        path = f"{'/'.join(str(folder % (count // _FOLDER_FILES + 1)))}/{number}.dat"
        model = made[first % number] if number else None
        if model is not None and kind % 100 < _DUPLICATES:
            file = File(path, model.size, model.head, model.body)
        elif model is not None and model.size > HEAD and kind % 100 < _SAME_HEADS:
            file = File(path, model.size, model.head, number)
        else:
            row = _row(first % 1000)
            file = File(path, 2**row + second % 2**row, number, number)
        made.append(file)
        yield file


def content(file: File) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces."""
    yield _stream(file.head).digest(length=min(file.size, HEAD))
    body = _stream(file.body)
    for offset in range(HEAD, file.size, _PIECE):
        yield body.digest(length=min(_PIECE, file.size - offset), seek=offset)


def write(folder: Path, count: int = FILES) -> None:
    """Write the corpus below a folder."""
    for file in files(count):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.writelines(content(file))


def checksum(count: int) -> str:
    """Return the hash that the description gives for a corpus of this many files."""
    hasher = blake3()
    for file in files(count):
        hasher.update(f"{file.path}\0{file.size}\0".encode())
        for piece in content(file):
            hasher.update(piece)
    return hasher.hexdigest()


def _stream(number: int) -> blake3:
    return blake3(f"corpus/{number}/content".encode())


def _row(at: int) -> int:
    for row, weight in enumerate(_OF_1000, _FIRST_ROW):
        if at < weight:
            return row
        at -= weight
    raise ValueError(at)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=FILES)
    words = parser.parse_args()
    write(words.folder, words.files)
