"""The laws of a rendered project: each broken alone gives its own sentence, and no other."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from helpers import TOY, build_tree
from scaffold import catalog, laws
from scaffold.answers import Answers
from scaffold.catalog import Template
from scaffold.compose import Composed, File, Tree, compose
from scaffold.release import open_release
from scaffold.render import render

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no file there has a run bit")

COMMON = (".copier-answers.yml", ".github/ci.yml", "AUTHORS.md", "LICENSE", "README.md")
LISTS = {
    f"toy/files-{language}.txt": "".join(f"{path}\n" for path in (*COMMON, *more))
    for language, more in {
        "python": ("pyproject.toml", "run.sh", "src/my_project/__init__.py"),
        "rust": ("Cargo.toml", "src/main.rs"),
    }.items()
}
SCRIPT = b"#!/bin/sh\necho hello\n"


@dataclass(frozen=True, slots=True)
class Made:
    """A template and a project that was made from it, for a test to spoil."""

    template: Template
    answers: Answers
    composed: Composed
    project: Tree

    def broken(self) -> list[str]:
        """Return the sentences of the laws that it breaks."""
        return laws.broken(self.template, self.answers, self.composed, self.project)

    def append(self, path: str, text: str) -> None:
        """Put text at the end of a file of the project."""
        file = self.project[path]
        self.project[path] = replace(file, content=file.content + text.encode())


Make = Callable[..., Made]
"""Makes a project: the language, the files that differ from the toy's, the answers."""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a project of the toy template, whose file lists grow with its files."""

    def make_it(
        language: str = "python",
        files: dict[str, str | bytes] | None = None,
        listed: str = "",
        **answers: str,
    ) -> Made:
        tree: dict[str, str | bytes] = {**TOY, **LISTS, **(files or {})}
        root = build_tree(tree, tmp_path / "templates")
        toy = catalog.load("toy", root)
        with toy.file_list(language).open("a", encoding="utf-8") as file:
            file.write(listed)
        values = {"author": "Zoë", "email": "zoe@example.org", "licence": "mit"} | answers
        settled = Answers("toy", language, "zoo-app", values)
        project = render(open_release(toy, language), settled)
        return Made(toy, settled, compose(toy, language), project)

    return make_it


@pytest.mark.parametrize("language", ["python", "rust"])
def test_a_good_project_breaks_no_law(language: str, make: Make) -> None:
    """The sentences below come from what a test spoils, and from nothing else."""
    assert make(language).broken() == []


# --- the list of files --------------------------------------------------------------------------


def test_a_file_that_is_not_listed_is_told(make: Make) -> None:
    """What a template gives away is reviewed, so nothing comes along unseen."""
    made = make(files={"toy/any/docs/extra.txt": "x"})
    assert made.broken() == ["docs/extra.txt was rendered, but files-python.txt does not list it"]


def test_a_listed_file_that_is_not_there_is_told(make: Make) -> None:
    """Nothing that was reviewed goes missing, either; the list holds the stand-in's name."""
    made = make("rust", listed="src/my_project/gone.rs\ndocs/my-project.md\n")
    assert made.broken() == [
        "files-rust.txt lists docs/zoo-app.md, which was not rendered",
        "files-rust.txt lists src/zoo_app/gone.rs, which was not rendered",
    ]


def test_a_list_that_is_missing_is_told_with_its_place(make: Make) -> None:
    """The next step of somebody who adds a template is to write it."""
    made = make("rust")
    path = made.template.file_list("rust")
    path.unlink()
    assert made.broken() == [f"{path} does not exist; it lists the files of a project, one a line"]


# --- stand-ins and markers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "literal", ["my-project", "my_project", "My Project", "Ada Author", "ada@example.com"]
)
def test_a_stand_in_left_in_a_file_is_told(literal: str, make: Make) -> None:
    """Each literal of the table is looked for in every file."""
    made = make()
    made.append("pyproject.toml", f"# of {literal}\n")
    assert made.broken() == [f"pyproject.toml still holds the stand-in {literal!r}"]


REGION = (
    'summary = "A toy"\nlanguages = ["python", "rust"]\n[questions.region]\n'
    'help = "Where?"\nstand_in = "europe-west1"\ndefault = "europe-west1"\n'
)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("europe-west1.txt", File(b"x")),
        ("europe-west1/place.txt", File(b"x")),
        ("link", File(link="europe-west1.txt")),
    ],
)
def test_a_stand_in_left_in_a_path_or_a_link_is_told(path: str, file: File, make: Make) -> None:
    """A folder, a file and what a link points to are named as the answers say."""
    files: dict[str, str | bytes] = {"toy/template.toml": REGION, "toy/any/a.txt": "europe-west1\n"}
    made = make(files=files, listed=f"a.txt\n{path}\n", region="us-east1")
    made.project[path] = file
    assert made.broken() == [f"{path} still holds the stand-in 'europe-west1'"]


def test_an_answer_that_is_the_stand_in_itself_is_no_left_over(make: Make) -> None:
    """The default region may well be the one that stands in the raw project."""
    files: dict[str, str | bytes] = {"toy/template.toml": REGION, "toy/any/a.txt": "europe-west1\n"}
    made = make(files=files, listed="a.txt\n", region="europe-west1")
    assert b"europe-west1" in made.project["a.txt"].content
    assert made.broken() == []


