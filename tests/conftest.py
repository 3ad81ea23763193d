"""Makes the program under test for the tests that run it as a user would."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from helpers import build_tree
from programs import TOYS, Program
from releases import HISTORY, Checkout, make_checkout
from scaffold.version import version

# Machines are noisy; what hangs is ended by pytest-timeout.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

_SOURCES = Path(__file__).parents[1] / "generator/scaffold"


@pytest.fixture(scope="session")
def program_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the sources, and lay the toy templates where they look for templates."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(
        _SOURCES,
        root / "generator/scaffold",
        ignore=shutil.ignore_patterns("__pycache__", "release.zip"),
    )
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", root / "generator"], check=True
    )  # or every run would compile anew
    build_tree(TOYS, root / "templates")
    (root / "generator/scaffold/version.txt").write_text(version(), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Make a checkout with every release of HISTORY; shared, so tests may only read it."""
    folder = tmp_path_factory.mktemp("released")
    (folder / "home").mkdir()
    checkout = make_checkout(_SOURCES, folder / "checkout", folder / "home")
    for number, changes in HISTORY.items():
        checkout.release(number, changes)
    return checkout


@pytest.fixture
def program(program_root: Path, tmp_path: Path) -> Program:
    """Give the program a home that is empty."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(program_root, home)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Make an empty folder to work in."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder
