"""Which tools a project needs, and whether this machine has them."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from helpers import TOY, build_tree, need
from scaffold import catalog, toolchain
from scaffold.errors import TemplateError
from scaffold.toolchain import TOOLS, Found, find, missing, needed

posix = pytest.mark.skipif(os.name == "nt", reason="the fake programs are shell scripts")


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the only folder of the path, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def fake(folder: Path, name: str, script: str) -> None:
    """Put a program on the path that runs a shell script."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def load_toy(folder: Path, **keys: str) -> catalog.Template:
    """Return the toy template, with more keys in its template.toml."""
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return catalog.load(
        "toy", build_tree(TOY | {"toy/template.toml": TOY["toy/template.toml"] + more}, folder)
    )


def test_a_real_program_is_found_in_the_version_that_it_tells() -> None:
    """Git says `git version 2.47.3`, and that is what is found."""
    need("git")
    found = find(TOOLS["git"])
    assert found.version is not None
    assert found.version.startswith("2.")
    assert found.good


def test_python_is_found_even_where_the_path_has_none(bin_folder: Path) -> None:
    """The Python that runs this serves, whatever it is called on the path."""
    assert not list(bin_folder.iterdir())
    found = find(TOOLS["python3"])
    assert found.version == ".".join(map(str, sys.version_info[:3]))


@posix
@pytest.mark.parametrize(
    ("script", "version", "good"),
    [
        ("echo 'uv 0.9.1 (abc 2026-01-01)'", "0.9.1", True),
        ("echo uv 0.5", "0.5", True),
        ("echo uv 0.4.30", "0.4.30", False),
        ("echo uv 0.10.0", "0.10.0", True),
        ("echo uv 1.0.0-rc.1", "1.0.0", True),
        ("echo no number here", None, False),
        ("echo uv 0.9.1; exit 3", None, False),
        ("echo uv 0.9.1 >&2", None, False),
        (r"printf 'uv \377\376 0.9.1\n'", "0.9.1", True),
        ("kill -9 $$", None, False),
        ("read line && echo uv 0.9.1 $line", None, False),
    ],
)
def test_a_version_is_read_from_what_a_program_prints(
    script: str, version: str | None, good: object, bin_folder: Path
) -> None:
    """A program that fails or tells no version is none; versions compare number by number."""
    fake(bin_folder, "uv", script)
    found = find(TOOLS["uv"])
    assert found == Found(TOOLS["uv"], version)
    assert found.good is good


@posix
def test_a_program_that_hangs_is_given_up(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that never answers is none, told within the limit."""
    monkeypatch.setattr(toolchain, "LIMIT", 0.3)
    fake(bin_folder, "docker", "exec /bin/sleep 60")
    begun = time.monotonic()
    assert find(TOOLS["docker"]).version is None
    assert time.monotonic() - begun < 10


@posix
def test_a_file_that_cannot_run_is_no_tool(bin_folder: Path) -> None:
    """A script whose interpreter is gone is on the path, and yet not there."""
    (bin_folder / "git").write_text("#!/nonexistent/interpreter\n", encoding="utf-8")
    (bin_folder / "git").chmod(0o755)
    assert find(TOOLS["git"]).version is None


@posix
def test_nextest_is_asked_for_through_cargo(bin_folder: Path) -> None:
    """It is a subcommand: without cargo there is none, with cargo its own version counts."""
    assert find(TOOLS["cargo-nextest"]).version is None
    fake(bin_folder, "cargo", 'test "$1 $2" = "nextest --version" && echo cargo-nextest 0.9.143')
    assert find(TOOLS["cargo-nextest"]).version == "0.9.143"
    fake(bin_folder, "cargo", "echo 'error: no such command: `nextest`' >&2; exit 101")
    assert find(TOOLS["cargo-nextest"]).version is None


def test_a_project_needs_the_tools_of_its_language_and_its_template(tmp_path: Path) -> None:
    """Git, make and Python serve all; the language and the template add theirs, each once."""
    toy = load_toy(tmp_path, tools='["docker", "git"]')
    python = [tool.name for tool in needed(toy, "python")]
    assert python == ["git", "make", "python3", "uv", "docker"]
    rust = [tool.name for tool in needed(toy, "rust")]
    assert rust == ["git", "make", "python3", "cargo", "cargo-nextest", "docker"]


def test_a_tool_that_is_not_known_names_the_file_and_those_that_are(tmp_path: Path) -> None:
    """A slip in `tools` is told with the file that holds it."""
    with pytest.raises(
        TemplateError, match=r"toy/template\.toml: the tool 'dokcer' is none of git"
    ):
        needed(load_toy(tmp_path, tools='["dokcer"]'), "rust")


@posix
def test_only_tools_that_must_be_there_are_missing(bin_folder: Path) -> None:
    """What `make setup` installs or what is optional is not missed; nothing is run to know it."""
    tools = [TOOLS[name] for name in ("git", "uv", "cargo", "cargo-nextest")]
    assert [tool.name for tool in missing(tools)] == ["git", "cargo"]
    fake(bin_folder, "git", "touch ran; exit 1")
    assert [tool.name for tool in missing(tools)] == ["cargo"]
    assert shutil.which("git") is not None
    assert not Path("ran").exists()


def test_every_tool_says_where_to_get_it() -> None:
    """The closing screen and `doctor` have a next step for each."""
    assert all(tool.get and tool.minimum and tool.version_words for tool in TOOLS.values())
