"""The version: that of the newest tag, or what stands written down."""

import os
import shutil
from pathlib import Path

import pytest

from programs import Program
from releases import Checkout, make_checkout
from scaffold.version import of_checkout

_SOURCES = Path(__file__).parents[1] / "generator/scaffold"
_CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.7.0] - 2026-01-01\n\n## [0.6.0]\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Make a repository with one commit and the tag v1.2.3."""
    root = tmp_path / "checkout"
    root.mkdir()
    (tmp_path / "home").mkdir()
    made = Checkout(Program(root, tmp_path / "home"))
    made.git("init", "--quiet", "--initial-branch=main")
    (root / "CHANGELOG.md").write_text(_CHANGELOG, encoding="utf-8")
    made.commit(root)
    made.git("tag", "v1.2.3")
    return made


def commit(checkout: Checkout, *tags: str) -> None:
    """Make an empty commit, and tags on it."""
    checkout.git("commit", "--quiet", "--allow-empty", "--message", f"more {tags}")
    for tag in tags:
        checkout.git("tag", tag)


def test_the_commit_of_a_tag_has_its_version(checkout: Checkout) -> None:
    """A release is called as its tag is."""
    assert of_checkout(checkout.root) == "1.2.3"


def test_an_annotated_tag_counts_as_a_light_one(checkout: Checkout) -> None:
    """Both kinds of tags are releases."""
    commit(checkout)
    checkout.git("tag", "--annotate", "--message", "A release", "v1.3.0")
    assert of_checkout(checkout.root) == "1.3.0"


def test_commits_after_the_tag_make_it_the_development_of_the_next(checkout: Checkout) -> None:
    """Work on the way to the next release is newer than the last one and older than the next."""
    commit(checkout)
    commit(checkout)
    assert of_checkout(checkout.root) == "1.2.4.dev2"


def test_a_change_that_is_not_committed_makes_it_no_release(checkout: Checkout) -> None:
    """What is not in the tag's commit is not its release."""
    (checkout.root / "CHANGELOG.md").write_text("changed\n", encoding="utf-8")
    assert of_checkout(checkout.root) == "1.2.4.dev0"
    checkout.git("checkout", "--quiet", "--", ".")
    assert of_checkout(checkout.root) == "1.2.3"


@pytest.mark.parametrize(
    "tag",
    ["nightly", "v1", "v1.3", "v1.3.0.1", "v2.0.0-rc1", "v2.0.0rc1", "2.0.0", "vnext", "v2/0.0"],
)
@pytest.mark.parametrize("later", [False, True])
def test_a_tag_that_is_no_release_does_not_count(
    tag: str, checkout: Checkout, *, later: bool
) -> None:
    """Only `v` and three numbers make a release, such a tag beside one or after it do not."""
    if later:
        commit(checkout)
    checkout.git("tag", tag)
    assert of_checkout(checkout.root) == ("1.2.4.dev1" if later else "1.2.3")


@pytest.mark.parametrize("newer", ["1.9.1", "1.10.0"])
def test_of_two_tags_on_a_commit_the_newer_version_counts(newer: str, checkout: Checkout) -> None:
    """A release made twice on one commit is the later version, by its numbers."""
    commit(checkout, "v1.9.0", f"v{newer}")
    assert of_checkout(checkout.root) == newer


def test_a_merged_release_of_an_older_line_does_not_turn_the_version_back(
    checkout: Checkout,
) -> None:
    """The newest version that the work comes from counts, not the nearest tag."""
    commit(checkout)
    checkout.git("branch", "older")
    commit(checkout, "v2.0.0")
    commit(checkout)
    checkout.git("checkout", "--quiet", "older")
    commit(checkout, "v1.2.4")
    checkout.git("checkout", "--quiet", "main")
    checkout.git("merge", "--quiet", "--no-edit", "older")
    assert of_checkout(checkout.root) == "2.0.1.dev3"


