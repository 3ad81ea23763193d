"""A name and raw answers become `Answers`, or a usage error that says what is wrong."""

import keyword
import os
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from helpers import build_tree, need
from programs import TOYS
from scaffold import catalog
from scaffold.answers import (
    ANSWER_LENGTH,
    NAME_LENGTH,
    NAME_PATTERN,
    Answers,
    check_answer,
    check_not_a_dependency,
    default_answer,
    normalise_name,
    parse_data,
    read_data_file,
    reserved_names,
    settle,
)
from scaffold.catalog import Question, Template
from scaffold.errors import UsageError

# The chapter Keywords of The Rust Reference: strict, reserved and weak ones, of every edition.
RUST_KEYWORDS = """
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop
    match mod move mut pub ref return self static struct super trait true type unsafe use where
    while
    abstract become box do final gen macro override priv try typeof unsized virtual yield
    macro_rules raw safe union
"""

# Names as people type them: words, some of them taken, with what they put between words.
WORDS = st.sampled_from(["my", "Cool", "APP", "json", "std", "class", "q", "a1", "2", "x" * 19])
# text() would draw hardly any controls and surrogates.
ANYTHING = st.lists(st.characters() | st.characters(categories=["Cc", "Cs"])).map("".join)
BETWEEN = st.sampled_from(["-", "_", ".", " ", "--", "-_-", "", "\t"])
TYPED = st.builds(
    lambda first, rest: first + "".join(between + word for between, word in rest),
    WORDS,
    st.lists(st.tuples(BETWEEN, WORDS), max_size=4),
)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("app", "app"),
        ("My_Cool App", "my-cool-app"),
        ("  padded\n", "padded"),
        ("a.b--c_-_d", "a-b-c-d"),
        ("R2D2", "r2d2"),
        ("e2e-1", "e2e-1"),
        ("q", "q"),
        ("q" * 40, "q" * 40),
        ("a" + "_" * 60 + "b", "a-b"),
        ("json-tools", "json-tools"),
        ("classy", "classy"),
    ],
)
def test_a_name_is_brought_into_the_form_of_distributions(typed: str, name: str) -> None:
    """Capitals become small, and every run of separators one hyphen."""
    assert normalise_name(typed) == name


LETTERS = "may hold only the letters a to z, digits and hyphens"
FIRST = "must start with a letter"
LAST = "must end with a letter or a digit"
TAKEN = "is a word of Python, Rust, their standard libraries or tools"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "must not be empty"),
        (" \t\n", "must not be empty"),
        ("\u3000", "must not be empty"),
        ("1abc", FIRST),
        ("-x", FIRST),
        ("--help", FIRST),
        ("_x", FIRST),
        (".x", FIRST),
        ("-", FIRST),
        ("-" * 12, FIRST),
        ("x-", LAST),
        ("x__", LAST),
        ("x.", LAST),
        ("naïve", LETTERS),
        ("ПРИВЕТ", LETTERS),
        ("crab🦀", LETTERS),
        ("🦀", LETTERS),
        ("\u212aelvin", LETTERS),  # a small k, once it is lower case
        ("a\u200bb", LETTERS),
        ("a\udcffb", LETTERS),
        ("a\x00b", LETTERS),
        ("a\x1b[31mb", LETTERS),
        ("a\nb", LETTERS),
        ("a\tb", LETTERS),
        ("../x", LETTERS),
        ("a/b", LETTERS),
        ("a\\b", LETTERS),
        ("a;b", LETTERS),
        ("{{ a }}", LETTERS),
        ("q" * 41, "has 41 characters, at most 40 are allowed"),
        ("q" * 200, "has 200 characters, at most 40 are allowed"),
        ("class", TAKEN),
        ("Match", TAKEN),
        ("none", TAKEN),
        ("fn", TAKEN),
        ("yield", TAKEN),
        ("test", TAKEN),
        ("std", TAKEN),
        ("core", TAKEN),
        ("proc-macro", TAKEN),
        ("json", TAKEN),
        ("JSON", TAKEN),
        ("xml", TAKEN),
        ("py_compile", TAKEN),
        ("tests", TAKEN),
        ("con", TAKEN),
    ],
)
def test_a_name_that_will_not_do_is_told_with_what_is_wrong(typed: str, problem: str) -> None:
    """The error quotes what was typed, names the one rule that it breaks, and the flag."""
    with pytest.raises(UsageError) as told:
        normalise_name(typed)
    shown = typed if len(typed) <= 60 else typed[:60] + "…"
    quoted = "".join(c if c.isprintable() else repr(c)[1:-1] for c in repr(shown))
    assert str(told.value).startswith(f"the project name {quoted}: {problem}")
    assert str(told.value).endswith(" (--name gives another)")


