"""Sizes, durations, globs and names, as people write them."""

import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project.errors import WrongUsageError
from my_project.globs import Globs
from my_project.names import absolute, as_json, from_json, shown
from my_project.selection import Selection
from my_project.units import format_size, parse_duration, parse_size

NAMES = st.binary(min_size=1).map(lambda name: b"/" + name.replace(b"\0", b""))


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1.5KiB", 1536), ("0.0001B", 0), ("3m", 3 << 20), ("2gb", 2 * 10**9), ("007", 7)],
)
def test_a_size_has_a_number_and_perhaps_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", ".5K", "1.K", "1 K", "1PiB", "K", "+1", "٣", "8388608TiB", "9" * 5000]
)
def test_what_is_no_size_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsageError):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "1", "-1s", "1.5h", "1w", "1S", "106752d", "9" * 5000 + "s"])
def test_what_is_no_duration_is_wrong_usage(text: str) -> None:
    assert parse_duration("2h") == 2 * 3600 * 10**9
    with pytest.raises(WrongUsageError):
        parse_duration(text)


def test_a_size_is_shown_in_the_largest_unit_it_fills() -> None:
    sizes = [0, 1, 1023, 1024, 1048575, 1 << 20, 3 * 2**40, 2**62]
    shown_sizes = [
        "0 bytes", "1 byte", "1023 bytes", "1.0 KiB", "1024.0 KiB", "1.0 MiB", "3.0 TiB", "4194304.0 TiB"
    ]  # fmt: skip
    assert [format_size(size) for size in sizes] == shown_sizes


def test_a_selection_that_nothing_can_pass_is_wrong_usage() -> None:
    with pytest.raises(WrongUsageError):
        Selection(min_size=2, max_size=1)


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        (b"*.txt", b"/a/b.txt", True),
        (b"*.txt", b"/a.txt/b", False),
        (b"?", b"/a/\xff", True),
        (b"?", b"/a/\xc3\xa9", False),
        (b"a/*", b"/x/a/b", True),
        (b"a/*", b"/a/b/c", False),
        (b"a/**", b"/a/b/c", True),
        (b"/a/*", b"/x/a/b", False),
        (b"[a-c]", b"/b", True),
        (b"[!a-c]", b"/b", False),
        (b"[]]", b"/]", True),
        (b"[!]]", b"/]", False),
        (b"[a-]", b"/-", True),
        (b"[c-a]", b"/b", False),
        (b"[\\]]", b"/]", True),
        (b"[a\\-c]", b"/b", False),
        (b"[\\a-\\c]", b"/b", True),
        (b"a[!b]c", b"/a/c", False),
        (b"\\*", b"/*", True),
        (b"\\*", b"/a", False),
        (b"a.c", b"/abc", False),
        (b"*", b"/a\nb", True),
    ],
)
def test_a_glob_matches_byte_by_byte(glob: bytes, name: bytes, *, matches: bool) -> None:
    assert Globs([glob]).match(name) is matches
    assert Globs([b"nothing", b"/nothing", glob]).match(name) is matches


def _matches(glob: bytes, name: bytes) -> bool:
    """Say in the plainest way whether a glob without sets and escapes matches a whole name."""
    if not glob:
        return not name
    if glob.startswith(b"*"):
        wide = glob.startswith(b"**")
        rest = glob[1 + wide :]
        return _matches(rest, name) or (
            bool(name) and (wide or name[:1] != b"/") and _matches(glob, name[1:])
        )
    first, wanted = name[:1], glob[:1]
    agrees = first not in {b"", b"/"} if wanted == b"?" else first == wanted
    return agrees and _matches(glob[1:], name[1:])


@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "**", "?"]), min_size=1, max_size=7),
    st.text("ab/", max_size=8),
)
def test_a_glob_matches_where_the_plainest_matcher_does(signs: list[str], name: str) -> None:
    glob, absolute_name = "".join(signs).encode(), f"/{name}".encode()
    text = absolute_name if b"/" in glob else absolute_name[absolute_name.rfind(b"/") + 1 :]
    whole = glob if b"/" not in glob or glob.startswith(b"/") else b"**/" + glob
    assert Globs([glob]).match(absolute_name) is _matches(whole, text)


def test_many_stars_take_no_longer_than_few() -> None:
    """A matcher that goes back to try every length for each star would take minutes here."""
    began = time.process_time()
    assert not Globs([b"*a" * 6 + b"b"]).match(b"/" + b"a" * 120)
    assert not Globs([b"**/a" * 6 + b"b"]).match(b"/a" * 120)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("glob", [b"", b"[", b"[a", b"[]", b"[!]", b"a\\", b"[\\", b"[a-\\"])
def test_a_bad_glob_is_wrong_usage(glob: bytes) -> None:
    with pytest.raises(WrongUsageError):
        Globs([glob])


@given(NAMES)
def test_any_name_survives_json_and_is_shown_on_one_line(name: bytes) -> None:
    assert from_json(json.loads(as_json(name))) == name
    assert shown(name).isprintable() or not shown(name).isascii()
    assert not set(shown(name)) & set("\n\t\r\x1b\x7f\x85")


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"path": 1},
        {"path": "/a", "x": 1},
        {"path_base64": "L2E"},
        {"path_base64": "L2F="},
    ],
)
def test_what_is_no_name_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"None|path|{}|padding"):
        from_json(value)


def test_a_name_is_made_absolute_as_text() -> None:
    here = os.getcwdb()
    assert absolute(b"a/../b/./") == os.path.join(here, b"b")
    assert absolute(b"//a///b") == b"/a/b"
    assert absolute(b"/../..") == b"/"
    assert shown(b"a\\b\x1b\xc2\x85\xff\xc3\xa9") == r"a\\b\x1b\xc2\x85\xffé"
