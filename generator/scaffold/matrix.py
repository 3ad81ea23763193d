"""Tells which cells a change touches."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scaffold.catalog import SHARED, Template
from scaffold.check import Cell
from scaffold.compose import layers
from scaffold.errors import ToolError

# What no cell is made of; a change anywhere else outside `templates/` touches every cell.
_PROSE = ("docs/", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")


def changed_files(revision: str, root: Path) -> list[str]:
    """Return the files that differ from where `revision` and the work tree parted.

    Paths are relative to the folder above `root`, the templates. Raises `ToolError`.
    """
    base = _git(root, revision, "merge-base", "--end-of-options", revision, "HEAD").strip()
    # A file that moved is gone where it was; and no name is quoted or breaks its line.
    words = ("diff", "--name-only", "--no-renames", "--relative", "-z", base)
    names = _git(root, revision, *words)
    # Projects are made of what lies in the folders, whether git knows it yet or not.
    names += _git(root, revision, "ls-files", "--others", "--exclude-standard", "-z")
    return names.split("\0")[:-1]


def _git(root: Path, revision: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=root.parent,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise ToolError("git", "is not here", "install it to compare with a revision") from error
    if done.returncode:
        reason = (done.stderr.splitlines() or ["no commit in common"])[0]
        problem = f"cannot compare with {revision!r}: {reason}"
        raise ToolError("git", problem, "name a revision that this clone has")
    return done.stdout


def touched(cells: Sequence[Cell], changed: Sequence[str], folder: str) -> list[Cell]:
    """Return those `cells` that a change of the files `changed` touches.

    `folder` is the name of the templates' folder.
    """
    return [
        cell
        for cell in cells
        if any(_touches(path, cell.template, cell.language, folder) for path in changed)
    ]


def is_suite_of(module: str, template: str) -> bool:
    """Tell whether a module of tests is a template's.

    It is `test_<template>.py`, or for a theme of it `test_<template>_<theme>.py`.
    """
    suite = f"test_{template.replace('-', '_')}"
    return module == f"{suite}.py" or module.removesuffix(".py").startswith(f"{suite}_")


def _touches(path: str, template: Template, language: str, folder: str) -> bool:
    if path.startswith(_PROSE):
        return False
    # A template, or all of them, may be a submodule or a link: a path with no file in it.
    top, name, part = (*path.split("/"), "", "")[:3]
    if (top, name) == ("tests", "contracts"):
        return is_suite_of(part, template.name) or not part.startswith("test_")
    if top != folder or not name:
        return True
    if name == SHARED:
        # What is no folder, or no longer one, may have been part of any project.
        return (
            part in layers(template, language) or not part or not (template.shared / part).is_dir()
        )
    if name != template.name:
        return False
    others = set(template.languages) - {language}
    return part not in others | {f"files-{other}.txt" for other in others}
