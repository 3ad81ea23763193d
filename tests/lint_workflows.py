"""Holds workflows and Dockerfiles, ours and each generated project's, to the linters of both."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from scaffold import catalog, project
from scaffold.answers import Answers
from scaffold.check import Cell, cells, test_answers
from scaffold.release import open_release
from scaffold.render import render

_ROOT = Path(__file__).parents[1]
_STAND_INS = _ROOT / "tests/images/Dockerfile"


# What each schema speaks of, by the name that check-jsonschema has for it.
_SCHEMAS = {
    "github-workflows": ".github/workflows/*.yml",
    "github-actions": ".github/actions/*/action.yml",
    "dependabot": ".github/dependabot.yml",
    "renovate": ".github/renovate.json",
}


def lint(folders: Sequence[Path]) -> bool:
    """Run every tool on what it speaks of in the repositories; return whether all found it good."""
    # All must speak, so that one run tells everything.
    codes = [
        subprocess.run(words, cwd=folder, check=False).returncode
        for folder, words in _commands(folders)
    ]
    return not any(codes)


def _commands(folders: Sequence[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Return each command and where it runs."""
    for folder in folders:
        # actionlint finds a project's own actions by the repository that it runs in.
        yield folder, ["actionlint", *_found([folder], ".github/workflows/*.yml")]
    words = ["--offline", "--no-progress", "--quiet", "--pedantic"]
    yield _ROOT, ["zizmor", *words, *_found(folders, ".github")]
    for schema, pattern in _SCHEMAS.items():
        schema_word = f"--builtin-schema=vendor.{schema}"
        yield _ROOT, ["check-jsonschema", "--quiet", schema_word, *_found(folders, pattern)]
    yield _ROOT, ["hadolint", *_found(folders, "Dockerfile"), str(_STAND_INS)]


def _found(folders: Sequence[Path], pattern: str) -> list[str]:
    return [str(path) for folder in folders for path in sorted(folder.glob(pattern))]


def variants(cell: Cell) -> Iterator[Answers]:
    """Return the answers of a cell, then those with each other choice that adds layers."""
    answers = test_answers(cell, "my-app")
    yield answers
    for question in cell.template.questions:
        for choice in question.layers:
            if choice != question.default:
                yield replace(answers, values={**answers.values, question.name: choice})


def main() -> int:
    """Lint this repository and each cell, rendered with every layer; return an exit status."""
    folders = [_ROOT]
    with tempfile.TemporaryDirectory() as folder:
        for cell in cells(catalog.load_all()):
            for number, answers in enumerate(variants(cell)):
                files = render(open_release(cell.template, cell.language), answers)
                folders.append(Path(folder) / f"{cell}-{number}")
                project.write(files, folders[-1], git=True)
        return 0 if lint(folders) else 1


if __name__ == "__main__":
    sys.exit(main())
