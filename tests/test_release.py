"""The release tree: the same bytes from the same templates, and what copier is told of them."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from helpers import build_tree
from programs import TOYS
from scaffold import catalog, release
from scaffold.answers import (
    NAME_LENGTH,
    check_answer,
    default_answer,
    normalise_name,
    reserved_names,
    settle,
)
from scaffold.catalog import Question, Template
from scaffold.compose import File, Tree, compose
from scaffold.errors import UsageError
from scaffold.placeholders import DERIVED, to_jinja
from scaffold.release import open_release, pack
from scaffold.render import render
from scaffold.version import version

GENERATOR = Path(__file__).parents[1] / "generator"
OTHER = {
    "other/template.toml": (
        'summary = "Asks otherwise: {{ x }}"\nlanguages = ["rust"]\n'
        '[questions.region]\nhelp = "In {% which %} region?"\nstand_in = "eu-1"\n'
        'default = "{{ region }} of my-project{"\n'
        '[questions.size]\nhelp = "Which size?"\nstand_in = "no-size"\n'
        'choices = ["no", "1e3", "null", "~"]\ndefault = "no"\n'
        '[questions.colour]\nhelp = "Which?"\nstand_in = "grey"\ndefault = ""\n'
        'pattern = "[\'\\"}{#%]{2}|a|"\n'
    ),
    "other/rust/x.txt": "eu-1 no-size grey\n",
    "third/template.toml": (
        'summary = "Lets choose"\nlanguages = ["rust"]\n'
        '[questions.colour]\nhelp = "Which?"\nstand_in = "grey"\nchoices = ["red", "blue"]\n'
        'default = "red"\n'
    ),
    "third/rust/x.txt": "grey\n",
}
"""Templates whose questions are called alike, but ask something else."""

TEMPLATES = catalog.load_all()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a folder of templates that ask the same and other questions."""
    return build_tree(TOYS | OTHER, tmp_path / "templates")


def config_of(tree: Tree) -> dict[str, Any]:
    """Return what copier reads of the release."""
    config: dict[str, Any] = yaml.safe_load(tree["copier.yml"].content)
    return config


# --- the tree and its archive -------------------------------------------------------------------


def test_the_tree_holds_every_template_in_every_language(root: Path) -> None:
    """Each has a folder of its own, beside the one file that copier reads."""
    tree = release.build_tree(root)
    folders: dict[str, Tree] = {}
    for path, file in tree.items():
        if path != "copier.yml":
            _, template, language, rest = path.split("/", 3)
            folders.setdefault(f"{template} {language}", {})[rest] = file
    assert set(folders) == {
        *("toy python", "toy rust", "asking python", "other rust", "third rust")
    }
    for name, files in folders.items():
        template, language = name.split()
        loaded = catalog.load(template, root)
        assert files == to_jinja(loaded, compose(loaded, language))


def test_the_tree_is_the_same_in_whatever_order_a_folder_lists_its_files(tmp_path: Path) -> None:
    """File systems differ in it; a release must not."""
    files = {f"toy/any/{i}/{i * 7 % 30}.md": "my-project\n" for i in range(30)} | TOYS
    there = build_tree(files, tmp_path / "there")
    back = build_tree(dict(reversed(files.items())), tmp_path / "back")
    one, other = release.build_tree(there), release.build_tree(back)
    assert list(one.items()) == list(other.items())
    assert pack(one) == pack(other)


