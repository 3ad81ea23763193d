"""Layers laid over one another: nothing is lost, nothing is changed, and nothing meets unseen."""

import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import build_tree
from scaffold import catalog
from scaffold.catalog import Template
from scaffold.compose import Condition, File, Tree, compose, layers
from scaffold.errors import LayerConflictError, TemplateError

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no run bits, pipes or free links")

LICENCE = (
    '[questions.licence]\nhelp = "Which?"\nchoices = ["mit", "bsd", "none"]\ndefault = "mit"\n'
    'layers = { mit = ["licence-mit"], bsd = ["licence-bsd"] }\n'
)
HEAD = 'summary = "A toy"\nlanguages = ["python", "rust"]\n'
ALL_LAYERS = (
    "_shared/any",
    "_shared/python",
    "_shared/licence-mit",
    "_shared/licence-mit-python",
    "_shared/service",
    "_shared/service-python",
    "toy/any",
    "toy/python",
)
"""Every layer that a project in Python may have, general to special."""
WITHOUT_CHOICE = [layer for layer in ALL_LAYERS if "licence" not in layer]


def load(files: Mapping[str, str | bytes], folder: Path, more: str = "") -> Template:
    """Load a toy template whose layers hold these files, with more keys in its template.toml."""
    shared = [f"_shared/{layer}" for layer in ("service", "licence-mit", "licence-bsd", "store")]
    for layer in ("toy/python", "toy/rust", *shared):
        (folder / layer).mkdir(parents=True)
    head = HEAD + 'layers = ["service"]\n'
    return catalog.load("toy", build_tree({"toy/template.toml": head + more, **files}, folder))


def lay(files: Mapping[str, str | bytes], folder: Path) -> Tree:
    """Compose a toy in Python that asks no question."""
    composed = compose(load(files, folder), "python")
    assert all(condition is None for _, condition, _ in composed.files)
    return {path: file for path, _, file in composed.files}


# --- which layers, and in which order ------------------------------------------------------------


def test_all_layers_are_laid_general_to_special(tmp_path: Path) -> None:
    """What is shared, the language, the licence, shared layers by name, then the template's own."""
    files = {f"{layer}/order.toml": f"n{i} = {i}\n" for i, layer in enumerate(ALL_LAYERS)}
    files["_shared/rust/order.toml"] = files["toy/rust/order.toml"] = "other = 1\n"
    files["_shared/service-rust/order.toml"] = "other = 2\n"
    composed = compose(load(files, tmp_path, LICENCE), "python")
    by_choice = {
        condition.choices: list(tomllib.loads(file.content.decode()).values())
        for _, condition, file in composed.files
        if condition
    }
    # The most special comes first in the file.
    assert by_choice == {("mit",): [7, 6, 5, 4, 3, 2, 1, 0], ("bsd", "none"): [7, 6, 5, 4, 1, 0]}


def test_only_the_layers_of_the_language_are_taken(tmp_path: Path) -> None:
    """A project in Rust has nothing of what is for Python, and the other way round."""
    files = {f"{layer}/{layer.replace('/', '-')}": "" for layer in WITHOUT_CHOICE}
    files |= {path.replace("python", "rust"): "" for path in files}
    template = load(files, tmp_path)
    for language, other in (("python", "rust"), ("rust", "python")):
        names = {path for path, _, _ in compose(template, language).files}
        assert len(names) == len(WITHOUT_CHOICE)
        assert not any(other in name for name in names)


def test_a_layer_may_be_absent_in_parts(tmp_path: Path) -> None:
    """A folder that is not there is an empty layer."""
    assert list(lay({"toy/python/here": ""}, tmp_path)) == ["here"]