def accepted(typed: str) -> str | None:
    """Return the name for what was typed, None where it is refused."""
    try:
        return normalise_name(typed)
    except UsageError:
        return None


@given(typed=TYPED)
def test_an_accepted_name_is_a_valid_name_everywhere(typed: str) -> None:
    """It is a distribution and a crate as it stands, and with underscores a Python identifier."""
    name = accepted(typed)
    if name is None:
        return
    assert canonicalize_name(name, validate=True) == name
    assert re.fullmatch(NAME_PATTERN, name)
    assert 1 <= len(name) <= NAME_LENGTH
    imported = name.replace("-", "_")
    assert imported.isidentifier()
    assert not keyword.iskeyword(imported)
    assert not keyword.issoftkeyword(imported)
    assert imported not in sys.stdlib_module_names
    assert imported not in RUST_KEYWORDS.split()


@given(typed=TYPED)
def test_normalising_twice_changes_nothing(typed: str) -> None:
    """A name that a project records is accepted again as it is."""
    name = accepted(typed)
    assert name is None or normalise_name(name) == name


@given(typed=TYPED)
def test_a_name_does_not_depend_on_how_it_is_spelled(typed: str) -> None:
    """Capitals, blanks around it and the kind of separator make no other name."""
    name = accepted(typed)
    assert accepted(f" {typed.swapcase()}\n") == name
    assert accepted(re.sub("[-_. ]", "_", typed)) == name


@given(typed=TYPED | ANYTHING | st.from_regex("[a-zA-Z][a-zA-Z0-9_. -]*"))
def test_any_text_is_a_name_or_a_usage_error(typed: str) -> None:
    """Nothing that a person can type ends in another error."""
    name = accepted(typed)
    assert name is None or name[0].isalpha()


