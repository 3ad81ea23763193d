"""Updates lose nothing, whatever a user did: edits drawn at random, committed, and an update.

SCAFFOLD_LONG_TESTS=1 draws many more.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from helpers import build_tree
from releases import HISTORY, Checkout, make_checkout
from scaffold import git, history, screen
from scaffold.answers import Answers
from scaffold.compose import Tree
from scaffold.errors import DestinationError
from scaffold.placeholders import ANSWERS_FILE
from scaffold.project import write_files
from scaffold.releases import History
from scaffold.render import render
from scaffold.update import CONFLICTS, CURRENT, PLANNED, UPDATED, Order, Outcome, abort, update
from scaffold.update.questions import settle
from states import State, look, state

LONG = bool(os.environ.get("SCAFFOLD_LONG_TESTS"))
EXAMPLES = 500 if LONG else 40

_LINES = [f"{number}: this line is number {number} of the guide\n" for number in range(1, 31)]


def _guide(**changes: str) -> str:
    """Return thirty lines, some of them changed: `_3="x"` makes the third x."""
    changed = {int(key[1:]): text for key, text in changes.items()}
    return "".join(changed.get(number, line) for number, line in enumerate(_LINES, 1))


# On top of the toy's: long files, where two people can edit without meeting; a folder that moves;
# files that are no text, have CRLF, or get a run bit; one that never changes; one that goes.
MORE: Mapping[str, Mapping[str, str | bytes | None]] = {
    "0.1.0": {
        "toy/any/guide.md": _guide(),
        "toy/any/data/keys.csv": "".join(f"key {number}\n" for number in range(12)),
        "toy/any/data/table.csv": "".join(f"row {number}\n" for number in range(12)),
        "toy/any/steady.txt": "This\nnever\nchanges\n",
        "toy/any/leaves.txt": "This\nwill\ngo\n",
        "toy/any/windows.txt": b"One\r\nTwo\r\nThree\r\nFour\r\nFive\r\n",
        "toy/any/picture.bin": bytes(range(256)),
        "toy/any/tool": "echo my-project\necho again\necho and again\n",
    },
    "0.2.0": {
        "toy/any/guide.md": _guide(_5="5: changed in release 2\n"),
        "toy/any/picture.bin": bytes(range(256)) + b"2",
        "toy/any/tool": "#!/bin/sh\necho my-project\necho again\necho and again\n",
    },
    "0.3.0": {
        "toy/any/guide.md": _guide(_5="5: changed in release 2\n", _20="20\n20 and a half\n"),
        "toy/any/data/keys.csv": None,
        "toy/any/data/table.csv": None,
        "toy/any/tables/keys.csv": "".join(f"key {number}\n" for number in range(12)),
        "toy/any/tables/table.csv": "".join(f"row {number}\n" for number in range(11)),
        "toy/any/windows.txt": b"One\r\nTwo\r\n3\r\nFour\r\nFive\r\n",
    },
    "0.4.0": {
        "toy/any/guide.md": _guide(
            _5="5: changed in release 2\n", _20="20\n20 and a half\n", _28=""
        ),
        "toy/any/leaves.txt": None,
    },
}
MOVED = {
    "run.sh": "bin/start.sh",
    "AUTHORS.md": "docs/AUTHORS.md",
    "data/keys.csv": "tables/keys.csv",
    "data/table.csv": "tables/table.csv",
}
"""Where the newest release has what earlier ones had elsewhere."""
TAKEN = (
    *("docs/AUTHORS.md", "docs/colour.md", "NOTES.md", "bin/start.sh", "tables/keys.csv"),
    *("docs", "bin", "tables", "NOTES.md/inside"),
)
"""Where a later release puts files, or folders, which a user may have put before it."""

# --- what a user does ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a user does: numbers beyond what there is count on from the start."""

    kind: str
    file: int
    line: int


