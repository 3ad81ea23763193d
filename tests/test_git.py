"""Git: run out of the way of another repository's variables, and read whatever paths hold."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import build_tree
from scaffold import git
from scaffold.errors import DestinationError, ToolError

ODD = (
    *("plain.txt", "two words", " blanks around ", "tab\there", "line\nend", "\n", "carriage\rend"),
    *('"quoted"', '"', "back\\slash", "\\", "\\n", "\\101", "$HOME", "*?[x]", "-rf", ":(top)x"),
    *(
        "naïve",
        "日本",
        "\N{COMBINING ACUTE ACCENT}",
        os.fsdecode(b"latin-\xe9"),
        os.fsdecode(b"\xff"),
    ),
)
"""Names of files that a shell, a stream or a terminal may stumble over."""

# What git and Linux take for a name: neither a dot, nor two, nor what looks like git's own folder.
NAMES = (
    st.binary(min_size=1, max_size=20)
    .map(lambda name: os.fsdecode(b"x" + name.translate(None, b"\0/")))
    .filter(lambda name: "git" not in name.lower())
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a bare repository."""
    git.read(tmp_path, "init", "--quiet", "--bare", "repository")
    return tmp_path / "repository"


def commit(repository: Path, files: dict[str, bytes]) -> None:
    """Make a commit of these files alone, through a stream."""
    stream = b"commit refs/heads/main\ncommitter Ada <ada@example.org> 0 +0000\ndata 0\ndeleteall\n"
    for path, content in files.items():
        stream += b"M 100644 inline %s\n" % git.quoted(path)
        stream += b"data %d\n%s\n" % (len(content), content)
    git.read(repository, "fast-import", "--quiet", "--force", "--done", given=stream + b"done\n")


def files_of(repository: Path) -> dict[str, bytes]:
    """Return the files of the commit, read as the package reads them."""
    entries = git.parse_tree(git.read(repository, "ls-tree", "-r", "-z", "main"))
    asked = "".join(f"{identity}\n" for _, identity in entries.values()).encode()
    contents = git.parse_batch(git.read(repository, "cat-file", "--batch", given=asked))
    return dict(zip(entries, contents, strict=True))


# --- the environment ----------------------------------------------------------------------------


