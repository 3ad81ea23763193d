"""The words of `scaffold update`: options, JSON, several projects, and exit statuses."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from helpers import build_tree, need, read_tree
from releases import HISTORY, Checkout
from updating import ANSWERS, Project, everything, take

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

NEWEST = list(HISTORY)[-1]
MINE = "# It\n\nBy me.\n"
"""A README that meets what release 4 does to its last line."""
NOTHING = "Nothing to do: the project has this version and these answers.\n"


# --- one project --------------------------------------------------------------------------------


def test_the_help_names_every_option(released: Checkout, work: Path) -> None:
    """In 80 columns, as for the other commands."""
    done = released.program.run("update", "--help", folder=work, environment={"COLUMNS": "200"})
    options = "--all --to --dry-run --data --restore --continue --abort --json [PROJECT]..."
    assert all(option in done.stdout for option in options.split())
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("word", ["", ".", "../it", "{folder}", "{folder}/"])
def test_a_project_is_named_by_any_path_and_is_else_the_current_folder(
    word: str, released: Checkout, work: Path
) -> None:
    """The path may be relative, absolute, or left out."""
    project = take(released, work / "it", "0.3.0")
    words = [word.format(folder=project.folder)] if word else []
    project.update(*words, "--dry-run", code=10)


@pytest.mark.parametrize("word", ["0.3.0", "v0.3.0", " 0.3 "])
def test_to_chooses_a_version(word: str, released: Checkout, work: Path) -> None:
    """As its tag or as its number; what is new is told up to it, and no further."""
    project, fresh = take(released, work / "it"), take(released, work / "fresh", "0.3.0")
    told = project.update("--to", word)
    assert told.startswith("it: toy in Python, version 0.1.0 to 0.3.0.\n")
    assert "News of 0.3.0." in told
    assert "News of 0.4.0." not in told
    assert read_tree(project.folder) == read_tree(fresh.folder)


def test_to_an_older_version_goes_back(released: Checkout, work: Path) -> None:
    """The same merge the other way round, which keeps the user's edits; nothing is new in it."""
    project = take(released, work / "it", "0.3.0")
    project.commit({"NOTES.md": project.read("NOTES.md").replace("Six", "Six, mine")})
    told = project.update("--to", "0.2.0")
    assert told.startswith("it: toy in Python, version 0.3.0 to 0.2.0.\n\nThe template changes")
    assert project.read("NOTES.md") == "One\nTwo\nThree\nFour\nFive\nSix, mine\n"
    assert project.has("AUTHORS.md")


def test_to_the_version_that_it_has_is_nothing_to_do(released: Checkout, work: Path) -> None:
    """The exit status is 0, and what is said is true though there is a newer version."""
    project = take(released, work / "it", "0.2.0")
    before = everything(project.folder)
    for words in ([], ["--dry-run"]):
        told = project.update("--to", "0.2.0", *words)
        assert told == f"it: toy in Python, version 0.2.0.\n{NOTHING}"
    assert everything(project.folder) == before


@pytest.mark.parametrize("word", ["abc", "", "latest", "0.x", "../0.2.0"])
def test_to_what_is_no_version_is_refused(word: str, released: Checkout, work: Path) -> None:
    """The error quotes the word and shows the form."""
    error = take(released, work / "it").refused("--to", word, code=2)
    assert error == f"--to {word!r}: is no version, such as 1.2.0"


def test_to_a_version_that_there_is_not_is_refused(released: Checkout, work: Path) -> None:
    """Where the recorded address is reached, its versions are listed; else it is named."""
    project = take(released, work / "it")
    config = '[url "/nonexistent"]\n\tinsteadOf = https://github.com\n'
    build_tree({"config": config}, work)
    error = project.refused(
        "--to", "9.9.9", environment={"GIT_CONFIG_GLOBAL": str(work / "config")}
    )
    assert "version 9.9.9 is not among its releases (newest 0.4.0), and 'https://github" in error
    assert "cannot be reached" in error
    own = next((released.program.home / "cache").rglob("HEAD")).parent
    project.commit({ANSWERS: project.read(ANSWERS).replace(ADDRESS, str(own))})
    error = project.refused("--to", "9.9.9", code=2)
    assert error == "--to '9.9.9' is not known; allowed: 0.1.0, 0.2.0, 0.3.0, 0.4.0"


ADDRESS = "https://github.com/scaffold-new/templates"


def test_data_changes_an_answer_at_the_same_version(released: Checkout, work: Path) -> None:
    """The files that follow from it change, with a message of its own, and nothing else does."""
    project = take(released, work / "it", NEWEST)
    told = project.update("--data", "licence=none", "-d", "author= Grace = Hopper ")
    assert told.startswith("it: toy in Python, version 0.4.0.\n\nThe template changes 6 files:\n")
    assert "git commit -m 'Give other answers to the template toy'" in told
    assert not project.has("LICENSE")
    assert project.read("README.md") == "# It\n\nBy Grace = Hopper, and now in release 4.\n"
    project.commit()
    assert project.update("--data", "licence=none").endswith(NOTHING)


