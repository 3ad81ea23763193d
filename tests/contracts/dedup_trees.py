"""Trees of files, and ways to run a program, for the black-box suite of `dedup`."""

import errno
import json
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from helpers import need

OLD = 1_600_000_000  # seconds; long past, so that the time of the run never matters
Ran = subprocess.CompletedProcess[bytes]


def run(
    program: list[str],
    *words: str | bytes | Path,
    before: tuple[str, ...] = (),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run a program and hold that it did not crash."""
    ran = subprocess.run(
        [*before, *program, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    assert b"Traceback" not in ran.stderr, ran.stderr
    assert b"panicked" not in ran.stderr, ran.stderr
    return ran


def said(ran: Ran) -> tuple[int, bytes, bytes]:
    """Return all that a run has said."""
    return ran.returncode, ran.stdout, ran.stderr


def clear(folder: Path) -> None:
    """Remove a folder with all in it, whatever its rights and the length of its names."""
    if os.path.lexists(folder):
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", folder], check=True)


def grow(folder: Path, files: Mapping[str | bytes, bytes]) -> Path:
    """Write files below a folder, all with one time."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (OLD, OLD))
    return folder


def contents(*folders: Path) -> set[bytes]:
    """Return every distinct content of the regular files below folders."""
    return {
        (Path(root) / name).read_bytes()
        for folder in folders
        for root, _, names in os.walk(folder)
        for name in names
        if stat.S_ISREG((Path(root) / name).lstat().st_mode)
    }


def shape(folder: Path) -> dict[bytes, tuple[str, bytes, int]]:
    """Return what lies below a folder: kind, content, and which names are one inode.

    An inode is given by the place of its first name, so that two trees can be compared.
    """
    found: dict[bytes, tuple[str, bytes, int]] = {}
    inodes: dict[int, int] = {}
    for root, folders, names in os.walk(os.fsencode(folder)):
        folders.sort()
        for name in sorted(names + folders):
            path = Path(os.fsdecode(os.path.join(root, name)))  # noqa: PTH118  # bytes
            status = path.lstat()
            number = inodes.setdefault(status.st_ino, len(inodes))
            kind = stat.filemode(status.st_mode)
            content = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(path.readlink())
            elif stat.S_ISREG(status.st_mode) and status.st_size < 2**20:
                content = path.read_bytes()
            found[os.path.relpath(os.fsencode(path), os.fsencode(folder))] = (kind, content, number)
    return found


# --- trees at random ----------------------------------------------------------------------------

_ODD = [
    *(
        b"a",
        b"b",
        b"A",
        b".h",
        b"-x",
        b"n\nl",
        b"t\tb",
        b"c\r",
        b"e\x1b[31m",
        b"\xff",
        b"\xc3",
        b"*",
    ),
    *("é".encode(), "e\u0301".encode(), b"\xed\xa0\x80", b" ", b"\\", b'"', b",", b"\x7f"),
    *(b"\xc2\x85", "🦀".encode(), b"a" * 255, b"\xe2\x80\xa8"),
]
NAMES = st.sampled_from(_ODD) | st.binary(min_size=1, max_size=6).filter(
    lambda name: not set(name) & set(b"\0/") and name not in {b".", b".."}
)
_HEAD = b"h" * 4096
CONTENTS = st.sampled_from(
    [b"", b"1", b"2", b"x" * 4096, b"x" * 4097, b"x" * 4096 + b"y", _HEAD * 17 + b"1",
     _HEAD * 17 + b"2", _HEAD * 9 + b"1" + _HEAD * 9, _HEAD * 9 + b"2" + _HEAD * 9,
     b"y" * 300_000, b"y" * 299_999 + b"z"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """What to make: each thing has a path of up to three names."""

    files: list[tuple[tuple[bytes, ...], bytes, int]]
    """Path, content, and a number that gives time and rights."""
    links: list[tuple[tuple[bytes, ...], int, str]] = field(default_factory=list)
    """Path, the file or folder that is linked to, and the kind of link."""

    def make(self, folder: Path) -> Path:
        """Make it all; what cannot be made, since its name is taken, is not."""
        folder.mkdir()
        root = os.fsencode(folder)
        made = [root]
        for parts, content, number in self.files:
            path = os.path.join(root, *parts)  # noqa: PTH118  # bytes
            if _make_parent(path):
                with open(path, "wb") as file:  # noqa: PTH123  # bytes
                    if number % 7 == 3:  # one in seven is sparse
                        file.truncate(200_000)
                    else:
                        file.write(content)
                os.utime(path, (OLD + number % 3, OLD + number % 3))
                if number % 11 == 5:  # and one in eleven cannot be read
                    os.chmod(path, 0)  # noqa: PTH101  # bytes
                made += [path, os.path.dirname(path)]  # noqa: PTH120  # bytes
        for parts, number, kind in self.links:
            path = os.path.join(root, *parts)  # noqa: PTH118  # bytes
            target = made[number % len(made)]
            if _make_parent(path):
                _make_link(path, target, kind)
        return folder


def _make_link(path: bytes, target: bytes, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind != "hard":
        os.symlink(target if kind == "symlink" else b"nowhere", path)  # noqa: PTH211  # bytes
    elif os.path.isfile(target):  # noqa: PTH113  # bytes
        os.link(target, path)


def _make_parent(path: bytes) -> bool:
    """Tell whether something can be made at a path; makes the folder."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  # bytes
    except OSError as error:
        assert error.errno in {errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ELOOP}  # noqa: PT017
        return False
    return not os.path.lexists(path)


_PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
DRAWN = st.builds(
    Drawn,
    st.lists(st.tuples(_PATHS, CONTENTS, st.integers(0, 100)), max_size=14),
    st.lists(
        st.tuples(
            _PATHS,
            st.integers(0, 30),
            st.sampled_from(["hard", "hard", "symlink", "dangling", "fifo"]),
        ),
        max_size=6,
    ),
)


# --- machines -----------------------------------------------------------------------------------


@cache
def unprivileged() -> tuple[str, ...]:
    """Return the words before a program that take root's rights away."""
    if os.geteuid() != 0:
        return ()
    before = (need("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root lay down its privileges")
    return before


def mounted(script: str, folder: Path, **names: object) -> Ran:
    """Run a shell script in a mount namespace of its own, or skip where there can be none."""
    words = [need("unshare"), *([] if os.geteuid() == 0 else ["-r"]), "-m"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        reason = "this machine does not let a test mount anything"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    ran = subprocess.run(
        [*words, "/bin/sh", "-ec", script],
        cwd=folder,
        env={**os.environ, **{key: str(value) for key, value in names.items()}},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in ran.stderr, ran.stderr
    assert b"panicked" not in ran.stderr, ran.stderr
    return ran


def shim(folder: Path) -> Path:
    """Compile the library of `dedup_shim.c` and return its path."""
    target = folder / "shim.so"
    source = Path(__file__).with_name("dedup_shim.c")
    words = [need("cc"), "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"]
    subprocess.run(words, check=True)
    return target


def lines(data: bytes) -> list[Any]:
    """Return the JSON of each line."""
    return [json.loads(line) for line in data.splitlines()]