@dataclass(slots=True)
class User:
    """Somebody at work in a project."""

    project: Path
    moved: dict[str, str] = field(default_factory=dict)
    """Path -> where the template had that file."""
    edits: int = 0

    def files(self) -> list[str]:
        """Return the files that may be edited; the answers and links are not."""
        found = {path for path in look(self.project) if not (self.project / path).is_symlink()}
        return sorted(found - {ANSWERS_FILE})

    def do(self, edit: Edit) -> None:
        """Do one thing, if there is a file to do it to."""
        self.edits += 1
        if files := self.files():
            EDITS[edit.kind](self, files[edit.file % len(files)], edit.line)

    def words(self, part: int = 0) -> bytes:
        """Return a line that nobody else writes, without its end."""
        return b"user-%d-%d-wrote-this" % (self.edits, part)

    def rewrite(self, path: str, change: Callable[[list[bytes], bytes], None]) -> None:
        """Change the lines of a file in place; they keep their line ends."""
        file = self.project / path
        content = file.read_bytes()
        lines = content.split(b"\n")
        change(lines, b"\r" if b"\r\n" in content else b"")
        file.write_bytes(b"\n".join(lines))

    def insert(self, path: str, line: int) -> None:
        """Write a new line."""
        self.rewrite(path, lambda lines, end: lines.insert(line % len(lines), self.words() + end))

    def change(self, path: str, line: int) -> None:
        """Write another line in the place of one."""

        def put(lines: list[bytes], end: bytes) -> None:
            lines[line % len(lines)] = self.words() + end

        self.rewrite(path, put)

    def delete(self, path: str, line: int) -> None:
        """Take one line out."""
        self.rewrite(path, lambda lines, _: lines.__delitem__(line % len(lines)))

    def add(self, path: str, line: int) -> None:
        """Put a new file beside one."""
        lines = [self.words(part) + b"\n" for part in range(line % 4)]
        (self.project / path).with_name(f"added-{self.edits}").write_bytes(b"".join(lines))

    def take(self, _: str, line: int) -> None:
        """Put a new file where a later release has something."""
        put(self.project / TAKEN[line % len(TAKEN)], self.words() + b"\n")

    def remove(self, path: str, _: int) -> None:
        """Delete a file, and the folders that it leaves empty, as git does."""
        file = self.project / path
        file.unlink()
        self.moved.pop(path, None)
        for folder in file.parents:
            if folder == self.project or any(folder.iterdir()):
                break
            folder.rmdir()

    def rename(self, path: str, line: int) -> None:
        """Move a file within its folder, to the top, or to a new folder."""
        folder = (Path(path).parent, Path(), Path("else/where"))[line % 3]
        target = (folder / f"moved-{self.edits}").as_posix()
        content = (self.project / path).read_bytes()
        mode = (self.project / path).stat().st_mode
        origin = self.moved.get(path, path)
        put(self.project / target, content)
        (self.project / target).chmod(mode)
        self.remove(path, 0)
        self.moved[target] = origin

    def crlf(self, path: str, _: int) -> None:
        """Give every line of a file the line end of Windows."""
        file = self.project / path
        content = file.read_bytes()
        if b"\0" not in content:
            file.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def run_bit(self, path: str, _: int) -> None:
        """Give a file the run bit, or take it."""
        file = self.project / path
        file.chmod(file.stat().st_mode ^ 0o111)

    def link(self, path: str, _: int) -> None:
        """Put a link in the place of a file."""
        file = self.project / path
        file.unlink()
        file.symlink_to(f"user-{self.edits}-0-wrote-this")

    def folder(self, path: str, _: int) -> None:
        """Put a folder in the place of a file."""
        self.remove(path, 0)
        put(self.project / path / "inside", self.words() + b"\n")

    def binary(self, path: str, _: int) -> None:
        """Make a file one that is no text."""
        file = self.project / path
        file.write_bytes(b"\0" + self.words() + b"\n" + file.read_bytes())


