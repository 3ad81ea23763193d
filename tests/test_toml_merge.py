"""TOML files merged key by key, so that nothing in them is lost."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import LayerConflictError, TemplateError
from scaffold.toml_merge import merge


def join(texts: Iterable[str | bytes], folder: Path) -> str:
    """Merge the files 0.toml, 1.toml, …, of which the first is the most general."""
    paths = []
    for i, text in enumerate(texts):
        paths.append(folder / f"{i}.toml")
        paths[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    return merge(paths).decode()


@pytest.mark.parametrize(
    ("general", "special", "key"),
    [
        ("a = 1\n", "a = 2\n", "a"),
        ("a = 1\n", "a = 1\n", "a"),
        ("[lints.rust]\nunsafe_code = 1\n", "[lints.rust]\nunsafe_code = 2\n", "lints.rust.un"),
        ("[a]\nb = 1\n", "a = 1\n", "a"),
        ("a = 1\n", "[a]\nb = 1\n", "a"),
        ("a.b.c = 1\n", "[a.b]\nc = 2\n", "a.b.c"),
        ("a = { b = 1 }\n", "[a]\nb = 2\n", "a.b"),
        ("[[bench]]\nname = 1\n", "[[bench]]\nname = 2\n", "bench"),
        ("[[bench]]\nname = 1\n", "[bench]\nother = 2\n", "bench"),
        ("list = [1]\n", "list = [2]\n", "list"),
        ("[a]\nx = 1\n[c]\n[a.b]\ny = 1\n", "[a.b]\nz = 1\ny = 2\n", "a.b.y"),
        ('["tests/**"]\n"a b" = 1\n', '["tests/**"]\n"a b" = 2\n', "tests/**.a b"),
    ],
)
def test_two_files_that_set_one_key_are_told_by_both_files_and_the_key(
    general: str, special: str, key: str, tmp_path: Path
) -> None:
    """The key is dotted, so that it can be found; the same value twice is a conflict, too."""
    with pytest.raises(LayerConflictError) as raised:
        join([general, special], tmp_path)
    first, second = tmp_path / "0.toml", tmp_path / "1.toml"
    assert str(raised.value).startswith(f"{second} and {first} both set the key {key}")


def test_of_three_files_the_two_that_set_the_key_are_told(tmp_path: Path) -> None:
    """A third file, which does not hold the key, is not blamed."""
    with pytest.raises(LayerConflictError) as raised:
        join(["[t]\na = 1\n", "[t]\na = 2\n", "[t]\nb = 1\n"], tmp_path)
    first, second = tmp_path / "0.toml", tmp_path / "1.toml"
    assert str(raised.value).startswith(f"{second} and {first} both set the key t.a;")


@pytest.mark.parametrize(
    ("general", "special", "merged"),
    [
        # Keys come to their table, before the tables inside it; the special comes first.
        (
            '[project]\nlicense = "MIT"\n',
            '[project]\nname = "x"\n\n[project.scripts]\nx = "y"\n',
            '[project]\nname = "x"\nlicense = "MIT"\n\n[project.scripts]\nx = "y"\n',
        ),
        ("a = 1\n", "[t]\nb = 2\n", "a = 1\n\n[t]\nb = 2\n"),
        # Whole tables follow, with a blank line between.
        (
            "[tool.b]\ny = 2\n[tool.c]\nz = 3\n",
            "[tool.a]\nx = 1\n",
            "[tool.a]\nx = 1\n\n[tool.b]\ny = 2\n\n[tool.c]\nz = 3\n",
        ),
        (
            "[package]\nname = 1\n",
            "[[bench]]\nname = 1\n[[bench]]\nname = 2\n",
            "[[bench]]\nname = 1\n[[bench]]\nname = 2\n\n[package]\nname = 1\n",
        ),
        (
            "[[bench]]\nname = 1\n",
            "[package]\nname = 1\n",
            "[package]\nname = 1\n\n[[bench]]\nname = 1\n",
        ),
        # A comment stays on its line, or above what it was above.
        (
            "# on c\n[t]\n# on b\nb = true  # yes\nc = [\n  1,  # I\n]\n",
            "# on t\n[t]  # t\na = 1  # a\n",
            "# on t\n[t]  # t\na = 1  # a\n# on c\n# on b\nb = true  # yes\nc = [\n  1,  # I\n]\n",
        ),
        (
            "[a]  # on a\nx = 1\n\n# on b\n[b]\ny = 1\n",
            "[a]\nz = 1\n",
            "[a]\nz = 1\n# on a\nx = 1\n\n# on b\n[b]\ny = 1\n",
        ),
        ("# on c\n[b.c]\nx = 1\n", "a = 1\n", "a = 1\n\n# on c\n[b.c]\nx = 1\n"),
        (
            "[b]\na = 1\n[b.c]\nx = 1\n",
            "[b.c.d]  # on d\ny = 1\n",
            "[b]\na = 1\n\n[b.c]\nx = 1\n\n[b.c.d]  # on d\ny = 1\n",
        ),
        (
            "[b.c]\nx = 1\n",
            "[b]\n[b.c.d]  # on d\ny = 1\n",
            "[b]\n[b.c]\nx = 1\n\n[b.c.d]  # on d\ny = 1\n",
        ),
        ("# on b\nb.c.d = 1\n", "a = 1\n", "a = 1\n# on b\nb.c.d = 1\n"),
        ("# on b\n[[b]]\nx = 1\n", "a = 1\n", "a = 1\n\n# on b\n[[b]]\nx = 1\n"),
        ("a = 1\n\n# the end\n", "b = 1\n", "b = 1\na = 1\n# the end\n"),
        ("# nothing\n", "b = 1\n", "b = 1\n# nothing\n"),
        # Blank lines are one at most, and the end is one line end.
        ("\n\n\n\nb = 1\n\n\n\n", "a = 1\n\n\n\n[t]\n\n\n", "a = 1\nb = 1\n\n[t]\n"),
        ("b = 1\n", '# """\na = 1\n\n\n\n[t]  # """\n', '# """\na = 1\nb = 1\n\n[t]  # """\n'),
        ("", "b = 1", "b = 1\n"),
        ("a = 1", "", "a = 1\n"),
        # In strings every line end stays.
        (
            "b = '''\n\n\n\nx'''\n",
            'a = """\n\n\n\n\\"""\n\n\n\n# x"""  # """\n',
            'a = """\n\n\n\n\\"""\n\n\n\n# x"""  # """\nb = \'\'\'\n\n\n\nx\'\'\'\n',
        ),
        # A date, a float and a key stay in the form that they were written in.
        (
            "when=1979-05-27T07:32:00Z\n'q k'   =   1e3\n",
            "hex = 0xDEAD_BEEF\n",
            "hex = 0xDEAD_BEEF\nwhen=1979-05-27T07:32:00Z\n'q k'   =   1e3\n",
        ),
    ],
)
def test_files_are_merged_key_by_key(
    general: str, special: str, merged: str, tmp_path: Path
) -> None:
    """The result is what a person would have written: special first, comments in their places."""
    assert join([general, special], tmp_path) == merged


