"""What `template.toml` says of a template, and what is told where it is malformed."""

import re
from pathlib import Path

import pytest

from helpers import TOY, build_tree
from programs import TOYS
from scaffold import catalog
from scaffold.catalog import Question
from scaffold.errors import TemplateError, UsageError
from scaffold.placeholders import DERIVED

HEAD = 'summary = "A toy"\nlanguages = ["python", "rust"]\n'
# A question to which a test adds the one line that is wrong.
REGION = '[questions.region]\nhelp = "Where?"\nstand_in = "europe-west1"\n'
SHARED_FILE = "_shared/questions.toml"


def load(content: str | bytes, folder: Path, **files: str) -> catalog.Template:
    """Return the toy template with this template.toml; in the paths of `files`, `__` is a slash."""
    more = {path.replace("__", "/"): text for path, text in files.items()}
    return catalog.load("toy", build_tree(TOY | more | {"toy/template.toml": content}, folder))


def refusal(content: str | bytes, folder: Path) -> str:
    """Return what is told of the toy template with this template.toml, without the file's name."""
    with pytest.raises(TemplateError) as told:
        load(content, folder)
    file, problem = str(told.value).split(": ", 1)
    assert file == str(folder / "toy/template.toml")
    return problem


# --- a good template ----------------------------------------------------------------------------


def test_a_template_is_what_its_file_says(tmp_path: Path) -> None:
    """Every key of the documentation arrives under its own name."""
    lines = (
        'layers = ["service"]\ntools = ["docker"]\n'
        f'{REGION}default = "us-east1"\ngit_config = "cloud.region"\npattern = "[a-z-]+[0-9]"\n'
        'omit_if_empty = [" in europe-west1"]\n'
        '[questions.size]\nhelp = "How large?"\nchoices = ["small", "large"]\n'
        'layers = { large = ["large", "service"] }\n'
    )
    added = {"_shared__service-rust__a": "", "_shared__large__b": ""}
    toy = load(HEAD + lines, tmp_path, **added)
    assert (toy.name, toy.folder, toy.summary) == ("toy", tmp_path / "toy", "A toy")
    assert toy.languages == ("python", "rust")
    assert (toy.layers, toy.tools) == (("service",), ("docker",))
    assert toy.shared == tmp_path / "_shared"
    assert toy.file_list("rust") == tmp_path / "toy/files-rust.txt"
    assert toy.questions[3:] == (
        Question(
            name="region",
            help="Where?",
            stand_in="europe-west1",
            default="us-east1",
            git_config="cloud.region",
            pattern="[a-z-]+[0-9]",
            omit_if_empty=(" in europe-west1",),
        ),
        Question(
            name="size",
            help="How large?",
            choices=("small", "large"),
            layers={"large": ("large", "service")},
        ),
    )


def test_the_shared_questions_come_first(tmp_path: Path) -> None:
    """Every template asks them before its own."""
    toy = load(HEAD + REGION, tmp_path)
    assert [each.name for each in toy.questions] == ["author", "email", "licence", "region"]
    assert toy.question("region").help == "Where?"
    with pytest.raises(UsageError, match=r"question 'regoin' is not known; .* 'region'?"):
        toy.question("regoin")


def test_templates_need_not_share_questions(tmp_path: Path) -> None:
    """Without the file of shared questions a template has its own only."""
    build_tree({"toy/template.toml": HEAD, "toy/python/a": "", "toy/rust/a": ""}, tmp_path)
    assert catalog.load("toy", tmp_path).questions == ()


def test_templates_are_the_folders_with_a_template_toml(tmp_path: Path) -> None:
    """They come sorted by name; shared layers and other folders are none."""
    files = [f"{name}/template.toml" for name in ("b", "c", "a")]
    root = build_tree(dict.fromkeys([*files, "_shared/any/x", "notes/x", "x"], ""), tmp_path)
    assert catalog.names(root) == ["a", "b", "c"]
    assert catalog.names(tmp_path / "nosuch") == []


