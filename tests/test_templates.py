"""The laws of the raw folders under templates/: nothing is rendered, so it takes seconds."""

import json
import os
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import need
from scaffold import catalog
from scaffold.catalog import LANGUAGES, ROOT, SHARED, Template
from scaffold.check import Cell, cells
from scaffold.compose import LEFTOVERS, compose
from scaffold.placeholders import ANSWERS_FILE, to_jinja

TEMPLATES = catalog.load_all()
CELLS = cells(TEMPLATES)
ABOUT = {"README.md", f"{SHARED}/questions.toml"}
"""What tells of all templates and is part of none; each template adds its own."""

templates = pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)


def walk() -> Iterator[Path]:
    """Yield every file below templates/ that no build and no test has left there."""
    for folder, directories, names in os.walk(ROOT):
        directories[:] = sorted(set(directories) - LEFTOVERS)
        for name in sorted(set(names) - LEFTOVERS):
            if not name.endswith(".pyc"):
                yield Path(folder) / name


FILES = {path.relative_to(ROOT).as_posix(): path for path in walk()}
"""Path -> where it lies."""


def is_about(path: str) -> bool:
    """Return whether a file tells of templates and does not come into a project."""
    return (
        path in ABOUT or re.fullmatch(r"[^/]+/(template\.toml|files-[a-z]+\.txt)", path) is not None
    )


LAYERS = {path: place for path, place in FILES.items() if not is_about(path)}
"""The files that may come into a project."""


def texts(*suffixes: str) -> dict[str, str]:
    """Return the text of the layers' files that end so, or of all; what is not UTF-8 has none."""
    found = {}
    for path, place in LAYERS.items():
        if path.endswith(suffixes or ("",)):
            try:
                found[path] = place.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    assert found
    return found


# --- folders and lists --------------------------------------------------------------------------


def test_every_folder_is_a_template_or_holds_layers() -> None:
    """A folder without a template.toml would never be found, and a file beside them is lost."""
    folders = {path.split("/")[0] for path in FILES if "/" in path}
    assert folders == {SHARED, *(template.name for template in TEMPLATES)}
    assert [path for path in FILES if "/" not in path] == ["README.md"]
    beside = [path for path in FILES if path.startswith(SHARED) and path.count("/") == 1]
    assert beside == [f"{SHARED}/questions.toml"]


@templates
def test_a_template_has_a_folder_and_a_list_for_each_of_its_languages(template: Template) -> None:
    """And none for a language that it does not name; what its languages share is in `any`."""
    names = {path.split("/")[1] for path in FILES if path.startswith(f"{template.name}/")}
    lists = {template.file_list(language).name for language in template.languages}
    assert names - {"any"} == {"template.toml", *template.languages, *lists}
    assert set(template.languages) <= set(LANGUAGES)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_list_of_files_is_sorted_and_has_each_file_once(cell: Cell) -> None:
    """It is read in reviews, so it has one form: one path a line, in the order of `sorted`."""
    text = cell.template.file_list(cell.language).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines == sorted(set(lines))
    assert text == "".join(f"{line}\n" for line in lines)
    assert all(lines)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_list_of_files_is_that_of_the_layers(cell: Cell) -> None:
    """Under the defaults, a project has the files that its layers have, and its answers."""
    defaults = {question.name: question.default for question in cell.template.questions}
    files = {
        path
        for path, condition, _ in compose(cell.template, cell.language).files
        if condition is None or defaults[condition.question] in condition.choices
    }
    listed = cell.template.file_list(cell.language).read_text(encoding="utf-8").splitlines()
    assert set(listed) == {*files, ANSWERS_FILE}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_template_becomes_a_release(cell: Cell) -> None:
    """No two layers meet where they may not, and every stand-in stands where it can be replaced."""
    assert to_jinja(cell.template, compose(cell.template, cell.language))


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_raw_project_is_called_by_the_stand_in_name(cell: Cell) -> None:
    """It is a real project, which opens where it lies, under a name that can be replaced."""
    composed = compose(cell.template, cell.language)
    files = {path: file.content.decode(errors="replace") for path, _, file in composed.files}
    if cell.language == "python":
        assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == "my-project"
        assert "src/my_project/__init__.py" in files
    else:
        assert tomllib.loads(files["Cargo.toml"])["package"]["name"] == "my-project"
    assert files["README.md"].startswith("# My Project\n")


