"""Remembers which cells passed, by the content of everything that decides it."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from scaffold.compose import Tree
from scaffold.toolchain import Tool, find


def cache_folder() -> Path:
    """Return the folder of what can be made again: safe to delete, shared by all checkouts."""
    return platformdirs.user_cache_path("scaffold")


def key(project: Tree, tools: Iterable[Tool], stages: Iterable[str]) -> str:
    """Return the address of a pass: files, tool versions, stages, and the code of the check."""
    digest = hashlib.sha256()
    for path, file in sorted(project.items()):
        digest.update(json.dumps([path, file.executable, file.link]).encode())
        digest.update(hashlib.sha256(file.content).digest())
    digest.update(json.dumps([[tool.name, find(tool).version] for tool in tools]).encode())
    digest.update(json.dumps(list(stages)).encode())
    for module in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def known(address: str) -> bool:
    """Return whether a cell with this address has passed."""
    return _path(address).is_file()


def remember(address: str, cell: str) -> None:
    """Record a pass; the content is for people only."""
    path = _path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{cell} passed\n", encoding="utf-8")


def _path(address: str) -> Path:
    return cache_folder() / "passed" / address
