"""Merges TOML files key by key, with their comments, where no two set the same key."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.errors import LayerConflictError, TemplateError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

# Comments and strings, in which every line end stays, or blank lines too many.
_BLANK_LINES = re.compile(
    r"""(#.*|"{3}(?:\\[\s\S]|[^\\])*?"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')|\n{3,}"""
)

_Moved = tuple[Any, str]
"""An item of tomlkit's, and the comments above it."""


def merge(paths: Sequence[Path]) -> bytes:
    """Merge files that are ordered general to special; the most special comes first in the result.

    A comment goes where the key goes that it stands above or beside. Raises `LayerConflictError`
    where two files set one key, and `TemplateError` for a file that is not TOML, or that tomlkit
    cannot merge.
    """
    documents = {path: _parse(path) for path in reversed(paths)}
    tables = {path: document.unwrap() for path, document in documents.items()}
    for first, second in combinations(documents, 2):
        if key := _common_key(tables[first], tables[second]):
            raise LayerConflictError(first, second, key)
    merged, *others = documents.values()
    waiting: list[str] = []
    moved = [each for other in others for each in _move(other, merged, waiting)]
    for value, comments in moved:
        _put_above(value, comments)
    # Tables that come together bring their blank lines.
    tidy = _BLANK_LINES.sub(lambda match: match[1] or "\n\n", merged.as_string())
    text = tidy.rstrip("\n") + "\n" + "".join(waiting)
    # What tomlkit writes is not always what it was given, where dots, braces and tables mix.
    if not _says(text, reduce(_union, tables.values())):
        special = " and ".join(map(str, paths[1:]))
        problem = f"cannot be merged into {special}; write what they share as tables with headers"
        raise TemplateError(paths[0], problem)
    return text.encode()


def _parse(path: Path) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415  # only a checkout composes

    try:
        document = tomlkit.parse(path.read_bytes().decode())
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as error:
        raise TemplateError(path, f"is not valid TOML: {error}") from error
    _drop_copies(document)
    return document


def _body(table: Any) -> Any:  # noqa: ANN401  # tomlkit's tables and documents have no common type
    return (table if hasattr(table, "body") else table.value).body


def _is_implied(table: object) -> bool:
    """Return whether it is the `a` of a header `[a.b]`, which has no header of its own."""
    return bool(hasattr(table, "is_super_table") and table.is_super_table())


def _drop_copies(table: Any) -> None:  # noqa: ANN401
    """Leave the comment of a header `[a.b]  # why` to `b`; tomlkit gives `a` a copy of it."""
    for _, value in _body(table):
        if _is_implied(value):
            value.trivia.comment_ws = value.trivia.comment = ""
        if hasattr(value, "is_super_table"):
            _drop_copies(value)


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


def _move(table: Any, into: Any, waiting: list[str]) -> Iterator[_Moved]:  # noqa: ANN401
    """Move what `table` holds; yield each value with the comments that were `waiting` for it."""
    for key, value in _body(table):
        if key is None:
            waiting += [value.as_string()] if value.as_string().strip() else []
        elif key in into:
            waiting += [f"{value.trivia.comment}\n"] if value.trivia.comment else []
            yield from _move(value, into[key], waiting)
        else:
            into.add(key, value) if hasattr(into, "add") else into.update({key: value})
            yield value, "".join(waiting)
            waiting.clear()


def _put_above(value: Any, comments: str) -> None:  # noqa: ANN401
    """Make the comments a part of the line that `value` starts with."""
    while _is_implied(value):
        value = next(each for key, each in _body(value) if key is not None)
    line = value[0] if hasattr(value, "body") else value
    if comments:
        blank = "\n" * hasattr(line, "display_name")  # as before each table
        line.trivia.indent = blank + comments + line.trivia.indent.lstrip("\n")
