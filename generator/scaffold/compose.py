"""Lays a template's layers over one another into one tree of files."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scaffold.catalog import SHARED, Template
from scaffold.errors import LayerConflictError, TemplateError
from scaffold.toml_merge import merge

# What builds and tests leave in a raw project; never part of a template. Lock files are made by
# `make setup` in the generated project, since they depend on its name.
LEFTOVERS = frozenset(
    (
        *(".DS_Store", ".coverage", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
        *(".tools", ".venv", "__pycache__", "dist", "target", "Cargo.lock", "uv.lock"),
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a tree: its bytes, or the target of a symbolic link."""

    content: bytes = b""
    executable: bool = False
    link: str | None = None


Tree = dict[str, File]
"""Path with forward slashes -> file."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A file is there where `question` was answered with one of `choices`."""

    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """One template in one language: files that are always there, and files that depend on a choice.

    A path stands several times where its content differs by choice, and then never without one.
    """

    files: tuple[tuple[str, Condition | None, File], ...]


def compose(template: Template, language: str) -> Composed:
    """Lay the layers of `template` for `language` over one another.

    Raises `LayerConflictError` where two layers meet in a file that is not TOML or in one TOML key,
    and `TemplateError` for a link that leaves its layer.
    """
    files: list[tuple[str, Condition | None, File]] = []
    plain = _lay(_folders(template, language, {}))
    varying: dict[str, str] = {}
    for question in template.questions:
        trees = {
            choice: _lay(_folders(template, language, {question.name: choice}))
            for choice in question.choices
            if question.layers
        }
        for path in sorted({path for tree in trees.values() for path in tree}):
            if all(tree.get(path) == plain.get(path) for tree in trees.values()):
                continue
            if path in varying:
                text = f"depends on the questions {varying[path]} and {question.name} at once"
                raise TemplateError(template.folder / "template.toml", f"{path} {text}")
            varying[path] = question.name
            for file, choices in _by_content(path, trees):
                files.append((path, Condition(question.name, choices), file))
    files += [(path, None, file) for path, file in plain.items() if path not in varying]
    return Composed(tuple(sorted(files, key=lambda each: (each[0], str(each[1])))))


def _by_content(path: str, trees: Mapping[str, Tree]) -> Iterator[tuple[File, tuple[str, ...]]]:
    for file in dict.fromkeys(tree[path] for tree in trees.values() if path in tree):
        yield file, tuple(choice for choice, tree in trees.items() if tree.get(path) == file)


def _folders(template: Template, language: str, chosen: Mapping[str, str]) -> list[Path]:
    """Return the layers' folders, general to special, with those that the choices add."""
    added = [
        layer
        for question in template.questions
        for layer in question.layers.get(chosen.get(question.name, ""), ())
    ]
    folders = [template.shared / "any", template.shared / language]
    for layer in (*added, *template.layers):
        folders += [template.shared / layer, template.shared / f"{layer}-{language}"]
    folders += [template.folder / "any", template.folder / language]
    return [folder for folder in folders if folder.is_dir()]


def layers(template: Template, language: str) -> list[str]:
    """Return the names of all shared layers that a project may take in, whatever is chosen."""
    chosen = [{each.name: choice} for each in template.questions for choice in each.choices]
    found = {
        folder.name
        for choices in ({}, *chosen)
        for folder in _folders(template, language, choices)
        if folder.parent.name == SHARED
    }
    return sorted(found)


def _lay(folders: Sequence[Path]) -> Tree:
    sources: dict[str, list[Path]] = {}
    tree: Tree = {}
    for folder in folders:
        for path, file in _read(folder).items():
            sources.setdefault(path, []).append(folder / path)
            tree[path] = file
    for path, meeting in sources.items():
        if len(meeting) > 1:
            if not path.endswith(".toml"):
                raise LayerConflictError(meeting[0], meeting[1])
            tree[path] = File(merge(meeting), tree[path].executable)
    _check_folders(sources)
    return tree


def _check_folders(sources: Mapping[str, list[Path]]) -> None:
    """Raise where a file of one layer is a folder of another."""
    for path, meeting in sources.items():
        for other, inside in sources.items():
            if other.startswith(f"{path}/"):
                raise LayerConflictError(meeting[0], inside[0])


def _read(folder: Path) -> Tree:
    tree: Tree = {}
    for root, directories, names in os.walk(folder):
        links = [name for name in directories if (Path(root) / name).is_symlink()]
        directories[:] = sorted(set(directories) - LEFTOVERS - set(links))
        for name in sorted({*names, *links} - LEFTOVERS):
            path = Path(root) / name
            if not name.endswith(".pyc"):
                tree[path.relative_to(folder).as_posix()] = _read_file(folder, path)
    return tree


def _read_file(folder: Path, path: Path) -> File:
    if path.is_symlink():
        target = path.readlink()
        inside = Path(os.path.normpath(path.parent / target)).is_relative_to(folder)
        if target.is_absolute() or not inside:
            raise TemplateError(path, f"is a link to {target}, which leaves its layer")
        return File(link=target.as_posix())
    if not path.is_file():
        raise TemplateError(path, "is neither a file, a folder nor a link")
    return File(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
