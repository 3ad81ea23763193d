"""Makes projects and runs their own benchmarks: each template against its peers, in one run.

`python bench/projects.py microservice` takes one template, without words it takes those that
compare something: the services with their bare frameworks, `dedup` with other such tools.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scaffold import catalog, passes, project
from scaffold.check import Cell, cells, test_answers
from scaffold.release import open_release
from scaffold.render import render

_COMPARING = ("microservice", "dedup")


def main() -> int:
    """Run every benchmark and show what it prints; return 1 where one failed."""
    templates = [catalog.load(name) for name in sys.argv[1:] or _COMPARING]
    failed = []
    with tempfile.TemporaryDirectory() as name:
        for cell in cells(templates):
            print(f"\n== {cell}", flush=True)
            if not _run(cell, Path(name, str(cell))):
                failed.append(str(cell))
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(cell: Cell, folder: Path) -> bool:
    # A name of its own, since all projects share one target folder of cargo.
    answers = test_answers(cell, f"bench-{cell.template.name}")
    project.write(render(open_release(cell.template, cell.language), answers), folder, git=False)
    target = {"CARGO_TARGET_DIR": str(passes.cache_folder() / "cargo-target")}
    words = ["make", "--silent", "setup", "bench"]
    return subprocess.run(words, cwd=folder, env=os.environ | target, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
