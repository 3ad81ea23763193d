"""Makes the program of a template in each language, for the black-box suites."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from contracts.dedup_trees import grow, shim
from contracts.services import Cell as ServiceCell
from contracts.services import Service, Settings
from scaffold import catalog, passes, project
from scaffold.check import Cell, test_answers
from scaffold.commands import Workshop
from scaffold.matrix import is_suite_of
from scaffold.release import open_release
from scaffold.render import render
from scaffold.toolchain import missing, needed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs projects; the hook is told of the tests of other folders as well."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.project)


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """Return a function that makes and builds a project once, and gives the words that run it."""

    @cache
    def built(template_name: str, language: str) -> list[str]:
        cell = Cell(catalog.load(template_name), language)
        absent = missing(needed(cell.template, language))
        if absent:
            reason = f"{absent[0].name} is not on this machine: {absent[0].get}"
            assert os.environ.get("CI") != "true", reason
            pytest.skip(reason)
        # A name of its own, since all projects share one target folder of cargo.
        name = f"contract-{template_name}"
        folder = tmp_path_factory.mktemp("contract") / str(cell)
        project.write(
            render(open_release(cell.template, language), test_answers(cell, name)),
            folder,
            git=False,
        )
        target = passes.cache_folder() / "cargo-target"
        log = folder.parent / "log"
        workshop = Workshop(folder, log, {"CARGO_TARGET_DIR": str(target)}, threading.Event())
        if language == "python":
            assert workshop.run("make", "setup") is None, log.read_text()
            return [str(folder / ".venv/bin" / name)]
        # The debug build, whose arithmetic panics where it would overflow.
        assert workshop.run("cargo", "build", "--quiet") is None, log.read_text()
        return [str(target / "debug" / name)]

    return built


def template_of(request: pytest.FixtureRequest) -> str:
    """Return the template that a module is about."""
    return next(name for name in catalog.names() if is_suite_of(request.path.name, name))


@pytest.fixture(scope="module", params=catalog.LANGUAGES)
def program(request: pytest.FixtureRequest, build: Callable[[str, str], list[str]]) -> list[str]:
    """Return the words that run the program, in each language in turn."""
    return build(template_of(request), request.param)


@pytest.fixture(scope="module")
def programs(
    request: pytest.FixtureRequest, build: Callable[[str, str], list[str]]
) -> dict[str, list[str]]:
    """Return the words that run the program, by language."""
    return {language: build(template_of(request), language) for language in catalog.LANGUAGES}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree for `dedup`: two groups, with odd names and a hard link."""
    folder = grow(tmp_path / "tree", {"a": b"x" * 5000, 'b,"\n': b"x" * 5000, "c": b"y", "d": b"y"})
    (folder / "\udcff").hardlink_to(folder / "a")
    return folder


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the library that lets something happen at a call of a program to the system."""
    return shim(tmp_path_factory.mktemp("library"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a `cell` for each service that the module names, in each language.

    What asks for a `twins` gets both languages of each at once.
    """
    templates: tuple[str, ...] = getattr(metafunc.module, "TEMPLATES", ())
    if "cell" in metafunc.fixturenames:
        cells = [ServiceCell(each, lang) for each in templates for lang in catalog.LANGUAGES]
        metafunc.parametrize("cell", cells, ids=str)
    if "twin_cells" in metafunc.fixturenames:
        pairs = [[ServiceCell(each, lang) for lang in catalog.LANGUAGES] for each in templates]
        metafunc.parametrize("twin_cells", pairs, ids=templates)


@pytest.fixture(scope="session")
def running(
    build: Callable[[str, str], list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[ServiceCell], Service]]:
    """Return a function that gives the one service of a cell that all tests share."""
    with ExitStack() as stack:

        @cache
        def started(cell: ServiceCell) -> Service:
            folder = tmp_path_factory.mktemp(str(cell))
            # Read without regard to case, and empty is absent: none of it changes a thing.
            settings = {"LOG_LEVEL": "DeBug", "LOG_FORMAT": "", "MAX_BODY_BYTES": "", "PROXY": "x"}
            project = {"GOOGLE_CLOUD_PROJECT": "example.com:my-project-1"}
            words = build(cell.template, cell.language)
            return stack.enter_context(Service(words, folder, settings | project)).ready()

        yield started


@pytest.fixture
def words(cell: ServiceCell, build: Callable[[str, str], list[str]]) -> list[str]:
    """Return the words that run the program of a service."""
    return build(cell.template, cell.language)


@pytest.fixture
def service(cell: ServiceCell, running: Callable[[ServiceCell], Service]) -> Service:
    """Return the service that all tests share: they leave it as it was."""
    return running(cell)


@pytest.fixture
def twins(
    twin_cells: list[ServiceCell], running: Callable[[ServiceCell], Service]
) -> dict[str, Service]:
    """Return the services of one template that all tests share, by language."""
    return {cell.language: running(cell) for cell in twin_cells}


@pytest.fixture
def start(words: list[str], tmp_path: Path) -> Iterator[Callable[[Settings], Service]]:
    """Return a function that starts a service of one's own, which is ended after the test."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(Service(words, tmp_path, settings))