def test_the_shared_layers_of_a_template_are_told_whatever_is_chosen(tmp_path: Path) -> None:
    """They are what a change of a shared folder is compared with."""
    files = {f"{layer}/{i}": "" for i, layer in enumerate(ALL_LAYERS)}
    template = load(files | {"_shared/other/x": "", "_shared/licence-bsd/x": ""}, tmp_path, LICENCE)
    python = "any licence-bsd licence-mit licence-mit-python python service service-python"
    assert layers(template, "python") == python.split()
    assert layers(template, "rust") == ["any", "licence-bsd", "licence-mit", "service"]


# --- what is not TOML ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "one", "two"),
    [
        ("README.md", "one\n", "two\n"),
        ("README.md", "the same\n", "the same\n"),
        ("empty", "", ""),
        ("deep/er/config.json", "{}", "[]"),
        ("thing.toml.md", "a = 1\n", "b = 2\n"),
        ("Thing.TOML", "a = 1\n", "b = 2\n"),
    ],
)
def test_two_layers_that_meet_in_one_file_are_told_by_both_files(
    path: str, one: str, two: str, tmp_path: Path
) -> None:
    """Even where the content is the same: a reader never has to ask which file wins."""
    for first, second in (("_shared/any", "toy/python"), ("_shared/python", "_shared/service")):
        folder = tmp_path / first.replace("/", "-")
        with pytest.raises(LayerConflictError) as raised:
            lay({f"{first}/{path}": one, f"{second}/{path}": two}, folder)
        told = str(LayerConflictError(folder / first / path, folder / second / path))
        assert str(raised.value) == told


@pytest.mark.parametrize(
    ("file", "folder"), [("toy/any", "toy/python"), ("toy/python", "_shared/any")]
)
def test_a_file_of_one_layer_that_is_a_folder_of_another_is_told(
    file: str, folder: str, tmp_path: Path
) -> None:
    """Both cannot be there; a name that only starts alike can."""
    fine = {f"{file}/docs": "", f"{folder}/docs.md/x": "", f"{folder}/docs-more/x": ""}
    assert len(lay(fine, tmp_path / "fine")) == 3
    with pytest.raises(LayerConflictError) as raised:
        lay({f"{file}/docs": "", f"{folder}/docs/deep/x.md": ""}, tmp_path / "bad")
    first, second = tmp_path / "bad" / file / "docs", tmp_path / "bad" / folder / "docs/deep/x.md"
    assert str(raised.value) == str(LayerConflictError(first, second))


CONTENTS = {
    "binary.bin": bytes(range(256)),
    "nul": b"\0\0",
    "crlf.txt": b"one\r\ntwo\r\n",
    "cr.txt": b"one\rtwo",
    "empty": b"",
    "no-end.md": b"no line end",
    "latin-1.txt": "Zoë".encode("latin-1"),
    "utf-16.txt": "Zoë".encode("utf-16"),
    "bom.txt": b"\xef\xbb\xbfhere\n",
    "alone.toml": b"# as it is\r\n\n\n\n\na   =   1\r\n\n\n",
    "broken-alone.toml": b"[[[",
    "jinja.html": b"{{ user }}{% if x %}{# y #}{% endif %}",
    "Zo\u00eb \U0001f980/a b {{ c }}.md": b"names\n",
}
"""Files of all kinds: path -> content."""


@pytest.mark.parametrize("layer", WITHOUT_CHOICE)
def test_a_file_of_one_layer_arrives_byte_for_byte(layer: str, tmp_path: Path) -> None:
    """Binary, any encoding, any line end, empty: what only one layer has is never changed."""
    tree = lay({f"{layer}/{path}": content for path, content in CONTENTS.items()}, tmp_path)
    assert tree == {path: File(content) for path, content in CONTENTS.items()}


@posix
@pytest.mark.parametrize("mode", [0o644, 0o755, 0o744, 0o655, 0o600])
def test_the_run_bit_of_the_owner_is_kept(mode: int, tmp_path: Path) -> None:
    """It is the one bit of a mode that git keeps; no other counts."""
    template = load({"toy/python/run": "#!/bin/sh\n", "_shared/any/text": ""}, tmp_path)
    (tmp_path / "toy/python/run").chmod(mode)
    files = {path: file for path, _, file in compose(template, "python").files}
    assert files["run"].executable is bool(mode & 0o100)
    assert files["text"].executable is False


