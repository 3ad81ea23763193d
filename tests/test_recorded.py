"""What a project records of how it was made: read whole, or refused with the way out."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from helpers import build_tree
from releases import Checkout
from scaffold import recorded
from scaffold.errors import DestinationError
from scaffold.placeholders import ANSWERS_FILE
from scaffold.recorded import is_project

GOOD = {
    "_commit": "v1.2.3",
    "_src_path": "gh:ada/templates",
    "template": "toy",
    "language": "python",
    "project_name": "it",
    "author": "Ada",
}
MEND = "mend it, or take it from an earlier commit"


def text(values: Mapping[str, str]) -> str:
    """Return an answers file with these lines, each value as it is given."""
    return "".join(f"{key}: {value}\n" for key, value in values.items())


def refused(folder: Path) -> str:
    """Return why a project is refused, and see that its file is named."""
    with pytest.raises(DestinationError) as told:
        recorded.read(folder)
    prefix = f"{str(folder / ANSWERS_FILE)!r} "
    assert str(told.value).startswith(prefix)
    return str(told.value).removeprefix(prefix)


# --- read ---------------------------------------------------------------------------------------


def test_what_new_wrote_is_read(released: Checkout, work: Path) -> None:
    """Every answer comes back, also those that need quotes in YAML."""
    author = """Ada "the \\ first" O'Author: {x} # no"""
    project = released.make(work / "it", "-l", "rust", "-d", f"author={author}", "-d", "email=")
    found = recorded.read(project)
    assert found.source == "https://github.com/scaffold-new/templates"
    assert found.version == Version("0.4.0")
    assert found.answers.as_dict() == {
        "template": "toy",
        "language": "rust",
        "project_name": "it",
        "author": author,
        "email": "",
        "licence": "mit",
    }


@pytest.mark.parametrize("value", ["no", "null", "~", "1e3", "0x1f", "1_000", "2026-01-01", "007"])
def test_yaml_s_own_words_stay_text(value: str, work: Path) -> None:
    """An answer is what stands there, without quotes too, as Copier and people write it."""
    build_tree({ANSWERS_FILE: text(GOOD | {"author": value, "project_name": value})}, work)
    assert recorded.read(work).answers.values == {"author": value}
    assert recorded.read(work).answers.name == value


@pytest.mark.parametrize(
    "changed",
    [
        text(GOOD).replace("\n", "\r\n"),
        "\ufeff" + text(GOOD),
        "---\n" + text(GOOD) + "...\n",
        "# Written by hand.\n\n" + text(dict(reversed(GOOD.items()))),
        "{" + text(GOOD).replace("\n", ",\n").replace("Ada", "'Ada'") + "}\n",
    ],
)
def test_another_way_to_write_the_same_is_read_the_same(changed: str, work: Path) -> None:
    """Line ends, order, comments and quotes are a matter of taste."""
    build_tree({ANSWERS_FILE: changed}, work)
    found = recorded.read(work)
    assert (found.source, found.version) == ("gh:ada/templates", Version("1.2.3"))
    assert {**found.answers.as_dict()} == {k: v for k, v in GOOD.items() if k[0] != "_"}


@pytest.mark.parametrize(
    ("commit", "version"),
    [("v1.2.3", "1.2.3"), ("1.2.3", "1.2.3"), ("1.0", "1.0"), ("v0.1.1.dev3", "0.1.1.dev3")],
)
def test_a_version_is_read_with_or_without_its_v(commit: str, version: str, work: Path) -> None:
    """Also a version between two releases, and one that YAML would take for a number."""
    build_tree({ANSWERS_FILE: text(GOOD | {"_commit": commit})}, work)
    assert recorded.read(work).version == Version(version)


# --- refused ------------------------------------------------------------------------------------


def test_without_an_answers_file_the_folder_is_no_project(work: Path) -> None:
    """The step says where to run it."""
    step = "run this in a project that scaffold made, or name one"
    assert refused(work) == f"does not exist; {step}"
    assert refused(work / "absent") == f"does not exist; {step}"
    assert not is_project(work)
    assert not is_project(work / "absent")