@pytest.mark.parametrize("marker", ["{{ name }}", "{% if name %}", "{# a note #}"])
def test_a_template_marker_that_is_left_over_is_told(marker: str, make: Make) -> None:
    """One more than the raw project holds is one too many."""
    made = make()
    made.append("AUTHORS.md", f"{marker}\n")
    assert made.broken() == ["1 template markers are left over"]


def test_markers_of_the_raw_project_are_its_own(make: Make) -> None:
    """Workflows and format strings hold some, and keep them."""
    text = 'print(f"{{my-project}} {% raw %} {#")\n'
    made = make(files={"toy/python/braces.py": text}, listed="braces.py\n")
    assert made.project["braces.py"].content == text.replace("my-project", "zoo-app").encode()
    assert made.broken() == []


def test_markers_of_a_choice_that_was_not_taken_hide_none(make: Make) -> None:
    """Only the files that these answers bring along count."""
    other = {"_shared/licence-apache-2.0/LICENSE": "{{ {{ {{\n"}
    made = make(files={**other})
    made.append("AUTHORS.md", "{{ name }}\n")
    assert made.broken() == ["1 template markers are left over"]


# --- run bits -----------------------------------------------------------------------------------


def test_a_script_without_its_run_bit_is_told(make: Make) -> None:
    """A file that names its interpreter is meant to be run."""
    made = make(files={"toy/python/tool": "x"}, listed="tool\n")
    made.project["tool"] = File(SCRIPT)
    assert made.broken() == ["tool is a script without its run bit"]


def test_a_run_bit_that_got_lost_is_told(make: Make) -> None:
    """What runs in the raw project runs in the rendered one, whatever it begins with."""
    made = make()
    made.project["run.sh"] = File(b"\x7fELF")
    assert made.broken() == ["0 files have the run bit, in the template 1 have it"]


def test_a_run_bit_too_many_is_told(make: Make) -> None:
    """What does not run in the raw project does not in the rendered one."""
    made = make()
    made.project["AUTHORS.md"] = replace(made.project["AUTHORS.md"], executable=True)
    assert made.broken() == ["2 files have the run bit, in the template 1 have it"]


@pytest.mark.parametrize(("licence", "count"), [("mit", 2), ("apache-2.0", 1)])
def test_scripts_that_a_choice_brings_along_count_where_it_is_taken(
    licence: str, count: int, make: Make
) -> None:
    """A choice may add a whole layer, scripts included; without it they are not missed."""
    layer: dict[str, str | bytes] = {"_shared/licence-mit/sign": SCRIPT}
    made = make(files=layer, listed="sign\n" if licence == "mit" else "", licence=licence)
    assert sum(file.executable for file in made.project.values()) == count
    assert made.broken() == []


# --- content ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/home/ada/project", "/home/"),
        ('path = "/Users/ada"', "/Users/"),
        ("cd /root/project", "/root/"),
        ("(/tmp/build)", "/tmp/"),  # noqa: S108  # nothing is written there
        ("=/private/var/folders", "/private/var/"),
        ("C:\\Users\\ada", "C:\\Users"),
        ('"D:\\\\Users\\\\ada"', "D:\\\\Users"),
    ],
)
def test_an_absolute_path_is_told(text: str, told: str, make: Make) -> None:
    """The folders in which people and build machines keep their things are nobody else's."""
    made = make()
    made.append("AUTHORS.md", f"\n{text}\n")
    assert made.broken() == [f"AUTHORS.md holds the absolute path {told}"]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/home/x",
        "./tmp/x",
        "../root/x",
        "build/tmp/x",
        "a-/tmp/x",
        "/usr/bin/env",
    ],
)
def test_a_path_that_is_not_of_one_machine_is_none(text: str, make: Make) -> None:
    """Addresses, relative paths and what every system has are no one's home."""
    made = make()
    made.append("AUTHORS.md", f"\n{text}\n")
    assert made.broken() == []


def test_one_line_of_the_readme_may_mention_scaffold(make: Make) -> None:
    """The second is told, with its text."""
    made = make()
    made.append("README.md", "Made with scaffold.\n")
    assert made.broken() == []
    made.append("README.md", "  Scaffold scaffold again.\n")
    assert made.broken() == ["README.md mentions scaffold: Scaffold scaffold again."]


@pytest.mark.parametrize("path", ["AUTHORS.md", "src/zoo_app/__init__.py", "docs/README.md"])
def test_a_mention_of_scaffold_anywhere_else_is_told(path: str, make: Make) -> None:
    """A project is its owner's, not an advertisement; the answers file alone may name it."""
    made = make(files={"toy/any/docs/README.md": "# Docs\n"}, listed="docs/README.md\n")
    assert b"scaffold" in made.project[".copier-answers.yml"].content
    made.append(path, "\t# SCAFFOLD made this\n")
    assert made.broken() == [f"{path} mentions scaffold: # SCAFFOLD made this"]


def test_every_broken_law_is_told_at_once(make: Make) -> None:
    """Whoever adds a template sees all there is to do, in files that are no text as well."""
    made = make()
    made.project["binary"] = File(b"\xff\xfe /tmp/ my_project \x00scaffold {{")
    assert made.broken() == [
        "binary was rendered, but files-python.txt does not list it",
        "binary still holds the stand-in 'my_project'",
        "1 template markers are left over",
        "binary holds the absolute path /tmp/",
        "binary mentions scaffold: \ufffd\ufffd /tmp/ my_project \x00scaffold {{",
    ]
