"""Updates: a git merge of three trees that loses nothing."""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import build_tree, need, read_tree
from programs import TOYS
from releases import HISTORY, QUESTION, Checkout, make_checkout
from terminals import Terminal
from updating import ANSWERS, Project, everything, take, visible

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

NEWEST = list(HISTORY)[-1]
README = "# It\n\nBy The it authors.\n"
MINE = "# It\n\nBy me.\n"
"""A README that meets what release 4 does to its last line."""
THEIRS = "# It\n\nBy The it authors, and now in release 4.\n"
NOTES = "One\nTwo\nThree\nFour\nFive\nSix, mine\n"
"""Notes of release 2 with an edit, away from what release 3 changes."""
NEW_NOTES = "One\nTwo\nThree, in release 3\nFour\nFive\nSix, mine\n"


# --- untouched projects -------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["python", "rust"])
@pytest.mark.parametrize("version", list(HISTORY))
def test_an_untouched_project_becomes_what_the_newest_release_makes(
    version: str, language: str, released: Checkout, work: Path
) -> None:
    """From every release to the newest: byte for byte and mode for mode a fresh generation."""
    project = take(released, work / "it", version, language)
    fresh = take(released, work / "fresh", NEWEST, language)
    project.update()
    assert read_tree(project.folder) == read_tree(fresh.folder)


def test_release_by_release_comes_to_the_same(released: Checkout, work: Path) -> None:
    """One step after another, each committed, is as good as one leap, with edits too."""
    step, leap = take(released, work / "step/it"), take(released, work / "leap/it")
    edits = {"run.sh": "#!/bin/sh\nset -e\necho it\n", "mine.txt": "mine\n"}
    for project in (step, leap):
        project.commit(edits)
    for version in list(HISTORY)[1:]:
        step.update("--to", version)
        assert f'_commit: "v{version}"' in step.read(ANSWERS)
        step.commit()
    leap.update()
    assert read_tree(step.folder) == read_tree(leap.folder)
    assert leap.read("bin/start.sh") == "#!/bin/sh\nset -e\necho it\nexit 0\n"


def test_a_clean_update_is_staged_for_the_user_to_commit(released: Checkout, work: Path) -> None:
    """Index and work tree hold it, nothing is committed, and the message for it is suggested."""
    project = take(released, work / "it")
    head = project.git("rev-parse", "HEAD")
    told = project.update()
    assert project.short() == [
        f"M  {ANSWERS}",
        "A  NOTES.md",
        "M  README.md",
        "R  run.sh -> bin/start.sh",
        "R  AUTHORS.md -> docs/AUTHORS.md",
        "M  pyproject.toml",
    ]
    assert project.git("rev-parse", "HEAD") == head
    command = "git commit -m 'Update the template toy from version 0.1.0 to 0.4.0'"
    assert told.endswith(f"\nUpdated; `git diff --staged` shows it.\nNext:\n  {command}\n")
    project.commit()
    assert project.update().endswith(
        "Nothing to do: the project has this version and these answers.\n"
    )
    assert project.kept() == set()


def test_an_update_says_first_what_it_is_about(released: Checkout, work: Path) -> None:
    """Versions, what is new, the files, which of them changed here too, and what stays deleted."""
    project = take(released, work / "it")
    (project.folder / "AUTHORS.md").unlink()
    project.commit({"pyproject.toml": project.read("pyproject.toml") + "[tool.mine]\nkey = 1\n"})
    told = project.update("--to", "0.3.0")
    assert told.splitlines()[:22] == [
        "it: toy in Python, version 0.1.0 to 0.3.0.",
        "",
        "What is new:",
        "  News of 0.3.0.",
        "  News of 0.2.0.",
        "",
        "The template changes 8 files, 1 of them changed here too:",
        f"    {ANSWERS}",
        "    AUTHORS.md",
        "    NOTES.md",
        "    bin/start.sh",
        "    docs/AUTHORS.md",
        "    docs/colour.md",
        "  * pyproject.toml",
        "    run.sh",
        "",
        "Deleted here, and it stays so (--restore PATH brings one back):",
        "    docs/AUTHORS.md",
        "",
        "New answers: colour=red (--data NAME=VALUE gives another)",
        "",
        "Updated; `git diff --staged` shows it.",
    ]


# --- what the user did --------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["NOTES.md", "docs/my notes.md", "notes/of/Zoë.md"])
def test_an_edit_stays_beside_what_the_template_changes(
    place: str, released: Checkout, work: Path
) -> None:
    """In the file where it was, and in one that the user moved, both changes stand."""
    project = take(released, work / "it", "0.2.0")
    (project.folder / "NOTES.md").unlink()
    project.commit({place: NOTES})
    told = project.update()
    assert project.read(place) == NEW_NOTES
    assert project.has("NOTES.md") is (place == "NOTES.md")
    assert "  * NOTES.md\n" in told
    assert "Deleted here" not in told


def test_an_edit_goes_along_with_a_file_that_the_template_moves(
    released: Checkout, work: Path
) -> None:
    """The file is where the template has it now, with both changes and its run bit."""
    project = take(released, work / "it")
    project.commit({"run.sh": "#!/bin/sh\nset -e\necho it\n"})
    project.update()
    assert project.read("bin/start.sh") == "#!/bin/sh\nset -e\necho it\nexit 0\n"
    assert os.access(project.folder / "bin/start.sh", os.X_OK)
    assert not project.has("run.sh")


