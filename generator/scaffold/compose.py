"""Lays a template's layers over one another into one tree of files."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.catalog import SHARED, Template
from scaffold.errors import LayerConflictError, TemplateError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

# What builds and tests leave in a raw project; never part of a template. Lock files are made by
# `make setup` in the generated project, since they depend on its name.
LEFTOVERS = frozenset(
    (
        *(".DS_Store", ".coverage", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
        *(".tools", ".venv", "__pycache__", "dist", "target", "Cargo.lock", "uv.lock"),
    )
)


_BLANK_LINES = re.compile(
    r"""(\#.*|"{3}(?:\\[\s\S]|[^\\])*?"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')|\n{3,}"""
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
            tree[path] = File(_merge(meeting), tree[path].executable)
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


def _merge(paths: Sequence[Path]) -> bytes:
    """Merge TOML files key by key; the most special file comes first in the result."""
    documents = {path: _parse(path) for path in reversed(paths)}
    tables = {path: document.unwrap() for path, document in documents.items()}
    for first, second in combinations(documents, 2):
        if key := _common_key(tables[first], tables[second]):
            raise LayerConflictError(first, second, key)
    merged, *others = documents.values()
    above: list[str] = []
    moved = [each for other in others for each in _move(other, merged, above)]
    for value, comments in moved:
        _put_above(value, comments)
    # Tables that come together bring their blank lines; in strings of many lines these stay.
    tidy = _BLANK_LINES.sub(lambda match: match[1] or "\n\n", merged.as_string())
    text = tidy.rstrip("\n") + "\n" + "".join(above)
    if not _says(text, reduce(_union, tables.values())):
        problem = f"cannot be merged into {first}; write what they share as tables, without dots"
        raise TemplateError(second, problem)
    return text.encode()


def _parse(path: Path) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415  # only a checkout composes

    try:
        return tomlkit.parse(path.read_bytes().decode())
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as error:
        raise TemplateError(path, f"is not valid TOML: {error}") from error


def _common_key(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Return a key that both set, dotted; tables are set key by key."""
    for key in [key for key in one if key in other]:
        if not isinstance(one[key], dict) or not isinstance(other[key], dict):
            return key
        if inner := _common_key(one[key], other[key]):
            return f"{key}.{inner}"
    return None


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _union(one[key], other[key]) for key in one.keys() & other}
    return {**one, **other, **both}


def _says(text: str, table: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == table
    except tomllib.TOMLDecodeError:
        return False


def _move(table: Any, into: Any, above: list[str]) -> Iterator[tuple[Any, str]]:  # noqa: ANN401
    """Move what `table` holds; yield each value with the comments that were `above` it."""
    for key, value in (table if hasattr(table, "body") else table.value).body:
        if key is None:
            above += [value.as_string()] if value.as_string().strip() else []
        elif key in into:
            above += [f"{value.trivia.comment}\n"] if value.trivia.comment else []
            yield from _move(value, into[key], above)
        else:
            into.add(key, value) if hasattr(into, "add") else into.update({key: value})
            yield value, "".join(above)
            above.clear()


def _put_above(value: Any, comments: str) -> None:  # noqa: ANN401  # an item of tomlkit's
    """Make the comments a part of the line that `value` starts with."""
    while hasattr(value, "is_super_table") and value.is_super_table():
        value = next(each for key, each in value.value.body if key is not None)
    line = value[0] if hasattr(value, "body") else value
    if comments:
        blank = "\n" * hasattr(line, "display_name")  # as before each table
        line.trivia.indent = blank + comments + line.trivia.indent.lstrip("\n")
