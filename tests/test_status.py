"""`scaffold status` and `scaffold diff`: how projects stand to their templates."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers import build_tree, need, read_tree
from releases import HISTORY, Checkout
from terminals import Terminal
from updating import ANSWERS, Project, everything, take

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

NEWEST = list(HISTORY)[-1]
ADDRESS = "https://github.com/scaffold-new/templates"
TITLES = "PROJECT  TEMPLATE    VERSION  NEWEST  CHANGED  DELETED"


def edited(released: Checkout, folder: Path) -> Project:
    """Return a project that is behind, with files changed, deleted, moved and added."""
    project = take(released, folder)
    (project.folder / "LICENSE").unlink()
    project.git("mv", "AUTHORS.md", "PEOPLE.md")
    project.commit({"README.md": "# It\n\nMine.\n", "mine.txt": "mine\n"})
    if os.name != "nt":
        (project.folder / "run.sh").chmod(0o644)
    return project


# --- status -------------------------------------------------------------------------------------


def test_a_project_that_is_current_and_untouched(released: Checkout, work: Path) -> None:
    """One line of a table, and exit status 0 with --check too."""
    project = take(released, work / "it", NEWEST)
    for words in ([], ["--check"]):
        done = project.run("status", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (
            f"{TITLES}\n.        toy-python  {NEWEST}    {NEWEST}   0        0\n"
        )


@posix
def test_a_project_that_is_behind_and_edited(released: Checkout, work: Path) -> None:
    """Both versions, and by name the files of its own version that are otherwise, or gone.

    What is committed or not makes no difference, nor do files that the template never had.
    """
    project = edited(released, work / "it")
    before = everything(project.folder)
    done = project.run("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{TITLES}\n.        toy-python  0.1.0    0.4.0   2        2\n"
        "  changed  README.md\n  changed  run.sh\n"
        "  deleted  AUTHORS.md\n  deleted  LICENSE\n"
        "\n`scaffold update` has a newer version for 1 project.\n"
    )
    check = project.run("status", "--check")
    assert (check.returncode, check.stdout) == (10, done.stdout)
    assert everything(project.folder) == before


@posix
def test_status_as_json_is_what_the_documentation_says(released: Checkout, work: Path) -> None:
    """The same as for people, with the same exit statuses."""
    edited(released, work / "it")
    take(released, work / "new", NEWEST, "rust")
    words = ("status", "--all", ".", "--json", "--check")
    done = released.program.run(*words, folder=work)
    assert (done.returncode, done.stderr) == (10, "")
    document = json.loads(done.stdout)
    assert list(document) == ["version", "projects"]
    assert document["projects"] == [
        {
            "project": "it",
            "template": "toy",
            "language": "python",
            "installed": "0.1.0",
            "newest": "0.4.0",
            "current": False,
            "changed": ["README.md", "run.sh"],
            "deleted": ["AUTHORS.md", "LICENSE"],
            "note": "",
        },
        {
            "project": "new",
            "template": "toy",
            "language": "rust",
            "installed": "0.4.0",
            "newest": "0.4.0",
            "current": True,
            "changed": [],
            "deleted": [],
            "note": "",
        },
    ]
    text = (Path(__file__).parents[1] / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in text for each in document["projects"] for key in each)


def test_of_several_each_has_a_line_and_errors_come_last(released: Checkout, work: Path) -> None:
    """A project that cannot be read stops none of the others; the exit status is 1 then."""
    take(released, work / "old", "0.3.0")
    take(released, work / "new", NEWEST)
    build_tree({f"bad/{ANSWERS}": "template: toy\nlanguage: python\n"}, work)
    done = released.program.run("status", "bad", "old", "nosuch", "new", "--check", folder=work)
    assert done.returncode == 1
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[1] == ["old", "toy-python", "0.3.0", "0.4.0", "0", "0"]
    assert rows[2] == ["new", "toy-python", "0.4.0", "0.4.0", "0", "0"]
    assert done.stdout.endswith("\n\n`scaffold update` has a newer version for 1 project.\n")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: bad: 'bad/{ANSWERS}' lacks _commit, _src_path, project_name;")
    assert second.startswith(f"error: nosuch: 'nosuch/{ANSWERS}' does not exist; run this in a pr")
    document = json.loads(
        released.program.run("status", "bad", "new", "--json", folder=work).stdout
    )
    assert [each["project"] for each in document["projects"]] == ["new", "bad"]
    assert document["projects"][1]["error"].startswith(f"'bad/{ANSWERS}' lacks")


@posix
@pytest.mark.parametrize("command", ["status", "diff"])
def test_no_repository_is_needed_but_a_git_is(command: str, released: Checkout, work: Path) -> None:
    """A project that nobody committed stands to its template all the same."""
    project = take(released, work / "it", NEWEST)
    shutil.rmtree(project.folder / ".git")
    assert project.run(command).returncode == 0
    done = project.run(command, environment={"PATH": str(work)})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: git is not here; install it\n"


@posix
@pytest.mark.parametrize("command", ["status", "diff"])
def test_a_file_that_cannot_be_read_is_told(command: str, released: Checkout, work: Path) -> None:
    """In one line, and the other projects are told of."""
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root reads anything, unless its privileges are gone
        before = (need("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
        if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine does not let root lay down its privileges")
    project = take(released, work / "it", NEWEST)
    take(released, work / "other", NEWEST)
    (project.folder / "README.md").chmod(0o000)
    words = ["it", "other"] if command == "status" else ["it"]
    done = released.program.run(command, *words, folder=work, before=before)
    (project.folder / "README.md").chmod(0o644)
    assert done.returncode == 1
    assert "'it/README.md' cannot be read or written: permission denied; see to" in done.stderr
    assert done.stderr.count("\n") == 1
    assert ("other " in done.stdout) is (command == "status")


@pytest.mark.parametrize("command", ["status", "diff"])
def test_where_the_releases_come_from_is_told_if_not_from_the_recorded_address(
    command: str, released: Checkout, work: Path
) -> None:
    """The note is no part of a patch; where no release does, that is an error."""
    project = take(released, work / "it", NEWEST)
    text = project.read(ANSWERS).replace(ADDRESS, "/nonexistent/templates")
    project.write({ANSWERS: text})
    done = project.run(command)
    assert done.returncode == 0
    note = done.stdout if command == "status" else done.stderr
    assert "ote: '/nonexistent/templates': cannot be reached: fatal: " in note
    assert "; the releases of this installation were taken instead" in note
    assert done.stderr == ("" if command == "status" else note)
    project.write({ANSWERS: text.replace(NEWEST, "7.0.0")})
    done = project.run(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "version 7.0.0 is not among its releases (newest 0.4.0), and '/nonexi" in done.stderr
    assert done.stderr.count("\n") == 1


# --- diff ---------------------------------------------------------------------------------------


def test_an_untouched_project_has_no_difference(released: Checkout, work: Path) -> None:
    """Whatever the version; nothing at all is printed."""
    project = take(released, work / "it", "0.2.0")
    project.write({"mine.txt": "mine\n"})
    done = project.run("diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@posix
def test_the_differences_from_its_own_version_are_a_patch(released: Checkout, work: Path) -> None:
    """Applied to a fresh generation it gives the project, but for what the user added."""
    project = edited(released, work / "it")
    fresh = take(released, work / "fresh/it")
    before = everything(project.folder)
    done = project.run("diff")
    assert (done.returncode, done.stderr) == (0, "")
    assert everything(project.folder) == before
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("diff --git ")] == [
        f"diff --git template/{path} project/{path}"
        if path not in {"AUTHORS.md", "LICENSE"}
        else f"diff --git template/{path} template/{path}"
        for path in ("AUTHORS.md", "LICENSE", "README.md", "run.sh")
    ]
    assert "-By The it authors.\n+Mine.\n" in done.stdout
    assert "old mode 100755\nnew mode 100644\n" in done.stdout
    apply = ["git", "apply", "-p1", "-"]
    subprocess.run(apply, cwd=fresh.folder, input=done.stdout, text=True, check=True)
    own = {"mine.txt", "PEOPLE.md"}
    mine = {path: each for path, each in read_tree(project.folder).items() if path not in own}
    assert read_tree(fresh.folder) == mine


@posix
def test_a_diff_has_colours_on_a_terminal_only(released: Checkout, work: Path) -> None:
    """Nor there with NO_COLOR, and the user's own settings of git change nothing in it."""
    project = edited(released, work / "it")
    config = "[diff]\n\texternal = false\n\tnoprefix = true\n[color]\n\tui = always\n"
    build_tree({"config": f"{config}[core]\n\tpager = false\n"}, work)
    settings = {"GIT_CONFIG_GLOBAL": str(work / "config")}
    plain = project.run("diff").stdout
    assert project.run("diff", environment=settings).stdout == plain
    assert "\x1b" not in plain
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        program = project.checkout.program
        variables = program.environment | settings | {"TERM": "xterm"} | more
        terminal = Terminal([*program.words, "diff"], project.folder, variables)
        assert terminal.finish() == 0
        assert ("\x1b[31m-By The it authors." in terminal.output) is coloured
        assert ("\x1b" in terminal.output) is coloured