def test_the_archive_is_the_same_in_every_process(root: Path) -> None:
    """Nothing hangs on the order of a set, which differs from one process to the next."""
    script = (
        "import sys; from pathlib import Path; from scaffold.release import build_tree, pack; "
        "sys.stdout.buffer.write(pack(build_tree(Path(sys.argv[1]))))"
    )
    archives = {
        subprocess.run(
            [sys.executable, "-c", script, root],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(GENERATOR)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert archives == {pack(release.build_tree(root))}


def test_an_archive_is_the_same_for_the_same_tree_and_has_no_date() -> None:
    """Neither the order of the tree, the clock nor the machine shows in it."""
    tree = {"b": File(b"1"), "a/c": File(b"2", executable=True), "l": File(link="b")}
    archive = pack(tree)
    assert pack(dict(reversed(tree.items()))) == archive
    assert pack({**tree, "b": File(b"1", executable=True)}) != archive
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        infos = opened.infolist()
    assert [info.filename for info in infos] == ["a/c", "b", "l"]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.create_system for info in infos} == {3}
    assert [oct(info.external_attr >> 16) for info in infos] == ["0o100755", "0o100644", "0o120644"]


def as_in_a_wheel(root: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes) -> None:
    """Let an archive lie where a wheel has it, with the templates of `root` as the wheel's own."""
    path = root.parent / "release.zip"
    path.write_bytes(archive)
    monkeypatch.setattr(release, "_ARCHIVE", path)
    monkeypatch.setattr(release, "ROOT", root)


def test_an_archive_gives_back_the_tree(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content, run bits, links and names of any letters."""
    files = {
        "a.md.jinja": File(b"{{ project_name }}"),
        "deep/er/binary": File(bytes(range(256))),
        "empty": File(b""),
        "run.sh": File(b"#!/bin/sh\n", executable=True),
        "link": File(link="deep/er/Zo\u00eb"),
        "{% if licence in ['mit'] %}Zo\u00eb \U0001f980 \\ x{% endif %}": File(b"x"),
    }
    tree = {f"templates/toy/rust/{path}": file for path, file in files.items()}
    tree |= {"copier.yml": File(b"a: 1\n"), "templates/toy/python/x": File(b"other")}
    as_in_a_wheel(root, monkeypatch, pack(tree))
    opened = open_release(catalog.load("toy", root), "rust")
    assert opened.files == files
    assert opened.config == {"a": 1}
    assert opened.version == version()


@pytest.mark.parametrize("name", ["toy", "asking", "other", "third"])
def test_a_release_from_the_archive_is_that_from_the_sources(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel, which does not compose, makes the project that a checkout makes."""
    template = catalog.load(name, root)
    given = {"region": "eu-west1"} if name == "asking" else {}
    for language in template.languages:
        answers = settle(template, language, "one", {"author": "Zoë", "email": "", **given})
        with monkeypatch.context() as patch:
            composed = open_release(template, language)
            as_in_a_wheel(root, patch, pack(release.build_tree(root)))
            opened = open_release(template, language)
        assert opened.files == composed.files
        assert list(render(opened, answers).items()) == list(render(composed, answers).items())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_each_template_is_in_the_archive_as_in_the_sources(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds for the templates that are given away."""
    composed = {each: open_release(template, each).files for each in template.languages}
    path = tmp_path / "release.zip"
    path.write_bytes(pack(release.build_tree()))
    monkeypatch.setattr(release, "_ARCHIVE", path)
    assert composed == {each: open_release(template, each).files for each in template.languages}


def test_a_template_from_elsewhere_is_composed_even_where_there_is_an_archive(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive holds the wheel's own templates only, whatever others are called."""
    elsewhere = catalog.load("toy", build_tree(TOYS, tmp_path / "elsewhere"))
    as_in_a_wheel(root, monkeypatch, pack({"copier.yml": File(b"a: 1\n")}))
    assert open_release(elsewhere, "rust").files
    assert open_release(catalog.load("toy", root), "rust").files == {}


# --- what copier reads --------------------------------------------------------------------------


def test_the_settings_are_those_that_rendering_follows(root: Path) -> None:
    """Copier leaves nothing out, keeps links and line ends, and stops at an unknown variable."""
    config = config_of(release.build_tree(root))
    settings = {key: value for key, value in config.items() if key.startswith("_")}
    assert settings == {
        "_min_copier_version": "9.4.0",
        "_subdirectory": "templates/{{ template }}/{{ language }}",
        "_templates_suffix": ".jinja",
        "_answers_file": ".copier-answers.yml",
        "_preserve_symlinks": True,
        "_exclude": [],
        "_envops": {"keep_trailing_newline": True, "undefined": "jinja2.StrictUndefined"},
    }


def test_every_question_of_every_template_is_asked_and_what_follows_is_not(root: Path) -> None:
    """In the order in which one follows from another; the derived values are hidden."""
    config = config_of(release.build_tree(root))
    asked = [key for key in config if not key.startswith("_")]
    common = ["template", "language", "project_name", "author", "email", "licence"]
    assert asked[:3] == common[:3]
    assert sorted(asked[3:-2]) == sorted([*common[3:], "region", "size", "colour"])
    assert asked[-2:] == ["package_name", "project_title"] == list(DERIVED)
    assert [key for key in asked if config[key].get("when") is False] == list(DERIVED)
    assert {config[key]["type"] for key in asked} == {"str"}
    assert config["template"]["choices"]["toy: A toy"] == "toy"


@cache
def jinja(text: str) -> jinja2.Template:
    """Compile a text as copier does."""
    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    )
    return environment.from_string(text)


def ask(config: Mapping[str, Any], name: str, key: str, **known: str) -> str:
    """Render one key of a question; one that has no `when` is asked."""
    return jinja(config[name].get(key, "True")).render(**known).strip()


def test_a_question_that_templates_ask_differently_is_asked_as_each_does(root: Path) -> None:
    """Help, default and rule follow the template, and braces in them are no Jinja."""
    config = config_of(release.build_tree(root))
    for name in ("toy", "asking", "other", "third"):
        template = catalog.load(name, root)
        known = {"template": name, "project_name": "one-two", "language": template.languages[0]}
        for question in template.questions:
            assert ask(config, question.name, "when", **known) == "True"
            assert ask(config, question.name, "help", **known) == question.help
            default = default_answer(question, "one-two") if not question.git_config else None
            if default is not None:
                assert ask(config, question.name, "default", **known) == default
        others = {"region", "size", "colour"} - {each.name for each in template.questions}
        for other in others:
            assert ask(config, other, "when", **known) == "False"


def test_a_default_of_one_template_is_not_that_of_another(root: Path) -> None:
    """Where a template demands an answer, copier does not take another template's default."""
    config = config_of(release.build_tree(root))
    known = {"template": "asking", "project_name": "one", "language": "python"}
    default = ask(config, "region", "default", **known)
    assert default == ""
    assert ask(config, "region", "validator", region=default, **known)


def test_only_a_question_with_choices_everywhere_has_them_in_copier(root: Path) -> None:
    """They are all that any template allows; one that leaves the answer free could not ask else."""
    config = config_of(release.build_tree(root))
    assert config["size"]["choices"] == ["small", "large", "no", "1e3", "null", "~"]
    assert "choices" not in config["colour"]


def test_the_language_is_one_that_the_template_has(root: Path) -> None:
    """The first is the default, and another is refused by its name."""
    config = config_of(release.build_tree(root))
    assert config["language"]["choices"] == ["python", "rust"]
    for name, languages in (("toy", ["python", "rust"]), ("other", ["rust"])):
        assert ask(config, "language", "default", template=name) == languages[0]
        for language in ("python", "rust"):
            told = ask(config, "language", "validator", template=name, language=language)
            refusal = f"{name} has no {language} version"
            assert told == ("" if language in languages else refusal)


# --- what copier refuses ------------------------------------------------------------------------

ODD = st.text(st.sampled_from("ab1-_. A\u00e9\n\r\t\0\x7f\x85\xa0\u2028\ufeff\ud800{}%#'\"\\@"))
NAMES = (
    st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True)
    | st.from_regex(r"[a-z](-?[a-z0-9]){30,50}", fullmatch=True)
    | st.sampled_from(sorted(name.replace("_", "-") for name in reserved_names()))
    | ODD
    | st.text()
)


def accepts_name(name: str) -> bool:
    """Return whether a name is one, as it stands."""
    try:
        return normalise_name(name) == name
    except UsageError:
        return False


@given(name=NAMES)
@example(name="a" * NAME_LENGTH)
@example(name="a" * (NAME_LENGTH + 1))
@example(name="thing\n")
@example(name="")
def test_copier_accepts_the_names_that_we_do(name: str) -> None:
    """A name in its normal form is accepted, and every other text is refused."""
    told = ask(COPIER, "project_name", "validator", project_name=name)
    assert (told == "") is accepts_name(name)


def test_every_reserved_name_is_refused_by_copier() -> None:
    """The whole list stands in what copier reads."""
    for word in reserved_names():
        name = word.replace("_", "-")
        assert ask(COPIER, "project_name", "validator", project_name=name)


def accepts(question: Question, answer: str) -> bool:
    """Return whether an answer is allowed."""
    try:
        check_answer(question, answer)
    except UsageError:
        return False
    return True


COPIER = config_of(release.build_tree())
QUESTIONS = {
    f"{template.name}: {question.name}": (template, question)
    for template in TEMPLATES
    for question in template.questions
}
ANSWERS = (
    ODD
    | st.text()
    | st.from_regex(r"[a-z_.]+@[a-z-]+\.[a-z]+\n?", fullmatch=True)
    | st.sampled_from(("mit", "none", "MIT", "", " ", "small", "no", "eu-west1", "''", "'\"", "a"))
    | st.integers(195, 205).map("x".__mul__)
)


def hold_to_our_rules(
    config: Mapping[str, Any], template: Template, question: Question, answer: str
) -> None:
    """Assert that copier and we agree on an answer."""
    known = {question.name: answer, "template": template.name}
    told = ask(config, question.name, "validator", **known)
    if answer == answer.strip():
        assert (told == "") is accepts(question, answer)
    elif told == "":  # we take blanks off first; what copier accepts with them, we accept, too
        assert accepts(question, answer)


@pytest.mark.parametrize("cell", QUESTIONS)
@given(answer=ANSWERS)
def test_copier_accepts_the_answers_that_we_do(cell: str, answer: str) -> None:
    """Length, control characters, patterns and choices: one rule in two places."""
    hold_to_our_rules(COPIER, *QUESTIONS[cell], answer)


@given(answer=ANSWERS)
def test_the_rule_of_each_template_is_that_of_its_question(
    answer: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Questions of one name may have other choices and patterns, with any characters in them."""
    root = tmp_path_factory.getbasetemp() / "rules"
    if not root.exists():
        build_tree(TOYS | OTHER, root)
    config = config_of(release.build_tree(root))
    for template in catalog.load_all(root):
        for question in template.questions:
            hold_to_our_rules(config, template, question, answer)