def test_data_together_with_a_newer_version_is_one_update(released: Checkout, work: Path) -> None:
    """The new release is rendered with the new answers."""
    project = take(released, work / "it")
    told = project.update("--data", "author=Grace")
    assert project.read("README.md") == "# It\n\nBy Grace, and now in release 4.\n"
    assert "Update the template toy from version 0.1.0 to 0.4.0" in told


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("licence", "--data 'licence': must have the form KEY=VALUE"),
        ("licence=gpl", "the answer to licence 'gpl': is not allowed; allowed: mit, apache-2.0,"),
        ("licens=mit", "question 'licens' is not known; allowed: project_name, author, email, li"),
        ("author=", "the answer to author '': must match"),
        ("language=rust", "question 'language': cannot change; make a new project instead"),
        ("_commit=v0.2.0", "question '_commit' is not known; allowed:"),
    ],
)
def test_data_that_will_not_do_is_refused(
    data: str, expected: str, released: Checkout, work: Path
) -> None:
    """The error names the question and what is allowed; nothing has changed."""
    error = take(released, work / "it").refused("--data", data, code=2)
    assert error.startswith(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--abort", "--continue"], "option '--abort': goes with projects only"),
        (["--abort", "--dry-run"], "option '--abort': goes with projects only"),
        (["--continue", "--to", "0.2.0"], "option '--continue': goes with projects only"),
        (["--continue", "--json"], "option '--continue': goes with projects only"),
        (["--all", ".", "."], "option '--all': names the projects itself; leave out PROJECT"),
    ],
)
def test_words_that_do_not_go_together_are_refused(
    words: list[str], expected: str, released: Checkout, work: Path
) -> None:
    """Before anything is looked at."""
    assert take(released, work / "it").refused(*words, code=2) == expected


# --- JSON ---------------------------------------------------------------------------------------


def told_as_json(project: Project, *words: str, code: int) -> dict[str, object]:
    """Return what an update of one project tells as JSON."""
    document = json.loads(project.update("--json", *words, code=code))
    assert list(document) == ["version", "projects"]
    assert document["version"] == 1
    (told,) = document["projects"]
    assert isinstance(told, dict)
    return told


def test_json_tells_all_that_people_are_told(released: Checkout, work: Path) -> None:
    """The keys are those of docs/json.md, the exit status that without it; a plan comes true."""
    project = take(released, work / "it", "0.3.0")
    (project.folder / "LICENSE").unlink()
    project.commit({"README.md": MINE})
    before = everything(project.folder)
    planned = told_as_json(project, "--dry-run", code=10)
    assert everything(project.folder) == before
    assert planned == {
        "project": ".",
        "status": "planned",
        "template": "toy",
        "language": "python",
        "from": "0.3.0",
        "to": "0.4.0",
        "news": ["News of 0.4.0."],
        "new_answers": {},
        "changed": [ANSWERS, "README.md", "docs/colour.md"],
        "both": ["README.md"],
        "deleted": ["LICENSE"],
        "conflicts": ["README.md"],
        "note": "",
    }
    assert told_as_json(project, code=1) == planned | {"status": "conflicts"}
    project.update("--abort")
    updated = told_as_json(project, "--to", "0.2.0", code=0)
    assert (updated["status"], updated["new_answers"]) == ("updated", {"color": "red"})
    document = Path(__file__).parents[1] / "docs/json.md"
    assert all(f"`{key}`" in document.read_text(encoding="utf-8") for key in planned)


def test_json_of_what_is_current_or_failed(released: Checkout, work: Path) -> None:
    """An error stands in the document, and nothing on standard error."""
    project = take(released, work / "it", NEWEST)
    assert told_as_json(project, code=0)["status"] == "current"
    project.write({"README.md": "mine\n"})
    assert told_as_json(project, code=1) == {
        "project": ".",
        "status": "failed",
        "error": f"'{project.folder}' has changes that are not committed: README.md; "
        "commit or stash them first",
    }
    assert told_as_json(project, "--to", "x", code=1)["status"] == "failed"


# --- several projects ---------------------------------------------------------------------------


@pytest.fixture
def several(released: Checkout, work: Path) -> dict[str, Project]:
    """Make one project that is clean, one that fights, one that is dirty, and one that is new."""
    found = {
        name: take(released, work / name, version)
        for name, version in {"a": "0.3.0", "b": "0.3.0", "c": "0.3.0", "d": NEWEST}.items()
    }
    found["b"].commit({"README.md": MINE})
    found["c"].write({"README.md": "mine\n"})
    return found