def test_renames_are_found_whatever_git_is_told_of_them(released: Checkout, work: Path) -> None:
    """A user who wants no renames in `git log` still keeps the edits."""
    project = take(released, work / "it")
    project.git("config", "diff.renames", "false")
    project.git("config", "merge.renames", "false")
    project.commit({"run.sh": "#!/bin/sh\nset -e\necho it\n"})
    project.update()
    assert "set -e" in project.read("bin/start.sh")


def test_a_file_that_both_moved_is_in_conflict_at_both_places(
    released: Checkout, work: Path
) -> None:
    """Nobody can know which place is right, so both are there, and the user says."""
    project = take(released, work / "it")
    project.git("mv", "run.sh", "go.sh")
    project.commit()
    told = project.update(code=1)
    assert "In conflict:\n    bin/start.sh\n    go.sh\n" in told
    assert project.short()[3:] == [
        "UA bin/start.sh",
        "R  AUTHORS.md -> docs/AUTHORS.md",
        "AU go.sh",
        "M  pyproject.toml",
    ]
    assert project.read("go.sh") == project.read("bin/start.sh")


def test_a_new_file_comes_where_the_template_has_it_though_the_user_moved_the_folder(
    released: Checkout, work: Path
) -> None:
    """What was in the folder stays where the user has it, and nothing is guessed of the rest."""
    project = take(released, work / "it", "0.2.0")
    project.git("mv", "docs", "documentation")
    project.commit({"documentation/mine.txt": "mine\n"})
    told = project.update("--to", "0.3.0")
    assert "Deleted here" not in told
    assert project.short() == [
        f"M  {ANSWERS}",
        "M  NOTES.md",
        "R  AUTHORS.md -> docs/AUTHORS.md",
    ]
    assert project.read("documentation/colour.md") == "It is red.\n"


DELETED = ("README.md", "run.sh", "AUTHORS.md", "LICENSE")
"""What the template changes, what it moves with a change, what it moves, and what it leaves."""


def without(released: Checkout, folder: Path, version: str = "0.1.0") -> Project:
    """Return a project from which files were deleted."""
    project = take(released, folder, version)
    for path in DELETED:
        (project.folder / path).unlink(missing_ok=True)
    project.commit()
    return project


def test_deleted_files_stay_deleted_and_are_listed(released: Checkout, work: Path) -> None:
    """Also where the template changes or moves them; that is no conflict."""
    project = without(released, work / "it")
    told = project.update()
    gone = ["LICENSE", "README.md", "bin/start.sh", "docs/AUTHORS.md"]
    assert told.count("    LICENSE\n    README.md\n    bin/start.sh\n    docs/AUTHORS.md\n") == 1
    assert not any(project.has(path) for path in (*gone, *DELETED))
    assert project.short() == [f"M  {ANSWERS}", "A  NOTES.md", "M  pyproject.toml"]
    project.commit()
    assert "Nothing to do" in project.update()


@pytest.mark.parametrize("word", ["bin/start.sh", "./bin/start.sh"])
def test_restore_brings_one_back_as_the_new_release_has_it(
    word: str, released: Checkout, work: Path
) -> None:
    """With its content and its run bit; the others stay away."""
    project = without(released, work / "it")
    told = project.update("--restore", word, "--restore", "README.md")
    assert project.read("bin/start.sh") == "#!/bin/sh\necho it\nexit 0\n"
    assert os.access(project.folder / "bin/start.sh", os.X_OK)
    assert project.read("README.md") == THEIRS
    assert "brings one back):\n    LICENSE\n    docs/AUTHORS.md\n\n" in told
    assert not project.has("docs/AUTHORS.md")
    assert {"A  README.md", "A  bin/start.sh"} <= set(project.short())


def test_restore_needs_no_newer_version(released: Checkout, work: Path) -> None:
    """What was deleted comes back at the version that the project has."""
    project = without(released, work / "it", NEWEST)
    told = project.update("--restore", "LICENSE")
    assert project.short() == ["A  LICENSE"]
    assert "git commit -m 'Bring back what the template toy made'" in told


@pytest.mark.parametrize("path", ["run.sh", "NOTES.md", "nosuch", "", "/etc/passwd"])
def test_restore_of_what_was_not_deleted_is_refused(
    path: str, released: Checkout, work: Path
) -> None:
    """The error lists what there is to bring back."""
    project = without(released, work / "it")
    error = project.refused("--restore", path, code=2)
    assert error.startswith("--restore ")
    assert "allowed: LICENSE, README.md, bin/start.sh, docs/AUTHORS.md" in error
    assert error.endswith("is no file of the template that was deleted")


def test_restore_where_the_user_has_a_folder_now_is_refused(released: Checkout, work: Path) -> None:
    """What took the place of the file is named."""
    project = without(released, work / "it")
    project.commit({"README.md/mine.txt": "mine\n"})
    error = project.refused("--restore", "README.md", code=2)
    assert error == "--restore 'README.md': README.md/mine.txt is in its place"
    assert "    README.md\n" in project.update()