def test_three_files_are_merged(tmp_path: Path) -> None:
    """A comment of the second does not disturb what the third adds to the same table."""
    general, middle, special = "[t]\nc = 3\n[u]\nd = 4\n", "# why not\n[t]\nb = 2\n", "a = 1\n"
    merged = "a = 1\n\n# why not\n[t]\nb = 2\nc = 3\n\n[u]\nd = 4\n"
    assert join([general, middle, special], tmp_path) == merged


@pytest.mark.parametrize(
    "content",
    [b"a = \n", b"a = 1\na = 2\n", b"[t]\n[t]\n", b"\xff\xfe", "a = 'Zoë'".encode("cp1252")],
)
@pytest.mark.parametrize("broken", [0, 1])
def test_a_file_that_is_malformed_is_told(content: bytes, broken: int, tmp_path: Path) -> None:
    """Whichever of the two it is, it is the one that is named."""
    texts = [b"fine = 1\n", b"good = 1\n"]
    texts[broken] = content
    with pytest.raises(TemplateError) as raised:
        join(texts, tmp_path)
    place = tmp_path / f"{broken}.toml"
    assert str(raised.value).startswith(f"{place}: is not valid TOML: ")


@pytest.mark.parametrize(
    ("general", "special"),
    [
        ("b = 1\nd = 1\n\n[c.b]\na = 1\n", "c.a = 1\n\n[[a]]\n"),
        ("[a]\n# above x\nx = 1\n", "a = { y = 1 }\n"),
    ],
)
def test_what_would_come_out_wrong_is_refused(general: str, special: str, tmp_path: Path) -> None:
    """Where dots, braces and tables mix so that the writer of TOML is lost, nothing is guessed."""
    with pytest.raises(TemplateError) as raised:
        join([general, special, "other = 1\n"], tmp_path)
    places = f"{tmp_path / '1.toml'} and {tmp_path / '2.toml'}"
    problem = f"cannot be merged into {places}; write what they share as tables with headers"
    assert str(raised.value) == f"{tmp_path / '0.toml'}: {problem}"