# --- links and what is no file -------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("link", "file"),
        ("link", "docs"),
        ("docs/link", "../file"),
        ("docs/link", "../docs/../file"),
        ("link", "comes/from/another/layer"),
        ("link", "link"),
        ("link", "Zoë {{ x }}"),
    ],
)
def test_a_link_that_stays_inside_is_kept_as_a_link(
    place: str, target: str, tmp_path: Path
) -> None:
    """Its target is kept as it was written, and a folder behind it is not read."""
    template = load({"toy/any/file": "", "toy/any/docs/x": ""}, tmp_path)
    (tmp_path / "toy/any" / place).symlink_to(target)
    tree = {path: file for path, _, file in compose(template, "python").files}
    assert tree == {"file": File(), "docs/x": File(), place: File(link=target)}


@posix
@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("link", "../python/file"),
        ("link", "docs/../../any-other/file"),
        ("docs/link", "../../python"),
        ("link", ".."),
        ("link", "/etc/hostname"),
        ("link", "{inside}/file"),
    ],
)
def test_a_link_that_leaves_its_layer_is_refused(place: str, target: str, tmp_path: Path) -> None:
    """It would lead elsewhere in a project, or onto the machine; so does any absolute one."""
    template = load({"toy/any/file": "", "toy/any/docs/x": ""}, tmp_path)
    link = tmp_path / "toy/any" / place
    target = target.format(inside=tmp_path / "toy/any")
    link.symlink_to(target)
    with pytest.raises(TemplateError) as raised:
        compose(template, "python")
    assert str(raised.value) == f"{link}: is a link to {target}, which leaves its layer"


@posix
def test_a_link_meets_a_file_and_a_folder_as_a_file_does(tmp_path: Path) -> None:
    """Through a link to a folder, another layer would write elsewhere than it says."""
    for path, meeting in (("docs", "docs"), ("docs", "docs/x"), ("a.toml", "a.toml/x")):
        folder = tmp_path / meeting.replace("/", "-")
        template = load({"toy/any/other/x": "", f"toy/python/{meeting}": ""}, folder)
        (folder / "toy/any" / path).symlink_to("other")
        with pytest.raises(LayerConflictError):
            compose(template, "python")


@posix
def test_what_is_neither_file_folder_nor_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe would be read for ever, and a socket not at all."""
    template = load({"toy/any/file": ""}, tmp_path)
    monkeypatch.chdir(tmp_path / "toy/any")  # the path of a socket must be short
    for name in ("pipe", "socket"):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(name) if name == "socket" else os.mkfifo(name)
            with pytest.raises(TemplateError, match=f"{name}: is neither a file, a folder nor"):
                compose(template, "python")
        Path(name).unlink()


# --- leftovers ----------------------------------------------------------------------------------

LEFT = (
    *(".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
    *(".coverage", "dist", "target", ".tools", "Cargo.lock", "uv.lock", ".DS_Store"),
)
"""What the tools of either language leave where they run, and what a file manager does."""


def test_what_builds_and_tests_leave_is_not_taken(tmp_path: Path) -> None:
    """A raw project is built where it lies; neither as a file nor as a folder does that show."""
    for kind in ("/deep/file", "", "\0"):
        folder = tmp_path / {"": "files", "\0": "links"}.get(kind, "folders")
        files = {f"{layer}/keep": "" for layer in ("toy/any", "_shared/python/src/deep")}
        if kind != "\0":
            for name in LEFT:
                files |= {f"{layer}/{name}{kind}": "x" for layer in ("toy/any", "toy/python/src")}
        files["toy/python/src/my_project.pyc"] = "x"
        template = load(files, folder)
        if kind == "\0" and os.name != "nt":
            for name in LEFT:
                (folder / "toy/any" / name).symlink_to("/somewhere/else")
        paths = {path for path, _, _ in compose(template, "python").files}
        assert paths == {"keep", "src/deep/keep"}


def test_what_only_looks_like_a_leftover_is_taken(tmp_path: Path) -> None:
    """A module called `target.py` is the template's own."""
    files = {f"src/{name.lstrip('.')}.py": "" for name in LEFT}
    files |= {"targets/x": "", "Cargo.lock.md": "", "Dist": "", "x.pyc.md": "", "pyc": ""}
    assert set(lay({f"toy/any/{path}": "" for path in files}, tmp_path)) == set(files)


