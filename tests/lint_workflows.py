"""Holds every workflow, ours and each generated project's, to actionlint and zizmor."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scaffold import catalog, project
from scaffold.answers import Answers
from scaffold.check import Cell, cells, test_answers
from scaffold.release import open_release
from scaffold.render import render

_ROOT = Path(__file__).parents[1]


def lint(folder: Path) -> bool:
    """Run both tools on the workflows of one repository; return whether they found nothing."""
    workflows = sorted(map(str, (folder / ".github/workflows").glob("*.yml")))
    commands = (
        ["actionlint", *workflows],
        ["zizmor", "--offline", "--no-progress", "--quiet", "--pedantic", str(folder / ".github")],
    )
    # Both must speak, so that one run tells everything.
    codes = [subprocess.run(words, cwd=folder, check=False).returncode for words in commands]
    return not any(codes)


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
    good = [lint(_ROOT)]
    with tempfile.TemporaryDirectory() as folder:
        for cell in cells(catalog.load_all()):
            for number, answers in enumerate(variants(cell)):
                files = render(open_release(cell.template, cell.language), answers)
                place = Path(folder) / f"{cell}-{number}"
                # actionlint finds the project's own actions by its repository.
                project.write(files, place, git=True)
                good.append(lint(place))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
