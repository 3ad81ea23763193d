"""What version this is: that of the newest tag, or what the build wrote down."""

import re
from functools import cache
from pathlib import Path

from scaffold import git

_HERE = Path(__file__).resolve().parent
_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_WRITTEN = _HERE / "version.txt"
"""Written by the build; a checkout asks git instead."""


@cache
def version() -> str:
    """Return the version of this package, such as `1.2.0`, or `1.2.1.dev3` between two releases."""
    if _WRITTEN.is_file():
        return _WRITTEN.read_text(encoding="utf-8").strip()
    return of_checkout(_HERE.parents[1])


def of_checkout(root: Path) -> str:
    """Return the version of a checkout: of its newest tag `v1.2.3`, else of its changelog.

    Work after the tag makes it the next version's development: `1.2.4.dev3` is three commits on.
    """
    try:
        tags = release_tags(root)
    except FileNotFoundError:  # no git on this machine
        tags = []
    if tags:
        words = ("describe", "--tags", "--long", "--dirty", f"--match={tags[-1]}")
        described = git.run(root, *words).stdout.decode()
        if found := re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g\w+(-dirty)?\n", described):
            major, minor, patch, distance = map(int, found.group(1, 2, 3, 4))
            if not distance and not found[5]:
                return f"{major}.{minor}.{patch}"
            return f"{major}.{minor}.{patch + 1}.dev{distance}"
    return _of_changelog(root / "CHANGELOG.md")


def release_tags(root: Path) -> list[str]:
    """Return the tags of releases that the work tree comes from, oldest version first."""
    if not (root / ".git").exists():
        return []  # a copy that merely lies inside another repository has no tags of its own
    words = ("for-each-ref", "--format=%(refname:strip=2)", "--merged=HEAD", "refs/tags")
    merged = git.run(root, *words).stdout.decode(errors="replace")
    found = [match for line in merged.splitlines() if (match := _TAG.fullmatch(line))]
    return [match[0] for match in sorted(found, key=lambda each: [int(n) for n in each.groups()])]


def _of_changelog(path: Path) -> str:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    return found[1] if found else "0.0.0"
