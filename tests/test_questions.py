"""The questions of a new release, settled from what a project was made with; no code migrates."""

from pathlib import Path

import pytest
import yaml

from helpers import TOY, build_tree
from scaffold import catalog
from scaffold.answers import Answers, Ask
from scaffold.catalog import Question
from scaffold.errors import UsageError
from scaffold.release import CONFIG, Release, open_release
from scaffold.release import build_tree as compose_tree
from scaffold.update.questions import names, settle

SHARED = {"author": "Ada", "email": "", "licence": "mit"}
PLAIN = """
[questions.{}]
help = "Which one?"
stand_in = "mauve-stand-in"
"""
COLOUR = PLAIN.format("colour")
OTHER = 'summary = "Another"\nlanguages = ["python"]\n'


def release(folder: Path, questions: str = "", other: str = "") -> Release:
    """Compose a toy template with questions of its own, beside one with others."""
    stand_in = "mauve-stand-in\n" if "mauve-stand-in" in questions else "none\n"
    files = TOY | {
        "toy/template.toml": TOY["toy/template.toml"] + questions,
        "toy/any/colour.txt": stand_in,
        "other/template.toml": OTHER + other,
        "other/python/colour.txt": "mauve-stand-in\n",
    }
    return open_release(catalog.load("toy", build_tree(files, folder)), "python")


def made(**values: str) -> Answers:
    """Return what a project was made with."""
    return Answers("toy", "python", "it", SHARED | values)


def replies(*given: str) -> tuple[Ask, list[tuple[Question, str | None]]]:
    """Return somebody who gives these answers one after the other, and what was asked."""
    asked: list[tuple[Question, str | None]] = []
    left = iter(given)

    def ask(question: Question, default: str | None) -> str:
        asked.append((question, default))
        return next(left)

    return ask, asked


def nobody(question: Question, _default: str | None) -> str:
    """Stand for a person who must not be asked."""
    return pytest.fail(f"asked for {question.name}")


# --- kept, added, removed -----------------------------------------------------------------------


def test_answers_that_are_still_allowed_are_kept_and_nobody_is_asked(tmp_path: Path) -> None:
    """What was answered once is not asked again, and defaults do not creep in."""
    old = made(author="Grace", licence="none", colour="blue")
    new = settle(release(tmp_path, COLOUR + 'default = "red"\n'), old, {}, nobody)
    assert new == Answers("toy", "python", "it", old.values)


def test_a_removed_question_is_forgotten(tmp_path: Path) -> None:
    """The answer goes with the question."""
    assert settle(release(tmp_path), made(colour="blue"), {}, nobody) == made()


def test_an_added_question_with_a_default_takes_it(tmp_path: Path) -> None:
    """Also a default that follows from the project's name; nobody is asked."""
    assert settle(
        release(tmp_path, COLOUR + 'default = "the my-project red"\n'), made(), {}, nobody
    ) == made(colour="the it red")


def test_an_added_question_without_a_default_is_asked(tmp_path: Path) -> None:
    """A person is asked by the question's own words, with no default to take."""
    ask, asked = replies("blue")
    assert settle(release(tmp_path, COLOUR), made(), {}, ask) == made(colour="blue")
    ((question, default),) = asked
    assert (question.name, question.help, default) == ("colour", "Which one?", None)


def test_an_added_question_that_cannot_be_asked_is_named_with_its_flag(tmp_path: Path) -> None:
    """Where there is no terminal, the error says what to add to the command."""
    with pytest.raises(UsageError) as told:
        settle(release(tmp_path, COLOUR), made(), {}, None)
    assert str(told.value) == ("question 'colour': has no default; answer with --data colour=…")
    assert settle(release(tmp_path, COLOUR), made(), {"colour": "blue"}, None) == made(
        colour="blue"
    )


def test_a_given_answer_counts_more_than_the_recorded_one_and_the_default(tmp_path: Path) -> None:
    """Blanks around it are dropped, as for a new project."""
    new = release(tmp_path, COLOUR + 'default = "red"\n')
    given = {"colour": "  green ", "author": "Grace", "email": "g@example.org"}
    assert settle(new, made(colour="blue"), given, nobody) == made(
        colour="green", author="Grace", email="g@example.org"
    )


def test_the_order_is_that_of_the_release(tmp_path: Path) -> None:
    """However the answers were recorded, projects of one release list them alike."""
    old = Answers("toy", "python", "it", dict(reversed((SHARED | {"colour": "blue"}).items())))
    new = settle(release(tmp_path, COLOUR), old, {}, nobody)
    assert list(new.values) == ["author", "email", "licence", "colour"]


# --- renamed ------------------------------------------------------------------------------------