def test_no_variable_of_another_repository_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that git itself counts among a repository's own variables is left out."""
    local = git.text(git.read(tmp_path, "rev-parse", "--local-env-vars")).split("\n")
    assert {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"} < set(local)
    for name in local:
        monkeypatch.setenv(name, "elsewhere")
    # Settings that a user gives for one command; git passes them to no other repository either.
    assert set(local) & set(git.environment()) == {"GIT_CONFIG_COUNT"}


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "SSH_AUTH_SOCK", "https_proxy"),
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO"),
        *("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_12"),
    ],
)
def test_settings_of_the_user_are_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What says who the user is, and how to reach the network, holds for every repository."""
    monkeypatch.setenv(name, "as the user set it")
    assert git.environment()[name] == "as the user set it"


def test_a_repository_s_variables_do_not_lead_away_from_the_folder(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook, git still works in the folder that it is run in."""
    git.read(tmp_path, "init", "--quiet", "--bare", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    found = git.text(git.read(repository, "rev-parse", "--absolute-git-dir"))
    assert found == str(repository.resolve())


def test_settings_for_one_command_reach_git(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that a user names for one command is used."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "scaffold.test")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "seen")
    assert git.text(git.read(repository, "config", "scaffold.test")) == "seen"


def test_what_is_given_as_more_counts_most(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller may set what is otherwise left out or fixed."""
    monkeypatch.setenv("GIT_AUTHOR_NAME", "the user's")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "GIT_AUTHOR_NAME" not in git.environment()
    assert git.environment()["LC_ALL"] == "C"
    more = {"GIT_AUTHOR_NAME": "ours", "GIT_AUTHOR_EMAIL": "us@example.org", "LC_ALL": "POSIX"}
    assert git.environment(more).items() >= more.items()
    told = git.read(repository, "var", "GIT_AUTHOR_IDENT", more=more)
    assert told.startswith(b"ours <us@example.org>")


def test_git_never_asks_for_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git would wait for somebody to type, it fails."""
    monkeypatch.delenv("GIT_ASKPASS", raising=False)
    monkeypatch.delenv("SSH_ASKPASS", raising=False)
    asked = b"protocol=https\nhost=localhost\n\n"
    with pytest.raises(ToolError, match="terminal prompts disabled"):
        git.read(tmp_path, "-c", "credential.helper=", "credential", "fill", given=asked)


# --- errors -------------------------------------------------------------------------------------


def test_a_git_that_fails_is_told_with_its_own_reason(repository: Path) -> None:
    """The error names the command, git's reason as one line, and a next step."""
    with pytest.raises(ToolError) as told:
        git.read(repository, "rev-parse", "--verify", "absent")
    assert str(told.value) == (
        "git rev-parse failed: fatal: Needed a single revision; see to that and try again"
    )


def test_a_failure_without_a_word_is_told_by_its_status(repository: Path) -> None:
    """A git that says nothing still gives a reason."""
    done = git.run(repository, "config", "--get", "absent.key")
    assert (git.reason(done), done.returncode) == ("status 1", 1)


def test_a_reason_of_many_lines_in_any_encoding_is_one_line() -> None:
    """What git prints may hold anything."""
    done = subprocess.CompletedProcess([], 1, b"", b"fatal: one\n  two\r\n\xff three\n")
    assert git.reason(done) == "fatal: one two \ufffd three"


def test_a_machine_without_git_is_told_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is named, and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^git is not here; install it$"):
        git.read(tmp_path, "--version")
    with pytest.raises(FileNotFoundError):
        git.run(tmp_path, "--version")


def test_a_folder_that_is_not_there_is_not_told_as_a_git_that_is_not(tmp_path: Path) -> None:
    """The folder is named, since no installation of git would help."""
    (tmp_path / "file").touch()
    for name in ("absent", "file"):
        with pytest.raises(DestinationError, match=f"{name}' is not a folder; check the path$"):
            git.read(tmp_path / name, "--version")


# --- what git prints ----------------------------------------------------------------------------


def test_one_line_of_output_loses_its_end_only() -> None:
    """A path that ends in blanks or line ends, or is no UTF-8, comes through."""
    assert git.text(b"a path \n\n") == "a path \n"
    assert os.fsencode(git.text(b"\xff\xe9\n")) == b"\xff\xe9"
    assert git.text(b"") == ""


def test_odd_paths_come_back_as_they_were(repository: Path) -> None:
    """Through a stream into a commit, and out of its list, every name and content survives."""
    files = {name: os.fsencode(name) for name in ODD}
    files |= {f"folder of {name}/in {name}": b"deep" for name in ODD}
    commit(repository, files)
    assert files_of(repository) == files


def test_odd_paths_of_a_work_tree_are_listed_as_they_are_on_disk(tmp_path: Path) -> None:
    """What `git add` takes from a disk has the names that Python gives these files."""
    build_tree({f"x{name}": name.encode(errors="surrogateescape") for name in ODD}, tmp_path)
    git.read(tmp_path, "init", "--quiet")
    git.read(tmp_path, "add", "--all")
    tree = git.text(git.read(tmp_path, "write-tree"))
    listed = git.parse_tree(git.read(tmp_path, "ls-tree", "-r", "-z", tree))
    assert set(listed) == {f"x{name}" for name in ODD}
    assert set(listed) == {path.name for path in tmp_path.iterdir()} - {".git"}


@settings(max_examples=30, deadline=None)  # each runs git four times
@given(files=st.dictionaries(NAMES, st.binary(max_size=50), min_size=1, max_size=5))
def test_any_path_and_content_come_back_as_they_were(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any bytes that a file system takes for a name, with any bytes as content."""
    repository = tmp_path_factory.mktemp("any")
    git.read(repository, "init", "--quiet", "--bare")
    commit(repository, files)
    assert files_of(repository) == files


def test_modes_and_objects_are_listed(repository: Path) -> None:
    """A run bit, a link and a plain file are told apart, and each names its object."""
    stream = b"commit refs/heads/main\ncommitter Ada <ada@example.org> 0 +0000\ndata 0\n"
    for mode in (b"100644", b"100755", b"120000"):
        stream += b"M %s inline m%s\ndata 1\nx\n" % (mode, mode)
    git.read(repository, "fast-import", "--quiet", "--done", given=stream + b"done\n")
    listed = git.parse_tree(git.read(repository, "ls-tree", "-r", "-z", "main"))
    blob = git.text(git.read(repository, "hash-object", "--stdin", given=b"x"))
    assert listed == {f"m{mode}": (mode, blob) for mode in ("100644", "100755", "120000")}
    assert git.parse_tree(b"") == {}


def test_contents_of_any_bytes_are_told_apart(repository: Path) -> None:
    """Contents that are empty, end in lines, hold NUL, or look like the next header."""
    header = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 blob 3\n"
    contents = [b"", b"\n", b"a\n\n\n", b"a\0b\0", b"no end", header, b"\n" + header + b"x", b""]
    written = [
        git.read(repository, "hash-object", "-w", "--stdin", given=content) for content in contents
    ]
    printed = git.read(repository, "cat-file", "--batch", given=b"".join(written))
    assert git.parse_batch(printed) == contents
    assert git.parse_batch(b"") == []
