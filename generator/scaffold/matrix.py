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
    return _git(root, revision, "diff", "--name-only", "--relative", base).splitlines()


def _git(root: Path, revision: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root.parent, capture_output=True, encoding="utf-8", check=False
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


def _touches(path: str, template: Template, language: str, folder: str) -> bool:
    if path.startswith(_PROSE):
        return False
    parts = path.split("/")
    if parts[0] == "tests" and parts[1] == "contracts":
        return parts[-1] in (f"test_{template.name.replace('-', '_')}.py", "conftest.py")
    if parts[0] != folder:
        return True
    if parts[1] == SHARED:
        return parts[2] in layers(template, language) or parts[2] == "questions.toml"
    if parts[1] != template.name:
        return False
    others = set(template.languages) - {language}
    return parts[2] not in others | {f"files-{other}.txt" for other in others}
