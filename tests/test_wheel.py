"""The wheel and the sdist, built once and tried as installed, with the sources out of reach."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import read_tree
from programs import Program
from releases import Checkout
from scaffold import catalog, git
from scaffold.compose import LEFTOVERS
from scaffold.release import unpack

pytestmark = pytest.mark.project

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both, or take those of the folder that SCAFFOLD_DIST names."""
    if given := os.environ.get("SCAFFOLD_DIST"):
        return _ROOT / given
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["uv", "build", "--quiet", "--out-dir", folder], cwd=_ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment and give the path of its program."""
    return install(dist, tmp_path_factory.mktemp("installed"))


def install(dist: Path, folder: Path) -> Path:
    """Install the one wheel of a folder into an empty environment; return its program."""
    (wheel,) = dist.glob("*.whl")
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True
    )
    python = folder / "venv/bin/python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return folder / "venv/bin/scaffold"


@dataclass(frozen=True, slots=True)
class Later:
    """Wheels of a second release, and projects made before it, with nothing else left."""

    wheels: tuple[Path, Path]
    """Built by uv and by pip, which give a build its packages in other ways."""
    program: Path
    """Of the first wheel, installed."""
    projects: dict[tuple[str, str], Path]
    """Made by the first release: template and language -> where."""


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Later:
    """Tag two releases in a copy, make projects by the first, install the second, and delete it."""
    folder = tmp_path_factory.mktemp("later")
    checkout = Checkout(Program(folder / "clone", folder / "home"))
    checkout.program.home.mkdir()
    unwanted = shutil.ignore_patterns(*LEFTOVERS, "*.pyc")
    for name in ("generator", "templates"):
        shutil.copytree(_ROOT / name, checkout.root / name, ignore=unwanted, symlinks=True)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(_ROOT / name, checkout.root / name)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.release("0.1.0", {})
    projects = {}
    for template in catalog.load_all():
        for language in template.languages:
            project = folder / f"{template.name}-{language}"
            words = ("new", template.name, str(project), "-l", language, "--defaults")
            done = checkout.program.run(*words, folder=folder)
            assert done.returncode == 0, done.stderr
            checkout.commit(project)
            projects[template.name, language] = project
    added = {"_shared/any/docs/NOTES.md": "My Project has notes.\n"}
    checkout.release("0.2.0", {**added, "_shared/any/CONTRIBUTING.md": None}, "Notes for all.")
    out = ("--wheel", "--out-dir", str(folder / "by uv"))
    subprocess.run(["uv", "build", "--quiet", *out], cwd=checkout.root, check=True)
    subprocess.run(
        ["uv", "venv", "--quiet", "--seed", "--python", sys.executable, folder / "pip"], check=True
    )
    into = ("--wheel-dir", str(folder / "by pip"))
    words = ("wheel", "--quiet", "--no-deps", *into, str(checkout.root))
    subprocess.run([folder / "pip/bin/pip", *words], check=True)
    program = install(folder / "by uv", folder)
    shutil.rmtree(checkout.root)
    (uv,), (pip,) = (folder / "by uv").glob("*.whl"), (folder / "by pip").glob("*.whl")
    return Later((uv, pip), program, projects)


def run(program: Path, folder: Path, *words: str) -> str:
    """Run the installed program in `folder`, where nothing leads to the sources."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [program, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def template_files() -> set[str]:
    """Return every file below templates/ that is not left over from a build there."""
    return {
        path.relative_to(_ROOT / "templates").as_posix()
        for path in (_ROOT / "templates").rglob("*")
        if path.is_file() and not LEFTOVERS & set(path.relative_to(_ROOT).parts)
    }


