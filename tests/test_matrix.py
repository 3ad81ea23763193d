"""Which cells a change touches: too many cost time, too few let a fault through."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import TOY, build_tree, need
from scaffold import catalog
from scaffold.check import Cell, cells
from scaffold.errors import ToolError
from scaffold.matrix import changed_files, touched

TREE: dict[str, str | bytes] = {
    **TOY,
    "toy/template.toml": (
        'summary = "A toy"\nlanguages = ["python", "rust"]\nlayers = ["service"]\n'
    ),
    "_shared/service/a.txt": "",
    "_shared/service-rust/b.txt": "",
    "_shared/unused/c.txt": "",
    "two-words/template.toml": 'summary = "Another"\nlanguages = ["rust"]\n',
    "two-words/rust/x.txt": "x",
}
ALL = "toy-python toy-rust two-words-rust"


def all_cells(root: Path) -> list[Cell]:
    """Return the cells of two templates: one in both languages, one in Rust."""
    return cells(catalog.load_all(build_tree(TREE, root)))


def names(wanted: list[Cell]) -> str:
    """Return cells by name."""
    return " ".join(map(str, wanted))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # A template: what lies in one language's folder or list is that language's.
        ("templates/toy/python/src/my_project/__init__.py", "toy-python"),
        ("templates/toy/python/rust/x", "toy-python"),
        ("templates/toy/rust/Cargo.toml", "toy-rust"),
        ("templates/toy/any/README.md", "toy-python toy-rust"),
        ("templates/toy/template.toml", "toy-python toy-rust"),
        ("templates/toy/files-python.txt", "toy-python"),
        ("templates/toy/files-rust.txt", "toy-rust"),
        ("templates/toy/new/x", "toy-python toy-rust"),
        ("templates/toy", "toy-python toy-rust"),  # as a submodule or a link
        ("templates/two-words/rust/x.txt", "two-words-rust"),
        ("templates/two-words/python/x.txt", "two-words-rust"),  # unused, so it costs time only
        ("templates/toy-two/python/x", ""),
        ("templates/README.md", ""),
        ("templates", ALL),
        # The shared layers, under whatever choice they come in.
        ("templates/_shared/any/AUTHORS.md", ALL),
        ("templates/_shared/python/pyproject.toml", "toy-python"),
        ("templates/_shared/rust/Cargo.toml", "toy-rust two-words-rust"),
        ("templates/_shared/licence-mit/LICENSE", ALL),
        ("templates/_shared/licence-apache-2.0-python/pyproject.toml", "toy-python"),
        ("templates/_shared/service/a.txt", "toy-python toy-rust"),
        ("templates/_shared/service-rust/b.txt", "toy-rust"),
        ("templates/_shared/unused/c.txt", ""),
        ("templates/_shared/questions.toml", ALL),
        ("templates/_shared/README.md", ALL),
        ("templates/_shared/service-python/gone.txt", ALL),  # nobody knows whose it was
        ("templates/_shared", ALL),
        # The black-box suites.
        ("tests/contracts/test_toy.py", "toy-python toy-rust"),
        ("tests/contracts/test_two_words.py", "two-words-rust"),
        ("tests/contracts/test_toy_limits.py", "toy-python toy-rust"),
        ("tests/contracts/test_two_words_limits.py", "two-words-rust"),
        ("tests/contracts/test_toys.py", ""),
        ("tests/contracts/test_other.py", ""),
        ("tests/contracts/conftest.py", ALL),
        ("tests/contracts/servers.py", ALL),
        # Prose is part of no project; the rest may decide how each one comes out.
        ("docs/decisions/0001-real-projects-and-stand-ins.md", ""),
        ("README.md", ""),
        ("ARCHITECTURE.md", ""),
        ("CONTRIBUTING.md", ""),
        ("CHANGELOG.md", ""),
        ("LICENSE", ""),
        ("generator/scaffold/render.py", ALL),
        ("generator/scaffold/reserved_names.txt", ALL),
        ("pyproject.toml", ALL),
        (".github/workflows/ci.yml", ALL),
        ("tests/test_projects.py", ALL),
        ("tests/images/test_images.py", ALL),
        ("tests", ALL),
        ("Makefile", ALL),
        ("sub/README.md", ALL),
        ("sub/templates/toy/python/x", ALL),
    ],
)
def test_a_changed_file_touches_the_cells_that_are_made_of_it(
    path: str, expected: str, tmp_path: Path
) -> None:
    """A cell that the file cannot change is left out, and no other."""
    wanted = all_cells(tmp_path / "templates")
    assert names(touched(wanted, [path], "templates")) == expected


def test_what_several_files_touch_is_named_once_and_in_order(tmp_path: Path) -> None:
    """The matrix keeps the order of the cells, whatever the order of the files."""
    wanted = all_cells(tmp_path / "elsewhere")
    changed = ["elsewhere/two-words/rust/x", "README.md", *["elsewhere/toy/python/x"] * 2]
    assert names(touched(wanted, changed, "elsewhere")) == "toy-python two-words-rust"
    assert touched(wanted, [], "elsewhere") == []
    assert touched([], changed, "elsewhere") == []


def test_layers_are_shared_where_no_question_is(tmp_path: Path) -> None:
    """A template that asks nothing is made of the layers all the same."""
    build_tree(
        {
            "toy/template.toml": 'summary = "A toy"\nlanguages = ["rust"]\n',
            "toy/rust/x": "",
            "_shared/any/y": "",
        },
        tmp_path,
    )
    wanted = cells(catalog.load_all(tmp_path))
    assert names(touched(wanted, [f"{tmp_path.name}/_shared/any/y"], tmp_path.name)) == "toy-rust"


PARTS = st.sampled_from(
    ["templates", "_shared", "toy", "python", "tests", "contracts", "docs", "x.md", "README.md"]
)


@given(parts=st.lists(PARTS, min_size=1, max_size=5))
def test_every_path_has_an_answer(parts: list[str], cells_of_a_tree: list[Cell]) -> None:
    """However short or odd a path is, some of the cells are touched, or none."""
    path = "/".join(parts)
    found = touched(cells_of_a_tree, [path], "templates")
    assert set(map(str, found)) <= set(ALL.split())


@pytest.fixture(scope="module")
def cells_of_a_tree(tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """Return cells that many examples share."""
    return all_cells(tmp_path_factory.mktemp("tree"))


# --- what git says ------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with one commit, tagged `base`, and no settings but its own."""
    need("git")
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = build_tree({f"templates/{path}": text for path, text in TREE.items()}, tmp_path / "repo")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    git(root, "tag", "base")
    return root


