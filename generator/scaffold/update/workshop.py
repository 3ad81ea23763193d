"""A git repository beside the project's, in which an update is worked out: nothing is touched."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scaffold import git
from scaffold.compose import File, Tree
from scaffold.update.place import Entry, Place

Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Workshop:
    """A temporary repository that sees the objects of the project's."""

    folder: Path
    place: Place
    labels: tuple[str, str]
    """What markers call the project and the new release."""

    def git(self, *words: str, given: bytes = b"") -> bytes:
        """Run git in this repository; raise `ToolError` where it fails."""
        return git.read(self.folder, *git.OWN, *words, given=given)

    def write_tree(self, entries: Entries) -> str:
        """Write a tree and return its name."""
        index = {"GIT_INDEX_FILE": str(self.folder / "index"), "GIT_DIR": str(self.folder)}
        (self.folder / "index").unlink(missing_ok=True)
        lines = b"".join(
            b"%s %s\t%s\0" % (mode.encode(), name.encode(), os.fsencode(path))
            for path, (mode, name) in entries.items()
        )
        words = (*git.OWN, "update-index", "-z", "--index-info")
        git.read(self.folder, *words, given=lines, more=index)
        return git.text(git.read(self.folder, *git.OWN, "write-tree", more=index))

    def store(self, files: Tree) -> dict[str, Entry]:
        """Put the files of a release into this repository."""
        contents = [
            each.content if each.link is None else os.fsencode(each.link) for each in files.values()
        ]
        stream = b"".join(
            b"blob\nmark :%d\ndata %d\n%s\n" % (number, len(content), content)
            for number, content in enumerate(contents, 1)
        )
        marks = self.folder / "marks"
        words = ("fast-import", "--quiet", "--done", f"--export-marks={marks}")
        self.git(*words, given=stream + b"done\n")
        names = dict(line[1:].split() for line in marks.read_text(encoding="ascii").splitlines())
        return {
            path: (_mode(file), names[str(number)])
            for number, (path, file) in enumerate(files.items(), 1)
        }

    def commit(self, base: Entries, yours: Entries, release: Entries) -> None:
        """Commit three trees: on the branch `base`, and on top of it on those of the labels."""
        named = {"base": base, self.labels[0]: yours, self.labels[1]: release}
        stream = [line for name, entries in named.items() for line in _commit(name, entries)]
        words = ("fast-import", "--quiet", "--force", "--done")
        self.git(*words, given=b"".join([*stream, b"done\n"]))

    def read_objects(self, names: Sequence[str]) -> list[bytes]:
        """Return the contents of objects of this repository or of the project's."""
        given = "".join(f"{each}\n" for each in names).encode()
        return git.parse_batch(self.git("cat-file", "--batch", given=given))

    def moves(self, branch: str) -> dict[str, str]:
        """Return what git takes for moved on a branch: path in the base -> path there."""
        words = ("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", "base", branch)
        fields = [os.fsdecode(field) for field in self.git(*words).split(b"\0")]
        return dict(zip(fields[1::3], fields[2::3], strict=True))

    def take_attributes(self, paths: Iterable[str]) -> None:
        """Let files merge as the project's attributes say, wherever its repository keeps them."""
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        words = ("check-attr", "-z", "--stdin", "merge", "conflict-marker-size")
        fields = self.place.git(*words, given=given).split(b"\0")
        lines = []
        for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
            if value != b"unspecified":
                told = {b"set": name, b"unset": b"-" + name}.get(value, name + b"=" + value)
                lines.append(_pattern(os.fsdecode(path)) + b" " + told + b"\n")
        (self.folder / "info").mkdir(exist_ok=True)
        (self.folder / "info/attributes").write_bytes(b"".join(lines))


@contextmanager
def workshop(place: Place, labels: tuple[str, str]) -> Iterator[Workshop]:
    """Make a repository beside the project's for the time of one update."""
    objects = git.text(place.git("rev-parse", "--git-path", "objects"))
    form = git.text(place.git("rev-parse", "--show-object-format"))
    with TemporaryDirectory(prefix="scaffold-") as name:
        folder = Path(name)
        # No template folder: hooks and excludes of the user's have no business here.
        words = ("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        git.read(folder, *git.OWN, *words)
        info = folder / "objects/info"
        info.mkdir(exist_ok=True)
        (info / "alternates").write_bytes(os.fsencode((place.project / objects).resolve()) + b"\n")
        _copy_settings(place, folder)
        yield Workshop(folder, place, labels)


def _copy_settings(place: Place, folder: Path) -> None:
    """Merge as the project's own settings say."""
    done = git.run(place.project, "config", "--null", "--get-regexp", r"^(merge|diff)\.")
    for entry in done.stdout.decode(errors="replace").split("\0"):
        key, given, value = entry.partition("\n")
        if key:
            git.read(folder, *git.OWN, "config", "--add", key, value if given else "true")


def _pattern(path: str) -> bytes:
    """Return the pattern of gitattributes(5) that matches one path."""
    return git.quoted("/" + re.sub(r"([*?[\\])", r"\\\1", path))


def _mode(file: File) -> str:
    if file.link is not None:
        return "120000"
    return "100755" if file.executable else "100644"


def _commit(name: str, entries: Entries) -> Iterator[bytes]:
    """Return the stream that makes a commit on the branch `name`, on top of the branch `base`."""
    yield f"commit refs/heads/{name}\ncommitter scaffold <> 0 +0000\ndata 0\n".encode()
    yield b"" if name == "base" else b"from refs/heads/base\n"
    yield b"deleteall\n"
    for path, (mode, identity) in entries.items():
        yield b"M %s %s %s\n" % (mode.encode(), identity.encode(), git.quoted(path))
    yield b"\n"
