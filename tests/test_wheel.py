"""The wheel and the sdist, built once and tried as installed, with the sources out of reach."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from helpers import read_tree
from scaffold import catalog
from scaffold.compose import LEFTOVERS

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
    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = dist.glob("*.whl")
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True
    )
    python = folder / "venv/bin/python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return folder / "venv/bin/scaffold"


def run(program: Path, folder: Path, *words: str) -> str:
    """Run the installed program in `folder`, where nothing leads to the sources."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
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


def test_the_wheel_holds_every_template_file_and_the_release(dist: Path) -> None:
    """Everything below templates/ is in the wheel, byte for byte, and nothing but the package."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        prefix = "scaffold/templates/"
        held = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
        assert held == template_files()
        for name in held:
            assert archive.read(prefix + name) == (_ROOT / "templates" / name).read_bytes()
    assert "scaffold/release.zip" in names
    package = _ROOT / "generator/scaffold"
    sources = {
        f"scaffold/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*.*")
        if "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith(prefix)} == sources | {
        "scaffold/release.zip"
    }


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
