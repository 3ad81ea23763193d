"""Finds releases: in the history that this package embeds, or at the address a project records."""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from packaging.version import InvalidVersion, Version

from scaffold import git, history
from scaffold.compose import File
from scaffold.errors import SourceError
from scaffold.passes import cache_folder
from scaffold.release import (
    ADDRESS,
    CHANGELOG,
    CONFIG,
    Release,
    build_tree,
    load_config,
    pack,
    subdirectory,
)
from scaffold.version import of_checkout

_HERE = Path(__file__).resolve().parent
_BUNDLE = _HERE / "releases.bundle"
"""The history that a wheel holds; a checkout makes its own, from its tags and its work tree."""


@dataclass(frozen=True, slots=True)
class History:
    """Releases in a bare git repository."""

    repository: Path
    source: str
    """Where it comes from, in words for people."""

    def tags(self) -> dict[Version, str]:
        """Return the tags of all releases, oldest first."""
        return _tags(self.repository)

    def newest(self) -> Version:
        """Return the newest version; raise `SourceError` where there is none.

        As with Copier, alphas, betas and release candidates are for those who ask for them by name.
        """
        for version in reversed(self.tags()):
            if version.pre is None:
                return version
        raise SourceError(self.source, "holds no release", "see that its tags are versions")

    def changelog(self, version: Version) -> str:
        """Return the changelog as it was in that version; empty where there is none."""
        done = git.run(self.repository, *git.OWN, "show", f"{self.tags()[version]}:{CHANGELOG}")
        return done.stdout.decode(errors="replace")

    def release(self, version: Version, template: str, language: str) -> Release:
        """Return what renders one template; raise `SourceError` where the version lacks it."""
        named = all(re.fullmatch(r"\w[\w.-]*", each) for each in (template, language))
        found = named and _read(self.repository, self.tags()[version], template, language)
        if not found or not found.files:
            problem = f"version {version} has no template {template!r} in {language}"
            raise SourceError(self.source, problem, "choose another version, with --to")
        return found


def own() -> History:
    """Return the history that comes with this package; it needs no network.

    Raises `ToolError` where there is no git, or the code of a tag fails.
    """
    source = "this installation of scaffold"
    if not _BUNDLE.is_file():
        checkout = _HERE.parents[1]
        name = f"checkout-{_state(checkout)}"
        return History(_keep(name, lambda target: history.build(checkout, target)), source)
    digest = hashlib.sha256(_BUNDLE.read_bytes()).hexdigest()
    try:
        place = _keep(f"own-{digest[:16]}", lambda target: _clone(str(_BUNDLE), target))
    except _CloneError as error:
        problem = f"its releases cannot be read: {error}"
        raise SourceError(source, problem, "install scaffold anew") from error
    return History(place, source)


def is_public(address: str) -> bool:
    """Return whether an address is that of the releases that this package embeds."""
    _, _, name = ADDRESS.partition("github.com/")
    spellings = (ADDRESS, f"gh:{name}", f"git@github.com:{name}", f"git+{ADDRESS}")
    return address.removesuffix("/").removesuffix(".git") in spellings


def fetch(address: str) -> History:
    """Return the releases at an address, fetched now; raise `SourceError` where it is not reached.

    An address is what a project records: a folder, a git bundle, or a repository's, also in
    Copier's short forms. A path is taken from the current folder, as Copier takes it.
    """
    url = re.sub("^gh:", "https://github.com/", re.sub("^gl:", "https://gitlab.com/", address))
    url = url.removeprefix("git+")
    with suppress(OSError, RuntimeError):  # too long for a path, or the home of nobody
        if (path := Path(url).expanduser()).exists():
            url = str(path.absolute())
    shown = re.sub(r"//[^/@\s]*@", "//", address)  # without a password
    folder = Path(tempfile.mkdtemp(prefix="scaffold-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        _clone(url, folder / "releases.git")
    except _CloneError as error:
        step = "check the address in its answers file and the network"
        raise SourceError(shown, f"cannot be reached: {error}", step) from error
    return History(folder / "releases.git", shown)


class _CloneError(Exception):
    """Git's reason."""


def _clone(source: str, target: Path) -> None:
    words = (*git.OWN, "clone", "--quiet", "--bare", "--", source, str(target))
    root = Path("/")
    chosen = {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys()
    ssh = {}
    if not chosen and not git.attempt(root, "config", "--get", "core.sshCommand").stdout:
        ssh = {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}  # never asks for a password either
    done = git.attempt(root, *words, more=ssh)
    if done.returncode:
        raise _CloneError(git.reason(done))


def _state(checkout: Path) -> str:
    """Return the address of a checkout's history: its tags, its version and its work tree."""
    tags = git.attempt(checkout, "show-ref", "--tags", "--head").stdout
    tree = pack(build_tree(checkout / "templates"))
    return hashlib.sha256(tags + of_checkout(checkout).encode() + tree).hexdigest()[:16]


def _keep(name: str, make: Callable[[Path], None]) -> Path:
    """Return the repository `name` of the cache, made where it is not there yet."""
    place = cache_folder() / "releases" / name
    if (place / "HEAD").is_file():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=place.parent))
    except OSError:  # no home, or none that can be written to: for this run only
        staging = Path(tempfile.mkdtemp(prefix="scaffold-"))
        atexit.register(shutil.rmtree, staging, ignore_errors=True)
        place = staging / "kept"
    try:
        make(staging / "made")
        (staging / "made").rename(place)
    except OSError:
        if not (place / "HEAD").is_file():  # else another process was quicker
            raise
    finally:
        if staging.parent == place.parent:
            shutil.rmtree(staging, ignore_errors=True)
    return place


@cache
def _tags(repository: Path) -> dict[Version, str]:
    found = {}
    for tag in git.read(repository, *git.OWN, "tag").decode(errors="replace").splitlines():
        try:
            found[Version(tag)] = tag
        except InvalidVersion:
            continue  # a tag that is no release
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def _read(repository: Path, tag: str, template: str, language: str) -> Release:
    prefix = f"{subdirectory(template, language)}/"
    listed = git.read(repository, *git.OWN, "ls-tree", "-r", "-z", tag, "--", CONFIG, prefix)
    entries = git.parse_tree(listed)
    asked = "".join(f"{identity}\n" for _, identity in entries.values()).encode()
    contents = git.parse_batch(git.read(repository, *git.OWN, "cat-file", "--batch", given=asked))
    files = {
        path: File(link=content.decode())
        if mode == "120000"
        else File(content, executable=mode == "100755")
        for (path, (mode, _)), content in zip(entries.items(), contents, strict=True)
    }
    config = load_config(files.pop(CONFIG, File()).content) or {}
    within = {path.removeprefix(prefix): file for path, file in files.items()}
    return Release(tag.removeprefix("v"), config, within)