# --- TOML ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a.toml", "deep/er/b.toml"])
def test_two_layers_that_set_one_key_are_told_by_both_files_and_the_key(
    path: str, tmp_path: Path
) -> None:
    """In TOML two layers may meet, but there in no key."""
    files = {f"_shared/python/{path}": "[t]\na = 1\n", f"toy/any/{path}": "[t]\nb = 2\n"}
    assert lay(files, tmp_path / "fine")[path] == File(b"[t]\nb = 2\na = 1\n")
    with pytest.raises(LayerConflictError) as raised:
        lay(files | {f"_shared/any/{path}": "[t]\na = 1\n"}, tmp_path / "bad")
    first, second = (tmp_path / "bad/_shared" / layer / path for layer in ("any", "python"))
    assert str(raised.value) == str(LayerConflictError(second, first, "t.a"))


def test_toml_that_is_malformed_is_told_where_layers_meet(tmp_path: Path) -> None:
    """The error names the layer's own file."""
    with pytest.raises(TemplateError) as raised:
        lay({"toy/any/a.toml": "a = 1\n", "_shared/any/a.toml": "a = \n"}, tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / '_shared/any/a.toml'}: is not valid TOML: ")


@posix
def test_merged_toml_has_the_run_bit_of_the_most_special(tmp_path: Path) -> None:
    """As everywhere, the special layer says."""
    template = load({"_shared/any/a.toml": "a = 1\n", "toy/any/a.toml": "b = 1\n"}, tmp_path)
    (tmp_path / "toy/any/a.toml").chmod(0o755)
    ((_, _, file),) = compose(template, "python").files
    assert file == File(b"b = 1\na = 1\n", executable=True)


# --- files that depend on a choice ---------------------------------------------------------------


def chosen(
    files: Mapping[str, str], folder: Path, more: str = LICENCE
) -> dict[tuple[str, Condition | None], bytes]:
    """Compose a toy that asks; return path and condition -> content."""
    composed = compose(load(files, folder, more), "python")
    return {(path, condition): file.content for path, condition, file in composed.files}


def test_a_file_of_a_choice_is_there_under_that_choice(tmp_path: Path) -> None:
    """What every choice has alike has no condition; what one lacks or has otherwise has one."""
    mit, bsd = (Condition("licence", (each,)) for each in ("mit", "bsd"))
    both, rest = Condition("licence", ("mit", "bsd")), Condition("licence", ("bsd", "none"))
    files = {
        "toy/any/README.md": "always\n",
        "toy/python/pyproject.toml": "a = 1\n",
        "_shared/licence-mit-python/pyproject.toml": "licence = 'MIT'\n",
        "_shared/licence-mit/LICENSE": "MIT\n",
        "_shared/licence-bsd/LICENSE": "BSD\n",
        "_shared/licence-mit/NOTICE": "the same\n",
        "_shared/licence-bsd/NOTICE": "the same\n",
        "_shared/licence-bsd/docs/licence": "a file in one\n",
        "_shared/licence-mit/docs/licence/mit.md": "a folder in the other\n",
    }
    assert chosen(files, tmp_path) == {
        ("README.md", None): b"always\n",
        ("pyproject.toml", mit): b"a = 1\nlicence = 'MIT'\n",
        ("pyproject.toml", rest): b"a = 1\n",
        ("LICENSE", mit): b"MIT\n",
        ("LICENSE", bsd): b"BSD\n",
        ("NOTICE", both): b"the same\n",
        ("docs/licence", bsd): b"a file in one\n",
        ("docs/licence/mit.md", mit): b"a folder in the other\n",
    }


