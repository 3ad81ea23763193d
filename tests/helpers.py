"""Trees of files and toy templates for the tests, and the waiting for what is to come."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

LONG_TESTS = os.environ.get("SCAFFOLD_LONG_TESTS") == "1"
"""Whether the suites of the contracts take all the time that they could use."""

T = TypeVar("T")

_SHARED = (Path(__file__).parents[1] / "templates/_shared/questions.toml").read_text("utf-8")
QUESTIONS = _SHARED.partition("\n[questions.template_updates]")[0]  # the toys lack its layer

TOY = {
    "_shared/questions.toml": QUESTIONS,
    "_shared/any/AUTHORS.md": "Ada Author <ada@example.com>\n",
    "_shared/any/.github/ci.yml": "run: ${{ matrix.os }}\n",
    "_shared/python/pyproject.toml": "[tool.thing]\nkey = 1\n",
    "_shared/rust/Cargo.toml": "[lints]\nkey = 1\n",
    "_shared/licence-mit/LICENSE": "Copyright (c) Ada Author\n",
    "_shared/licence-mit-python/pyproject.toml": '[project]\nlicense = "MIT"\n',
    "_shared/licence-apache-2.0/LICENSE": "Apache\n",
    "_shared/licence-apache-2.0-python/pyproject.toml": '[project]\nlicense = "Apache-2.0"\n',
    "toy/template.toml": 'summary = "A toy"\nlanguages = ["python", "rust"]\n',
    "toy/any/README.md": "# My Project\n\nBy Ada Author.\n",
    "toy/python/pyproject.toml": (
        '[project]\nname = "my-project"\n'
        'authors = [{ name = "Ada Author", email = "ada@example.com" }]\n'
    ),
    "toy/python/src/my_project/__init__.py": '"""My Project, by "Ada Author"."""\n'.replace(
        '"Ada Author"', "Ada Author"
    ),
    "toy/python/run.sh": "#!/bin/sh\necho my-project\n",
    "toy/rust/Cargo.toml": (
        '[package]\nname = "my-project"\nauthors = ["Ada Author <ada@example.com>"]\n'
    ),
    "toy/rust/src/main.rs": "use my_project::run;\n",
}
"""A template with all that the generator does to one: layers, choices, stand-ins, a script."""


def build_tree(files: Mapping[str, str | bytes], folder: Path) -> Path:
    """Write the files of a tree below `folder`; one that starts with `#!` gets its run bit."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        target.write_bytes(data)
        if data.startswith(b"#!"):
            target.chmod(0o755)
    return folder


def read_tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return what lies below `folder`, but git's own: path -> content or link, and the run bit."""
    found = {}
    for root, directories, names in os.walk(folder):
        if ".git" in directories:
            directories.remove(".git")
        for name in names + [each for each in directories if (Path(root) / each).is_symlink()]:
            path = Path(root) / name
            link = path.is_symlink()
            content = os.fsencode(path.readlink()) if link else path.read_bytes()
            run = not link and bool(path.stat().st_mode & 0o100)
            found[path.relative_to(folder).as_posix()] = (content, run)
    return found


def need(tool: str) -> str:
    """Return the path of a program; without it skip the test, or fail it where CI has it all."""
    path = shutil.which(tool)
    if path is None:
        absent = f"{tool} is not on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return path


def eventually(look: Callable[[], T | None], within: float = 10.0) -> T:
    """Look again and again until something true comes back, and return it."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {within} seconds"
        time.sleep(0.005)
    return found
