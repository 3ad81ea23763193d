"""Makes the program of a template in each language, for the black-box suites."""

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from scaffold import catalog, passes, project
from scaffold.check import Cell, test_answers
from scaffold.commands import Workshop
from scaffold.release import open_release
from scaffold.render import render
from scaffold.toolchain import missing, needed


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
    """Return the template that a module `test_<template>.py` is about."""
    return Path(request.path).stem.removeprefix("test_").replace("_", "-")


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
