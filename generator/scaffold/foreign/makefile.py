"""Reads which targets a Makefile has, by asking make."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path


def targets(folder: Path, variables: Mapping[str, str]) -> set[str]:
    """Return the targets in `folder` that do something; `variables` is the environment.

    Targets may stand in variables and included files, so make prints its database: `make -p`, see
    https://www.gnu.org/software/make/manual/html_node/Options-Summary.html.
    A target without recipe and prerequisites, or one that make takes for a file that is there,
    would pass without doing anything, and is none.
    """
    done = subprocess.run(
        ["make", "-pRrq", ":"],
        cwd=folder,
        env={**variables, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    found = set()
    for block in done.stdout.partition("\n# Files")[2].split("\n\n"):
        rule = re.match(r"([\w.-]+)::?(?!=)[ \t]*(.*)", block)
        if rule is None:
            continue
        works = rule[2] or re.search(r"^#  (recipe|commands) to execute", block, re.MULTILINE)
        runs = "\n#  Phony target" in block or not (folder / rule[1]).exists()
        if works and runs:
            found.add(rule[1])
    return found