def test_the_wheel_holds_every_template_file_and_what_the_build_made(dist: Path) -> None:
    """Everything below templates/ is in the wheel, byte for byte, and nothing but the package."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        prefix = "scaffold/templates/"
        held = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
        assert held == template_files()
        for name in held:
            assert archive.read(prefix + name) == (_ROOT / "templates" / name).read_bytes()
    package = _ROOT / "generator/scaffold"
    sources = {
        f"scaffold/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*.*")
        if "__pycache__" not in path.parts
    }
    made = {"scaffold/release.zip", "scaffold/releases.bundle", "scaffold/version.txt"}
    assert not made & sources
    assert {name for name in names if not name.startswith(prefix)} == sources | made


def test_version_release_and_history_of_the_wheel_agree(dist: Path, tmp_path: Path) -> None:
    """The newest release of the bundle is the one that `new` takes, under the wheel's version."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        version = archive.read("scaffold/version.txt").decode().removesuffix("\n")
        archive.extract("scaffold/releases.bundle", tmp_path)
        release = unpack(archive.read("scaffold/release.zip"))
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert f"Version: {version}" in archive.read(metadata).decode().splitlines()
    assert wheel.name.split("-")[1] == version
    git.read(tmp_path, "clone", "--quiet", "scaffold/releases.bundle", "clone")
    tags = git.text(git.read(tmp_path / "clone", "tag", "--points-at", "HEAD"))
    assert tags == f"v{version}"
    held = read_tree(tmp_path / "clone")
    assert sorted(held) == sorted(release)
    for path, (content, run) in held.items():
        file = release[path]
        assert (content, run) == (os.fsencode(file.link or "") or file.content, file.executable)


def test_the_sdist_makes_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    """A wheel built from the unpacked sdist holds the same files as the one from the checkout."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    subprocess.run(
        ["uv", "build", "--quiet", "--wheel", "--out-dir", tmp_path / "out"], cwd=source, check=True
    )
    (ours,), (theirs,) = dist.glob("*.whl"), (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(ours) as one, zipfile.ZipFile(theirs) as other:
        assert {i.filename: i.CRC for i in one.infolist()} == {
            i.filename: i.CRC for i in other.infolist()
        }


@pytest.mark.parametrize("template", catalog.load_all(), ids=lambda template: template.name)
def test_the_installed_program_makes_the_same_project_as_the_checkout(
    template: catalog.Template, installed: Path, tmp_path: Path
) -> None:
    """`new` from the wheel's composed release writes what `new` from the raw templates writes."""
    for language in template.languages:
        words = ["new", template.name, "--language", language, "--defaults", "--no-git"]
        run(installed, tmp_path, *words, f"wheel-{language}", "--name", "one")
        source = Path(sys.executable).parent / "scaffold"
        run(source, tmp_path, *words, f"source-{language}", "--name", "one")
        ours = read_tree(tmp_path / f"wheel-{language}")
        assert ours == read_tree(tmp_path / f"source-{language}")
        listed = template.file_list(language).read_text(encoding="utf-8")
        assert sorted(ours) == sorted(listed.replace("my_project", "one").splitlines())


def test_the_installed_program_lists_shows_and_makes_the_matrix(
    installed: Path, tmp_path: Path
) -> None:
    """The commands that need no network work without the sources."""
    for template in catalog.load_all():
        assert template.summary in run(installed, tmp_path, "list")
        assert template.summary in run(installed, tmp_path, "show", template.name)
        assert template.name in run(installed, tmp_path, "matrix")
    assert "git" in run(installed, tmp_path, "doctor")


def test_a_wheel_of_tags_is_the_same_whoever_builds_it(later: Later) -> None:
    """The code of each tag finds the packages of the build, in uv's environment and in pip's."""
    uv, pip = later.wheels
    assert uv.name == pip.name == "scaffold_new-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(uv) as one, zipfile.ZipFile(pip) as other:
        assert {i.filename: i.CRC for i in one.infolist()} == {
            i.filename: i.CRC for i in other.infolist()
        }


def test_an_installed_later_version_updates_what_an_earlier_one_made(
    later: Later, tmp_path: Path
) -> None:
    """With no sources, no cache and no home but an empty one, for every template and language."""
    assert run(later.program, tmp_path, "--version") == "scaffold 0.2.0\n"
    for (template, language), project in later.projects.items():
        assert run(later.program, tmp_path, "diff", str(project)) == ""
        told = run(later.program, tmp_path, "status", "--json", str(project))
        (status,) = json.loads(told)["projects"]
        assert (status["installed"], status["newest"]) == ("0.1.0", "0.2.0")
        assert (status["current"], status["changed"], status["deleted"]) == (False, [], [])
        assert "Notes for all." in run(later.program, tmp_path, "update", str(project))
        words = ("--language", language, "--defaults", "--name", project.name)
        run(later.program, tmp_path, "new", template, project.name, *words)
        ours = read_tree(project)
        assert ours == read_tree(tmp_path / project.name)
        assert "docs/NOTES.md" in ours
        assert "CONTRIBUTING.md" not in ours
        assert run(later.program, tmp_path, "diff", str(project)) == ""
        told = run(later.program, tmp_path, "status", "--json", "--check", str(project))
        assert json.loads(told)["projects"][0]["current"] is True