def test_a_tag_on_another_branch_does_not_count(checkout: Checkout) -> None:
    """A release that this work does not come from says nothing about it."""
    checkout.git("checkout", "--quiet", "-b", "other")
    commit(checkout, "v9.0.0")
    checkout.git("checkout", "--quiet", "main")
    assert of_checkout(checkout.root) == "1.2.3"


def test_without_a_tag_it_is_that_of_the_newest_heading(checkout: Checkout) -> None:
    """Before the first tag the changelog says which release is in the making."""
    checkout.git("tag", "--delete", "v1.2.3")
    assert of_checkout(checkout.root) == "0.7.0"


def test_a_repository_without_a_commit_has_that_of_its_changelog(checkout: Checkout) -> None:
    """A new repository is no error."""
    shutil.rmtree(checkout.root / ".git")
    checkout.git("init", "--quiet")
    assert of_checkout(checkout.root) == "0.7.0"


@pytest.mark.parametrize("changelog", [None, "", "# Changelog\n\n## [Unreleased]\n", "## 1.0\n"])
def test_without_a_version_in_the_changelog_it_is_zero(changelog: str | None, work: Path) -> None:
    """A folder that says nothing is at the very beginning."""
    if changelog is not None:
        (work / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    assert of_checkout(work) == "0.0.0"


def test_without_git_it_is_that_of_the_changelog(
    checkout: Checkout, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without git can make projects from a checkout all the same."""
    monkeypatch.setenv("PATH", str(work))
    assert of_checkout(checkout.root) == "0.7.0"


def test_a_copy_inside_another_repository_has_no_tags_of_its_own(checkout: Checkout) -> None:
    """An unpacked archive within somebody's repository is not of the version of that one."""
    inside = checkout.root / "inside"
    inside.mkdir()
    (inside / "CHANGELOG.md").write_text("## [0.1.0]\n", encoding="utf-8")
    assert of_checkout(inside) == "0.1.0"


def test_a_worktree_has_the_version_of_its_own_commit(checkout: Checkout, work: Path) -> None:
    """In another work tree of the repository `.git` is a file."""
    commit(checkout, "v1.3.0")
    checkout.git("worktree", "add", "--quiet", str(work / "tree"), "v1.2.3")
    assert (work / "tree/.git").is_file()
    assert of_checkout(work / "tree") == "1.2.3"


def test_a_hook_of_another_repository_does_not_lead_away(
    checkout: Checkout, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that git sets for a hook belong to the repository of the hook."""
    checkout.git("init", "--quiet", str(work))
    monkeypatch.setenv("GIT_DIR", str(work / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(work))
    monkeypatch.setenv("GIT_INDEX_FILE", str(work / ".git/index"))
    assert of_checkout(checkout.root) == "1.2.3"


def test_settings_of_the_user_make_no_difference(
    checkout: Checkout, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns, colours and the like are for people."""
    commit(checkout, "v1.3.0")
    (work / "config").write_text(
        "[column]\nui = always\n[color]\nui = always\n[core]\nabbrev = 4\n[tag]\nsort = -refname\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(work / "config"))
    commit(checkout)
    assert of_checkout(checkout.root) == "1.3.1.dev1"


def test_the_program_tells_the_version_of_its_checkout_or_what_the_build_wrote(
    tmp_path: Path, work: Path
) -> None:
    """A wheel asks no git: what its build wrote down counts, even inside a repository."""
    (tmp_path / "home").mkdir()
    made = make_checkout(_SOURCES, tmp_path / "checkout", tmp_path / "home")
    made.release("3.1.4", {})
    assert made.program.run("--version", folder=work).stdout.split()[-1] == "3.1.4"
    written = made.root / "generator/scaffold/version.txt"
    written.write_text("2.7.1\n", encoding="utf-8")
    without = {"PATH": os.fspath(work)}
    done = made.program.run("--version", folder=work, environment=without)
    assert done.stdout.split()[-1] == "2.7.1"