def test_files_of_the_user_s_own_are_left_alone(released: Checkout, work: Path) -> None:
    """Committed, untracked and ignored ones keep content, mode and time."""
    project = take(released, work / "it")
    own = {"mine.txt": "mine\r\n", "docs/mine.txt": "mine\n", "bin/mine": "#!/bin/sh\n"}
    project.commit({**own, ".gitignore": "*.log\n", "data.bin": bytes(range(256))})
    project.write({"docs/new.txt": "new\n", "x.log": "log\n", "bin/deep/y.log": "log\n"})
    paths = [*own, ".gitignore", "data.bin", "docs/new.txt", "x.log", "bin/deep/y.log"]
    before = [((project.folder / path).stat(), project.read_bytes(path)) for path in paths]
    project.update()
    for path, (seen, content) in zip(paths, before, strict=True):
        now = (project.folder / path).stat()
        assert (now.st_mode, now.st_mtime_ns, now.st_ino) == (
            seen.st_mode,
            seen.st_mtime_ns,
            seen.st_ino,
        )
        assert project.read_bytes(path) == content
    assert [line for line in project.short() if line[0] == "?"] == ["?? docs/new.txt"]


@posix
def test_run_bits_that_the_user_set_or_cleared_stay(released: Checkout, work: Path) -> None:
    """In a file that the template changes, and in one that it moves."""
    project = take(released, work / "it")
    (project.folder / "README.md").chmod(0o755)
    (project.folder / "run.sh").chmod(0o644)
    project.commit()
    project.update()
    assert os.access(project.folder / "README.md", os.X_OK)
    assert project.read("README.md") == THEIRS
    assert not os.access(project.folder / "bin/start.sh", os.X_OK)
    assert project.read("bin/start.sh").endswith("exit 0\n")


@pytest.mark.parametrize(
    ("version", "path", "place", "edited", "expected"),
    [
        ("0.1.0", "README.md", "README.md", README, THEIRS),
        ("0.2.0", "NOTES.md", "NOTES.md", NOTES, NEW_NOTES),
        ("0.2.0", "NOTES.md", "my/notes.md", NOTES, NEW_NOTES),
        ("0.1.0", "run.sh", "run.sh", "#!/bin/sh\necho it\n", "#!/bin/sh\necho it\nexit 0\n"),
        ("0.1.0", "run.sh", "run.sh", "#!/bin/sh\n:\necho it\n", "#!/bin/sh\n:\necho it\nexit 0\n"),
    ],
    ids=["whole file", "with an edit", "moved here", "moved there", "moved there, with an edit"],
)
def test_a_file_that_the_user_gave_crlf_stays_so(  # noqa: PLR0913, PLR0917  # each is needed
    version: str,
    path: str,
    place: str,
    edited: str,
    expected: str,
    released: Checkout,
    work: Path,
) -> None:
    """What the template changes in it arrives with CRLF, and nothing is in conflict."""
    project = take(released, work / "it", version)
    (project.folder / path).unlink()
    project.commit({place: edited.replace("\n", "\r\n")})
    project.update()
    now = "bin/start.sh" if path == "run.sh" else place
    assert project.read(now) == expected.replace("\n", "\r\n")


def test_a_binary_file_moves_along_and_is_never_merged(released: Checkout, work: Path) -> None:
    """Where the template changes it too, the user's is left in place, and git has all three."""
    project = take(released, work / "it")
    picture = bytes(range(256))
    (project.folder / "NOTES.md").write_bytes(picture)  # where the template puts another
    project.commit({"AUTHORS.md": picture, "README.md": picture})
    told = project.update(code=1)
    assert "In conflict:\n    NOTES.md\n    README.md\n" in told
    assert project.read_bytes("README.md") == project.read_bytes("NOTES.md") == picture
    stages = project.git("ls-files", "--unmerged", "README.md").splitlines()
    contents = [project.git("cat-file", "blob", line.split()[1]) for line in stages[::2]]
    assert contents == [README, THEIRS]
    project.update("--continue")
    assert project.git("ls-files", "--unmerged") == ""
    assert project.git("diff", "--name-only") == ""


@posix
def test_a_link_in_place_of_a_file_stays_and_the_template_s_file_comes_beside_it(
    released: Checkout, work: Path
) -> None:
    """Links of the user's stay; where the template changes the file, git shows a conflict."""
    project = take(released, work / "it")
    for path, target in (("README.md", "LICENSE"), ("LICENSE", "nowhere"), ("mine", "src")):
        (project.folder / path).unlink(missing_ok=True)
        (project.folder / path).symlink_to(target)
    project.commit()
    told = project.update(code=1)
    links = [(project.folder / path).readlink() for path in ("README.md", "LICENSE", "mine")]
    assert [str(link) for link in links] == ["LICENSE", "nowhere", "src"]
    assert "In conflict:\n    README.md\n    README.md~v0.4.0\n" in told
    assert project.read("README.md~v0.4.0") == THEIRS
    assert project.has("bin/start.sh")


@pytest.mark.parametrize(
    ("mine", "status", "there"),
    [
        ({"README.md/mine.txt": "mine\n"}, 0, ["README.md/mine.txt"]),
        ({"NOTES.md/mine.txt": "mine\n"}, 1, ["NOTES.md/mine.txt", "NOTES.md~v0.4.0"]),
        ({"bin": "mine\n"}, 1, ["bin/start.sh", "bin~v0.1.0-yours"]),
        ({"docs": "mine\n", "bin/mine": "mine\n"}, 1, ["docs~v0.1.0-yours", "bin/mine"]),
    ],
    ids=["a folder for a file", "a folder where a new file is", "a file for a folder", "both"],
)
def test_what_the_user_has_is_kept_where_file_and_folder_meet(
    mine: dict[str, str], status: int, there: list[str], released: Checkout, work: Path
) -> None:
    """One of the two gets another name, as in every git merge, and `--abort` brings all back."""
    project = take(released, work / "it")
    if "README.md/mine.txt" in mine:
        (project.folder / "README.md").unlink()
    project.commit(mine)
    before = visible(project)
    told = project.update(code=status)
    assert all(project.has(path) for path in there)
    assert ("Deleted here" in told) is ("README.md/mine.txt" in mine)
    kept = [content for content, _ in read_tree(project.folder).values()]
    assert kept.count(b"mine\n") == len(mine)
    project.update("--abort")
    assert visible(project) == before


