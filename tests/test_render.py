"""Rendering writes what plain copier writes from the same release, byte for byte.

SCAFFOLD_LONG_TESTS=1 tries many more answers.
"""

import ast
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from helpers import build_tree, need, read_tree
from programs import TOYS
from scaffold import catalog, check, laws, project
from scaffold.answers import FORBIDDEN, NAME_PATTERN, Answers, check_answer, reserved_names, settle
from scaffold.catalog import Question, Template
from scaffold.check import Cell, cells
from scaffold.compose import Composed, File, Tree, compose
from scaffold.errors import UsageError
from scaffold.placeholders import ANSWERS_FILE, SUFFIX, stand_ins
from scaffold.release import ADDRESS, Release, open_release
from scaffold.release import build_tree as build_release
from scaffold.render import render
from scaffold.version import version

LONG = bool(os.environ.get("SCAFFOLD_LONG_TESTS"))
CELLS = cells(catalog.load_all())
# Copier takes a good third of a second, so few are tried of each, and fewer as cells get more.
EXAMPLES = 100 if LONG else max(4, 24 // len(CELLS))

HARD = (
    *("no", "yes", "on", "true", "null", "~", "1e3", "0x1F", "0o7", ".inf", "2024-01-01", "12:30"),
    *("'", '"', '\\"', "'\"", '""', "\\", "\\\\", "\\n", "\\u0041", "x\\", '"""', "'''", "`"),
    *(
        "# x",
        "x # y",
        "- x",
        "? x",
        "x: y",
        ": x",
        ":",
        "[a",
        "{a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
    ),
    *("{{ x }}", "{% raw %}", "{% endraw %}", "{# x #}", "{", "{{", "{%", "}}", "${{ x }}", "${x}"),
    *(
        "{{ project_name }}",
        "my-project",
        "my_project",
        "Ada Author",
        "stand-in 1.",
        "None",
        "$(x)",
    ),
    *(
        "Zo\u00eb \U0001f980",
        "a\u0301",
        "\u05d0\u200f",
        "a\u00a0b",
        "<b>&amp;</b>",
        "@x",
        "=1",
        "a" * 200,
    ),
)
"""Answers that some format, shell or template would read otherwise."""

QUESTIONS = "".join(
    f'[questions.q{i}]\nhelp = "?"\nstand_in = "stand-in {i}."\n' for i in range(len(HARD))
)
LINES = [f"stand-in {i}." for i in range(len(HARD))]
HARD_TOY: dict[str, str | bytes] = {
    "hard/template.toml": f'summary = "Asks a lot"\nlanguages = ["python"]\n{QUESTIONS}',
    "hard/any/prose.md": "\n".join(LINES),
    "hard/any/data.json": json.dumps(LINES),
    "hard/any/data.toml": f"key = {json.dumps(LINES)}\n",
    "hard/any/data.yml": f"key: {json.dumps(LINES)}\n",
    "hard/python/data.py": f"KEY = {json.dumps(LINES)}\n",
}
"""A template with a question for each of the answers above."""

ODD_TOY: dict[str, str | bytes] = {
    "odd/template.toml": (
        'summary = "{{ odd }}"\nlanguages = ["python"]\n'
        '[questions.size]\nhelp = "{% which %}"\nstand_in = "medium-size"\n'
        'choices = ["no", "1e3", "null", "~", "0o7", "none"]\ndefault = "no"\n'
        '[questions.words]\nhelp = "?"\nstand_in = "some words"\ndefault = "{{ my-project }} {%"\n'
    ),
    "odd/any/binary.bin": bytes(range(256)),
    "odd/any/latin-1.txt": "Zo\u00eb".encode("latin-1"),
    "odd/any/crlf.txt": b"my-project\r\n{\r\nlast",
    "odd/any/crlf-alone.txt": b"one\r\n{\r\nlast\r\n\r\n",
    "odd/any/bom.md": "\ufeffmy-project\n",
    "odd/python/empty": "",
    "odd/any/lines.md": "\n\n\nmy-project\n\n\n\n",
    "odd/any/jinja.md": "{% raw %} {{ x }} {# y #} {%- z -%}\n{",
    "odd/any/jinja too.md": "{% raw %} {{ my-project }} {# y #} {%- z -%}\n{",
    "odd/any/{{ x }}/{% my_project/{": "x",
    "odd/any/medium-size/Zo\u00eb \U0001f980/.hidden.md": "some words\n",
    "odd/any/run": "#!/bin/sh\n",
    "odd/any/deep/my-project.sh": "#!/bin/sh\necho my-project\n",
    "odd/any/.git-like/config": "my-project\n",
    "odd/any/copier.yml": "my-project: {{ x }}\n",
    "odd/any/a.jinja/b.jinja2": "my-project\n",
}
"""A template whose files, names and choices are of every kind that is allowed."""

LINKS = {
    "odd/python/to-a-file": "empty",
    "odd/any/to-a-folder": "deep",
    "odd/any/to-my-project": "deep/my-project.sh",
    "odd/any/deep/up": "../lines.md",
    "odd/any/deep/to-nowhere": "{{ nowhere }}",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Templates, and the repository that their release is published in."""

    templates: Path
    repository: Path

    def compare(self, answers: Answers, folder: Path) -> Tree:
        """Make the project both ways, hold them to the same bytes, and return its files."""
        template = catalog.load(answers.template, self.templates)
        tree = render(open_release(template, answers.language), answers, str(self.repository))
        project.write(tree, folder / "ours", git=False)
        copier.run_copy(
            str(self.repository),
            folder / "theirs",
            data=answers.as_dict(),
            defaults=True,
            quiet=True,
            vcs_ref=f"v{version()}",
        )
        ours, theirs = read_tree(folder / "ours"), read_tree(folder / "theirs")
        assert sorted(ours) == sorted(theirs)
        for path, content in ours.items():
            assert theirs[path] == content, path
        return tree


@pytest.fixture(scope="module", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep out what the machine tells git and copier, and a repository that this runs in."""
    folder = build_tree({"git": "", "copier": "{}\n"}, tmp_path_factory.mktemp("settings"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(folder / "git"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("COPIER_SETTINGS_PATH", str(folder / "copier"))
        yield


def publish(templates: Path, repository: Path) -> Source:
    """Write the release tree into a repository of its own, tagged with its version."""
    git = need("git")
    project.write(build_release(templates), repository, git=False)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=Release"),
        ("tag", f"v{version()}"),
    ):
        subprocess.run([git, *identity, *words], cwd=repository, check=True)
    return Source(templates, repository)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, _own_settings: None) -> Source:
    """Publish the templates that are given away."""
    return publish(catalog.ROOT, tmp_path_factory.mktemp("ours") / "release")


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory, _own_settings: None) -> Source:
    """Publish toys that have everything a template may have."""
    folder = tmp_path_factory.mktemp("toys")
    templates = build_tree(TOYS | HARD_TOY | ODD_TOY, folder / "templates")
    if os.name != "nt":
        for place, target in LINKS.items():
            (templates / place).symlink_to(target)
    return publish(templates, folder / "release")


def demanded(template: Template) -> dict[str, str]:
    """Return an answer to each question that has no default."""
    asked = [each for each in template.questions if each.default is None]
    return {each.name: "eu-west1" if each.name == "region" else "x" for each in asked}


# --- the same as copier -------------------------------------------------------------------------


@pytest.mark.parametrize("licence", ["mit", "apache-2.0", "none"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_defaults_give_what_copier_gives(
    cell: Cell, licence: str, ours: Source, tmp_path: Path
) -> None:
    """Under each licence, for every template in every language."""
    answers = settle(cell.template, cell.language, "my-thing", {"licence": licence})
    tree = ours.compare(answers, tmp_path)
    assert ("LICENSE" in tree) is (licence != "none")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_copier_has_the_defaults_that_we_have(cell: Cell, ours: Source, tmp_path: Path) -> None:
    """Told the template alone, it makes the project that we make without a question."""
    answers = settle(cell.template, cell.language, cell.template.name, {})
    copier.run_copy(
        str(ours.repository),
        tmp_path,
        data={"template": cell.template.name, "language": cell.language},
        defaults=True,
        quiet=True,
    )
    known = yaml.safe_load((tmp_path / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert {key: known[key] for key in answers.as_dict()} == answers.as_dict()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("template", "calculater"),
        ("language", "rust"),
        ("project_name", "My_Thing"),
        ("project_name", "tests"),
        ("author", " "),
        ("author", "two\nlines"),
        ("licence", "gpl"),
        ("region", ""),
        ("region", "Europe"),
    ],
)
def test_copier_refuses_what_we_refuse(
    question: str, answer: str, toys: Source, tmp_path: Path
) -> None:
    """The rules that stand in the release hold when it is copied, and nothing is written."""
    right = {"template": "asking", "language": "python", "region": "eu-west1"}
    where = tmp_path / "here"
    with pytest.raises(ValueError, match=question):
        copier.run_copy(
            str(toys.repository),
            where,
            data=right | {question: answer},
            defaults=True,
            quiet=True,
        )
    assert not where.exists()


@pytest.mark.parametrize("name", ["toy", "asking", "odd"])
def test_a_template_with_everything_gives_what_copier_gives(
    name: str, toys: Source, tmp_path: Path
) -> None:
    """Scripts, links, binary files, every line end, braces anywhere, words of YAML as choices."""
    template = catalog.load(name, toys.templates)
    sizes = [*template.question("size").choices] if name == "odd" else [""]
    for i, (language, size) in enumerate(product(template.languages, sizes)):
        given = demanded(template) | ({"size": size} if size else {})
        (tmp_path / str(i)).mkdir()
        answers = settle(template, language, "my-thing", given)
        assert len(toys.compare(answers, tmp_path / str(i))) > len(sizes)


def test_hard_answers_give_what_copier_gives_and_read_back(toys: Source, tmp_path: Path) -> None:
    """Whatever YAML, TOML, JSON, Python or Jinja would make of an answer, it comes out whole."""
    template = catalog.load("hard", toys.templates)
    given = {f"q{i}": text for i, text in enumerate(HARD)}
    tree = toys.compare(settle(template, "python", "my-thing", given), tmp_path)
    texts = {path: file.content.decode() for path, file in tree.items()}
    hard = list(HARD)
    assert texts["prose.md"] == "\n".join(hard)
    assert json.loads(texts["data.json"]) == hard
    assert tomllib.loads(texts["data.toml"])["key"] == hard
    assert yaml.safe_load(texts["data.yml"])["key"] == hard
    assert ast.literal_eval(texts["data.py"].removeprefix("KEY = ")) == hard
    known = yaml.safe_load(texts[ANSWERS_FILE])
    assert [known[f"q{i}"] for i in range(len(hard))] == hard


# --- any answers --------------------------------------------------------------------------------

NAMES = st.one_of(
    st.from_regex(NAME_PATTERN, fullmatch=True),
    st.sampled_from(("q", "q" * 40, "zz-top", "a-1-b2", "x-" * 19 + "y")),
).filter(lambda name: len(name) <= 40 and name.replace("-", "_") not in reserved_names())
TEXTS = (
    st.lists(st.sampled_from(HARD) | st.text(max_size=5), min_size=1, max_size=4)
    .map(lambda pieces: re.sub(FORBIDDEN, "", "".join(pieces)).strip()[:200].strip())
    .filter(bool)
)


def accepted(question: Question, answer: str) -> bool:
    """Return whether an answer is allowed as it stands."""
    try:
        return check_answer(question, answer) == answer
    except UsageError:
        return False


@st.composite
def answers_to(draw: st.DrawFn, template: Template, language: str) -> Answers:
    """Draw a name, and an answer to every question."""
    values = {}
    for question in template.questions:
        if question.choices:
            strategy = st.sampled_from(question.choices)
        elif question.pattern is not None:
            pattern = re.compile(question.pattern, re.ASCII)
            strategy = st.from_regex(pattern, fullmatch=True) | st.from_regex(pattern)
        else:
            strategy = TEXTS
        values[question.name] = draw(strategy.filter(partial(accepted, question)))
    return settle(template, language, draw(NAMES), values)


@pytest.mark.parametrize("cell", CELLS, ids=str)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_answers_give_what_copier_gives(
    cell: Cell, data: st.DataObject, ours: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Names of every form, answers of any text: the same files with the same bytes."""
    answers = data.draw(answers_to(cell.template, cell.language))
    tree = ours.compare(answers, tmp_path_factory.mktemp("any"))
    known = yaml.safe_load(tree[ANSWERS_FILE].content)
    recorded = {"_commit": f"v{version()}", "_src_path": str(ours.repository)}
    assert known == recorded | answers.as_dict()


def read_python(text: str) -> list[Any]:
    """Return every constant of a module, in order."""
    return [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]


READERS: dict[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".py": read_python,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}


def put_in(value: Any, table: Mapping[str, str]) -> Any:  # noqa: ANN401  # whatever was read
    """Replace the stand-ins in every text of a value."""
    if isinstance(value, str):
        literals = sorted(table, key=len, reverse=True)
        pattern = "|".join(map(re.escape, literals))
        return re.sub(pattern, lambda match: table[match.group()], value)
    if isinstance(value, bytes):
        text = put_in(value.decode(errors="surrogateescape"), table)
        return text.encode(errors="surrogateescape")
    if isinstance(value, list):
        return [put_in(each, table) for each in value]
    if isinstance(value, dict):
        return {put_in(key, table): put_in(each, table) for key, each in value.items()}
    return value


@cache
def opened(template: str, language: str) -> Release:
    """Return the release of a template in a language, composed once."""
    return open_release(catalog.load(template), language)


@cache
def composed(template: str, language: str) -> Composed:
    """Return the files that a release is made of, composed once."""
    return compose(catalog.load(template), language)


def sources(cell: Cell, answers: Answers) -> dict[str, File]:
    """Return the files that the answers choose, without what goes with an answer that is empty."""
    chosen = {}
    for path, condition, file in composed(cell.template.name, cell.language).files:
        if condition is None or answers.values[condition.question] in condition.choices:
            content = file.content
            for question in cell.template.questions:
                for around in () if answers.values[question.name] else question.omit_if_empty:
                    content = content.replace(around.encode(), b"")
            chosen[path] = File(content, file.executable, file.link)
    return chosen


@pytest.mark.parametrize("cell", CELLS, ids=str)
@settings(max_examples=EXAMPLES * 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_file_still_reads_and_holds_the_answers(cell: Cell, data: st.DataObject) -> None:
    """TOML, JSON, YAML and Python say what the template's say, with the answers for stand-ins."""
    answers = data.draw(answers_to(cell.template, cell.language))
    tree = render(opened(cell.template.name, cell.language), answers)
    package = answers.name.replace("-", "_")
    title = " ".join(word.capitalize() for word in answers.name.split("-"))
    table = {"my-project": answers.name, "my_project": package, "My Project": title}
    table |= {
        question.stand_in: answers.values[question.name]
        for question in cell.template.questions
        if question.stand_in
    }
    raw = sources(cell, answers)
    assert {put_in(path, table) for path in raw} == set(tree) - {ANSWERS_FILE}
    for path, file in raw.items():
        made = tree[put_in(path, table)]
        assert (made.executable, made.link) == (file.executable, file.link)
        if reader := READERS.get(Path(path).suffix):
            expected = put_in(reader(file.content.decode()), table)
            assert reader(made.content.decode()) == expected, path
        elif path.endswith(".rs"):
            escaped = {
                key: text.replace("\\", "\\\\").replace('"', '\\"') for key, text in table.items()
            }
            assert made.content.decode() == put_in(file.content.decode(), escaped), path
        else:
            assert made.content.decode() == put_in(file.content.decode(), table), path


@pytest.mark.parametrize("email", ["", "zoe@example.org"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_manifest_names_the_author(cell: Cell, email: str) -> None:
    """With the address where one was given, and well-formed without."""
    author = 'Zoë "Z" \\ O\'Neil {{ x }}'
    answers = settle(cell.template, cell.language, "my-thing", {"author": author, "email": email})
    tree = render(opened(cell.template.name, cell.language), answers)
    if cell.language == "python":
        manifest = tomllib.loads(tree["pyproject.toml"].content.decode())["project"]
        assert manifest["authors"] == [{"name": author} | ({"email": email} if email else {})]
    else:
        manifest = tomllib.loads(tree["Cargo.toml"].content.decode())["package"]
        assert manifest["authors"] == [f"{author} <{email}>" if email else author]
    assert manifest["name"] == "my-thing"
    assert manifest["license"] == "MIT"


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_project_keeps_the_laws(cell: Cell) -> None:
    """The list of files, no stand-in left over, run bits, no path of a machine."""
    answers = check.test_answers(cell, "my-thing")
    tree = render(opened(cell.template.name, cell.language), answers)
    raw = composed(cell.template.name, cell.language)
    assert laws.broken(cell.template, answers, raw, tree) == []


# --- how a release is read ----------------------------------------------------------------------

ANSWERS = Answers("toy", "rust", "my-thing", {"size": "", "word": "{{ x }}"})


def made(files: Mapping[str, File | str], config: Mapping[str, Any] | None = None) -> Tree:
    """Render a release of these files."""
    tree = {
        path: file if isinstance(file, File) else File(file.encode())
        for path, file in files.items()
    }
    return render(Release("1.2.3", config or {}, tree), ANSWERS)


def test_only_files_with_the_suffix_are_rendered_but_every_path_is() -> None:
    """The suffix is taken off; everything else of a file stays."""
    script = File(b"{{ word }}", executable=True)
    files = {
        f"a/{{{{ project_name }}}}{SUFFIX}": script,
        "{{ project_name }}/a": script,
        f"link{SUFFIX}": File(link="to/{{ language }}"),
        "other": File(link="to/{{ language }}"),
    }
    assert made(files) == {
        "a/my-thing": File(b"{{ x }}", executable=True),
        "my-thing/a": script,
        "link": File(link="to/rust"),
        "other": File(link="to/{{ language }}"),
    }


def test_a_part_of_a_path_that_renders_to_nothing_leaves_the_file_out() -> None:
    """The last part or any other; what is said in the file is not looked at."""
    files = {
        "{% if size %}a{% endif %}": "",
        f"{{{{ size }}}}/b{SUFFIX}": "{{ unknown }}",
        "c/{{ size }}/d": "",
        "c/{% if word %}e{% endif %}": "",
    }
    assert made(files) == {"c/e": File()}


def test_a_variable_that_is_unknown_is_an_error_in_a_file_and_in_a_path() -> None:
    """Nothing is left out in silence, as copier is told, too."""
    for files in ({f"a{SUFFIX}": "{{ unknown }}"}, {"{{ unknown }}": ""}):
        with pytest.raises(UndefinedError):
            made(files)


def test_a_template_reaches_nothing_but_its_answers() -> None:
    """It runs in Jinja's sandbox, as under copier."""
    with pytest.raises(SecurityError):
        made({f"a{SUFFIX}": "{{ ''.__class__.__mro__ }}"})


def test_values_that_follow_from_answers_are_rendered_from_those_before() -> None:
    """A question that is never asked is one; a setting, and one that is asked, are not."""
    config = {
        "_settings": ["x"],
        "word": {"default": "other"},
        "size": {"default": "other", "when": "{{ no }}"},
        "first": {"default": "{{ project_name }}!", "when": False},
        "second": {"default": "{{ first }}{{ word }}", "when": False},
    }
    text = "{{ first }} {{ second }} {{ word }} {{ size }}"
    assert made({f"a{SUFFIX}": text}, config)["a"].content == b"my-thing! my-thing!{{ x }} {{ x }} "


def test_the_answers_file_records_version_and_source() -> None:
    """Where nothing else is said, the source is where releases are published."""
    text = "{{ _copier_answers }} {{ _copier_conf.answers_file }}"
    known = {"_commit": "v1.2.3", "_src_path": ADDRESS} | ANSWERS.as_dict()
    assert made({f"a{SUFFIX}": text})["a"].content.decode() == f"{known} {ANSWERS_FILE}"
    release = Release("1.2.3", {}, {f"a{SUFFIX}": File(b"{{ _copier_answers._src_path }}")})
    assert render(release, ANSWERS, "here")["a"].content == b"here"


@pytest.mark.parametrize("source", ["C:\\new\\x", 'a "b" \' {{ c }}', "no", "1e3", "gh:a/b # c"])
def test_a_source_of_any_form_reads_back(source: str, toys: Source) -> None:
    """A folder may be called as it likes, and updates must find it again."""
    template = catalog.load("toy", toys.templates)
    tree = render(open_release(template, "rust"), settle(template, "rust", "x", {}), source)
    assert yaml.safe_load(tree[ANSWERS_FILE].content)["_src_path"] == source


def test_the_files_come_sorted_by_their_paths() -> None:
    """However the release is ordered, so that a project is written alike each time."""
    files = {f"{{{{ project_name }}}}{name}": "" for name in "cab"} | {"z": "", "n": ""}
    assert list(made(files)) == ["my-thinga", "my-thingb", "my-thingc", "n", "z"]


def test_no_stand_in_is_left_over(toys: Source) -> None:
    """Every toy, whatever it is made of, is rid of its stand-ins."""
    for name in ("toy", "asking", "odd"):
        template = catalog.load(name, toys.templates)
        answers = settle(template, template.languages[0], "q", demanded(template))
        tree = render(open_release(template, answers.language), answers)
        for path, file in tree.items():
            for literal in stand_ins(template):
                assert literal not in path
                assert literal.encode() not in file.content
