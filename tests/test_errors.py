"""The errors that a user can meet: one line, which names the thing and the next step."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import errors
from scaffold.errors import (
    DestinationError,
    LayerConflictError,
    ScaffoldError,
    SourceError,
    TemplateError,
    ToolError,
    UsageError,
)

ANYTHING = st.text(st.characters(), max_size=30)  # surrogates too: a path may hold any byte


@given(one=ANYTHING, two=ANYTHING, three=ANYTHING)
def test_an_error_is_one_line_that_no_terminal_acts_on(one: str, two: str, three: str) -> None:
    """Whatever a user typed, the text of an error is printable, in UTF-8, and one line."""
    told: list[ScaffoldError] = [
        UsageError(one, two, [three], two),
        TemplateError(Path(one), two),
        LayerConflictError(Path(one), Path(two), three),
        DestinationError(Path(one), two, three),
        ToolError(one, two, three),
        SourceError(one, two, three),
    ]
    for error in told:
        assert str(error).isprintable()
        assert len(str(error).splitlines()) == 1
        assert str(error).encode()


def test_every_leaf_is_a_scaffold_error_and_only_usage_exits_with_2() -> None:
    """The handler of the command line needs to know one class, and its status."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    leaves = [each for each in kinds if issubclass(each, ScaffoldError)]
    leaves.remove(ScaffoldError)
    assert set(kinds) - {*leaves, ScaffoldError} <= {Path, Iterable}
    assert len(leaves) <= 6
    assert [leaf for leaf in leaves if leaf.exit_code == 2] == [UsageError]
    assert {leaf.exit_code for leaf in leaves} == {1, 2}


@pytest.mark.parametrize(
    ("value", "nearest"),
    [("calcualtor", "calculator"), ("CALCULATOR", "calculator"), ("gpu", None), ("", None)],
)
def test_an_unknown_word_is_told_with_all_that_is_allowed_and_the_nearest(
    value: str, nearest: str | None
) -> None:
    """The error names the word, each allowed one, and the nearest if one is near."""
    error = str(UsageError("template", value, ["calculator", "service"]))
    assert error.startswith(f"template {value!r} is not known; allowed: calculator, service")
    assert error.endswith(f"did you mean {nearest!r}?" if nearest else "calculator, service")


def test_a_long_value_is_cut_but_a_path_is_not() -> None:
    """A value that somebody pasted does not fill the screen; the end of a path is what tells it."""
    assert len(str(UsageError("the answer", "x" * 5000, hint="is too long"))) < 120
    path = Path("/", *["folder"] * 30, "end")
    assert str(path) in str(DestinationError(path, "is a file", "choose another"))


def test_the_allowed_words_may_be_read_once_only() -> None:
    """An iterator of allowed words is named whole and compared, too."""
    error = str(UsageError("language", "pyton", iter(["python", "rust"])))
    assert "python, rust" in error
    assert "'python'?" in error


def test_a_conflict_of_layers_names_both_files_and_the_key() -> None:
    """Two layers that meet are told by their files, and in TOML by the key."""
    first, second = Path("any/a.toml"), Path("rust/a.toml")
    assert str(LayerConflictError(first, second)) == (
        "any/a.toml and rust/a.toml are the same file of the project; keep it in one layer"
    )
    assert "the key lints.rust;" in str(LayerConflictError(first, second, "lints.rust"))
