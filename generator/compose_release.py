"""Composes the templates of the checkout that it lies in: `compose_release.py ARCHIVE`.

Every later version calls it to take this version into its history, so the call must not change.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from scaffold.release import build_tree, pack

    Path(sys.argv[1]).write_bytes(pack(build_tree()))