RENAMED = COLOUR + 'default = "red"\nrenamed = ["color", "shade"]\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"color": "blue"}, "blue"),
        ({"shade": "grey"}, "grey"),
        ({"color": "blue", "shade": "grey"}, "blue"),
        ({"colour": "green", "color": "blue"}, "green"),
        ({}, "red"),
    ],
)
def test_a_renamed_question_carries_its_answer(
    old: dict[str, str], new: str, tmp_path: Path
) -> None:
    """From whichever of its names it was recorded under, the last name first."""
    settled = settle(release(tmp_path, RENAMED), made(**old), {}, nobody)
    assert settled == made(colour=new)


def test_a_renamed_question_without_a_default_carries_its_answer_too(tmp_path: Path) -> None:
    """Only a project that never answered it is asked."""
    new = release(tmp_path, COLOUR + 'renamed = ["color"]\n')
    assert settle(new, made(color="blue"), {}, nobody) == made(colour="blue")
    with pytest.raises(UsageError, match=r"'colour': .*; answer with --data colour=…$"):
        settle(new, made(), {}, None)


def test_the_old_name_is_no_name_any_more(tmp_path: Path) -> None:
    """Who gives an answer by the old name is told the new one."""
    with pytest.raises(UsageError, match=r"question 'color' is not known; .*'colour'\?$"):
        settle(release(tmp_path, RENAMED), made(color="blue"), {"color": "green"}, None)
    given = settle(release(tmp_path, RENAMED), made(color="blue"), {"colour": "green"}, None)
    assert given == made(colour="green")


def test_a_renamed_question_that_refuses_the_old_answer_is_asked(tmp_path: Path) -> None:
    """The old answer is not thrown away in silence."""
    new = release(tmp_path, RENAMED + 'pattern = "[a-z]{4,}"\n')
    with pytest.raises(UsageError, match=r"colour.*must match .*; answer with --data colour=…$"):
        settle(new, made(color="red"), {}, None)
    assert settle(new, made(color="red"), {}, replies("crimson")[0]) == made(colour="crimson")


# --- choices and patterns -----------------------------------------------------------------------

CHOICES = COLOUR + 'choices = ["blue", "green"]\ndefault = "green"\n'


def test_a_choice_that_is_still_there_is_kept(tmp_path: Path) -> None:
    """Other choices around it make no difference."""
    assert settle(release(tmp_path, CHOICES), made(colour="blue"), {}, nobody) == made(
        colour="blue"
    )


def test_a_choice_that_is_gone_is_asked_for_with_those_that_are_left(tmp_path: Path) -> None:
    """The default does not replace what somebody chose, unless they take it."""
    ask, asked = replies("blue")
    assert settle(release(tmp_path, CHOICES), made(colour="red"), {}, ask) == made(colour="blue")
    ((question, default),) = asked
    assert (question.choices, default) == (("blue", "green"), "green")
    assert "'red' is no longer allowed" in question.help


def test_a_choice_that_is_gone_and_cannot_be_asked_for_is_named(tmp_path: Path) -> None:
    """The error says what was chosen, what is left, and what to add to the command."""
    with pytest.raises(UsageError) as told:
        settle(release(tmp_path, CHOICES), made(colour="red"), {}, None)
    assert str(told.value) == (
        "the answer to colour 'red': is no longer allowed; allowed: blue, green; "
        "answer with --data colour=…"
    )
    settled = settle(release(tmp_path, CHOICES), made(colour="red"), {"colour": "blue"}, None)
    assert settled == made(colour="blue")


def test_a_question_that_got_choices_keeps_an_answer_that_is_one(tmp_path: Path) -> None:
    """Free text that happens to be allowed stays; other text is asked for."""
    new = release(tmp_path, CHOICES)
    assert settle(new, made(colour="green"), {}, nobody).values["colour"] == "green"
    with pytest.raises(UsageError, match="no longer allowed"):
        settle(new, made(colour="dark green"), {}, None)


PATTERN = COLOUR + 'pattern = "[a-z]+-[0-9]"\ndefault = "red-1"\n'


def test_an_old_answer_that_a_new_pattern_refuses_is_named(tmp_path: Path) -> None:
    """The pattern is the release's own."""
    new = release(tmp_path, PATTERN)
    assert settle(new, made(colour="blue-7"), {}, nobody) == made(colour="blue-7")
    with pytest.raises(UsageError, match=r"colour 'blue': must match .*; answer with --data"):
        settle(new, made(colour="blue"), {}, None)


