"""A pass is remembered by content: whatever may decide it differently has another address."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scaffold
from helpers import build_tree
from scaffold import passes
from scaffold.compose import File, Tree
from scaffold.toolchain import TOOLS

posix = pytest.mark.skipif(os.name == "nt", reason="the fake programs are shell scripts")

PROJECT: Tree = {
    "README.md": File(b"# App\n"),
    "link": File(link="README.md"),
    "run.sh": File(b"#!/bin/sh\n", executable=True),
}
STAGES = ("check", "faults")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):  # the latter on Windows
        monkeypatch.setenv(name, str(tmp_path / "cache"))


def key(
    project: Tree = PROJECT, tools: tuple[str, ...] = (), stages: tuple[str, ...] = STAGES
) -> str:
    """Return the address of a pass, with tools by name."""
    return passes.key(project, [TOOLS[name] for name in tools], stages)


def changed(path: str, **fields: object) -> Tree:
    """Return the project with one file changed."""
    return PROJECT | {path: replace(PROJECT[path], **fields)}  # type: ignore[arg-type]


# --- the address --------------------------------------------------------------------------------


def test_the_same_files_tools_and_stages_have_the_same_address() -> None:
    """The order in which the files were made is no part of it; and it can name a file."""
    assert key() == key()
    assert key(dict(reversed(PROJECT.items()))) == key()
    assert key().isalnum()
    assert len(key()) == 64


@pytest.mark.parametrize(
    "project",
    [
        {},
        changed("README.md", content=b"# App"),
        changed("README.md", content=b"# app\n"),
        changed("README.md", content=b""),
        changed("README.md", executable=True),
        changed("run.sh", executable=False),
        changed("link", link="run.sh"),
        changed("link", link=None),
        changed("link", link=None, content=b"README.md"),
        {path: file for path, file in PROJECT.items() if path != "link"},
        PROJECT | {"new": File()},
        {path.replace("run.sh", "bin/run.sh"): file for path, file in PROJECT.items()},
        PROJECT | {"README.md": PROJECT["run.sh"], "run.sh": PROJECT["README.md"]},
    ],
)
def test_any_change_of_a_file_is_another_address(project: Tree) -> None:
    """A byte, a run bit, a link, a name, a file more or less."""
    assert key(project) != key()


CONTENT = st.binary(max_size=4)
FILES = st.builds(File, CONTENT, st.booleans(), st.none() | st.sampled_from(["a", "b/c"]))
TREES = st.dictionaries(st.sampled_from(["a", "b", "a/b", "ab", '", "']), FILES, max_size=3)


@given(one=TREES, two=TREES)
def test_two_trees_have_one_address_only_if_they_are_one(one: Tree, two: Tree) -> None:
    """No file can be cut or joined so that it passes for another."""
    assert (key(one) == key(two)) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            {"a": File(b"x"), "b": File(b"y")},
            {"a": File(b'x["b", false, null]y')},
        ),
        ({"a": File(link="None")}, {"a": File()}),
        ({"a": File(link="null")}, {"a": File()}),
    ],
)
def test_what_looks_like_another_file_is_none(one: Tree, two: Tree) -> None:
    """Not even on purpose can one tree be written as another."""
    assert key(one) != key(two)


@pytest.mark.parametrize(
    "stages", [(), ("check",), ("faults",), ("faults", "check"), ("checkfaults",)]
)
def test_other_stages_are_another_address(stages: tuple[str, ...]) -> None:
    """A check without faults is no proof of one with them."""
    assert key(stages=stages) != key()


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Leave a path with nothing on it, and return what puts a tool of some version there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(name: str, version: str) -> None:
        build_tree({name: f"#!/bin/sh\necho {name} {version}\n"}, folder)

    return install


@posix
def test_another_version_of_a_tool_is_another_address(tool: Callable[[str, str], None]) -> None:
    """What a linter of today finds, one of tomorrow may not; and the old version's pass stays."""
    absent = key(tools=("uv",))
    tool("uv", "0.9.1")
    old = key(tools=("uv",))
    tool("uv", "0.9.2")
    new = key(tools=("uv",))
    assert len({absent, old, new, key()}) == 4
    tool("uv", "0.9.1")
    assert key(tools=("uv",)) == old


@posix
def test_the_version_belongs_to_its_tool(tool: Callable[[str, str], None]) -> None:
    """One tool's version is not taken for another's, and an unused tool does not matter."""
    tool("uv", "1.0")
    tool("git", "2.0")
    before = key(tools=("uv", "git"))
    tool("docker", "3.0")
    assert key(tools=("uv", "git")) == before
    tool("uv", "2.0")
    tool("git", "1.0")
    assert key(tools=("uv", "git")) != before
    tool("git", "2.0")
    assert key(tools=("uv",)) != key(tools=("git",))


def test_another_check_is_another_address(tmp_path: Path) -> None:
    """What an older version of the check let through has not passed the newer one."""
    ignored = shutil.ignore_patterns("__pycache__", "release.zip")
    copy = tmp_path / "generator/scaffold"
    (tmp_path / "templates").mkdir()
    shutil.copytree(Path(scaffold.__file__).parent, copy, ignore=ignored)

    def told() -> str:
        program = "from scaffold import passes; print(passes.key({}, (), ()))"
        environment = os.environ | {"PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    before = told()
    assert before == f"{passes.key({}, (), ())}\n"
    for module in ("faults.py", "foreign/order.py"):
        path = copy / module
        path.write_bytes(path.read_bytes() + b"# changed\n")
        after = told()
        assert after != before
        before = after


# --- the memory ---------------------------------------------------------------------------------


def test_only_what_was_remembered_is_known(tmp_path: Path) -> None:
    """A pass is one small file in the cache, with a line for people."""
    assert not passes.known("a" * 64)
    passes.remember("a" * 64, "toy-python")
    assert passes.known("a" * 64)
    assert not passes.known("b" * 64)
    (file,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert file.read_text(encoding="utf-8") == "toy-python passed\n"
    assert file.is_relative_to(passes.cache_folder())


def test_a_pass_may_be_remembered_twice() -> None:
    """Two checks of the same cell at once both pass."""
    passes.remember("a" * 64, "toy-python")
    passes.remember("a" * 64, "other-python")
    assert passes.known("a" * 64)


def test_the_cache_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    """Nothing is known then, and remembering makes it anew."""
    passes.remember("a" * 64, "toy-python")
    shutil.rmtree(tmp_path / "cache")
    assert not passes.known("a" * 64)
    passes.remember("b" * 64, "toy-rust")
    assert passes.known("b" * 64)