# --- what a template may do beside --------------------------------------------------------------


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Make releases that trade files, folders, links and run bits, and then ask a question."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "home").mkdir()
    sources = Path(__file__).parents[1] / "generator/scaffold"
    checkout = make_checkout(sources, folder / "checkout", folder / "home")
    toy = checkout.root / "templates/toy/any"
    build_tree(
        {"turns": "a file\n", "back/in.txt": "a file\n", "it.bin": b"\0one", "tool": "one\n"}, toy
    )
    (toy / "link").symlink_to("README.md")
    checkout.release("0.1.0", {})
    (toy / "link").unlink()
    (toy / "link").symlink_to("turns")
    (toy / "turns").unlink()
    shutil.rmtree(toy / "back")
    build_tree({"turns/in.txt": "a file\n", "back": "a file\n", "it.bin": b"\0two"}, toy)
    (toy / "tool").chmod(0o755)
    checkout.release("0.2.0", {})
    question = QUESTION.format(name="team", stand_in="mauve-stand-in", default="", more="")
    question = question.replace('default = ""\n', "").replace("colour", "team")
    template = TOYS["toy/template.toml"] + question
    checkout.release("0.3.0", {"toy/template.toml": template, "toy/any/TEAM": "mauve-stand-in\n"})
    return checkout


@posix
def test_files_folders_links_and_run_bits_that_the_template_trades_arrive(
    odd: Checkout, work: Path
) -> None:
    """A file that becomes a folder and the reverse, a link that leads elsewhere; and back again."""
    project, fresh = take(odd, work / "it"), take(odd, work / "fresh", "0.2.0")
    before = visible(project)
    project.update("--to", "0.2.0")
    assert read_tree(project.folder) == read_tree(fresh.folder)
    assert stat.S_ISLNK((project.folder / "link").lstat().st_mode)
    project.update("--abort")
    assert visible(project) == before


@posix
def test_edits_in_what_the_template_trades_are_kept(odd: Checkout, work: Path) -> None:
    """An edited file that becomes a folder, a folder with an own file that becomes a file."""
    project = take(odd, work / "it")
    project.commit({"turns": "mine, a file\n", "back/mine.txt": "mine\n", "it.bin": b"\0mine"})
    before = visible(project)
    told = project.update("--to", "0.2.0", code=1)
    assert "    it.bin\n" in told
    assert project.read_bytes("it.bin") == b"\0mine"
    contents = [content for content, _ in read_tree(project.folder).values()]
    assert {b"mine, a file\n", b"mine\n"} <= set(contents)
    project.update("--abort")
    assert visible(project) == before


def test_a_new_question_without_a_default_is_named_with_its_flag(odd: Checkout, work: Path) -> None:
    """Where nobody can be asked, the error says what to add, and nothing has changed."""
    project = take(odd, work / "it", "0.2.0")
    error = project.refused(code=2)
    assert error == "question 'team': has no default; answer with --data team=…"
    told = project.update("--data", "team=red")
    assert project.read("TEAM") == "red\n"
    assert 'team: "red"' in project.read(ANSWERS)
    assert "New answers: team=red" in told


@posix
def test_a_new_question_without_a_default_is_asked_on_a_terminal(odd: Checkout, work: Path) -> None:
    """It is asked until there is an answer; of several projects, each is named before."""
    projects = [take(odd, work / name, "0.2.0") for name in ("one", "other")]
    program = odd.program
    terminal = Terminal([*program.words, "update"], projects[0].folder, program.environment)
    terminal.expect("Which team?: ")
    terminal.type("\n")
    terminal.expect("Which team?: ")
    terminal.type("blue\n")
    terminal.expect("Updated;")
    assert terminal.finish() == 0
    assert projects[0].read("TEAM") == "blue\n"
    projects[0].update("--abort")
    terminal = Terminal([*program.words, "update", "one", "other"], work, program.environment)
    for name, answer in (("one", "red"), ("other", "green")):
        terminal.expect(f"{name}:\r\nWhich team?: ")
        terminal.type(f"{answer}\n")
    assert terminal.finish() == 0
    assert [project.read("TEAM") for project in projects] == ["red\n", "green\n"]


@posix
def test_ctrl_c_at_a_question_leaves_the_project_as_it_was(odd: Checkout, work: Path) -> None:
    """Nothing was touched yet, and nothing is remembered."""
    project = take(odd, work / "it", "0.2.0")
    before = everything(project.folder)
    program = odd.program
    terminal = Terminal([*program.words, "update"], project.folder, program.environment)
    terminal.expect("Which team?: ")
    time.sleep(0.3)  # it waits for the answer then
    terminal.type(b"\x03")
    assert terminal.finish() == 130
    assert everything(project.folder) == before
    assert project.kept() == set()


# --- conflicts ----------------------------------------------------------------------------------


