"""Every template in every language: an untouched project of any release updates to a fresh one.

The releases are made here, from the templates as they are and two sets of changes to all of them.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import build_tree, read_tree
from programs import Program
from releases import QUESTION, Checkout
from scaffold import catalog
from scaffold.check import Cell, cells
from scaffold.compose import LEFTOVERS

pytestmark = pytest.mark.project

_ROOT = Path(__file__).parents[1]
_CELLS = cells(catalog.load_all())


def _second(templates: Path) -> None:
    """Add a file with two questions and a script; move one, remove one, bump dependencies."""
    shared = templates / "_shared/any"
    moves, goes, *_ = sorted(shared.glob("*.md"))
    (shared / "docs").mkdir(exist_ok=True)
    moves.rename(shared / "docs" / moves.name)
    goes.unlink()
    build_tree(
        {
            "docs/pets.txt": "".join(f"{i}: a-pet-stand-in, a-mood-stand-in\n" for i in range(9)),
            "scripts/hello": "#!/bin/sh\necho my-project\n",
        },
        shared,
    )
    with (templates / "_shared/questions.toml").open("a", encoding="utf-8") as file:
        for name, default in (("pet", "cat"), ("mood", "calm")):
            stand_in = f"a-{name}-stand-in"
            file.write(QUESTION.format(name=name, stand_in=stand_in, default=default, more=""))
    for manifest in (*templates.rglob("pyproject.toml"), *templates.rglob("Cargo.toml")):
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(_bumped(text), encoding="utf-8")


def _third(templates: Path) -> None:
    """Rename a question, remove the other; rearrange layers; take a run bit; move and edit code."""
    shared = templates / "_shared"
    questions = shared / "questions.toml"
    before, _, rest = questions.read_text(encoding="utf-8").partition("\n[questions.pet]")
    assert rest
    more = 'renamed = ["pet"]'
    question = QUESTION.format(name="animal", stand_in="an-animal", default="dog", more=more)
    questions.write_text(before + question, encoding="utf-8")
    pets = shared / "any/docs/pets.txt"
    text = pets.read_text(encoding="utf-8").replace(", a-mood-stand-in", "")
    pets.unlink()
    for language in catalog.LANGUAGES:
        moved = {"docs/animals.txt": text.replace("a-pet-stand-in", "an-animal")}
        build_tree(moved, shared / language)
    (shared / "any/scripts/hello").chmod(0o644)
    for template in catalog.load_all(templates):
        for path in [each for each in (template.folder / "any").rglob("*") if each.is_file()]:
            for language in template.languages:
                target = template.folder / language / path.relative_to(template.folder / "any")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
            path.unlink()
        for language in template.languages:
            folder = template.folder / language
            sources = sorted(each for each in folder.rglob("*.*") if each.suffix in {".py", ".rs"})
            edited, goes, moves = sources[0], sources[-1], sources[-2]
            edited.write_text(edited.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            goes.unlink()
            (moves.parent / "moved").mkdir()
            moves.rename(moves.parent / "moved" / moves.name)


def _bumped(manifest: str) -> str:
    """Return a manifest that asks for the next major version of everything."""

    def bump(found: re.Match[str]) -> str:
        return found[1] + str(int(found[2]) + 1)

    python = re.sub(r"(>=)(\d+)(?=\.\d+[\",])", bump, manifest)
    section = r"^\[(?:dev-)?dependencies\]\n[^\[]*(?:\[\"[^\[]*)*"
    return re.sub(
        section,
        lambda found: re.sub(r'((?:^[\w-]+|version) = ")(\d+)', bump, found[0], flags=re.MULTILINE),
        python,
        flags=re.MULTILINE,
    )


CHANGES: Mapping[str, Callable[[Path], None]] = {
    "0.1.0": lambda _: None,
    "0.2.0": _second,
    "0.3.0": _third,
}
NEWEST = "0.3.0"


@dataclass(frozen=True, slots=True)
class Releases:
    """A checkout for each release, and one home for all."""

    folders: Mapping[str, Path]
    home: Path

    def checkout(self, version: str) -> Checkout:
        """Return the checkout that stands on a release."""
        return Checkout(Program(self.folders[version], self.home))

    def make(self, cell: Cell, version: str, project: Path, answers: Mapping[str, str]) -> Path:
        """Make a project by a release, and commit it."""
        project.parent.mkdir(exist_ok=True)
        checkout = self.checkout(version)
        data = [word for item in answers.items() for word in ("--data", "=".join(item))]
        words = ["new", cell.template.name, str(project), "-l", cell.language, "--defaults", *data]
        done = checkout.program.run(*words, folder=project.parent)
        assert done.returncode == 0, done.stderr
        checkout.commit(project)
        return project

    def update(self, project: Path) -> None:
        """Update a project to the newest release; git must then know all of it."""
        checkout = self.checkout(NEWEST)
        done = checkout.program.run("update", str(project), folder=project.parent)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(
            line[1] == " "
            for line in checkout.git("status", "-s", folder=project).split("\n")
            if line
        )


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Copy the generator and the templates, and make the releases."""
    folder = tmp_path_factory.mktemp("releases")
    root = folder / NEWEST
    unwanted = shutil.ignore_patterns(*LEFTOVERS)
    for name in ("generator", "templates"):
        shutil.copytree(_ROOT / name, root / name, symlinks=True, ignore=unwanted)
    (folder / "home").mkdir()
    newest = Checkout(Program(root, folder / "home"))
    newest.git("init", "--quiet", "--initial-branch=main")
    for version, change in CHANGES.items():
        change(root / "templates")
        newest.release(version, {})
    folders = {version: folder / version for version in CHANGES}
    for version, place in folders.items():
        if place != root:
            newest.git("worktree", "add", "--quiet", str(place), f"v{version}")
        # Or every run would compile anew.
        sources = place / "generator/scaffold"
        subprocess.run([sys.executable, "-m", "compileall", "-q", sources], check=True)
    return Releases(folders, folder / "home")


