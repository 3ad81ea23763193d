"""The checks that a project has, as they are found before any is run."""

import os
from pathlib import Path

import pytest

from helpers import build_tree
from scaffold.foreign.runners import Check, find_checks

RULE = "{}:\n\t@echo $@\n"
PYPROJECT = '[project]\nname = "x"\nversion = "1"\n'
TEST = {"tests/test_x.py": "def test_x(): ...\n"}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="make and uv are stood in for by scripts")


def find(files: dict[str, str], folder: Path, path: str | None = None) -> list[Check]:
    """Return the checks found in a tree."""
    return find_all(files, folder, path)[0]


def find_all(
    files: dict[str, str], folder: Path, path: str | None = None
) -> tuple[list[Check], list[str]]:
    """Return the checks found in a tree, and the notes."""
    variables = {"PATH": os.environ["PATH"] if path is None else path}
    return find_checks(build_tree(files, folder / "project"), variables)


@pytest.fixture
def uv(tmp_path: Path) -> str:
    """Make a path on which there is nothing but uv."""
    return str(build_tree({"uv": "#!/bin/sh\n"}, tmp_path / "tools"))


@pytest.mark.parametrize(
    ("makefile", "names"),
    [
        (RULE.format("check lint test"), ["make check"]),
        (RULE.format("test setup install"), ["make setup", "make test"]),
        ("all = check\n.PHONY: $(all)\n$(all):\n\t@echo\n", ["make check"]),
        ("include more.mk\n", ["make check"]),
        ("check:: ; @echo\n", ["make check"]),
        ("check: a b\na b:\n\t@echo\n", ["make check"]),
        ("check := yes\ncheck-all: ; @echo\n", []),
        (".PHONY: check\n", []),
        ("build:\n\t@echo\n", []),
        ("%.o: %.c\n\tcc $<\n", []),
    ],
)
def test_targets_of_a_makefile(makefile: str, names: list[str], tmp_path: Path) -> None:
    """Targets are make's own word, wherever they come from, and only those that do something."""
    found = find({"Makefile": makefile, "more.mk": RULE.format("check")}, tmp_path)
    assert [check.name for check in found] == names


def test_a_target_that_make_takes_for_a_file_is_none(tmp_path: Path) -> None:
    """`make test` beside a folder `test` does nothing unless it is phony, and is no check."""
    files = {"test/a.txt": "", "Makefile": RULE.format("test")}
    assert find(files, tmp_path) == []
    files["Makefile"] += ".PHONY: test\n"
    assert [check.name for check in find(files, tmp_path)] == ["make test"]


def test_only_the_first_runner_with_tests_is_run(tmp_path: Path) -> None:
    """Make comes before the others; what is left aside is told."""
    files = {"Makefile": RULE.format("check"), "noxfile.py": "", "Cargo.toml": "", **TEST}
    checks, notes = find_all(files, tmp_path)
    assert [check.name for check in checks] == ["make check"]
    assert "found and does not run, for the above comes first: nox, cargo, pytest" in notes
    assert "looked for, without a check in it: tox, just" in notes


def test_a_runner_with_lint_alone_is_joined_by_the_next(tmp_path: Path) -> None:
    """A lint is no test: the tests are looked for further on."""
    checks = find({"Makefile": RULE.format("lint"), "Cargo.toml": ""}, tmp_path)
    assert [check.name for check in checks] == ["make lint", "cargo test"]


def test_sub_folders_are_searched_when_the_top_has_none(tmp_path: Path) -> None:
    """A template may put the project, or several, into folders of it."""
    files = {"back/Makefile": RULE.format("check"), "front/Cargo.toml": "", "docs/a.md": ""}
    checks, notes = find_all(files, tmp_path)
    assert [(check.folder.name, check.name) for check in checks] == [
        ("back", "make check"),
        ("front", "cargo test"),
    ]
    assert "in back/: found and runs: make check" in notes


@pytest.mark.parametrize(
    ("file", "program", "get"),
    [
        ("Makefile", "make", "apt install make"),
        ("Cargo.toml", "cargo", "https://rustup.rs"),
        ("noxfile.py", "nox", "pip install uv"),
        ("tox.ini", "tox", "pip install uv"),
        ("tests/test_x.py", "uv", "pip install uv"),
    ],
)
def test_a_program_that_is_absent_is_named(
    file: str, program: str, get: str, tmp_path: Path
) -> None:
    """A check whose program is not here is there all the same, with how to get the program."""
    (check,) = find({file: ""}, tmp_path, path="")
    assert check.lacking.startswith(f"{program} is not installed: ")
    assert get in check.lacking


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"noxfile.py": ""}, "uv tool run --from nox nox --no-error-on-missing-interpreters"),
        ({"tox.toml": ""}, "uv tool run --from tox tox --skip-missing-interpreters true"),
        ({"setup.cfg": "[tox:tox]\n"}, "uv tool run --from tox tox"),
        ({"pyproject.toml": "[tool.tox]\n"}, "uv tool run --from tox tox"),
        ({"justfile": "@check a='b':\n  x\n"}, "uv tool run --from rust-just just check"),
        (TEST | {"pyproject.toml": PYPROJECT}, "uv run --with pytest pytest"),
        (
            TEST | {"pyproject.toml": PYPROJECT + "[dependency-groups]\ntest = []\ndocs = []\n"},
            "uv run --group test --with pytest pytest",
        ),
        (
            TEST | {"pyproject.toml": PYPROJECT + "[project.optional-dependencies]\ndev = []\n"},
            "uv run --extra dev --with pytest pytest",
        ),
        (
            TEST | {"pyproject.toml": PYPROJECT + "[tool.hatch.envs.t]\ndependencies = ['a']\n"},
            "uv run --with a --with pytest pytest",
        ),
        (
            TEST | {"setup.py": "", "requirements-dev.txt": ""},
            "uv run --no-project --with-editable . --with-requirements requirements-dev.txt",
        ),
        (TEST, "uv run --no-project --with pytest pytest"),
        (TEST | {"pyproject.toml": "broken ["}, "uv run --no-project --with-editable ."),
    ],
)
def test_what_comes_as_a_package_is_run_by_uv(
    files: dict[str, str], words: str, tmp_path: Path, uv: str
) -> None:
    """Runners that are not installed are fetched; pytest gets the project and what it asks for."""
    (check,) = find(files, tmp_path, uv)
    assert " ".join(check.words).startswith(words)
    assert check.lacking == ""


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"pyproject.toml": "[tool.poetry]\n"}, ["poetry install", "poetry run"]),
        (
            {"pyproject.toml": PYPROJECT + "[tool.pdm.dev-dependencies]\n"},
            ["pdm install", "pdm run"],
        ),
        (
            {
                "pyproject.toml": PYPROJECT + "[dependency-groups]\ndev = ['tox-direct']\n",
                "tox.ini": "",
            },
            ["uv pip install", "tox"],
        ),
        ({"justfile": "setup:\n  a\nlint:\n  a\ntest: lint\n  a\n"}, ["just setup", "just lint"]),
    ],
)
def test_some_have_to_be_prepared(
    files: dict[str, str], names: list[str], tmp_path: Path, uv: str
) -> None:
    """Projects of other managers, and runners with plugins, are installed first."""
    assert [check.name for check in find(TEST | files, tmp_path, uv)][:2] == names
