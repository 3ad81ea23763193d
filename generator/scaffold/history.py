"""The history of the releases: a git repository with one commit and one tag for each."""

import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scaffold import git
from scaffold.compose import Tree
from scaffold.errors import ToolError
from scaffold.release import build_tree, pack, unpack
from scaffold.version import of_checkout, release_tags

BRANCH = "main"
# Whatever the user likes on disk: the sources of a tag are always the same bytes and modes.
_AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "tar.umask=0022")
_MEND = "mend or remove the tag"
_IDENTITY = "scaffold <releases@scaffold.invalid>"


@dataclass(frozen=True, slots=True)
class _Version:
    """One version: its name, its time in seconds since 1970, and the packed release tree."""

    version: str
    time: int
    archive: bytes


def build(checkout: Path, repository: Path) -> None:
    """Make the bare `repository` hold a release for each tag of `checkout` and for its work tree.

    Each tag's release is composed by the code of that tag, so it stays the same to the byte, and
    so does its commit. Raises `ToolError` where git or the code of a tag fails.
    """
    words = ("init", "--quiet", "--bare", "--object-format=sha1", f"--initial-branch={BRANCH}")
    git.read(checkout, *git.OWN, *words, str(repository))
    stream = b"".join(_commits(_versions(checkout)))
    load = (*git.OWN, "fast-import", "--quiet", "--done")
    git.read(repository, *load, given=stream + b"done\n")


def bundle(repository: Path, file: Path) -> None:
    """Write the whole `repository` to one `file`, the same bytes for the same history."""
    one = ("-c", "pack.threads=1")  # many threads find other deltas each time
    words = ("bundle", "create", "--quiet", str(file), "HEAD", BRANCH, "--tags")
    git.read(repository, *git.OWN, *one, *words)


def _versions(checkout: Path) -> Iterator[_Version]:
    version = of_checkout(checkout)
    tags = release_tags(checkout)
    for tag in tags:
        yield _Version(tag.removeprefix("v"), _time(checkout, tag), _compose_tag(checkout, tag))
    if f"v{version}" not in tags:
        time = _time(checkout, "HEAD") if (checkout / ".git").exists() else 0
        yield _Version(version, time, pack(build_tree(checkout / "templates")))


def _time(checkout: Path, revision: str) -> int:
    """Return when a commit was made; 0 where there is none yet."""
    words = ("log", "-1", "--no-show-signature", "--format=%ct", revision, "--")
    return int(git.run(checkout, *words).stdout or 0)


def _compose_tag(checkout: Path, tag: str) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "sources"
        archive = git.read(checkout, *_AS_COMMITTED, "archive", "--format=tar", tag)
        with tarfile.open(fileobj=io.BytesIO(archive)) as sources:
            sources.extractall(folder, filter="data")
        packed = Path(name) / "release.zip"
        words = [sys.executable, str(folder / "generator/compose_release.py"), str(packed)]
        # The environment stays: pip says in it where the packages that a build needs lie.
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.splitlines() or ["no reason given"])[-1]
            raise ToolError(f"composing {tag}", f"failed: {reason}", _MEND)
        if not packed.is_file():
            raise ToolError(f"composing {tag}", "failed: nothing was composed", _MEND)
        return packed.read_bytes()


def _commits(versions: Iterator[_Version]) -> Iterator[bytes]:
    """Return the stream of git-fast-import(1) that makes a commit and a tag of each version."""
    for each in versions:
        message = f"Release {each.version}\n".encode()
        yield f"commit refs/heads/{BRANCH}\nmark :1\n".encode()
        yield f"committer {_IDENTITY} {each.time} +0000\n".encode()
        yield b"data %d\n%s\n" % (len(message), message)
        yield b"deleteall\n"
        yield from _files(unpack(each.archive))
        yield f"reset refs/tags/v{each.version}\nfrom :1\n\n".encode()


def _files(tree: Tree) -> Iterator[bytes]:
    for path, file in sorted(tree.items()):
        mode = "120000" if file.link is not None else "100755" if file.executable else "100644"
        content = file.content if file.link is None else file.link.encode()
        yield b"M %s inline %s\n" % (mode.encode(), git.quoted(path))
        yield b"data %d\n%s\n" % (len(content), content)