@pytest.mark.parametrize("name", ["q", "q" * 40, "r2-d2", "my-cool-app"])
def test_cargo_takes_an_accepted_name_without_a_warning(name: str, tmp_path: Path) -> None:
    """The names at both ends of the length, with digits and with hyphens, make a program."""
    cargo = need("cargo")
    words = ["new", "--quiet", "--bin", "--vcs=none", "--name", normalise_name(name), "made"]
    done = subprocess.run(
        [cargo, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- reserved names -----------------------------------------------------------------------------


def test_every_word_of_the_running_python_is_reserved() -> None:
    """Keywords, soft ones too, and the modules of the standard library hide or break a package."""
    words = {*keyword.kwlist, *keyword.softkwlist, *sys.stdlib_module_names}
    # A name begins with a letter, so no module whose name begins otherwise is in danger.
    assert {word.lower() for word in words if word[0].isalpha()} - reserved_names() == set()


def test_every_word_of_rust_is_reserved() -> None:
    """The keywords of the Reference, and the crates that come with the compiler."""
    crates = {"std", "core", "alloc", "proc_macro", "test"}
    assert {*RUST_KEYWORDS.split(), *crates} - reserved_names() == set()


def test_every_reserved_word_is_refused_with_hyphens_too() -> None:
    """The file holds import names and no comment; each of them is refused as a project's name."""
    for word in reserved_names():
        assert re.fullmatch("[a-z][a-z0-9_]*", word)
        with pytest.raises(UsageError, match=TAKEN):
            normalise_name(word.replace("_", "-"))


# --- packages that the project depends on --------------------------------------------------------

PYPROJECT = """
[project]
name = "my-project"
dependencies = ["httpx>=0.28", "Typing_Extensions", "ruamel.yaml[jinja2] ; python_version > '3'"]
[dependency-groups]
dev = ["pytest>=9", { include-group = "docs" }]
docs = ["sphinx"]
"""
CARGO = """
[package]
name = "my-project"
[dependencies]
serde_json = "1"
[dev-dependencies]
proptest = { version = "1", default-features = false }
"""


@pytest.mark.parametrize(
    "name",
    ["httpx", "typing-extensions", "ruamel-yaml", "pytest", "sphinx", "serde-json", "proptest"],
)
def test_a_project_is_not_called_like_a_package_that_it_depends_on(name: str) -> None:
    """However the manifest spells the package, and whatever it is needed for."""
    with pytest.raises(UsageError) as told:
        check_not_a_dependency(name, [PYPROJECT.encode(), CARGO.encode()])
    assert str(told.value) == (
        f"the project name {name!r}: is the name of a package that this project depends on; "
        "choose another"
    )


@pytest.mark.parametrize("name", ["my-project", "http", "httpx2", "jinja2", "docs", "version"])
def test_a_name_that_no_dependency_has_will_do(name: str) -> None:
    """Extras, markers, groups and the project's own name are no dependencies."""
    check_not_a_dependency(name, [PYPROJECT.encode(), CARGO.encode()])
    check_not_a_dependency(name, [b""])
    check_not_a_dependency(name, [])


# --- one answer ---------------------------------------------------------------------------------

FREE = Question("author", "Who?", stand_in="Ada Author")
CHOICE = Question("size", "How large?", choices=("small", "large"), layers={"small": ("small",)})
MATCHING = Question("region", "Where?", stand_in="europe-west1", pattern="[a-z]+[0-9]|")


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        (FREE, 'Zoë "Z" O\'Neil {{ 1 }} 🦀', 'Zoë "Z" O\'Neil {{ 1 }} 🦀'),
        (FREE, "  blanks around \n", "blanks around"),
        (FREE, "x" * ANSWER_LENGTH, "x" * ANSWER_LENGTH),
        (CHOICE, " large ", "large"),
        (MATCHING, "west1", "west1"),
        (MATCHING, "", ""),
    ],
)
def test_an_allowed_answer_loses_only_the_blanks_around_it(
    question: Question, text: str, answer: str
) -> None:
    """Quotes, braces and any script are text like other text; a pattern may allow an empty one."""
    assert check_answer(question, text) == answer


LINE = "must be one line without control characters"


@pytest.mark.parametrize(
    ("question", "text", "problem"),
    [
        (FREE, "", "must not be empty"),
        (FREE, " \n ", "must not be empty"),
        (FREE, "x" * (ANSWER_LENGTH + 1), f"has more than {ANSWER_LENGTH} characters"),
        (FREE, "two\nlines", LINE),
        (FREE, "a\tb", LINE),
        (FREE, "a\x00b", LINE),
        (FREE, "a\x7fb", LINE),
        (FREE, "a\x1b[31mb", LINE),
        (FREE, "a\x85b", LINE),
        (FREE, "a\u2028b", LINE),
        (FREE, "a\udcffb", LINE),
        (FREE, "\ufeffa", LINE),
        (MATCHING, "WEST1", r"must match [a-z]+[0-9]|"),
        (MATCHING, "west1 and more", r"must match [a-z]+[0-9]|"),
        (CHOICE, "LARGE", "is not known; allowed: small, large; did you mean 'large'?"),
        (CHOICE, "", "is not known; allowed: small, large"),
        (CHOICE, "l", "is not known; allowed: small, large"),
    ],
)
def test_an_answer_that_will_not_do_is_told_with_what_is_wrong(
    question: Question, text: str, problem: str
) -> None:
    """The error names the question, quotes the answer and says what would do."""
    with pytest.raises(UsageError) as told:
        check_answer(question, text)
    assert str(told.value).startswith(f"the answer to {question.name} '")
    assert str(told.value).endswith(problem)


@given(text=ANYTHING)
def test_any_text_is_an_answer_or_a_usage_error(text: str) -> None:
    """What is accepted is one line that UTF-8 and YAML can hold."""
    try:
        answer = check_answer(FREE, text)
    except UsageError:
        return
    assert answer
    assert answer == answer.strip()
    assert len(answer.splitlines()) == 1
    assert answer.encode()