def test_all_templates_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Where there are none, none are read."""
    root = build_tree(TOYS, tmp_path)
    assert [each.name for each in catalog.load_all(root)] == ["asking", "toy"]
    assert catalog.load_all(tmp_path / "nosuch") == []


# --- unknown words ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "tyo", "_shared", "../toy", "toy/", ".", "notes", "TOY"])
def test_an_unknown_template_is_told_with_those_there_are(name: str, tmp_path: Path) -> None:
    """Only a name from the list is a template; no path leads to one."""
    root = build_tree(TOYS | {"notes/README.md": ""}, tmp_path)
    with pytest.raises(UsageError) as told:
        catalog.load(name, root)
    assert str(told.value).startswith(f"template {name!r} is not known; allowed: asking, toy")
    assert str(told.value).endswith("did you mean 'toy'?") == (
        name in {"tyo", "../toy", "toy/", "TOY"}
    )


def test_a_language_is_one_that_the_template_has(tmp_path: Path) -> None:
    """The first one is the default, and another is told with those there are."""
    toy = load(HEAD, tmp_path)
    assert catalog.load_language(toy, None) == "python"
    assert catalog.load_language(toy, "rust") == "rust"
    for language in ("", "Rust", "go"):
        with pytest.raises(UsageError, match=f"language '{language}' is not known; .*python, rust"):
            catalog.load_language(toy, language)


# --- malformed files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "summary",
        'summary = "A toy',
        'summary = "A"\nsummary = "B"\n',
        "summary = 'caf\xe9'\n".encode("latin-1"),
        "summary = \x00\n",
        "\ufeffsummary = 'A'\n",
        f"summary = {'1' * 5000}\n",
        f"summary = {'[' * 5000}\n",
        "summary = 1979-13-01\n",
    ],
)
def test_a_file_that_is_no_toml_is_told(content: str | bytes, tmp_path: Path) -> None:
    """Whatever keeps it from being read, the error names the file and the reason."""
    assert re.fullmatch(r"is not valid TOML: .+", refusal(content, tmp_path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the key languages is missing"),
        ('summary = "A toy"\n', "the key languages is missing"),
        ('languages = ["python"]\n', "the key summary is missing"),
        ("languages = []\n", "languages must name one at least, and each once"),
        ('languages = ["rust", "rust"]\n', "languages must name one at least, and each once"),
        ('languages = ["python", "go"]\n', "the language 'go' is none of ('python', 'rust')"),
        ('languages = ["Python"]\n', "the language 'Python' is none of ('python', 'rust')"),
        (f'{HEAD}lagnuages = ["rust"]\n', "the key lagnuages is not known"),
        (f"{HEAD}[question.region]\n", "the key question is not known"),
        (
            f'{HEAD}layers = ["service"]\n',
            "layers names the layer 'service', which is no folder of {shared}",
        ),
        (
            f'{HEAD}layers = ["licence"]\n',
            "layers names the layer 'licence', which is no folder of {shared}",
        ),
        (f'{HEAD}layers = [""]\n', "layers names the layer '', which is no folder of {shared}"),
        (f'{HEAD}layers = ["*"]\n', "layers names the layer '*', which is no folder of {shared}"),
        (
            f'{HEAD}layers = ["../toy"]\n',
            "layers names the layer '../toy', which is no folder of {shared}",
        ),
        (
            f'{HEAD}layers = ["/tmp"]\n',
            "layers names the layer '/tmp', which is no folder of {shared}",
        ),
        (
            f'{HEAD}layers = ["questions.toml"]\n',
            "layers names the layer 'questions.toml', which is no folder of {shared}",
        ),
        (f"{HEAD}[questions.region]\n", "the key questions.region.help is missing"),
        (f'{HEAD}[questions]\nregion = "x"\n', "questions.region must be a table"),
        (f'{HEAD}{REGION}defualt = "x"\n', "the key questions.region.defualt is not known"),
        (
            f'{HEAD}[questions.region]\nhelp = "Where?"\n',
            "questions.region needs a stand_in or layers, or it changes nothing",
        ),
        (
            f'{HEAD}[questions.region]\nhelp = "Where?"\nstand_in = ""\n',
            "questions.region needs a stand_in or layers, or it changes nothing",
        ),
        (
            f'{HEAD}[questions.author]\nhelp = "Who?"\nstand_in = "Ben Buyer"\n',
            "questions.author is already one of the shared questions",
        ),
        *(
            (
                f'{HEAD}[questions.{name}]\nhelp = "Which?"\nstand_in = "one"\n',
                f"questions.{name} is a name that every project has without asking",
            )
            for name in ("template", "language", "project_name", *DERIVED)
        ),
        *(
            (
                f'{HEAD}[questions."{name}"]\nhelp = "Where?"\nstand_in = "europe-west1"\n',
                f"questions.{name} must be lower case letters, digits and _",
            )
            for name in ("Region", "re-gion", "1region", "_region", "régi\u00f3n", "a b", "")
        ),
        (
            f'{HEAD}{REGION}omit_if_empty = ["in europe-west1", "in"]\n',
            "questions.region.omit_if_empty must hold the stand_in, and text around it",
        ),
        (
            f'{HEAD}{REGION}choices = ["a"]\nlayers = {{ b = ["licence-mit"] }}\n',
            "questions.region.layers names a choice that it does not have",
        ),
        (
            f'{HEAD}{REGION}choices = ["a"]\nlayers = {{ a = ["nosuch"] }}\n',
            "questions.region.layers names the layer 'nosuch', which is no folder of {shared}",
        ),
        (
            f'{HEAD}{REGION}choices = ["a", "b"]\ndefault = "c"\n',
            "questions.region.default is none of its choices",
        ),
        (
            f'{HEAD}{REGION}pattern = "a{{99999999999999999999}}"\n',
            "questions.region.pattern does not compile: the repetition number is too large",
        ),
        (
            f'{HEAD}{REGION}pattern = "[a-z"\n',
            "questions.region.pattern does not compile: unterminated character set at position 0",
        ),
    ],
)
def test_a_key_that_will_not_do_is_told(content: str, problem: str, tmp_path: Path) -> None:
    """The error names the file, the key and what is wrong with it."""
    assert refusal(content, tmp_path) == problem.format(shared=tmp_path / "_shared")


TEXTS = ("1", "true", '["x"]', "{ x = 1 }", "2026-01-01")
LISTS = ("1", '"x"', "{ x = 1 }", "[1]", '["x", 1]', '[["x"]]')
TABLES = ("1", '"x"', '["x"]')


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("summary", value) for value in TEXTS),
        *((key, value) for key in ("languages", "layers", "tools") for value in LISTS),
        *(("questions", value) for value in TABLES),
    ],
)
def test_a_key_of_another_type_is_told(key: str, value: str, tmp_path: Path) -> None:
    """No value of a wrong type is taken for what it resembles."""
    keys = {"summary": '"A toy"', "languages": '["python"]'} | {key: value}
    content = "".join(f"{name} = {each}\n" for name, each in keys.items())
    assert refusal(content, tmp_path).startswith(f"{key} must be a ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            (key, value)
            for key in ("help", "stand_in", "default", "git_config", "pattern")
            for value in TEXTS
        ),
        *((key, value) for key in ("choices", "omit_if_empty") for value in LISTS),
        *(("layers", value) for value in TABLES),
    ],
)
def test_a_key_of_a_question_of_another_type_is_told(key: str, value: str, tmp_path: Path) -> None:
    """The key is named with the question that it stands in."""
    keys = {"help": '"Where?"', "stand_in": '"europe-west1"'} | {key: value}
    lines = "".join(f"{name} = {each}\n" for name, each in keys.items())
    problem = refusal(f"{HEAD}[questions.region]\n{lines}", tmp_path)
    assert problem.startswith(f"questions.region.{key} must be a ")


@pytest.mark.parametrize("added", ['"licence-mit"', "[1]", '[["licence-mit"]]', "{ x = 1 }"])
def test_layers_of_a_choice_are_a_list_of_names(added: str, tmp_path: Path) -> None:
    """One name without its list is no list."""
    lines = f'{REGION}choices = ["a"]\nlayers = {{ a = {added} }}\n'
    problem = refusal(HEAD + lines, tmp_path)
    assert problem.startswith("questions.region.layers.a must be a list")


def test_a_language_without_its_folder_is_told(tmp_path: Path) -> None:
    """A language is a folder beside the file; a file of that name is none."""
    build_tree({"toy/template.toml": HEAD, "toy/python/a": "", "toy/rust": ""}, tmp_path)
    with pytest.raises(TemplateError, match=r"template\.toml: there is no folder rust/ beside it"):
        catalog.load("toy", tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[questions", "is not valid TOML: "),
        ("summary = 'x'\n", "the key summary is not known"),
        ("[questions.q]\nhelp = 1\n", "questions.q.help must be a "),
        ("[questions.q]\nhelp = 'Q?'\n", "questions.q needs a stand_in or layers"),
        ("[questions.q]\nhelp = 'Q?'\nstand_in = 'x'\npattern = '('\n", "questions.q.pattern does"),
        (
            "[questions.q]\nhelp = 'Q?'\nchoices = ['a']\nlayers = { a = ['nosuch'] }\n",
            "questions.q.layers names the layer 'nosuch', which is no folder of ",
        ),
    ],
)
def test_the_file_of_shared_questions_is_held_to_the_same_rules(
    content: str, problem: str, tmp_path: Path
) -> None:
    """What is wrong in it is told with its own name, not that of a template which shares it."""
    with pytest.raises(TemplateError) as told:
        load(HEAD, tmp_path, **{SHARED_FILE: content})
    assert str(told.value).startswith(f"{tmp_path / SHARED_FILE}: {problem}")


def test_one_malformed_template_is_told_by_all(tmp_path: Path) -> None:
    """Reading all of them passes over none."""
    root = build_tree(TOYS | {"asking/template.toml": "summary = 'x'\n"}, tmp_path)
    with pytest.raises(TemplateError, match=r"asking/template\.toml: the key languages is missing"):
        catalog.load_all(root)
    assert catalog.load("toy", root).name == "toy"