def _answers(cell: Cell, *, unusual: bool) -> dict[str, str]:
    """Return answers to what has no default, and if `unusual` the last choice of what has any."""
    found = {}
    for question in cell.template.questions:
        if question.choices and (unusual or question.default is None):
            found[question.name] = question.choices[-1]
        elif question.default is None:
            found[question.name] = question.stand_in or ""
    return found


@pytest.mark.parametrize("version", list(CHANGES))
@pytest.mark.parametrize("cell", _CELLS, ids=str)
def test_an_untouched_project_becomes_a_fresh_one(
    cell: Cell, version: str, releases: Releases, work: Path
) -> None:
    """From every release to the newest: byte for byte and mode for mode."""
    answers = _answers(cell, unusual=False)
    # The default of the question that was renamed became another; the recorded answer stays.
    after = answers | ({"animal": "cat"} if version == "0.2.0" else {})
    project = releases.make(cell, version, work / "it", answers)
    fresh = releases.make(cell, NEWEST, work / "fresh/it", after)
    assert (read_tree(project) == read_tree(fresh)) is (version == NEWEST)
    releases.update(project)
    assert read_tree(project) == read_tree(fresh)


@pytest.mark.parametrize("cell", _CELLS, ids=str)
def test_answers_other_than_the_defaults_are_carried_along(
    cell: Cell, releases: Releases, work: Path
) -> None:
    """The last choice of each question, and an answer to one that was renamed since."""
    answers = _answers(cell, unusual=True)
    before, after = answers | {"pet": "newt", "mood": "wild"}, answers | {"animal": "newt"}
    project = releases.make(cell, "0.2.0", work / "it", before)
    fresh = releases.make(cell, NEWEST, work / "fresh/it", after)
    releases.update(project)
    assert read_tree(project) == read_tree(fresh)
    assert b"newt\n" in read_tree(project)["docs/animals.txt"][0]