def in_conflict(released: Checkout, folder: Path) -> Project:
    """Return a project whose README is in conflict after an update."""
    project = take(released, folder)
    project.commit({"README.md": MINE})
    told = project.update(code=1)
    assert told.endswith(
        "In conflict:\n    README.md\n\n"
        "Settle them with `git mergetool` or an editor, then run `scaffold update --continue`;\n"
        "`scaffold update --abort` brings back the state before.\n"
    )
    return project


def test_a_conflict_is_one_of_git_s(released: Checkout, work: Path) -> None:
    """Markers with both versions, three stages in the index, and `git status` knows it."""
    project = in_conflict(released, work / "it")
    assert project.read("README.md") == (
        "# It\n\n<<<<<<< v0.1.0-yours\nBy me.\n=======\n"
        "By The it authors, and now in release 4.\n>>>>>>> v0.4.0\n"
    )
    unmerged = [line.split() for line in project.git("ls-files", "-u").splitlines()]
    assert [(mode, stage, path) for mode, _, stage, path in unmerged] == [
        ("100644", stage, "README.md") for stage in "123"
    ]
    contents = [project.git("cat-file", "blob", name) for _, name, _, _ in unmerged]
    assert contents == [README, MINE, THEIRS]
    assert "both modified:   README.md" in project.git("status")
    assert "R  run.sh -> bin/start.sh" in project.short()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["checkout", "--ours", "README.md"], MINE),
        (["checkout", "--theirs", "README.md"], THEIRS),
        (
            ["-c", "mergetool.x.cmd=cat $REMOTE > $MERGED", "mergetool", "-y", "--tool=x"],
            THEIRS,
        ),
    ],
    ids=["ours", "theirs", "mergetool"],
)
def test_git_s_own_ways_settle_a_conflict(
    words: list[str], expected: str, released: Checkout, work: Path
) -> None:
    """`--continue` then stages the file and tells the command that commits."""
    project = in_conflict(released, work / "it")
    project.git(*words)
    assert project.read("README.md") == expected
    told = project.update("--continue")
    assert told == (
        "Next:\n  git commit -m 'Update the template toy from version 0.1.0 to 0.4.0'\n"
    )
    assert project.git("ls-files", "-u") == ""
    project.git("commit", "--quiet", "--message=updated")
    assert "version 0.4.0.\nNothing to do" in project.update()


@pytest.mark.parametrize("size", [7, 20])
def test_continue_refuses_while_a_marker_is_left(size: int, released: Checkout, work: Path) -> None:
    """Either end of a conflict, of the size that the attributes ask for; the file is named."""
    project = take(released, work / "it")
    attributes = f"README.md conflict-marker-size={size}\n"
    project.commit({"README.md": MINE, ".gitattributes": attributes})
    project.update(code=1)
    assert f"{'<' * size} v0.1.0-yours\n" in project.read("README.md")
    whole = project.read("README.md")
    for text in (whole, whole.partition("=======")[0], whole.partition("=======\n")[2]):
        project.write({"README.md": text})
        before = visible(project)
        done = project.run("update", "--continue")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"error: '{project.folder}/README.md' still holds markers of a conflict; "
            "settle what stands between the markers, then try again\n"
        )
        assert visible(project) == before
    project.write({"README.md": "# It\n=======\nSettled, and a heading of its own.\n"})
    project.update("--continue")
    assert "M  README.md" in project.short()


def test_continue_stages_only_what_was_in_conflict(released: Checkout, work: Path) -> None:
    """What the user edits beside it, new files too, is the user's to stage."""
    project = in_conflict(released, work / "it")
    project.write({"README.md": "Settled.\n", "LICENSE": "Other\n", "new.txt": "new\n"})
    project.update("--continue")
    assert [line for line in project.short() if line[1] != " "] == [" M LICENSE", "?? new.txt"]
    assert project.git("show", ":README.md") == "Settled.\n"


@pytest.mark.parametrize("way", ["keep", "git rm", "git add", "folder"])
def test_a_file_that_the_user_changed_and_the_template_removed_is_kept(
    way: str, released: Checkout, work: Path
) -> None:
    """It is in conflict, as the user left it; and it may then go, or stay."""
    project = take(released, work / "it", "0.3.0")
    project.commit({"docs/colour.md": "Mine.\n"})
    told = project.update(code=1)
    assert "In conflict:\n    docs/colour.md\n" in told
    assert project.read("docs/colour.md") == "Mine.\n"
    assert "deleted by them: docs/colour.md" in project.git("status")
    if way == "folder":
        (project.folder / "docs/colour.md").unlink()
        project.write({"docs/colour.md/in.txt": "mine\n"})
        project.git("add", "docs")
    elif way != "keep":
        project.git(*way.split()[1:], "--quiet" if way == "git rm" else "-v", "docs/colour.md")
    project.update("--continue")
    assert project.has("docs/colour.md") is (way != "git rm")
    assert project.git("ls-files", "--unmerged") == ""
    staged = [line for line in project.short() if line.endswith("colour.md")]
    assert staged == (["D  docs/colour.md"] if way in {"git rm", "folder"} else [])


def test_a_file_that_both_added_is_in_conflict(released: Checkout, work: Path) -> None:
    """Neither wins; where both added the same, there is nothing to settle."""
    project, same = take(released, work / "it"), take(released, work / "same/it")
    project.commit({"NOTES.md": "Mine\n"})
    project.update(code=1)
    assert "both added:      NOTES.md" in project.git("status")
    assert project.read("NOTES.md").startswith("<<<<<<< v0.1.0-yours\nMine\n=======\nOne\n")
    same.commit({"NOTES.md": NEW_NOTES.replace(", mine", "")})
    same.update()
    assert "NOTES.md" not in " ".join(same.short())


