"""Compares projects with what their own release made: which files differ, and how."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from scaffold import git, recorded
from scaffold.compose import File
from scaffold.errors import ToolError
from scaffold.project import write_files
from scaffold.recorded import Recorded
from scaffold.update import refusals
from scaffold.update.plan import find_history, own_release

_NEVER_PROJECTS = frozenset((".git", ".venv", "node_modules", "target", "__pycache__", ".tools"))


@dataclass(frozen=True, slots=True)
class Status:
    """How a project stands to its template."""

    project: Path
    recorded: Recorded
    newest: Version
    changed: tuple[str, ...]
    """Files of the template that the project has otherwise."""
    deleted: tuple[str, ...]
    note: str

    @property
    def current(self) -> bool:
        """Whether there is nothing to update to."""
        return self.newest <= self.recorded.version


def projects_below(folder: Path) -> list[Path]:
    """Return every project made by scaffold in a folder or below it, sorted."""
    return sorted(_below(folder))


def _below(folder: Path) -> Iterator[Path]:
    if recorded.is_project(folder):
        yield folder
    try:
        inside = list(folder.iterdir())
    except OSError:
        return  # not for us to look into
    for each in inside:
        if each.is_dir() and not each.is_symlink() and each.name not in _NEVER_PROJECTS:
            yield from _below(each)


def status(project: Path) -> Status:
    """Return how a project stands; raise a `ScaffoldError` where its answers do not suffice."""
    with refusals(project):
        made = recorded.read(project)
        history, note = find_history(made)
        release = own_release(project, made, history)
        found = {path: _on_disk(project / path) for path in release}
    changed = [path for path, file in found.items() if file and not _same(file, release[path])]
    deleted = [path for path, file in found.items() if file is None]
    return Status(project, made, history.newest(), tuple(changed), tuple(deleted), note)


def diff(project: Path, *, colour: bool) -> tuple[bytes, str]:
    """Return the project against a fresh generation of its own version, as a patch, and a note.

    Only the template's files are compared: what the user added is the user's.
    """
    with refusals(project):
        made = recorded.read(project)
        history, note = find_history(made)
        release = own_release(project, made, history)
        ours = {path: file for path in release if (file := _on_disk(project / path)) is not None}
        for path, file in ours.items():
            if _same(file, release[path]):
                ours[path] = release[path]  # line ends that git made are no difference
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_files(release, folder / "template")
            write_files(ours, folder / "project")
            words = ("--no-index", "--no-ext-diff", "--no-prefix")
            painted = f"--color={'always' if colour else 'never'}"
            done = git.run(folder, "diff", *words, painted, "--", "template", "project")
    if done.returncode not in {0, 1}:
        raise ToolError("git diff", f"failed: {git.reason(done)}", "see to that and try again")
    return done.stdout, note


def _on_disk(path: Path) -> File | None:
    """Return a file as it lies there; None where there is none."""
    if path.is_symlink():
        return File(link=path.readlink().as_posix())
    if not path.is_file():
        return None
    return File(path.read_bytes(), bool(path.stat().st_mode & 0o100))


def _same(file: File, release: File) -> bool:
    """Return whether two files are the same but for line ends that git may have turned."""
    if (file.executable, file.link) != (release.executable, release.link):
        return False
    return file.content == release.content or (
        b"\0" not in file.content
        and file.content.replace(b"\r\n", b"\n") == release.content.replace(b"\r\n", b"\n")
    )
