"""Stand-ins become answers, and every other byte of a template arrives as it was."""

import ast
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from scaffold.answers import ANSWER_LENGTH, FORBIDDEN, Answers
from scaffold.catalog import Question, Template
from scaffold.compose import Composed, Condition, File, Tree
from scaffold.errors import TemplateError
from scaffold.placeholders import ANSWERS_FILE, DERIVED, stand_ins, to_jinja
from scaffold.release import Release
from scaffold.render import render

TOML = Path("toy/template.toml")
OMITTED = (', email = "ada@example.com"', " <ada@example.com>", "{# ada@example.com {")
QUESTIONS = (
    Question("author", "Who?", stand_in="Ada Author"),
    Question("email", "At?", stand_in="ada@example.com", pattern=".*", omit_if_empty=OMITTED),
    Question("size", "How large?", stand_in="medium-size", choices=("small", "large")),
    Question("licence", "Which?", choices=("mit", "none"), layers={"mit": ("licence-mit",)}),
)
TEMPLATE = Template("toy", TOML.parent, "A toy", ("python",), QUESTIONS)
ANSWERS = {
    "author": 'Zoë "Z" \\ O\'Neil',
    "email": "zoe@example.org",
    "size": "large",
    "licence": "mit",
}
ALL = "Ada Author ada@example.com medium-size"
"""Every stand-in that a question has, since one that occurs nowhere is an error."""

HIDDEN = {name: {"default": jinja, "when": False} for name, jinja in DERIVED.items()}


def compose(files: Mapping[str, File | str | bytes]) -> Composed:
    """Take files as `compose` would give them, and one more that holds all stand-ins."""
    given = {
        path: content
        if isinstance(content, File)
        else File(content if isinstance(content, bytes) else content.encode())
        for path, content in files.items()
    }
    all_of_them = {"all.md": File(ALL.encode())}
    return Composed(tuple((path, None, file) for path, file in (all_of_them | given).items()))


def make(composed: Composed, name: str = "my-thing", **changed: str) -> Tree:
    """Render composed files with the answers, as they are or changed."""
    release = Release("1.0", HIDDEN, to_jinja(TEMPLATE, composed))
    project = render(release, Answers("toy", "python", name, ANSWERS | changed))
    del project[ANSWERS_FILE]
    project.pop("all.md", None)
    return project


def fill(text: str, path: str = "a.md", **changed: str) -> str:
    """Render one file that holds this text."""
    (file,) = make(compose({path: text}), **changed).values()
    return file.content.decode()


def refuse(files: Mapping[str, File | str | bytes]) -> str:
    """Return the error about files that cannot become a template."""
    with pytest.raises(TemplateError) as raised:
        to_jinja(TEMPLATE, compose(files))
    return str(raised.value)


# --- stand-ins ----------------------------------------------------------------------------------


def test_each_stand_in_becomes_its_answer() -> None:
    """The name has three forms, and so has its stand-in; questions add theirs."""
    text = "my-project my_project My Project Ada Author medium-size ada@example.com"
    filled = 'my-thing my_thing My Thing Zoë "Z" \\ O\'Neil large zoe@example.org'
    assert fill(text) == filled
    assert fill("my-projects, xmy_projectx, My Projector") == "my-things, xmy_thingx, My Thingor"
    assert fill("MY-PROJECT my project my.project") == "MY-PROJECT my project my.project"


def test_the_table_of_stand_ins_has_every_literal() -> None:
    """It is what the laws look for in a project; longer literals are in it, too."""
    assert stand_ins(TEMPLATE) == {
        "my-project": "project_name",
        "my_project": "package_name",
        "My Project": "project_title",
        "Ada Author": "author",
        "ada@example.com": "email",
        **dict.fromkeys(OMITTED, "email"),
        "medium-size": "size",
    }


def test_the_longest_stand_in_counts() -> None:
    """One that begins with another, or holds another, is itself and not the other."""
    host = Question("host", "Where?", stand_in="my-project.example.com", pattern="[a-z.]+")
    template = Template("toy", TOML.parent, "A toy", ("python",), (host,))
    composed = Composed((("a.md", None, File(b"my-project at my-project.example.com")),))
    release = Release("1.0", HIDDEN, to_jinja(template, composed))
    project = render(release, Answers("toy", "python", "one", {"host": "here.test"}))
    assert project["a.md"].content == b"one at here.test"


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.stand_in])
def test_a_question_whose_stand_in_occurs_nowhere_is_told(question: Question) -> None:
    """It would be asked in vain; the error names the file, the stand-in and the question."""
    stand_in = question.stand_in or ""
    text = ALL.replace(stand_in, stand_in.upper())
    problem = f"the stand-in {stand_in!r} of {question.name} occurs nowhere"
    assert refuse({"all.md": text}) == f"{TOML}: {problem}"