# --- abort --------------------------------------------------------------------------------------


def nothing(_: Project) -> None:
    """Do nothing to a project."""


def settle(project: Project) -> None:
    """Settle a conflict, stage it, and go on working beside it."""
    project.write({"README.md": "Settled.\n", "bin/start.sh": "Other\n", "new.txt": "new\n"})
    project.git("add", "README.md")
    (project.folder / "new.txt").unlink()


def unstage(project: Project) -> None:
    """Take everything out of the index; the files stay."""
    project.git("reset", "--quiet")


@posix
@pytest.mark.parametrize("meets", [False, True], ids=["clean", "in conflict"])
@pytest.mark.parametrize("meanwhile", [nothing, settle, unstage])
def test_abort_brings_everything_back(
    meanwhile: Callable[[Project], None],
    meets: bool,  # noqa: FBT001  # a parameter of the test
    released: Checkout,
    work: Path,
) -> None:
    """To the byte, the mode and the entry of the index; untracked files were never touched."""
    project = take(released, work / "it")
    edits = {"README.md": MINE if meets else README, "LICENSE": "CRLF\r\n", ".gitignore": "*.log\n"}
    project.commit(edits)
    (project.folder / "pyproject.toml").chmod(0o600)
    os.utime(project.folder / "AUTHORS.md", (10**9, 10**9))
    project.git("update-index", "-q", "--refresh")
    project.write({"untracked/file.txt": "mine\n", "docs/x.log": "ignored\n"})
    before = visible(project)
    times = {path: (project.folder / path).stat().st_mtime_ns for path in ("AUTHORS.md", "run.sh")}
    project.update(code=int(meets))
    meanwhile(project)
    assert project.update("--abort") == (
        "Undone: Update the template toy from version 0.1.0 to 0.4.0. "
        "The project is as it was before.\n"
    )
    assert visible(project) == before
    assert {path: (project.folder / path).stat().st_mtime_ns for path in times} == times
    assert project.kept() == set()


def test_a_commit_of_something_else_does_not_end_an_update(released: Checkout, work: Path) -> None:
    """It can still be aborted, and what was committed stays."""
    project = take(released, work / "it")
    before = read_tree(project.folder)
    project.update()
    project.write({"mine.txt": "mine\n"})
    project.git("add", "mine.txt")
    project.git("commit", "--quiet", "--message=x", "--only", "mine.txt")
    project.update("--abort")
    assert project.short() == []
    assert read_tree(project.folder) == before | {"mine.txt": (b"mine\n", False)}


@pytest.mark.parametrize("word", ["--abort", "--continue"])
def test_nothing_to_abort_or_to_continue_is_told(word: str, released: Checkout, work: Path) -> None:
    """Before any update, and after one was committed: what is committed stays."""
    project = take(released, work / "it")
    step = "`git log` and `git revert` undo what was committed"
    expected = f"'{project.folder}' has no update that is not committed; {step}"
    assert project.refused(word) == expected
    project.update()
    project.commit()
    assert project.refused(word) == expected
    assert project.read("README.md") == THEIRS


def test_abort_after_a_commit_of_a_part_is_refused(released: Checkout, work: Path) -> None:
    """Who committed half of an update has gone on from there; nothing is torn out of it."""
    project = take(released, work / "it")
    project.update()
    project.git("commit", "--quiet", "--message=x", "--only", "README.md")
    before = visible(project)
    done = project.run("update", "--abort")
    assert (done.returncode, "has no update that is not committed" in done.stderr) == (1, True)
    assert visible(project) == before


@posix
@pytest.mark.parametrize("path", ["run.sh", "bin/mine.txt"])
def test_what_came_after_an_update_is_no_victim_of_an_abort(
    path: str, released: Checkout, work: Path
) -> None:
    """A new file of the user's where an old one has to come back is named, before anything."""
    project = take(released, work / "it")
    project.commit({"bin": "mine\n"})  # which gives way to a folder
    old = visible(project)
    project.update(code=1)
    project.write({path: "new\n"})
    before = visible(project)
    done = project.run("update", "--abort")
    reason = "is not in git, and what the update removed is to come back there"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: '{project.folder}/{path}' {reason}; move it away or commit it first\n"
    )
    assert visible(project) == before
    (project.folder / path).unlink()
    project.update("--abort")
    assert visible(project) == old


UNDONE = {
    "git reset --hard": [["reset", "--quiet", "--hard"]],
    "git checkout": [["checkout", "--quiet", "--force", "HEAD"]],
    "git restore": [["restore", "--staged", "--worktree", "--source=HEAD", "."]],
    "git stash": [["stash", "--quiet"]],
}


@pytest.mark.parametrize("way", UNDONE)
def test_an_update_that_git_itself_undid_is_in_nobody_s_way(
    way: str, released: Checkout, work: Path
) -> None:
    """There is nothing to abort, later edits are safe from it, and the next update just runs."""
    project = take(released, work / "it")
    project.update()
    for words in UNDONE[way]:
        project.git(*words)
    project.write({"README.md": "Edited since.\n"})
    for word in ("--abort", "--continue"):
        done = project.run("update", word)
        assert (done.returncode, "has no update that is not" in done.stderr) == (1, True)
    assert project.read("README.md") == "Edited since.\n"
    project.git("checkout", "--quiet", "README.md")
    project.update()
    assert project.read("README.md") == THEIRS


