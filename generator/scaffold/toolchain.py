"""Knows which tools a project needs, and whether this machine has them in a version that works."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from scaffold.catalog import Template
from scaffold.errors import TemplateError


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, how to ask it for its version, and where to get it."""

    name: str
    version_words: tuple[str, ...]
    minimum: tuple[int, ...]
    get: str
    optional: bool = False
    """Used where present, or installed by `make setup`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What this machine has of a tool."""

    tool: Tool
    version: str | None
    """None where the tool is absent or does not run."""

    @property
    def good(self) -> bool:
        """Whether it is here in a version that works."""
        if self.version is None:
            return False
        return tuple(map(int, self.version.split("."))) >= self.tool.minimum


LIMIT = 20.0
"""Seconds after which a program that tells no version is taken not to run."""
_VERSION = ("--version",)
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("git", _VERSION, (2, 28), "https://git-scm.com/downloads"),
        Tool("make", _VERSION, (3, 81), "apt install make, or Xcode's command line tools"),
        Tool("python3", _VERSION, (3, 11), "https://www.python.org/downloads/"),
        Tool("uv", _VERSION, (0, 5), "`make setup` installs it; or pip install uv", optional=True),
        Tool("cargo", _VERSION, (1, 85), "https://rustup.rs"),
        Tool("cargo-nextest", ("nextest", *_VERSION), (0, 9), "https://nexte.st", optional=True),
        Tool("docker", _VERSION, (20, 10), "https://docs.docker.com/engine/install/"),
    )
}

_EVERYWHERE = ("git", "make", "python3")  # python3 also runs pre-commit in projects in Rust
_BY_LANGUAGE = {"python": ("uv",), "rust": ("cargo", "cargo-nextest")}


def needed(template: Template, language: str) -> list[Tool]:
    """Return the tools that a project of `template` in `language` uses.

    Raises `TemplateError` where the template names a tool that is not known here.
    """
    names = dict.fromkeys((*_EVERYWHERE, *_BY_LANGUAGE[language], *template.tools))
    for name in names:
        if name not in TOOLS:
            path = template.folder / "template.toml"
            raise TemplateError(path, f"the tool {name!r} is none of {', '.join(TOOLS)}")
    return [TOOLS[name] for name in names]


def find(tool: Tool) -> Found:
    """Look for a tool on the path and ask it for its version."""
    words = tool.version_words
    program = "cargo" if words[0] == "nextest" else tool.name
    # Windows knows Python by another name, and the one that runs this is as good as any.
    path = shutil.which(program) or (sys.executable if tool.name == "python3" else None)
    if path is None:
        return Found(tool, None)
    try:
        done = subprocess.run(
            [path, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=LIMIT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Found(tool, None)
    version = re.search(r"\d+(\.\d+)+", done.stdout)
    return Found(tool, version.group() if version and done.returncode == 0 else None)


def missing(tools: Iterable[Tool]) -> list[Tool]:
    """Return those of `tools` that must be here and are not, without running any of them."""
    return [tool for tool in tools if not tool.optional and shutil.which(tool.name) is None]