def git(root: Path, *words: str) -> None:
    """Run git as somebody."""
    somebody = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *somebody, *words], cwd=root, check=True)


def commit(root: Path) -> None:
    """Commit all that is there."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=change")


def changes(root: Path, revision: str = "base") -> list[str]:
    """Return what changed since, sorted."""
    return sorted(changed_files(revision, root / "templates"))


def test_nothing_changed_is_no_file(repository: Path) -> None:
    """The work tree of a fresh clone differs from its commit in nothing."""
    assert changes(repository) == []
    assert changes(repository, "HEAD") == []


def test_committed_staged_and_unstaged_changes_count(repository: Path) -> None:
    """What a project would be made of now is compared, not what is committed."""
    build_tree({"README.md": "one", "templates/toy/rust/src/main.rs": "// one"}, repository)
    commit(repository)
    build_tree({"templates/toy/any/staged.txt": ""}, repository)
    git(repository, "add", "--all")
    build_tree({"templates/toy/any/README.md": "unstaged"}, repository)
    assert changes(repository) == [
        "README.md",
        "templates/toy/any/README.md",
        "templates/toy/any/staged.txt",
        "templates/toy/rust/src/main.rs",
    ]
    assert changes(repository, "HEAD") == [
        "templates/toy/any/README.md",
        "templates/toy/any/staged.txt",
    ]


def test_a_new_file_counts_before_git_knows_it_unless_it_is_ignored(repository: Path) -> None:
    """A project is made of what lies in the folders; what builds leave there is no part of it."""
    build_tree({".gitignore": "target/\n", "templates/toy/rust/target/x": ""}, repository)
    commit(repository)
    git(repository, "tag", "--force", "base")
    build_tree({"templates/toy/rust/new.rs": "", "templates/toy/rust/target/y": ""}, repository)
    assert changes(repository) == ["templates/toy/rust/new.rs"]


def test_a_deleted_file_counts(repository: Path) -> None:
    """A project misses it from now on."""
    (repository / "templates/toy/rust/src/main.rs").unlink()
    assert changes(repository) == ["templates/toy/rust/src/main.rs"]
    commit(repository)
    assert changes(repository) == ["templates/toy/rust/src/main.rs"]


def test_a_file_that_moved_counts_at_both_places(repository: Path) -> None:
    """The template that it left changes as much as the one that it went to."""
    git(repository, "mv", "templates/toy/rust/src/main.rs", "templates/two-words/rust/main.rs")
    commit(repository)
    assert changes(repository) == [
        "templates/toy/rust/src/main.rs",
        "templates/two-words/rust/main.rs",
    ]
    wanted = cells(catalog.load_all(repository / "templates"))
    assert names(touched(wanted, changes(repository), "templates")) == "toy-rust two-words-rust"


@pytest.mark.skipif(os.name == "nt", reason="no file there has a run bit")
def test_a_run_bit_counts(repository: Path) -> None:
    """A script that cannot be run any more is a change, though its bytes are the same."""
    (repository / "templates/toy/python/run.sh").chmod(0o644)
    assert changes(repository) == ["templates/toy/python/run.sh"]


@pytest.mark.parametrize("name", ["Zoë.txt", "a b.txt", "it's", "🦀"])
def test_a_file_of_any_name_is_named_as_it_is(name: str, repository: Path) -> None:
    """Nothing is quoted on the way, so the file is known to belong to its template."""
    build_tree({f"templates/toy/rust/{name}": ""}, repository)
    commit(repository)
    assert changes(repository) == [f"templates/toy/rust/{name}"]


@pytest.mark.skipif(os.name == "nt", reason="no file there has such a name")
@pytest.mark.parametrize("name", ["a\nb", 'a"b', "tab\t", "caf\udce9"])
def test_a_file_of_a_hostile_name_is_one_file(name: str, repository: Path) -> None:
    """Line ends and bytes that are no text part no path in two."""
    try:
        build_tree({f"templates/toy/rust/{name}": ""}, repository)
    except OSError:
        pytest.skip("this file system takes text only")
    commit(repository)
    assert changes(repository) == [f"templates/toy/rust/{name}"]


def test_only_what_this_side_did_since_they_parted_counts(repository: Path) -> None:
    """What the other branch did meanwhile is no change of this one."""
    git(repository, "switch", "--quiet", "--create", "other")
    build_tree({"templates/toy/any/theirs.txt": ""}, repository)
    commit(repository)
    git(repository, "switch", "--quiet", "main")
    build_tree({"templates/toy/any/ours.txt": ""}, repository)
    commit(repository)
    assert changes(repository, "other") == ["templates/toy/any/ours.txt"]


def test_a_checkout_may_lie_in_a_folder_of_a_larger_repository(repository: Path) -> None:
    """Paths start at the folder above the templates, and nothing outside of it counts."""
    inner = repository / "tools/inner"
    build_tree({"templates/toy/any/x": "", "generator/y": ""}, inner)
    build_tree({"README.md": "outside"}, repository)
    commit(repository)
    assert changes(inner) == ["generator/y", "templates/toy/any/x"]


@pytest.mark.parametrize(
    "revision", ["nosuch", "", "--fork-point", "--output=file", "base..main", "base:README.md"]
)
def test_a_revision_that_is_none_is_an_error_that_names_it(revision: str, repository: Path) -> None:
    """The word is handed to git as a revision and as nothing else."""
    with pytest.raises(ToolError) as told:
        changed_files(revision, repository / "templates")
    assert str(told.value).startswith(f"git cannot compare with {revision!r}: ")
    assert str(told.value).endswith("; name a revision that this clone has")
    assert not (repository / "file").exists()


def test_histories_without_a_common_commit_cannot_be_compared(repository: Path) -> None:
    """Git says nothing of it, so the error does."""
    git(repository, "switch", "--quiet", "--orphan", "other")
    build_tree({"templates/x": ""}, repository)
    commit(repository)
    with pytest.raises(ToolError, match="'base': no commit in common; name a revision"):
        changed_files("base", repository / "templates")


def test_without_git_nothing_is_compared(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the program and the next step."""
    monkeypatch.setenv("PATH", str(tmp_path / "nosuch"))
    with pytest.raises(
        ToolError, match=r"^git is not here; install it to compare with a revision$"
    ):
        changed_files("base", repository / "templates")
