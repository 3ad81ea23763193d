"""Finds the files that this project shares with its twins in other languages."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def read_shared(folder: str, name: str) -> str:
    """Return a text of `contract` or `shaders`.

    A wheel holds both inside the package; from a checkout they stand at its root.
    """
    inside = _PACKAGE / folder / name
    path = inside if inside.exists() else _PACKAGE.parents[1] / folder / name
    return path.read_text(encoding="utf-8")