def test_a_person_is_asked_until_the_answer_is_allowed_and_told_why_not(tmp_path: Path) -> None:
    """Each refusal comes with its reason before the next try; an empty answer may be right."""
    ask, asked = replies("", "red", "red-2")
    assert settle(release(tmp_path, PATTERN), made(colour="blue"), {}, ask) == made(colour="red-2")
    told = [question.help for question, _ in asked]
    assert [text.partition(" ")[0] for text in told] == ["'blue'", "''", "'red'"]
    assert all("must match" in text and text.endswith("Which one?") for text in told)
    optional = release(tmp_path, COLOUR + 'pattern = "([a-z]+-[0-9])?"\n')
    assert settle(optional, made(), {}, replies("")[0]) == made(colour="")


@pytest.mark.parametrize(
    ("name", "answer", "problem"),
    [
        ("email", "ada at example", "must match"),
        ("licence", "gpl", "allowed: mit, apache-2.0, none"),
        ("colour", "blue", "must match"),
        ("author", "", "must match"),
        ("author", "x" * 201, "at most 200 characters"),
        ("author", "two\nlines", "one line without control characters"),
        ("project_name", "No Name", "lower case letters, digits and single hyphens only"),
        ("project_name", "x" * 41, "at most 40 characters"),
        ("project_name", "class", "a word of Python, Rust"),
    ],
)
@pytest.mark.parametrize("asks", [False, True])
def test_a_given_answer_that_is_not_allowed_is_refused_by_the_release_s_own_rule(
    name: str, answer: str, problem: str, tmp_path: Path, *, asks: bool
) -> None:
    """It was typed just now, so nobody is asked: the error names question, answer and rule."""
    given, ask = {name: answer}, nobody if asks else None
    with pytest.raises(UsageError) as told:
        settle(release(tmp_path, PATTERN), made(colour="red-1"), given, ask)
    assert str(told.value).startswith(f"the answer to {name} ")
    assert problem in str(told.value)


# --- what may be given --------------------------------------------------------------------------


def test_an_unknown_question_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    """Hidden values and Copier's settings are no questions, nor is what only looks like one."""
    new = release(tmp_path, COLOUR + 'default = "red"\n')
    allowed = ["project_name", *SHARED, "colour"]
    for name in ("shape", "package_name", "_subdirectory", "_commit", "", "Colour"):
        with pytest.raises(UsageError) as told:
            settle(new, made(), {name: "x"}, None)
        assert f"{name!r} is not known; allowed: {', '.join(allowed)}" in str(told.value)


@pytest.mark.parametrize("name", ["template", "language"])
def test_a_project_cannot_become_one_of_another_template(name: str, tmp_path: Path) -> None:
    """That would be no update but another project."""
    with pytest.raises(UsageError) as told:
        settle(release(tmp_path), made(), {name: "rust"}, None)
    assert str(told.value) == (f"question '{name}': cannot change; make a new project instead")


def test_a_project_can_get_another_name(tmp_path: Path) -> None:
    """What follows from the old name in answers stays, since it was answered so."""
    new = settle(release(tmp_path), made(author="The it authors"), {"project_name": "that"}, None)
    assert new == Answers("toy", "python", "that", SHARED | {"author": "The it authors"})
    coloured = release(tmp_path, COLOUR + 'default = "my-project red"\n')
    settled = settle(coloured, made(), {"project_name": "that"}, None)
    assert settled.values["colour"] == "that red"


# --- several templates --------------------------------------------------------------------------


def both(folder: Path, ours: str, theirs: str) -> Release:
    """Return the questions of both templates at once, as a release publishes them."""
    release(folder, ours, theirs)
    return Release("1.0.0", yaml.safe_load(compose_tree(folder)[CONFIG].content), {})


def test_a_question_of_another_template_is_not_asked(tmp_path: Path) -> None:
    """The published release has the questions of all templates; a project has its own."""
    new = both(tmp_path, "", COLOUR)
    assert names(new, made()) == ["project_name", *SHARED]
    assert settle(new, made(), {}, nobody) == made()
    with pytest.raises(UsageError, match="question 'colour' is not known"):
        settle(new, made(), {"colour": "blue"}, None)


def test_a_question_that_templates_share_by_name_is_each_one_s_own(tmp_path: Path) -> None:
    """Defaults, choices and former names are those of the project's own template."""
    theirs = COLOUR + 'choices = ["black"]\ndefault = "black"\nrenamed = ["grey"]\n'
    new = both(tmp_path, CHOICES, theirs)
    assert settle(new, made(grey="black"), {}, nobody) == made(colour="green")
    with pytest.raises(UsageError, match="the answer to colour 'black'"):
        settle(new, made(), {"colour": "black"}, None)
    other = Answers("other", "python", "it", SHARED | {"grey": "black"})
    assert settle(new, other, {}, nobody).values == SHARED | {"colour": "black"}