def test_of_several_a_table_tells_what_became_of_each(
    several: dict[str, Project], released: Checkout, work: Path
) -> None:
    """In the order of the words; a failure stops none of the others, and the exit status is 1."""
    names = ["c", "nosuch", "d", "b", "a"]
    done = released.program.run("update", *names, folder=work)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["PROJECT", *names]
    assert lines[0].split() == ["PROJECT", "TEMPLATE", "FROM", "TO", "RESULT"]
    dirty = f"'{work}/c' has changes that are not committed: README.md; commit or stash them first"
    assert lines[1].split(maxsplit=4)[1:] == ["-", "-", "-", f"failed: {dirty}"]
    assert lines[2].endswith("failed: 'nosuch' is not a folder; check the path") or (
        lines[2].endswith(f"failed: '{work}/nosuch' is not a folder; check the path")
    )
    assert lines[3].split() == ["d", "toy", "0.4.0", "0.4.0", "current"]
    assert lines[4].split() == ["b", "toy", "0.3.0", "0.4.0", "conflicts:", "README.md"]
    assert lines[5].split() == ["a", "toy", "0.3.0", "0.4.0", "updated"]
    assert several["a"].read("README.md").endswith("release 4.\n")
    assert "UU README.md" in several["b"].short()
    assert several["c"].read("README.md") == "mine\n"


@pytest.mark.parametrize(
    ("names", "words", "code"),
    [
        ("a d", [], 0),
        ("a b", [], 1),
        ("a c", ["--dry-run"], 1),
        ("b d", ["--dry-run"], 10),
        ("d d", ["--dry-run"], 0),
        ("a d", ["--to", "9.9"], 1),
        ("a b", ["--data", "licence=gpl"], 1),
    ],
)
def test_the_exit_status_of_several_is_that_of_the_worst(  # noqa: PLR0913, PLR0917  # all needed
    names: str,
    words: list[str],
    code: int,
    several: dict[str, Project],
    released: Checkout,
    work: Path,
) -> None:
    """1 for a failure or a conflict, else 10 for a plan, else 0; JSON makes no difference."""
    assert set(names.split()) <= set(several)
    config = '[url "/nonexistent"]\n\tinsteadOf = https://github.com\n'
    build_tree({"config": config}, work)
    closed = {"GIT_CONFIG_GLOBAL": str(work / "config")}
    for more in ([], ["--json"]) if code == 10 else ([],):
        done = released.program.run(
            "update", *names.split(), *words, *more, folder=work, environment=closed
        )
        assert (done.returncode, done.stderr) == (code, "")


@posix
def test_all_finds_every_project_below(several: dict[str, Project], work: Path) -> None:
    """Sorted, wherever they lie, but not in what tools put there, nor in what may not be read."""
    checkout = several["a"].checkout
    take(checkout, work / "deep/er/e", NEWEST)
    take(checkout, work / "deep/er/.venv/lib/f", NEWEST)
    build_tree({f"other/{ANSWERS}": "_commit: v1\n_src_path: gh:x/y\nname: z\n"}, work)
    (work / "deep/link").symlink_to("../a")
    (work / "shut").mkdir(mode=0o000)
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root reads anything, unless its privileges are gone
        before = (need("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
        if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine does not let root lay down its privileges")
    done = checkout.program.run("update", "--all", ".", "--json", folder=work, before=before)
    (work / "shut").chmod(0o755)
    assert (done.returncode, done.stderr) == (1, "")
    projects = json.loads(done.stdout)["projects"]
    assert [(each["project"], each["status"]) for each in projects] == [
        ("a", "updated"),
        ("b", "conflicts"),
        ("c", "failed"),
        ("d", "current"),
        ("deep/er/e", "current"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", "'empty' holds no project made by scaffold; check the path"),
        ("nosuch", "'nosuch' is not a folder; give one that holds projects to --all"),
        ("file", "'file' is not a folder; give one that holds projects to --all"),
    ],
)
@pytest.mark.parametrize("command", ["update", "status"])
def test_all_of_nothing_is_told(
    command: str, name: str, expected: str, released: Checkout, work: Path
) -> None:
    """A wrong path is not the same as nothing to do."""
    build_tree({"file": "mine\n"}, work)
    (work / "empty").mkdir()
    done = released.program.run(command, "--all", name, folder=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {expected}\n"


def test_several_are_continued_and_aborted_at_once(
    several: dict[str, Project], released: Checkout, work: Path
) -> None:
    """Each is named in what is told of it, and a failure stops none of the others."""
    released.program.run("update", "a", "b", folder=work)
    done = released.program.run("update", "--continue", "c", "b", "a", folder=work)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: c: '{work}/c' has no update that is not committed; ")
    assert second.startswith(f"error: b: '{work}/b/README.md' still holds markers of a conflict;")
    assert done.stdout.startswith("a: Next:\n  git commit -m 'Update the template toy")
    done = released.program.run("update", "--abort", "--all", ".", folder=work)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a", "b"]
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == [" c", " d"]
    assert several["b"].short() == []