def test_a_conflict_that_git_itself_undid_is_in_nobody_s_way(
    released: Checkout, work: Path
) -> None:
    """Also where the file in conflict is as the user has it anyway."""
    project = take(released, work / "it", "0.3.0")
    project.commit({"docs/colour.md": "Mine.\n"})
    project.update(code=1)
    project.git("reset", "--quiet", "--hard")
    project.write({"README.md": "Edited since.\n"})
    done = project.run("update", "--abort")
    assert (done.returncode, "has no update that is not committed" in done.stderr) == (1, True)
    assert project.read("README.md") == "Edited since.\n"
    project.git("checkout", "--quiet", "README.md")
    assert "In conflict:\n    docs/colour.md\n" in project.update(code=1)


def test_a_second_update_before_the_first_is_committed_is_refused(
    released: Checkout, work: Path
) -> None:
    """The error says what to do with the first, and the first can still be undone."""
    project = take(released, work / "it")
    before = visible(project)
    project.update("--to", "0.2.0")
    for words in ([], ["--dry-run"], ["--to", "0.3.0"]):
        done = project.run("update", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"error: '{project.folder}' has an update that is not committed; "
            "commit it, or run `scaffold update` with --continue or --abort\n"
        )
    project.update("--abort")
    assert visible(project) == before


# --- in the way ---------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"NOTES.md": "mine\n"}, "NOTES.md"),
        ({"NOTES.md": "One\nTwo\nThree, in release 3\nFour\nFive\nSix\n"}, "NOTES.md"),
        ({"NOTES.md": "mine\n", ".git/info/exclude": "NOTES.md\n"}, "NOTES.md"),
        ({"NOTES.md/deep/mine": "mine\n"}, "NOTES.md/deep/mine"),
        ({"bin/start.sh/mine": "mine\n", ".git/info/exclude": "bin\n"}, "bin/start.sh/mine"),
        ({"docs": "mine\n"}, "docs"),
        ({"docs": "mine\n", ".git/info/exclude": "docs\n"}, "docs"),
    ],
    ids=[
        "a file",
        "the same file",
        "ignored",
        "a folder",
        "ignored folder",
        "for a folder",
        "both",
    ],
)
def test_an_untracked_file_in_the_way_is_named_before_anything_is_touched(
    files: dict[str, str], named: str, released: Checkout, work: Path
) -> None:
    """Nobody knows its content but its owner, so it is never written over nor moved."""
    project = take(released, work / "it")
    project.write(files)
    error = project.refused()
    assert error == (
        f"'{project.folder}/{named}' is not in git, and the template now has a file there; "
        "move it away or commit it first"
    )


@posix
@pytest.mark.parametrize("target", ["src", "nowhere"])
@pytest.mark.parametrize("path", ["docs", "NOTES.md"])
def test_an_untracked_link_in_the_way_is_named_too(
    path: str, target: str, released: Checkout, work: Path
) -> None:
    """Nothing is written through it."""
    project = take(released, work / "it")
    (project.folder / path).symlink_to(target)
    assert project.refused().startswith(f"'{project.folder}/{path}' is not in git, ")


def test_an_empty_folder_is_in_nobody_s_way(released: Checkout, work: Path) -> None:
    """Git knows no folders; one without a file in it gives way to a file."""
    project = take(released, work / "it")
    (project.folder / "NOTES.md/deep").mkdir(parents=True)
    (project.folder / "docs").mkdir()
    project.update()
    assert project.read("NOTES.md").startswith("One\n")


@pytest.mark.parametrize("mark", ["assume-unchanged", "skip-worktree"])
def test_a_file_whose_changes_git_overlooks_is_not_written_over(
    mark: str, released: Checkout, work: Path
) -> None:
    """Git calls the project clean, but what stands in the file is committed nowhere."""
    project = take(released, work / "it")
    project.git("update-index", f"--{mark}", "README.md", "LICENSE")
    project.write({"README.md": "Only here.\n", "LICENSE": "Only here.\n"})
    error = project.refused()
    assert error.startswith(f"'{project.folder}/README.md' is marked in git as skip-worktree or")
    project.git("update-index", f"--no-{mark}", "README.md")
    assert "README.md" in project.refused()
    project.git("checkout", "--quiet", "README.md")
    project.update()  # the other is none of the template's changes
    assert project.read("LICENSE") == "Only here.\n"


# --- dry run ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.1.0", NEWEST])
def test_a_dry_run_tells_all_and_touches_nothing(
    version: str, released: Checkout, work: Path
) -> None:
    """It exits with 10 where there is something to do; the diff is what the update then does."""
    project = take(released, work / "it", version)
    edited = project.read("pyproject.toml") + "[tool.mine]\nkey = 1\n"
    project.commit({"pyproject.toml": edited})
    project.write({"untracked.txt": "mine\n"})
    before = everything(project.folder)
    told = project.update("--dry-run", code=0 if version == NEWEST else 10)
    assert everything(project.folder) == before
    assert project.kept() == set()
    if version == NEWEST:
        assert told.endswith("Nothing to do: the project has this version and these answers.\n")
        return
    assert told.startswith("it: toy in Python, version 0.1.0 to 0.4.0.\n\nWhat is new:\n")
    assert "8 files, 1 of them changed here too:\n" in told
    assert "Updated" not in told
    assert project.update("--dry-run", code=10) == told
    shutil.copytree(project.folder, work / "other/it", symlinks=True)
    project.update()
    patch = told[told.index("diff --git") :]
    subprocess.run(["git", "apply"], cwd=work / "other/it", input=patch, text=True, check=True)
    assert read_tree(work / "other/it") == read_tree(project.folder)