COMMENTS = re.compile(r"# \d+.*")  # no value below holds such a text
KEYS = st.sampled_from(("a", "b", "c", "d e"))
VALUES = st.booleans() | st.integers(0, 9) | st.text("ab \n\"'#[]{}=\\é", max_size=8)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=2), min_size=1, max_size=2)
TABLES = st.recursive(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(KEYS, VALUES | RECORDS | inner, min_size=1, max_size=4),
    max_leaves=12,
)


def leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value with the value."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def nest(pairs: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Make a table of what `leaves` yields."""
    table: dict[str, Any] = {}
    for path, value in pairs:
        inside = table
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = value
    return table


def write(table: Mapping[str, Any], data: st.DataObject, path: tuple[str, ...] = ()) -> str:
    """Write a table as TOML, with comments and blank lines here and there."""
    draw = data.draw

    def comment() -> str:
        text = draw(st.sampled_from(("", "", " why", ' """', " '", " [x]")))
        return f"# {draw(st.integers(0, 9**9))}{text}\n" if text else "\n"

    def gap() -> str:
        return "\n" * draw(st.sampled_from((0, 0, 1, 4))) + comment().lstrip("\n")

    lines, tables = [], []
    for key, value in table.items():
        name = ".".join(json.dumps(each) if " " in each else each for each in (*path, key))
        if isinstance(value, dict):
            inside = write(value, data, (*path, key))
            bare = all(isinstance(each, dict) for each in value.values()) and draw(st.booleans())
            tables.append(inside if bare else f"{gap()}[{name}]{comment()}{inside}")
        elif isinstance(value, list):
            tables += [gap(), *(f"[[{name}]]\n{write(record, data)}" for record in value)]
        else:
            text = json.dumps(value, ensure_ascii=False)
            if "\\n" in text and draw(st.booleans()):
                text = '"""\n{}"""'.format(text[1:-1].replace("\\n", "\n"))
            lines.append(f"{gap()}{name.rpartition('.')[2]} = {text}{comment()}")
    return "".join(lines + tables)


@given(table=TABLES, data=st.data())
def test_toml_that_is_spread_over_files_comes_together_whole(
    table: dict[str, Any], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whichever file has which key, all values come together and no comment is lost."""
    pairs = list(leaves(table))
    owners = data.draw(st.lists(st.integers(0, 2), min_size=len(pairs), max_size=len(pairs)))
    parts = [
        nest(pair for pair, owner in zip(pairs, owners, strict=True) if owner == layer)
        for layer in range(3)
    ]
    texts = [write(part, data) for part in parts]
    assert [tomllib.loads(text) for text in texts] == parts
    merged = join(texts, tmp_path_factory.mktemp("spread"))
    assert tomllib.loads(merged) == table
    comments = [comment for text in texts for comment in COMMENTS.findall(text)]
    assert sorted(COMMENTS.findall(merged)) == sorted(comments)