# --- what no file may be called, or hold ---------------------------------------------------------


def test_no_file_is_called_by_jinja() -> None:
    """A condition or a variable in a name would keep ordinary tools from the project."""
    names = [part for path in FILES for part in path.split("/")]
    assert [name for name in names if re.search(r"[{}%]|\.(jinja2?|j2|tmpl)$", name)] == []


def test_no_code_and_no_manifest_holds_a_condition_of_jinja() -> None:
    """An option is a layer that is there or not, never an `if` in a source."""
    sources = texts(".py", ".rs", ".toml", ".yml", ".yaml", ".json")
    assert [path for path, text in sources.items() if re.search(r"\{%|\{#.*#\}", text)] == []


def test_no_template_mentions_what_it_was_made_with() -> None:
    """One line of the README at the top of a project may; templates know nothing of the rest."""
    for path, text in texts().items():
        lines = [line for line in text.splitlines() if "scaffold" in line.lower()]
        top = path.count("/") == 2 and path.endswith("/README.md")
        assert len(lines) <= top, f"{path}: {lines}"
        assert "scaffold" not in path


def test_no_lock_file_and_no_leftover_is_committed() -> None:
    """A lock file depends on the name of the project, so `make setup` makes it there."""
    if not (ROOT.parent / ".git").exists():
        pytest.skip("these sources are no checkout")
    listed = subprocess.run(
        [need("git"), "ls-files", "-z", "templates"],
        cwd=ROOT.parent,
        env={key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    assert "templates/README.md" in listed
    locks = re.compile(r"(^|/)([^/]*\.lock|package-lock\.json|[^/]*\.pyc)$")
    assert [path for path in listed if locks.search(path)] == []
    assert [path for path in listed if LEFTOVERS & set(path.split("/"))] == []


def test_no_file_is_a_copy_of_another() -> None:
    """What two templates or languages share lies once, in `any` or in a shared layer."""
    copies = defaultdict(list)
    for path, place in LAYERS.items():
        if not place.is_symlink() and place.stat().st_size > 200:
            copies[place.read_bytes()].append(path)
    assert len(copies) > len(TEMPLATES)
    assert [paths for paths in copies.values() if len(paths) > 1] == []


# --- what some files must hold -------------------------------------------------------------------


def test_every_action_is_pinned_by_its_commit_and_tells_its_version() -> None:
    """A tag can be moved; and one action has one version wherever it is used."""
    pinned = re.compile(r"\s*- uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+(\.\d+)*)")
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path, text in texts(".yml", ".yaml").items():
        for line in re.findall(r"^.*\buses:.*$", text, re.MULTILINE):
            if re.search(r"uses: \./", line):
                continue
            match = pinned.fullmatch(line)
            assert match, f"{path}: {line}"
            found[match[1]].add((match[2], match[3]))
    assert found
    assert {action: pins for action, pins in found.items() if len(pins) > 1} == {}


def test_the_contract_of_the_calculator_has_200_cases_each_once() -> None:
    """Each is an expression with a value or an error, and every error has its message."""
    path = ROOT / "_shared/arithmetic/contract/vectors.json"
    contract = json.loads(path.read_text(encoding="utf-8"))
    cases = contract["cases"]
    assert len(cases) >= 200
    assert len({case["expression"] for case in cases}) == len(cases)
    assert all(("value" in case) is not ("error" in case) for case in cases)
    assert {case["error"] for case in cases if "error" in case} == set(contract["messages"])