@posix
def test_a_run_bit_or_a_link_may_depend_on_a_choice(tmp_path: Path) -> None:
    """Two files that differ in no byte may yet differ."""
    files = {"_shared/licence-mit/run": "x", "_shared/licence-bsd/run": "x", "toy/any/x": ""}
    template = load(files, tmp_path, LICENCE)
    (tmp_path / "_shared/licence-mit/run").chmod(0o755)
    (tmp_path / "_shared/licence-bsd/link").symlink_to("x")
    found = {
        (path, condition.choices, file)
        for path, condition, file in compose(template, "python").files
        if condition
    }
    assert found == {
        ("run", ("mit",), File(b"x", executable=True)),
        ("run", ("bsd",), File(b"x")),
        ("link", ("bsd",), File(link="x")),
    }


def test_layers_that_meet_only_by_a_choice_are_told(tmp_path: Path) -> None:
    """The conflict is found when the template is composed, not when somebody chooses."""
    for path, text in (("LICENSE", "x\n"), ("Cargo.toml", "a = 1\n")):
        files = {f"_shared/licence-bsd/{path}": text, f"toy/python/{path}": text}
        with pytest.raises(LayerConflictError) as raised:
            chosen(files, tmp_path / path)
        assert str(tmp_path / path / "_shared/licence-bsd" / path) in str(raised.value)
        assert str(tmp_path / path / "toy/python" / path) in str(raised.value)


@pytest.mark.parametrize("path", ["pyproject.toml", "deep/LICENSE"])
def test_a_path_that_depends_on_two_questions_at_once_is_told(path: str, tmp_path: Path) -> None:
    """It would need a file for each pair of answers; the error names the path and both."""
    more = LICENCE + (
        '[questions.store]\nhelp = "Where?"\nchoices = ["disk", "cloud"]\ndefault = "disk"\n'
        'layers = { cloud = ["store"] }\n'
    )
    files = {f"_shared/licence-mit/{path}": "a = 1\n", f"_shared/store-python/{path}": "b = 1\n"}
    with pytest.raises(TemplateError) as raised:
        chosen(files, tmp_path, more)
    problem = f"{path} depends on the questions licence and store at once"
    assert str(raised.value) == f"{tmp_path / 'toy/template.toml'}: {problem}"


# --- properties ---------------------------------------------------------------------------------

FOLDERS = st.lists(st.sampled_from(("src", "docs", "é", ".github")), max_size=3).map(tuple)
NAMES = st.sampled_from(("a.toml", "b.md", "c", "{{ d }}", ".e"))  # none is also a folder
FILES = st.dictionaries(
    st.tuples(FOLDERS, NAMES).map(lambda each: "/".join((*each[0], each[1]))),
    st.tuples(st.integers(0, len(WITHOUT_CHOICE) - 1), st.binary(max_size=20)),
    max_size=12,
)


@given(files=FILES, order=st.permutations(WITHOUT_CHOICE))
def test_disjoint_layers_compose_alike_in_any_order(
    files: Mapping[str, tuple[int, bytes]],
    order: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Where no two layers meet, the order does not matter, and each file arrives."""
    can_run = os.name != "nt"  # where `build_tree` makes scripts runnable
    expected = {
        path: File(content, can_run and content.startswith(b"#!"))
        for path, (_, content) in files.items()
    }
    for places in (WITHOUT_CHOICE, order):
        raw = {f"{places[which]}/{path}": content for path, (which, content) in files.items()}
        assert lay(raw, tmp_path_factory.mktemp("disjoint")) == expected