@pytest.mark.parametrize(
    "files",
    [
        {"all.md": "Ada Author, medium-size", "a.md": f"x{OMITTED[1]}"},
        {"all.md": "Ada Author, ada@example.com", "medium-size/a.md": ""},
        {"all.md": "Ada Author, ada@example.com", "a": File(link="medium-size")},
    ],
)
def test_a_stand_in_may_occur_in_a_longer_literal_a_path_or_a_link(
    files: Mapping[str, File | str],
) -> None:
    """Wherever it is replaced, it occurs."""
    assert to_jinja(TEMPLATE, compose(files))


def test_two_questions_with_one_stand_in_are_told() -> None:
    """Only one of the two could be answered with it."""
    twin = Question("twin", "Who?", stand_in="Ada Author")
    template = Template("toy", TOML.parent, "A toy", ("python",), (*QUESTIONS, twin))
    with pytest.raises(TemplateError, match="'Ada Author' of author occurs nowhere"):
        to_jinja(template, compose({}))


def test_a_stand_in_in_a_file_that_is_not_utf_8_is_told() -> None:
    """It could not be replaced, and would be left over; without one the file arrives as it is."""
    problem = "holds the stand-in 'Ada Author' but is not UTF-8, so it cannot be replaced"
    for content in (b"\xff\xfe Ada Author", "Zoë, Ada Author".encode("latin-1"), b"\x80Ada Author"):
        assert refuse({"deep/a.bin": content}) == f"deep/a.bin: {problem}"
    for content in (b"\xff\xfe", "my-project".encode("utf-16"), bytes(range(256))):
        assert make(compose({"a.bin": content})) == {"a.bin": File(content)}


# --- free text ----------------------------------------------------------------------------------

INSIDE = [
    '"Ada Author"',
    '["x", "by Ada Author."]',
    '"say \\"Ada Author\\""',
    '"\\\\Ada Author"',
    '"a\\\\", "Ada Author"',
    '"a" "Ada Author" "Ada Author"',
    '"""By Ada Author."""',
    "'\"Ada Author",
]
OUTSIDE = [
    "Ada Author",
    "x = Ada Author",
    "# by Ada Author",
    "'Ada Author'",
    '"" Ada Author',
    '"a" Ada Author "b"',
    '"a\\"b" Ada Author',
    '"a\\\\" Ada Author',
    '"Ada Author" Ada Author',
    '"""First line.\n\nBy Ada Author.\n"""',
    '"\nAda Author',
]


@pytest.mark.parametrize("suffix", [".json", ".py", ".rs", ".toml", ".yaml", ".yml"])
@pytest.mark.parametrize("text", INSIDE)
def test_free_text_inside_double_quotes_is_escaped(text: str, suffix: str) -> None:
    """A backslash and a double quote get a backslash, as all these formats read them."""
    answer = 'Zoë \\"Z\\" \\\\ O\'Neil'
    assert fill(text, f"deep/a{suffix}") == text.replace("Ada Author", answer)


@pytest.mark.parametrize("suffix", [".json", ".py", ".rs", ".toml", ".yaml", ".yml"])
@pytest.mark.parametrize("text", OUTSIDE)
def test_free_text_outside_double_quotes_is_told(text: str, suffix: str) -> None:
    """No escape would be right there; the error names the file and the stand-in."""
    problem = "the stand-in 'Ada Author' must stand inside double quotes"
    assert refuse({f"deep/a{suffix}": text}) == f"deep/a{suffix}: {problem}"


@pytest.mark.parametrize("path", ["a.md", "a.txt", "LICENSE", "deep/AUTHORS", "CODE-OWNERS"])
def test_free_text_in_prose_stands_as_it_is(path: str) -> None:
    """Nobody reads a backslash there."""
    assert fill("x Ada Author\n", path) == 'x Zoë "Z" \\ O\'Neil\n'


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("run.sh", ".sh"),
        ("a.html", ".html"),
        ("a.MD", ".MD"),
        ("Makefile", "Makefile"),
        ("docker/Dockerfile", "Dockerfile"),
        (".gitignore", ".gitignore"),
        (".env", ".env"),
        ("a.md.cfg", ".cfg"),
    ],
)
def test_free_text_where_no_escape_is_known_is_told(path: str, kind: str) -> None:
    """Even inside quotes: what a shell or a Makefile makes of it, nobody can say here."""
    problem = f"the stand-in 'Ada Author' stands for any text, which {kind} cannot hold"
    assert refuse({path: '"Ada Author"'}) == f"{path}: {problem}"


def test_a_name_or_a_choice_may_stand_anywhere() -> None:
    """Neither holds a character that any format reads otherwise."""
    for path in ("a.py", "Makefile", "a.sh", "a.rs"):
        assert fill("x = my_project, medium-size", path) == "x = my_thing, large"


