"""Plain Copier and scaffold: each makes and updates the other's projects, to the same bytes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from helpers import read_tree
from programs import Program
from releases import HISTORY, QUESTION, Checkout
from scaffold import catalog, git, history
from scaffold.answers import Answers
from scaffold.compose import LEFTOVERS
from scaffold.placeholders import ANSWERS_FILE
from scaffold.release import ADDRESS, CONFIG
from scaffold.releases import History
from scaffold.render import render
from scaffold.update.questions import settle

_ROOT = Path(__file__).parents[1]
REAL = [(each.name, language) for each in catalog.load_all() for language in each.languages]
TOY = ("toy", "python")
ODD = {
    "_shared/any/odd/crlf.md": "{my-project}\r\nis {{ no }} {% jinja %} {# at all #} {\r\n",
    "_shared/any/odd/no end.md": "My Project has no last line end, and {{",
    "_shared/any/odd/{{ braces }} of my-project.md": "\n\nMy Project\n\n\n",
    "_shared/any/odd/plain.md": "Nothing to {{ replace }}.\r\n",
}
"""What Jinja would change if it were not escaped, in every project of the real templates."""


@dataclass(frozen=True, slots=True)
class Published:
    """A checkout with tags, and its releases as they are published: a repository and a bundle."""

    checkout: Checkout
    repository: Path
    bundle: Path

    @property
    def versions(self) -> list[str]:
        """All releases, oldest first."""
        tags = git.text(git.read(self.repository, "tag", "--sort=version:refname"))
        return [tag.removeprefix("v") for tag in tags.split("\n")]

    def copier(self, *words: str, folder: Path) -> str:
        """Run plain copier, never with `--trust`, where the public address leads to the bundle."""
        environment = self.checkout.program.environment | {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"url.{self.bundle}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "GIT_CONFIG_KEY_1": f"url.{self.bundle}.insteadOf",
            "GIT_CONFIG_VALUE_1": f"{ADDRESS}.git",
            "COPIER_CACHE_DIR": str(self.bundle.with_name("cache")),
        }
        del environment["PYTHONPATH"]
        done = subprocess.run(
            [sys.executable, "-m", "copier", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def copy(
        self,
        cell: tuple[str, str],
        project: Path,
        version: str,
        source: str = ADDRESS,
        data: Mapping[str, str] | None = None,
    ) -> Path:
        """Make a project with copier, and commit it."""
        answers = {"template": cell[0], "language": cell[1], "project_name": "it", **(data or {})}
        words = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
        pinned = ("--defaults", "--vcs-ref", f"v{version}")
        self.copier("copy", *pinned, *words, source, str(project), folder=project.parent)
        self.checkout.git("init", "--quiet", folder=project)
        self.checkout.commit(project)
        return project

    def new(
        self,
        cell: tuple[str, str],
        project: Path,
        version: str,
        data: Mapping[str, str] | None = None,
    ) -> Path:
        """Make a project with `scaffold new`, by the release of that version, and commit it."""
        template, language = cell
        words = [word for key, value in (data or {}).items() for word in ("-d", f"{key}={value}")]
        words += ["-l", language, "--name", "it", "--defaults"]
        self.checkout.git("checkout", "--quiet", f"v{version}")
        done = self.checkout.program.run(
            "new", template, str(project), *words, folder=project.parent
        )
        self.checkout.git("checkout", "--quiet", "main")
        assert done.returncode == 0, done.stderr
        self.checkout.commit(project)
        return project

    def update(self, project: Path, *words: str) -> None:
        """Update a project with scaffold."""
        done = self.checkout.program.run("update", str(project), *words, folder=project.parent)
        assert (done.returncode, done.stderr) == (0, "")


def publish(checkout: Checkout, folder: Path) -> Published:
    """Build what is published of a checkout."""
    history.build(checkout.root, folder / "releases.git")
    history.bundle(folder / "releases.git", folder / "releases.bundle")
    return Published(checkout, folder / "releases.git", folder / "releases.bundle")


@pytest.fixture(scope="module")
def toys(released: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish every release of the toy."""
    return publish(released, tmp_path_factory.mktemp("toys"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish two releases of the templates of this repository, with changes of every kind."""
    folder = tmp_path_factory.mktemp("real")
    checkout = Checkout(Program(folder / "checkout", folder / "home"))
    checkout.program.home.mkdir()
    for path in ("generator", "templates"):
        unwanted = shutil.ignore_patterns(*LEFTOVERS, "*.pyc")
        shutil.copytree(_ROOT / path, checkout.root / path, ignore=unwanted, symlinks=True)
    for name in ("CHANGELOG.md", "LICENSE"):
        shutil.copy(_ROOT / name, checkout.root / name)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.release("0.1.0", ODD)
    checkout.release("0.2.0", changes(checkout.root / "templates"))
    return publish(checkout, folder)


def changes(templates: Path) -> dict[str, str | None]:
    """Return what a next release could bring to every template, as the content of files."""

    def edited(path: str, pattern: str, new: str) -> str:
        before = (templates / path).read_text(encoding="utf-8")
        after, count = re.subn(pattern, new, before, count=1, flags=re.MULTILINE)
        assert count == 1, path
        return after

    question = QUESTION.format(name="team", stand_in="mauve-stand-in", default="all", more="")
    found: dict[str, str | None] = {
        # A question and files that hold answers, in every project.
        "_shared/questions.toml": edited("_shared/questions.toml", r"\Z", question),
        "_shared/any/docs/team.md": "# My Project\n\nOwned by mauve-stand-in.\n",
        "_shared/any/bin/notes.sh": "#!/bin/sh\necho my-project\n",
        # A file removed, and one moved with an edit, from one layer to two others.
        "_shared/any/CONTRIBUTING.md": None,
        "_shared/any/CHANGELOG.md": None,
        "_shared/python/docs/CHANGELOG.md": edited("_shared/any/CHANGELOG.md", "^#", "# The"),
        "_shared/rust/docs/CHANGELOG.md": edited("_shared/any/CHANGELOG.md", "^#", "# The"),
        # A dependency bumped in a layer, and a line of each template's own manifest.
        "_shared/python/pyproject.toml": edited(
            "_shared/python/pyproject.toml", r'"ruff>=[\d.]+"', '"ruff>=99"'
        ),
    }
    for name, language in REAL:
        manifest = f"{name}/{language}/{'pyproject' if language == 'python' else 'Cargo'}.toml"
        found[manifest] = edited(manifest, '^description = "', 'description = "Now: ')
    return found


def same(one: Path, other: Path) -> None:
    """See that two projects are the same, to the byte and the mode."""
    ours, theirs = read_tree(one), read_tree(other)
    assert sorted(ours) == sorted(theirs)
    assert ours == theirs


# --- made by either -----------------------------------------------------------------------------


@pytest.mark.parametrize("cell", REAL, ids="-".join)
def test_copier_makes_and_updates_what_scaffold_makes_and_updates(
    cell: tuple[str, str], real: Published, work: Path
) -> None:
    """Every template and language, either way round; each result is the same fresh project."""
    data = {"author": 'Ada "the \\ first" {{ O }}', "licence": "apache-2.0"}
    by_copier = real.copy(cell, work / "by copier", "0.1.0", data=data)
    by_scaffold = real.new(cell, work / "by scaffold", "0.1.0", data)
    same(by_copier, by_scaffold)
    real.copier("update", "--defaults", ".", folder=by_scaffold)
    real.update(by_copier)
    same(by_copier, by_scaffold)
    same(by_copier, real.new(cell, work / "fresh", "0.2.0", data))
    for path, text in ODD.items():
        odd = by_copier / path.removeprefix("_shared/any/").replace("my-project", "it")
        expected = text.replace("My Project", "It").replace("my-project", "it")
        assert odd.read_bytes() == expected.encode()
    assert (by_copier / "docs/team.md").read_text("utf-8") == "# It\n\nOwned by all.\n"
    assert not (by_copier / "CONTRIBUTING.md").exists()


@pytest.mark.parametrize("cell", REAL, ids="-".join)
def test_copier_and_scaffold_render_every_choice_to_the_same_bytes(
    cell: tuple[str, str], real: Published, work: Path
) -> None:
    """Whatever layers a choice adds, and however a name or an answer is spelt."""
    release = History(real.repository, "here").release(Version("0.1.0"), *cell)
    choices = [each for each in catalog.load(cell[0]).questions if each.choices]
    for number in range(max(len(each.choices) for each in choices)):
        data = {each.name: each.choices[number % len(each.choices)] for each in choices}
        data |= {"project_name": f"my-own-{number}thing", "author": "Ada 'O' {% {{ \\n é 日本"}
        project = real.copy(cell, work / str(number), "0.1.0", data=data)
        answers = settle(release, Answers(*cell, "it", {}), data, None)
        rendered = {
            path: (os.fsencode(file.link or "") or file.content, file.executable)
            for path, file in render(release, answers).items()
        }
        assert read_tree(project) == rendered


@pytest.mark.parametrize(
    ("version", "language"), [*((version, "python") for version in HISTORY), ("0.1.0", "rust")]
)
def test_every_release_can_be_made_and_left_by_either(
    version: str, language: str, toys: Published, work: Path
) -> None:
    """From each to the newest, over files and questions that come, move and go."""
    cell = ("toy", language)
    by_copier = toys.copy(cell, work / "by copier", version)
    by_scaffold = toys.new(cell, work / "by scaffold", version)
    same(by_copier, by_scaffold)
    toys.copier("update", "--defaults", ".", folder=by_scaffold)
    toys.update(by_copier)
    same(by_copier, by_scaffold)
    same(by_copier, toys.new(cell, work / "fresh", toys.versions[-1]))


@pytest.mark.parametrize("by", ["copier", "scaffold"])
def test_a_renamed_question_carries_its_answer(by: str, toys: Published, work: Path) -> None:
    """What was answered under the old name stands under the new one, in whichever tool."""
    cell, data = TOY, {"color": "sky blue"}
    if by == "copier":
        project = toys.new(cell, work / "it", "0.2.0", data)
        toys.copier("update", "--defaults", "--vcs-ref", "v0.3.0", ".", folder=project)
    else:
        project = toys.copy(cell, work / "it", "0.2.0", data=data)
        toys.update(project, "--to", "0.3.0")
    assert (project / "docs/colour.md").read_text("utf-8") == "It is sky blue.\n"
    answers = yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))
    assert (answers["colour"], "color" in answers) == ("sky blue", False)
    same(project, toys.new(cell, work / "fresh", "0.3.0", {"colour": "sky blue"}))


@pytest.mark.parametrize("by", ["copier", "scaffold"])
def test_an_edit_of_the_user_is_kept_by_either(by: str, toys: Published, work: Path) -> None:
    """A line that only the user wrote is still there, beside what the release changed."""
    make = toys.new if by == "copier" else toys.copy
    project = make(TOY, work / "it", "0.1.0")
    with (project / "LICENSE").open("a", encoding="utf-8") as file:
        file.write("And more.\n")
    toys.checkout.commit(project, "an edit")
    if by == "copier":
        toys.copier("update", "--defaults", ".", folder=project)
    else:
        toys.update(project)
    assert (project / "LICENSE").read_text("utf-8").endswith("\nAnd more.\n")
    assert "release 4" in (project / "README.md").read_text("utf-8")


def test_a_project_made_from_a_file_is_updated_by_either(toys: Published, work: Path) -> None:
    """What Copier records then is that path, and both tools take the next release from it."""
    one = toys.copy(TOY, work / "by copier", "0.1.0", str(toys.bundle))
    other = shutil.copytree(one, work / "by scaffold", symlinks=True)
    recorded = f'_src_path: "{toys.bundle}"\n'
    assert recorded in (one / ANSWERS_FILE).read_text("utf-8")
    toys.copier("update", "--defaults", ".", folder=one)
    toys.update(other)
    same(one, other)
    fresh = toys.new(TOY, work / "fresh", toys.versions[-1])
    answers = (fresh / ANSWERS_FILE).read_text("utf-8")
    changed = answers.replace(f'_src_path: "{ADDRESS}"\n', recorded)
    assert changed != answers
    (fresh / ANSWERS_FILE).write_text(changed, encoding="utf-8")
    same(one, fresh)


def test_copier_takes_the_newest_release_of_the_bundle(toys: Published, work: Path) -> None:
    """Without a version, `copier copy` of the one file gives what `scaffold new` gives now."""
    words = ("--defaults", "--data", "template=toy", "--data", "project_name=it", "--quiet")
    told = toys.copier("copy", *words, str(toys.bundle), str(work / "it"), folder=work)
    assert told == ""
    assert f'_commit: "v{toys.versions[-1]}"' in (work / "it" / ANSWERS_FILE).read_text("utf-8")
    fresh = toys.new(TOY, work / "fresh", toys.versions[-1])
    ours, theirs = read_tree(work / "it"), read_tree(fresh)
    assert ours.pop(ANSWERS_FILE) != theirs.pop(ANSWERS_FILE)  # the address that they record
    assert ours == theirs


# --- nothing to trust ---------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["toys", "real"])
def test_no_release_asks_for_trust(which: str, request: pytest.FixtureRequest) -> None:
    """No tasks, no migrations that are code, no extensions of Jinja, no parts from elsewhere."""
    published: Published = request.getfixturevalue(which)
    harmless = {
        *("_min_copier_version", "_subdirectory", "_templates_suffix", "_answers_file"),
        *("_preserve_symlinks", "_exclude", "_envops"),
    }
    for version in published.versions:
        text = git.read(published.repository, "show", f"v{version}:{CONFIG}")
        assert b"!include" not in text
        config = yaml.safe_load(text)
        assert {key for key in config if key.startswith("_")} == harmless


def test_a_release_that_needs_trust_would_be_refused(toys: Published, work: Path) -> None:
    """The tests above can fail: Copier stops where a release has a task."""
    clone = work / "clone"
    toys.checkout.git("clone", "--quiet", str(toys.bundle), str(clone))
    with (clone / CONFIG).open("a", encoding="utf-8") as file:
        file.write("_tasks: [touch hit]\n")
    toys.checkout.commit(clone, "a task")
    toys.checkout.git("tag", "v9.0.0", folder=clone)
    with pytest.raises(AssertionError, match="trust"):
        toys.copy(TOY, work / "it", "9.0.0", str(clone))
