"""Writes the history of the releases: `build_history.py REPOSITORY [BUNDLE]`.

The bare REPOSITORY is made; the BUNDLE is all of it in one file, as wheel and sdist hold it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(root / "generator"))
    from scaffold import history

    repository, *files = map(Path, sys.argv[1:])
    history.build(root, repository.resolve())
    for file in files:
        history.bundle(repository, file.resolve())