def test_what_is_around_an_optional_answer_goes_with_it() -> None:
    """Where the answer is empty, the literals of `omit_if_empty` leave nothing behind."""
    text = '{ name = "Ada Author", email = "ada@example.com" }, "Ada Author <ada@example.com>"'
    name = 'Zoë \\"Z\\" \\\\ O\'Neil'
    assert fill(text, "a.toml") == (
        f'{{ name = "{name}", email = "zoe@example.org" }}, "{name} <zoe@example.org>"'
    )
    assert fill(text, "a.toml", email="") == f'{{ name = "{name}" }}, "{name}"'
    assert fill("a, ada@example.com, b", email="") == "a, , b"
    assert fill('"ada@example.com"', "a.py", email='"\\') == '"\\"\\\\"'
    assert fill("{ <ada@example.com>{", email="") == "{{"
    assert fill("({# ada@example.com {)") == "({# zoe@example.org {)"
    assert fill("({# ada@example.com {)", email="") == "()"


# --- everything else -----------------------------------------------------------------------------

JINJA_LIKE = [
    "${{ matrix.os }}",
    "{{ x }}",
    "{% if x %}{% endif %}",
    "{# note #}",
    "{% raw %}",
    "{% endraw %}",
    "{{ '{' }}",
    "{{- x -}}",
    "{%- x -%}",
    "{",
    "{{",
    "{{{",
    "{%",
    "{#",
    "}}",
    "%}",
    "#}",
    "-%}\n",
    "-}}\n",
    "# x",
    "## x",
    "%% x",
    "\\",
    "\r\n",
    "\r",
    "\n\r",
    "{\r\n}\r\n",
    "\n\n\n",
    "\v\f\x1c\x85\u2028",
    "\ufeff",
    "\0",
    "'\"",
]


@pytest.mark.parametrize("text", JINJA_LIKE)
@pytest.mark.parametrize(
    "form", ["{}", "my-project{}", "{}my-project", "{}my-project{}", "my-project{}my-project"]
)
def test_what_looks_like_jinja_arrives_untouched(form: str, text: str) -> None:
    """Before a stand-in, after one, between two, and in a file without any; line ends, too."""
    raw = form.replace("{}", text)
    assert fill(raw) == raw.replace("my-project", "my-thing")


def test_a_file_without_a_stand_in_is_no_template() -> None:
    """It is copied as it is, whatever it holds, so its name gets no suffix."""
    files = {f"{i}.md": text for i, text in enumerate(JINJA_LIKE)}
    tree = to_jinja(TEMPLATE, compose(files))
    for path, text in files.items():
        assert tree[path] == File(text.encode())
    assert "all.md.jinja" in tree


@pytest.mark.parametrize(
    "path", ["README.md.jinja", ".jinja", "deep/a.py.jinja", "my-project.jinja"]
)
def test_a_file_that_ends_in_jinja_is_refused(path: str) -> None:
    """Its suffix would be taken off; a folder and a longer suffix are no such file."""
    assert refuse({path: "x"}) == f"{path}: may not end in .jinja: templates hold no Jinja"
    for fine in ("a.jinja/x.md", "a.jinja2", "jinja"):
        assert make(compose({fine: "my-project"})) == {fine: File(b"my-thing")}


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("src/my_project/my-project.py", "src/my_thing/my-thing.py"),
        ("My Project.md", "My Thing.md"),
        ("medium-size/x-my_project-my_project", "large/x-my_thing-my_thing"),
        ("{{ x }}/{% y %}/{# z #}", "{{ x }}/{% y %}/{# z #}"),
        ("{/{{/my-project{/{", "{/{{/my-thing{/{"),
        ("{my-project}", "{my-thing}"),
        ("a b/ü 🦀", "a b/ü 🦀"),
        ("back\\slash'\"\r", "back\\slash'\"\r"),
    ],
)
def test_stand_ins_in_a_path_are_replaced_and_braces_stay(path: str, made: str) -> None:
    """Part by part, whether the file itself holds a stand-in or not."""
    for text, filled in (("", ""), ("my-project", "my-thing"), ("{{ x }}", "{{ x }}")):
        script = File(text.encode(), executable=True)
        assert make(compose({path: script})) == {made: File(filled.encode(), executable=True)}


def test_a_link_leads_to_where_its_target_went() -> None:
    """A stand-in in the target is replaced as in the path of that file; all else is kept."""
    links = {
        "docs": ("src/my_project/docs", "src/my_thing/docs"),
        "my-project": ("../x", "../x"),
        "braces": ("{{ x }}/{", "{{ x }}/{"),
    }
    made = make(compose({path: File(link=target) for path, (target, _) in links.items()}))
    assert made == {
        "docs": File(link=links["docs"][1]),
        "my-thing": File(link=links["my-project"][1]),
        "braces": File(link=links["braces"][1]),
    }