# --- all answers --------------------------------------------------------------------------------


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave git with one configuration, which is empty, and with no repository."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    path = tmp_path / "gitconfig"
    path.write_text("", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return path


@pytest.fixture
def asking(tmp_path: Path, identity: Path) -> Template:
    """Return a template with a question that has no default, on a machine without an identity."""
    assert identity.is_file()
    return catalog.load("asking", build_tree(TOYS, tmp_path / "templates"))


def test_what_is_given_wins_over_asking_and_asking_over_the_default(asking: Template) -> None:
    """Only what was not given is asked, with its default beside it."""
    asked = {}

    def ask(question: Question, default: str | None) -> str:
        asked[question.name] = default
        return {"region": " us-east1 ", "size": "large"}.get(question.name, default or "")

    settled = settle(asking, "python", "My App", {"author": "Given", "licence": "none"}, ask)
    assert asked == {"email": "", "region": None, "size": "small"}
    assert settled.values == {
        "author": "Given",
        "email": "",
        "licence": "none",
        "region": "us-east1",
        "size": "large",
    }


def test_without_anyone_to_ask_the_defaults_are_taken(asking: Template) -> None:
    """The answers stand in the order of the template, and the default holds the project's name."""
    settled = settle(asking, "python", "My App", {"region": "us-east1"})
    assert list(settled.as_dict().items()) == [
        ("template", "asking"),
        ("language", "python"),
        ("project_name", "my-app"),
        ("author", "The my-app authors"),
        ("email", ""),
        ("licence", "mit"),
        ("region", "us-east1"),
        ("size", "small"),
    ]


def test_answers_cannot_be_changed(asking: Template) -> None:
    """What is valid once stays so."""
    settled = settle(asking, "python", "app", {"region": "us-east1"})
    with pytest.raises(FrozenInstanceError):
        settled.name = "no name"  # type: ignore[misc]  # which is the claim


@pytest.mark.parametrize(
    ("given_answers", "told"),
    [
        ({}, "question 'region': it has no default; answer with --data region=…"),
        (
            {"regoin": "x"},
            "question 'regoin' is not known; allowed: author, email, licence, region",
        ),
        ({"project_name": "x"}, "question 'project_name' is not known"),
        ({"region": "nowhere"}, "the answer to region 'nowhere': must match "),
        ({"region": "us-east1", "size": "huge"}, "the answer to size 'huge' is not known"),
        ({"region": "us-east1", "email": "nobody"}, "the answer to email 'nobody': must match "),
        ({"region": "us-east1", "author": ""}, "the answer to author '': must not be empty"),
    ],
)
def test_answers_that_will_not_do_settle_nothing(
    given_answers: dict[str, str], told: str, asking: Template
) -> None:
    """An unknown question, a bad answer and a missing one are usage errors."""
    with pytest.raises(UsageError, match=re.escape(told)):
        settle(asking, "python", "app", given_answers)


def test_what_a_person_answers_is_checked_as_well(asking: Template) -> None:
    """Whoever asks, no answer comes in unchecked, and no name."""
    with pytest.raises(UsageError, match="the answer to author"):
        settle(asking, "python", "app", {}, lambda *_: "a\x00b")
    with pytest.raises(UsageError, match="the project name 'json'"):
        settle(asking, "python", "json", {"region": "us-east1"})


def default_email(template: Template) -> str | None:
    """Return the default of the question that git's configuration may answer."""
    return default_answer(template.question("email"), "app")


def test_git_s_configuration_is_the_default_where_it_will_do(
    asking: Template, identity: Path
) -> None:
    """A valid address is taken; one that the question does not allow, or none, is passed over."""
    need("git")
    assert default_email(asking) == ""
    identity.write_text("[user]\n\temail = ' zoe@example.org '\n", encoding="utf-8")
    assert default_email(asking) == ""  # the quotes are a part of it
    identity.write_text("[user]\n\temail = zoe@example.org\n", encoding="utf-8")
    assert default_email(asking) == "zoe@example.org"
    given_first = settle(asking, "python", "app", {"email": "", "region": "us-east1"})
    assert given_first.values["email"] == ""
    identity.write_text("[user\n", encoding="utf-8")
    assert default_email(asking) == ""


def test_without_git_the_template_s_own_default_is_taken(
    asking: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without git has no configuration, and that is no error."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert default_answer(asking.question("author"), "app") == "The app authors"
    assert default_answer(asking.question("region"), "app") is None


def test_answers_are_told_apart_by_content() -> None:
    """The same answers are the same project, so they are equal."""
    one = Answers("toy", "rust", "app", {"author": "Zoë"})
    assert one == Answers("toy", "rust", "app", {"author": "Zoë"})
    assert one != Answers("toy", "rust", "app", {"author": "Zoe"})


# --- answers from the command line and from files -----------------------------------------------


def test_data_has_the_form_key_equals_value() -> None:
    """The value may hold equals signs or nothing; of two for one key the last counts."""
    assert parse_data(["a=1", "b=x=y", "c=", "a=2"]) == {"a": "2", "b": "x=y", "c": ""}
    with pytest.raises(UsageError, match="--data 'author': must have the form KEY=VALUE"):
        parse_data(["a=1", "author"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", {}),
        ("# nothing\n", {}),
        ("---\n", {}),
        ("author: Zoë 🦀\n", {"author": "Zoë 🦀"}),
        ("\ufeffauthor: x\n", {"author": "x"}),
        ("author: no\nemail: 1e3\n", {"author": "no", "email": "1e3"}),
        ("author: 2026-01-01\nemail: ~\n", {"author": "2026-01-01", "email": "~"}),
        ("author:\n", {"author": ""}),
        ("author: 'it''s'\nemail: \"\\u00eb\"\n", {"author": "it's", "email": "ë"}),
        ("author: |\n  one\n", {"author": "one\n"}),
        ("1: 2\ntrue: yes\n", {"1": "2", "true": "yes"}),
        ("_commit: v1\n_src_path: x\nauthor: x\n", {"author": "x"}),
    ],
)
def test_a_data_file_holds_texts_as_they_stand(
    content: str, found: dict[str, str], tmp_path: Path
) -> None:
    """Words that YAML has a meaning for stay words; Copier's own keys are left out."""
    path = build_tree({"answers.yml": content}, tmp_path) / "answers.yml"
    assert read_data_file(path) == found


FORM = "must hold lines of the form NAME: VALUE"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: [", "is not YAML: "),
        (b"a: b: c\n", "is not YAML: "),
        (b"\ta: b\n", "is not YAML: "),
        (b"a: *nothing\n", "is not YAML: "),
        (b"a: 1\n---\nb: 2\n", "is not YAML: "),
        (b"[a]: b\n", "is not YAML: "),
        (b"a: caf\xe9\n", "is not YAML: "),
        (b"a: \x00\n", "is not YAML: "),
        (b'a: "\\U00110000"\n', "is not YAML: "),
        (b'a: "\\UFFFFFFFF"\n', "is not YAML: "),
        (b"a: " + b"[" * 2000, "is not YAML: "),
        (b"- a\n- b\n", FORM),
        (b"[]\n", FORM),
        (b"text\n", FORM),
        (b"~\n", FORM),
        (b"a: [b]\n", FORM),
        (b"a: {b: c}\n", FORM),
        (b"a: !!python/object/apply:os.abort []\n", FORM),
    ],
)
def test_a_data_file_that_will_not_do_is_a_usage_error(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    """The error is one line that names the file and what is wrong with it."""
    path = build_tree({"answers.yml": content}, tmp_path) / "answers.yml"
    with pytest.raises(UsageError) as told:
        read_data_file(path)
    assert problem in str(told.value)
    assert str(told.value).startswith("--data-file '")


def test_a_data_file_that_cannot_be_read_is_told_with_the_reason(tmp_path: Path) -> None:
    """One that is not there, and a folder in its place."""
    with pytest.raises(UsageError, match=r"--data-file .*: no such file or directory"):
        read_data_file(tmp_path / "none.yml")
    with pytest.raises(UsageError, match="--data-file "):
        read_data_file(tmp_path)


@given(content=st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%@`#\\ \n\tU0F_"), max_size=24))
def test_any_data_file_is_answers_or_a_usage_error(
    content: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the signs of YAML make together, it is texts or one line of error."""
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_text(content, encoding="utf-8")
    try:
        found = read_data_file(path)
    except UsageError:
        return
    assert all(type(each) is str for pair in found.items() for each in pair)
    assert not any(key.startswith("_") for key in found)
