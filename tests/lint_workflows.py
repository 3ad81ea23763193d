"""Holds every workflow, ours and each generated project's, to actionlint and zizmor."""

import subprocess
import sys
import tempfile
from pathlib import Path

from scaffold import catalog, project
from scaffold.check import cells, test_answers
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


def main() -> int:
    """Lint this repository and each cell, rendered; return an exit status."""
    good = [lint(_ROOT)]
    with tempfile.TemporaryDirectory() as folder:
        for cell in cells(catalog.load_all()):
            files = render(open_release(cell.template, cell.language), test_answers(cell, "my-app"))
            place = Path(folder) / str(cell)
            # actionlint finds the project's own actions by its repository.
            project.write(files, place, git=True)
            good.append(lint(place))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