def test_free_text_in_a_path_or_a_link_is_told() -> None:
    """An answer with a slash, or of two dots, would lead out of the project."""
    problem = "the stand-in 'Ada Author' stands for any text, which no path can hold"
    assert refuse({"docs/Ada Author/x.md": ""}) == f"docs/Ada Author/x.md: {problem}"
    assert refuse({"link": File(link="docs/Ada Author")}) == f"link: {problem}"
    assert "'ada@example.com' stands for any text" in refuse({"ada@example.com.md": ""})


def test_a_file_of_a_choice_is_there_only_with_that_choice() -> None:
    """The condition is in the name of the file, in whichever folder and beside any stand-in."""
    condition = Condition("licence", ("mit", "bsd"))
    for path, made in (("LICENSE", "LICENSE"), ("my_project/{{ a/{b", "my_thing/{{ a/{b")):
        files = compose({}).files
        composed = Composed((*files, (path, condition, File(b"my-project"))))
        assert make(composed) == {made: File(b"my-thing")}
        assert make(composed, licence="bsd") == {made: File(b"my-thing")}
        assert make(composed, licence="none") == {}


# --- properties ---------------------------------------------------------------------------------

PIECES = st.sampled_from((*JINJA_LIKE, *stand_ins(TEMPLATE), "{", "}", "%", "#", "\r", "\n", "-"))
TEXT = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)
ANSWER = (
    st.lists(st.sampled_from((*JINJA_LIKE, ALL, "my-project")) | st.text(max_size=5), min_size=1)
    .map(lambda pieces: re.sub(FORBIDDEN, "", "".join(pieces)).strip()[:ANSWER_LENGTH].strip())
    .filter(bool)
)


def replace_all(text: str, answers: Mapping[str, str]) -> str:
    """Replace the stand-ins in one go, so that an answer which holds one keeps it."""
    table = {
        "my-project": "my-thing",
        "my_project": "my_thing",
        "My Project": "My Thing",
        "Ada Author": answers["author"],
        "medium-size": answers["size"],
        "ada@example.com": answers["email"],
    }
    for around in OMITTED if not answers["email"] else ():
        table[around] = ""
    pattern = "|".join(map(re.escape, sorted(table, key=len, reverse=True)))
    return re.sub(pattern, lambda match: table[match.group()], text)


@given(text=TEXT, author=ANSWER, email=ANSWER | st.just(""), size=st.sampled_from(("small", "x")))
@example(text="{% raw %}Ada Author{", author="{% endraw %}{{ x }}", email="", size="{{ size }}")
def test_prose_comes_out_with_its_stand_ins_replaced_and_nothing_else(
    text: str, author: str, email: str, size: str
) -> None:
    """Whatever is around a stand-in, and whatever the answer is."""
    answers = {"author": author, "email": email, "size": size}
    assert fill(text, **answers) == replace_all(text, answers)


@given(text=TEXT, author=ANSWER)
def test_a_stand_in_is_replaced_as_a_plain_replacement_would(text: str, author: str) -> None:
    """The simplest form of the claim: one stand-in, wherever it is."""
    text = re.sub(
        "ada@example.com|medium-size|my.project|My Project", "", f"{text}Ada Author{text}"
    )
    assert fill(text, author=author) == text.replace("Ada Author", author)


def read_python(text: str) -> Any:  # noqa: ANN401  # whatever stands there
    """Return the value of the one assignment."""
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    return ast.literal_eval(statement.value)


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    ".json": ("{}", json.loads),
    ".toml": ("key = [{}]", lambda text: tomllib.loads(text)["key"][0]),
    ".yaml": ("key: {}", lambda text: yaml.safe_load(text)["key"]),
    ".yml": ("- {}", lambda text: yaml.safe_load(text)[0]),
    ".py": ("key = {}", read_python),
    # A string of Rust that holds no other escapes is one of JSON.
    ".rs": ("{}", json.loads),
}
LETTERS = st.sampled_from("ab \\\"'{}%#é🦀:-")


@pytest.mark.parametrize("suffix", READERS)
@given(before=st.text(LETTERS, max_size=6), after=st.text(LETTERS, max_size=6), author=ANSWER)
def test_an_answer_reads_back_from_every_quoted_format(
    suffix: str, before: str, after: str, author: str
) -> None:
    """A parser of the format gives the answer again, between what was around the stand-in."""
    form, read = READERS[suffix]
    text = form.replace("{}", json.dumps(f"{before}Ada Author{after}", ensure_ascii=False))
    assert read(fill(text, f"a{suffix}", author=author)) == f"{before}{author}{after}"