def test_a_dry_run_foretells_conflicts(released: Checkout, work: Path) -> None:
    """The number of files, and the markers that will stand in them; the exit status is 10."""
    project = take(released, work / "it")
    project.commit({"README.md": MINE})
    before = everything(project.folder)
    told = project.update("--dry-run", code=10)
    assert "\nIt will be in conflict in 1 file.\n" in told
    assert "+<<<<<<< v0.1.0-yours\n By me.\n+=======\n" in told
    assert everything(project.folder) == before


# --- answers ------------------------------------------------------------------------------------


def test_a_renamed_question_carries_its_answer(released: Checkout, work: Path) -> None:
    """What was answered as `color` is the answer to `colour`, and stands in the files."""
    released.git("checkout", "--quiet", "v0.2.0")
    project = Project(released, released.make(work / "it", "-d", "color=blue"))
    released.git("checkout", "--quiet", "main")
    project.update("--to", "0.3.0")
    assert 'colour: "blue"\n' in project.read(ANSWERS)
    assert "color:" not in project.read(ANSWERS)
    assert project.read("docs/colour.md") == "It is blue.\n"
    project.commit()
    project.update("--to", "0.4.0")
    assert "blue" not in project.read(ANSWERS)
    assert not project.has("docs/colour.md")


def test_an_added_question_takes_its_default_and_that_is_told(
    released: Checkout, work: Path
) -> None:
    """`--data` gives another answer at once."""
    project = take(released, work / "it")
    assert "\nNew answers: color=red (--data NAME=VALUE gives another)\n" in project.update(
        "--to", "0.2.0"
    )
    assert 'color: "red"\n' in project.read(ANSWERS)
    project.update("--abort")
    told = project.update("--to", "0.2.0", "--data", "color=light green")
    assert "New answers: color=light green" in told
    assert project.read("docs/colour.md") == "It is light green.\n"


# --- all or nothing -----------------------------------------------------------------------------


@posix
def test_a_folder_that_cannot_be_written_to_stops_the_update_with_all_as_it_was(
    released: Checkout, work: Path
) -> None:
    """It comes when other files are moved in already, and those go back."""
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root writes anywhere, unless its privileges are gone
        before = (need("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
        if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine does not let root lay down its privileges")
    project = take(released, work / "it", "0.2.0")
    project.commit({"src/it/mine.txt": "mine\n", "docs/mine.txt": "mine\n"})
    for folder in ("docs", "src/it"):  # the template changes something in the first only
        (project.folder / folder).chmod(0o555)
    seen = visible(project)
    done = project.run("update", before=before)
    problem = "cannot be read or written: permission denied; see to that and try again"
    assert (done.returncode, done.stderr) == (
        1,
        f"error: '{project.folder}/docs/colour.md' {problem}\n",
    )
    assert visible(project) == seen
    assert project.kept() == set()
    (project.folder / "docs").chmod(0o755)
    (project.folder / ".git").chmod(0o555)
    assert "' cannot be read or written: permission denied;" in project.refused(before=before)
    (project.folder / ".git").chmod(0o755)
    project.update(before=before)
    (project.folder / "src/it").chmod(0o755)


FILL = {
    "size=1m": "head -c 100M /dev/zero > disk/fill; truncate -s -${room}k disk/fill",
    "nr_inodes=150": "i=0; while touch disk/fill$i; do i=$((i+1)); done;"
    " while [ $room -gt 0 ]; do i=$((i-1)); rm disk/fill$i; room=$((room-1)); done",
}
"""Options of a small file system -> how to fill it but for some room."""


@posix
@pytest.mark.parametrize("options", FILL)
def test_a_disk_that_is_full_stops_the_update_with_all_as_it_was(
    options: str, released: Checkout, work: Path
) -> None:
    """Wherever the room ends: nothing has changed until there is room for all of it."""
    unshare = [need("unshare"), *([] if os.geteuid() == 0 else ["-r"]), "-m"]
    (work / "disk").mkdir()
    mount = f"mount -t tmpfs -o {options} none disk"
    if subprocess.run(
        [*unshare, "/bin/sh", "-c", mount], cwd=work, capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    take(released, work / "it")
    script = f"""
        {mount}; cp -a it disk/it
        (cd disk/it && git update-index -q --refresh)
        for room in 0 15 18 40 999; do
            {{ {FILL[options]}; }} 2> /dev/null
            $UPDATE disk/it > /dev/null 2> told; code=$?
            rm -f disk/fill*
            diff -r --no-dereference --exclude=.git it disk/it > /dev/null && same=same || same=new
            echo "$code $same $(cd disk/it && git status --porcelain | wc -l) $(cat told)"
            [ $code != 0 ] || exit
        done
    """
    done = subprocess.run(
        [*unshare, "/bin/sh", "-c", script],
        cwd=work,
        env=released.program.environment | {"UPDATE": f"{' '.join(released.program.words)} update"},
        capture_output=True,
        text=True,
        check=False,
    )
    *failed, last = done.stdout.splitlines()
    assert len(failed) >= 3, done
    assert all(line.startswith("1 same 0 error: ") for line in failed), failed
    assert last == "0 new 6 "
