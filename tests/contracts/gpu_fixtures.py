"""The programs of `gpu-stress` as fixtures, with the driver and the library that they are run on."""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts.gpu_nvml import compile_nvml, nvml
from contracts.gpu_runs import Both, Of, Subject
from contracts.gpu_vulkan import Vulkan, compile_icd, software_driver
from helpers import need
from scaffold import catalog


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables that lead to `llvmpipe` and to no other driver."""
    if sys.platform != "linux":
        pytest.skip("programs are watched through /proc")
    found = software_driver()
    if isinstance(found, str):
        assert os.environ.get("CI") != "true", found
        pytest.skip(found)
    return {**found, "XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))}


@pytest.fixture(scope="session")
def of(
    build: Callable[..., list[str]],
    driver: dict[str, str],
    nvml_library: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Of:
    """Return a function that gives the program of a language, or of a variant of it."""

    @cache
    def made(language: str, *variant: Any) -> Subject:  # noqa: ANN401  # what `build` takes
        words = build("gpu-stress", language, *variant)
        folder = tmp_path_factory.mktemp(language)
        sound = nvml(tmp_path_factory.mktemp("sound"), nvml_library)
        return Subject(language, words, folder, driver, sound)

    return made


@pytest.fixture(scope="session", params=catalog.LANGUAGES)
def tested(request: pytest.FixtureRequest, of: Of) -> Subject:
    """Return the program of each language in turn."""
    return of(request.param)


@pytest.fixture(scope="session")
def both(of: Of) -> Both:
    """Return the programs by language."""
    return {language: of(language) for language in catalog.LANGUAGES}


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a management library of today."""
    return compile_nvml(tmp_path_factory.mktemp("nvml") / "new", need("cc"), "-Wall", "-Werror")


@pytest.fixture(scope="session")
def icd_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a driver that can be told to fail."""
    return compile_icd(tmp_path_factory.mktemp("icd"), need("cc"))


@pytest.fixture
def vulkan(driver: dict[str, str], icd_library: Path, tmp_path: Path) -> Vulkan:
    """Return a driver that is told what to do while a program runs on it."""
    return Vulkan(tmp_path / "vulkan", icd_library, driver)


@pytest.fixture
def sensing(nvml_library: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return a function that says how the fake library answers otherwise than `SOUND`."""

    def answering(**changes: str) -> dict[str, str]:
        return nvml(tmp_path, nvml_library, changes)

    return answering


BROKEN = {
    "fma.wgsl": ("0.6180339887498949", "0.6180339887508949"),  # the same in f32, not in f64
    "matmul.wgsl": ("part[3] += left_tile[down + 3u]", "part[3] += left_tile[down + 2u]"),
    "memory.wgsl": (
        "words[at] = expected(at);",
        "words[at] = expected(at) ^ u32(parameters.offset + at == 5u);",
    ),
    "compare.wgsl": (
        "if first[(row << width) | (at & parameters.column_mask)] != results[at] {",
        "if first[(row << width) | (at & parameters.column_mask)] == results[at] && at == 7u {",
    ),
}
"""What makes each shader compute wrongly, and the comparison blind but for one false alarm."""


def break_shaders(folder: Path) -> None:
    """Edit the shaders of a project."""
    for name, (sound, broken) in BROKEN.items():
        path = folder / "shaders" / name
        text = path.read_text("utf-8")
        assert text.count(sound) == 1, name
        path.write_text(text.replace(sound, broken), "utf-8")


@pytest.fixture(scope="session")
def broken(tested: Subject, of: Of) -> Subject:
    """Return the program with shaders that are wrong."""
    return of(tested.language, "-b", break_shaders)