def test_a_folder_in_place_of_the_file_is_refused(work: Path) -> None:
    """What cannot be read is told with the reason of the system."""
    (work / ANSWERS_FILE).mkdir()
    assert refused(work) == f"cannot be read: is a directory; {MEND}"
    assert not is_project(work)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (text(GOOD).encode() + b"author: \xe9\n", "is not YAML: 'utf-8' codec can't decode"),
        (b"\xff\xfe" + text(GOOD).encode("utf-16-le"), "is not YAML: 'utf-8' codec can't decode"),
        (b"_commit: [v1\n", "is not YAML: while parsing a flow sequence"),
        (b"template: 'toy\n", "is not YAML: while scanning a quoted scalar"),
        (b"<<<<<<< HEAD\n" + text(GOOD).encode(), "is not YAML: "),
        (text(GOOD).encode() + b"---\n", "is not YAML: expected a single document"),
        (text(GOOD).encode() + b"? [x]\n: y\n", "is not YAML: while constructing a mapping"),
        (text(GOOD).encode() + b'author: "\\ud800"\n', "is not YAML: while parsing a quoted"),
        (text(GOOD).encode() + b"deep: " + b"[" * 30_000, "is not YAML: "),
        (b"", "must hold lines of the form NAME: VALUE"),
        (b"# nothing\n", "must hold lines of the form NAME: VALUE"),
        (b"just a word\n", "must hold lines of the form NAME: VALUE"),
        (b"- template: toy\n- language: python\n", "must hold lines of the form NAME: VALUE"),
        (text(GOOD).encode() + b"authors: [a, b]\n", "must hold lines of the form NAME: VALUE"),
        (text(GOOD).encode() + b"author: {a: b}\n", "must hold lines of the form NAME: VALUE"),
        (text(GOOD | {"author": "|\n two\n lines"}).encode(), "holds more than one plain line in"),
        (text(GOOD | {"template": '"t\\0"'}).encode(), "holds more than one plain line in templ"),
        (text(GOOD | {"_src_path": '"a\\nb"'}).encode(), "holds more than one plain line in _src"),
    ],
)
def test_a_malformed_file_is_refused_with_the_reason(
    content: bytes, reason: str, work: Path
) -> None:
    """The error is one line that says what is wrong and what to do."""
    build_tree({ANSWERS_FILE: content}, work)
    problem = refused(work)
    assert problem.startswith(reason)
    assert problem.endswith(f"; {MEND}")


@pytest.mark.parametrize("absent", ["_commit", "_src_path", "project_name"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_file_that_lacks_a_line_is_refused_by_its_name(
    absent: str, work: Path, *, empty: bool
) -> None:
    """Absent and empty are alike."""
    values = GOOD | {absent: ""}
    if not empty:
        del values[absent]
    build_tree({ANSWERS_FILE: text(values)}, work)
    assert refused(work) == f"lacks {absent}; {MEND}"


def test_all_lines_that_are_absent_are_named_at_once(work: Path) -> None:
    """Nobody has to try again for each."""
    build_tree({ANSWERS_FILE: text({"template": "toy", "language": "python"})}, work)
    assert refused(work) == f"lacks _commit, _src_path, project_name; {MEND}"


@pytest.mark.parametrize("absent", ["template", "language"])
def test_a_project_of_another_copier_template_is_sent_to_copier(absent: str, work: Path) -> None:
    """Its answers file is sound, so there is nothing to mend."""
    values = {key: value for key, value in GOOD.items() if key != absent}
    build_tree({ANSWERS_FILE: text(values)}, work)
    step = "`copier update` carries on what other templates made"
    assert refused(work) == f"was not made from a template of scaffold; {step}"
    assert not is_project(work)


@pytest.mark.parametrize("commit", ["main", "v1.2.3-4-gabcdef0", "8c1f2e9", "v1.2.x", "latest"])
def test_a_version_that_is_none_is_refused_as_it_stands_there(commit: str, work: Path) -> None:
    """A branch or a commit between releases cannot be found in the history."""
    build_tree({ANSWERS_FILE: text(GOOD | {"_commit": commit})}, work)
    assert refused(work) == f"records {commit!r}, which is no version of a release; {MEND}"


@settings(deadline=None)  # reads a disk that others use too
@given(content=st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_any_file_at_all_is_read_or_refused(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No content leads to a traceback."""
    folder = tmp_path_factory.mktemp("any")
    (folder / ANSWERS_FILE).write_bytes(content)
    with pytest.raises(DestinationError):
        recorded.read(folder)
    is_project(folder)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS)


@settings(deadline=None)  # reads a disk that others use too
@given(changes=st.dictionaries(st.sampled_from([*GOOD, "more"]), VALUES, min_size=1))
def test_any_change_of_a_value_is_read_as_text_or_refused(
    changes: Mapping[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever somebody puts in the place of a value, by hand or by a tool."""
    folder = tmp_path_factory.mktemp("any")
    written = yaml.safe_dump({**GOOD, **changes}, allow_unicode=True)
    (folder / ANSWERS_FILE).write_text(written, encoding="utf-8")
    try:
        found = recorded.read(folder)
    except DestinationError as error:
        assert str(folder) in str(error)  # noqa: PT017  # either outcome is right
        return
    values = {**found.answers.as_dict(), "_src_path": found.source}
    assert all(isinstance(value, str) and "\n" not in value for value in values.values())


# --- told apart ---------------------------------------------------------------------------------


def test_a_project_is_known_however_badly_its_answers_read(work: Path) -> None:
    """What `--all` walks through should tell of a damaged project, not pass it over."""
    build_tree({ANSWERS_FILE: text(GOOD) + "author: [\n"}, work)
    assert is_project(work)
    (work / ANSWERS_FILE).write_bytes(text(GOOD).encode() + b"author: \xff\n")
    assert is_project(work)


def test_a_file_behind_a_link_is_read(work: Path, tmp_path: Path) -> None:
    """A project whose answers lie elsewhere is one all the same."""
    build_tree({"answers.yml": text(GOOD)}, tmp_path / "elsewhere")
    (work / ANSWERS_FILE).symlink_to(tmp_path / "elsewhere/answers.yml")
    assert recorded.read(work).answers.name == "it"
    assert is_project(work)