EDITS: dict[str, Callable[[User, str, int], None]] = {
    each.__name__: each
    for each in (
        *(User.insert, User.change, User.delete, User.add, User.remove, User.rename),
        *(User.crlf, User.run_bit, User.take, User.binary, User.link, User.folder),
    )
}
edits = st.lists(
    st.builds(Edit, st.sampled_from(list(EDITS)), st.integers(0, 20), st.integers(0, 40)),
    max_size=12,
)
"""Simple kinds come first, so a failure shrinks to few, simple edits at the start of things."""
untracked = st.lists(st.sampled_from(("mine", "docs/mine", *TAKEN)), max_size=2, unique=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the project lies, and how its git is set."""

    inside: str = ""
    """Its folder in the repository."""
    config: tuple[tuple[str, str], ...] = ()

    def root(self, project: Path) -> Path:
        """Return the folder of the repository."""
        return project.parents[self.inside.count("/")] if self.inside else project


_CONFIG = (
    *(("core.autocrlf", "true"), ("core.splitIndex", "true"), ("merge.conflictStyle", "diff3")),
    *(("merge.directoryRenames", "false"), ("merge.directoryRenames", "true")),
)
places = st.builds(
    Setting,
    st.sampled_from(("", "packages/it", "Zoë 's/it")),
    st.lists(st.sampled_from(_CONFIG), max_size=2, unique_by=lambda each: each[0]).map(tuple),
)


def put(file: Path, content: bytes) -> bool:
    """Write a new file, unless something is in its way; return whether it was written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            opened.write(content)
    except (FileExistsError, NotADirectoryError):
        return False
    return True


# --- what there is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Releases:
    """The history that the projects are updated along, and projects of its releases."""

    checkout: Checkout
    history: History
    projects: Path

    def render(self, version: str | None, made: Answers | None = None) -> tuple[Answers, Tree]:
        """Return what a release, or else the newest, makes of these answers or its defaults."""
        number = Version(version) if version else self.history.newest()
        release = self.history.release(number, "toy", "python")
        answers = settle(release, made or Answers("toy", "python", "it", {}), {}, None)
        return answers, render(release, answers, str(self.history.repository))

    def make(self, version: str, project: Path, setting: Setting) -> tuple[Tree, Tree]:
        """Write a project of a release; return the release's files and the newest one's."""
        answers, base = self.render(version)
        root = setting.root(project)
        if root != project:
            build_tree({"neighbour.txt": "mine\n"}, root)
        project.parent.mkdir(parents=True, exist_ok=True)
        write_files(base, project)
        self.checkout.git("init", "--quiet", "--initial-branch=main", folder=root)
        for key, value in setting.config:
            self.checkout.git("config", key, value, folder=root)
        self.checkout.commit(root)
        return base, self.render(None, answers)[1]

    def stages(self, project: Path) -> bytes:
        """Return the contents of every stage of what is in conflict, one after another."""
        lines = self.checkout.git("ls-files", "--unmerged", folder=project).splitlines()
        names = "".join(f"{line.split()[1]}\n" for line in lines)
        return git.read(project, "cat-file", "--batch", given=names.encode())


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    """Make a repository of releases, and keep this process away from the home of who runs it."""
    folder = tmp_path_factory.mktemp("releases")
    (folder / "home").mkdir()
    (folder / "projects").mkdir()
    sources = Path(__file__).parents[1] / "generator/scaffold"
    checkout = make_checkout(sources, folder / "checkout", folder / "home")
    for version, changes in HISTORY.items():
        for path, content in MORE[version].items():
            if content is None:
                (checkout.root / "templates" / path).unlink()
            else:
                build_tree({path: content}, checkout.root / "templates")
        checkout.release(version, changes)
    repository = folder / "releases.git"
    history.build(checkout.root, repository)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in checkout.program.environment.items():
            patch.setenv(name, value)
        yield Releases(checkout, History(repository, "the tests"), folder / "projects")


@dataclass(frozen=True, slots=True)
class Scene:
    """A project that a user edited, and the two releases that it stands between."""

    user: User
    base: Tree
    theirs: Tree
    before: State

    def same(self, path: str) -> bool:
        """Return whether the template has, or lacks, this file in both releases alike."""
        return self.base.get(path) == self.theirs.get(path)

    def deleted(self) -> set[str]:
        """Return the files of the template that the user deleted."""
        return set(self.base) - set(self.before.files) - set(self.user.moved.values())


def tokens(content: bytes) -> set[bytes]:
    """Return what only the user can have written."""
    return set(re.findall(rb"user-\d+-\d+-wrote-this", content))


def run(project: Path, *, dry_run: bool = False) -> tuple[Outcome | None, str]:
    """Update a project; return the outcome, and what is said on the terminal or the error."""
    said: list[str] = []
    order = Order(dry_run=dry_run)
    try:
        outcome = update(project, order, None, lambda each: said.append(screen.plan(each)))
    except DestinationError as error:
        return None, str(error)
    return outcome, "\n".join([*said, screen.updated(outcome)])


# --- the claims ---------------------------------------------------------------------------------


def check_nothing_is_lost(scene: Scene, after: State, stages: bytes) -> None:
    """No line that only the user wrote disappears, but into a conflict at worst."""
    had = tokens(b"\n".join(each.content for each in scene.before.files.values()))
    have = tokens(b"\n".join([*(each.content for each in after.files.values()), stages]))
    assert had <= have, had - have


def check_untouched(scene: Scene, after: State) -> None:
    """Files that the template left alone are not touched, unless a folder needs their place."""
    for path, seen in scene.before.files.items():
        origin = scene.user.moved.get(path, path)
        in_the_way = any(other.startswith(f"{path}/") for other in scene.theirs)
        if scene.same(path) and scene.same(origin) and not in_the_way:
            assert after.files.get(path) == seen, path
            assert after.files[path].time == seen.time, path


def check_deleted(scene: Scene, after: State, outcome: Outcome) -> None:
    """Files that were deleted stay so, also where the template moved them, and are listed."""
    for path in scene.deleted():
        place = path if path in scene.theirs else MOVED.get(path)
        if place is None or place in scene.before.files:
            continue
        assert place not in after.files
        assert place not in after.in_index()
        assert place in outcome.deleted


def check_told(outcome: Outcome, after: State) -> None:
    """Files in conflict for git are those that the update names; all others are as staged."""
    unmerged = after.in_index(conflicts=True)
    assert unmerged == set(outcome.conflicts)
    assert outcome.status == (CONFLICTS if unmerged else UPDATED)
    for line in after.status.splitlines():
        if line[0] in "12":
            assert line[3] == ".", line  # the work tree is what the index says


# The user empties `docs/` to the top, the template moves AUTHORS.md to `docs/`: if it followed the
# folder, it would be back where it was, and git loses it there, or stops with an assertion.
_TO_ITS_OWN_PLACE = [Edit("rename", 8, 1), Edit("insert", 1, 0)]


@settings(
    max_examples=EXAMPLES,
    deadline=None,  # programs run, on machines that others use too
    suppress_health_check=[HealthCheck.too_slow],  # as the deadline
)
@given(st.sampled_from(("0.3.0", "0.2.0", "0.1.0")), edits, untracked, places)
@example("0.2.0", _TO_ITS_OWN_PLACE, [], Setting())
@example("0.2.0", [Edit("remove", 1, 0), Edit("rename", 7, 1)], [], Setting())
def test_an_update_keeps_what_the_user_did(
    releases: Releases, version: str, done: list[Edit], left: list[str], setting: Setting
) -> None:
    """Nothing is lost, deleted things stay away, the same is done twice, and `--abort` undoes it.

    A dry run before it changes nothing, and an untracked file in the way stops it before anything.
    """
    with TemporaryDirectory(dir=releases.projects) as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", name)  # what is fetched is removed with the example
        project = Path(name) / "repository" / (setting.inside or "it")
        root = setting.root(project)
        base, theirs = releases.make(version, project, setting)
        user = User(project)
        for edit in done:
            user.do(edit)
        releases.checkout.git("add", "--all", folder=root)
        releases.checkout.git("commit", "--quiet", "--allow-empty", "-m=x", folder=root)
        stray = [path for path in left if put(project / path, b"user-%d-0-wrote-this" % len(path))]
        before = state(project, root)
        scene = Scene(user, base, theirs, before)

        planned, _ = run(project, dry_run=True)
        assert planned is not None
        assert planned.status == PLANNED
        assert state(project, root) == before

        outcome, said = run(project)
        if outcome is None:
            event("stopped")
            assert "is not in git" in said
            assert any(repr(str(project / path)) in said for path in stray)
            assert state(project, root) == before
            return

        event(outcome.status)
        after = state(project, root)
        check_nothing_is_lost(scene, after, releases.stages(project))
        check_untouched(scene, after)
        check_deleted(scene, after, outcome)
        check_told(outcome, after)

        abort(project)
        assert state(project, root) == before
        assert run(project) == (outcome, said)
        assert state(project, root) == after

        if outcome.status == UPDATED:
            releases.checkout.git("commit", "--quiet", "-m=x", folder=root)
            committed = state(project, root)
            again, _ = run(project)
            assert again is not None
            assert again.status == CURRENT
            assert state(project, root) == replace(committed, kept=())