def test_bytes_that_are_no_text_are_told_apart(released: Checkout, work: Path) -> None:
    """A file that became binary is named, without its bytes; odd encodings come through."""
    project = take(released, work / "it", NEWEST)
    project.write({"README.md": b"\0" * 100, "LICENSE": b"caf\xe9\n"})
    program = project.checkout.program
    words = [*program.words, "diff"]
    patch = subprocess.check_output(words, cwd=project.folder, env=program.environment)
    assert b"Binary files template/README.md and project/README.md differ\n" in patch
    assert b"+caf\xe9\n" in patch


@pytest.mark.parametrize(
    ("words", "code"), [(["diff", "nosuch"], 1), (["diff", "a", "b"], 2), (["diff", "."], 1)]
)
def test_a_diff_of_no_project_is_told(
    words: list[str], code: int, released: Checkout, work: Path
) -> None:
    """The error names the file that is missing; two projects at once are no diff."""
    done = released.program.run(*words, folder=work)
    assert (done.returncode, done.stdout) == (code, "")
    if code == 1:
        assert done.stderr.startswith("error: '")
        assert f"{ANSWERS}' does not exist; run this in a project that scaffold made" in done.stderr


# --- no network ---------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    "words",
    [["new", "toy", "made"], ["status", "it"], ["status", "--all", "."], ["diff", "it"]]
    + [["update", "it", *more] for more in ([], ["--dry-run"], ["--to", "0.2.0"])],
)
def test_no_network_is_needed(words: list[str], released: Checkout, work: Path) -> None:
    """In a network namespace without even a loopback, the result is the same as outside."""
    alone = (need("unshare"), "-rn")
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespace")
    told, trees = [], []
    for where, before in (("inside", alone), ("outside", ())):
        project = take(released, work / where / "it")
        project.commit({"README.md": "# It\n\nMine.\n", "run.sh": "#!/bin/sh\n:\necho it\n"})
        done = released.program.run(*words, folder=work / where, before=before)
        told.append((done.returncode, done.stdout, done.stderr))
        trees.append(read_tree(work / where))
    assert told[0] == told[1]
    assert told[0][0] in {0, 1, 10}
    assert "error" not in told[0][2]
    assert "cannot be reached" not in told[0][1]  # nor is it tried
    assert trees[0] == trees[1]
