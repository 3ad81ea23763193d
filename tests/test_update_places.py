"""Updates wherever a project may lie, however its repository is set up, and where they must not."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from helpers import build_tree, read_tree
from releases import HISTORY, Checkout
from updating import ANSWERS, STATE, Project, everything, take, visible

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

NEWEST = list(HISTORY)[-1]
MINE = "# It\n\nBy me.\n"
"""A README that meets what release 4 does to its last line."""
THEIRS = "# It\n\nBy The it authors, and now in release 4.\n"
STAGED = [
    f"M  {ANSWERS}",
    "A  NOTES.md",
    "M  README.md",
    "R  run.sh -> bin/start.sh",
    "R  AUTHORS.md -> docs/AUTHORS.md",
    "M  pyproject.toml",
]
"""What `git status --short` prints after a clean update of an untouched project."""


@pytest.fixture
def fresh(released: Checkout, work: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the files that an untouched project has to have after its update."""
    return read_tree(take(released, work / "fresh", NEWEST).folder)


# --- where it works -----------------------------------------------------------------------------


def updates_and_aborts(project: Project, fresh: Mapping[str, tuple[bytes, bool]]) -> None:
    """Update an untouched project, and abort."""
    before = read_tree(project.folder)
    project.update()
    after = read_tree(project.folder)
    assert {path: each for path, each in after.items() if path != ".git"} == fresh
    assert project.short() == STAGED
    project.update("--abort")
    assert read_tree(project.folder) == before
    assert project.short() == []


def make_unicode(released: Checkout, work: Path) -> Project:
    """Lie below a path with blanks, quotes and letters of several scripts."""
    return take(released, work / "my 'Zoë' & \"Ωmega\" [1] 🦀/it")


def make_shallow(released: Checkout, work: Path) -> Project:
    """Be a clone of the last commit only."""
    origin = take(released, work / "origin/it")
    origin.git("commit", "--quiet", "--allow-empty", "--message=second")
    (work / "clone").mkdir()
    url = f"file://{origin.folder}"
    released.git("clone", "--quiet", "--depth=1", url, "it", folder=work / "clone")
    assert (work / "clone/it/.git/shallow").exists()
    return Project(released, work / "clone/it")


def make_worktree(released: Checkout, work: Path) -> Project:
    """Be a second work tree of a repository whose first is busy."""
    origin = take(released, work / "origin/it")
    origin.git("worktree", "add", "--quiet", "-b", "other", str(work / "linked/it"))
    origin.write({"README.md": "busy\n", ".git/index.lock": "", ".git/MERGE_HEAD": ""})
    return Project(released, work / "linked/it")


def make_submodule(released: Checkout, work: Path) -> Project:
    """Be a submodule, whose repository lies in that of the superproject."""
    origin = take(released, work / "origin/it")
    (work / "super").mkdir()
    released.git("init", "--quiet", folder=work / "super")
    local = ("-c", "protocol.file.allow=always")
    words = (*local, "submodule", "add", "--quiet", str(origin.folder), "it")
    released.git(*words, folder=work / "super")
    assert (work / "super/it/.git").is_file()
    return Project(released, work / "super/it")


def make_detached(released: Checkout, work: Path) -> Project:
    """Stand on no branch."""
    project = take(released, work / "it")
    project.git("checkout", "--quiet", "--detach")
    return project


def make_sha256(released: Checkout, work: Path) -> Project:
    """Be a repository with the longer names of objects."""
    project = take(released, work / "it")
    shutil.rmtree(project.folder / ".git")
    project.git("init", "--quiet", "--object-format=sha256")
    project.commit()
    return project


def make_elsewhere(released: Checkout, work: Path) -> Project:
    """Have the `.git` folder on another file system, where there is one."""
    project = take(released, work / "it")
    other = Path("/dev/shm")  # noqa: S108  # looked at, not relied on
    if not other.is_dir() or other.stat().st_dev == work.stat().st_dev:
        pytest.skip("there is no second file system here")
    place = other / f"scaffold-test-{os.getpid()}"
    shutil.copytree(project.folder / ".git", place, symlinks=True)
    shutil.rmtree(project.folder / ".git")
    project.write({".git": f"gitdir: {place}\n"})
    return project


def make_linked(released: Checkout, work: Path) -> Project:
    """Be reached through a link."""
    take(released, work / "real/it")
    (work / "alias").symlink_to("real")
    return Project(released, work / "alias/it")


def make_without_an_identity(released: Checkout, work: Path) -> Project:
    """Be a repository that demands an identity, a signature and every hook's leave of a commit."""
    project = take(released, work / "it")
    for key, value in {
        "user.useConfigOnly": "true",
        "commit.gpgSign": "true",
        "gpg.program": "/nonexistent",
        "core.hooksPath": str(work / "hooks"),
    }.items():
        project.git("config", key, value)
    hook = f"#!/bin/sh\necho $0 >> {work / 'ran'}\nexit 1\n"
    names = "pre-commit commit-msg pre-merge-commit post-checkout post-merge reference-transaction"
    build_tree({f"hooks/{name}": hook for name in names.split()}, work)
    build_tree({f"{name}": hook for name in names.split()}, project.folder / ".git/hooks")
    return project


def make_split(released: Checkout, work: Path) -> Project:
    """Have an index in two parts, with a cache of untracked files."""
    project = take(released, work / "it")
    project.git("config", "core.splitIndex", "true")
    project.git("config", "core.untrackedCache", "true")
    project.git("update-index", "--split-index", "--untracked-cache")
    return project


@posix
@pytest.mark.parametrize(
    "make",
    [
        make_unicode,
        make_shallow,
        make_worktree,
        make_submodule,
        make_detached,
        make_sha256,
        make_elsewhere,
        make_linked,
        make_without_an_identity,
        make_split,
    ],
    ids=lambda make: make.__name__.removeprefix("make_"),
)
def test_a_project_is_updated_wherever_it_lies(
    make: Callable[[Checkout, Path], Project],
    fresh: Mapping[str, tuple[bytes, bool]],
    released: Checkout,
    work: Path,
) -> None:
    """It becomes what a new one is, `--abort` takes that back, and no hook of git's runs."""
    project = make(released, work)
    try:
        updates_and_aborts(project, fresh)
    finally:
        if (project.folder / ".git").is_file() and make is make_elsewhere:
            shutil.rmtree(project.read(".git").removeprefix("gitdir: ").strip())
    assert not (work / "ran").exists()


@posix
@pytest.mark.parametrize("make", [make_unicode, make_worktree, make_sha256, make_linked])
def test_conflicts_are_git_s_own_wherever_a_project_lies(
    make: Callable[[Checkout, Path], Project], released: Checkout, work: Path
) -> None:
    """Three stages, both modified, settled and continued."""
    project = make(released, work)
    project.commit({"README.md": MINE})
    project.update(code=1)
    assert len(project.git("ls-files", "--unmerged").splitlines()) == 3
    assert "UU README.md" in project.short()
    project.git("checkout", "--theirs", "README.md")
    project.update("--continue")
    assert project.short() == STAGED


HOOK = {
    "GIT_DIR": "/nonexistent",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "/nonexistent/index",
    "GIT_OBJECT_DIRECTORY": "/nonexistent/objects",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nonexistent",
    "GIT_COMMON_DIR": "/nonexistent",
    "GIT_NAMESPACE": "other",
    "GIT_PREFIX": "src/",
    "GIT_QUARANTINE_PATH": "/nonexistent",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_EXTERNAL_DIFF": "false",
}
"""What a hook of git sets, and more of its like."""


def test_what_a_hook_of_git_sets_leads_nowhere_else(
    fresh: Mapping[str, tuple[bytes, bool]], released: Checkout, work: Path
) -> None:
    """Update, abort, status and diff act on the project that is named."""
    project = take(released, work / "it")
    before = read_tree(project.folder)
    project.update("--dry-run", code=10, environment=HOOK)
    project.update(environment=HOOK)
    assert read_tree(project.folder) == fresh
    assert project.short() == STAGED
    project.update("--abort", environment=HOOK)
    assert read_tree(project.folder) == before
    for command in ("status", "diff"):
        done = project.run(command, environment=HOOK)
        assert (done.returncode, done.stderr) == (0, "")


def test_settings_given_for_one_command_are_heeded(released: Checkout, work: Path) -> None:
    """Whoever runs scaffold may set them in the environment."""
    project = take(released, work / "it")
    project.commit({"README.md": MINE})
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "merge.conflictStyle"}
    project.update(code=1, environment={**given, "GIT_CONFIG_VALUE_0": "diff3"})
    assert "|||||||" in project.read("README.md")


# --- settings and attributes --------------------------------------------------------------------

SETTINGS = """
[init]
    defaultObjectFormat = sha256
    defaultRefFormat = reftable
    templateDir = /nonexistent
[core]
    quotePath = true
    hooksPath = {hooks}
[color]
    ui = always
[diff]
    noPrefix = true
    mnemonicPrefix = true
    renames = copies
    external = false
[merge]
    renames
    verbosity = 5
[status]
    short = true
    branch = true
    showUntrackedFiles = no
    submoduleSummary = true
[index]
    version = 4
[fastimport]
    unpackLimit = 0
[transfer]
    fsckObjects = true
[feature]
    manyFiles = true
[core]
    untrackedCache = false
[safe]
    bareRepository = explicit
[user]
    useConfigOnly = true
"""


@posix
def test_settings_of_the_user_s_make_no_difference(released: Checkout, work: Path) -> None:
    """Nor do hooks for every repository, which fail; plan, files, index and abort are the same."""
    names = "pre-commit post-checkout post-merge reference-transaction pre-auto-gc"
    hook = f"#!/bin/sh\necho $0 >> {work / 'ran'}\nexit 1\n"
    build_tree({f"hooks/{name}": hook for name in names.split()}, work)
    build_tree({"config": SETTINGS.format(hooks=work / "hooks")}, work)
    plain, odd = take(released, work / "plain/it"), take(released, work / "odd/it")
    edits = {"README.md": MINE, "run.sh": "#!/bin/sh\n:\necho it\n", "Zoë.md": "mine\n"}
    told = []
    for project in (plain, odd):
        given = {"GIT_CONFIG_GLOBAL": str(work / "config")} if project is odd else {}
        project.commit(edits)
        before = visible(project)
        told.append(project.update("--dry-run", code=10, environment=given))
        told.append(project.update(code=1, environment=given))
        after = visible(project)
        project.update("--abort", environment=given)
        assert visible(project) == before
        told.append(str({**after, "status": project.short()}))
    assert told[:3] == told[3:]
    assert not (work / "ran").exists()


@pytest.mark.parametrize("style", ["diff3", "zdiff3"])
def test_markers_have_the_style_that_the_user_likes(
    style: str, released: Checkout, work: Path
) -> None:
    """Both versions label their sides, and the old text stands between."""
    project = take(released, work / "it")
    project.git("config", "merge.conflictStyle", style)
    project.commit({"README.md": MINE})
    project.update(code=1)
    lines = project.read("README.md").splitlines()
    assert lines[2:4] == ["<<<<<<< v0.1.0-yours", "By me."]
    assert lines[4].startswith("|||||||")
    assert lines[5:] == [
        "By The it authors.",
        "=======",
        "By The it authors, and now in release 4.",
        ">>>>>>> v0.4.0",
    ]
    assert project.run("update", "--continue").returncode == 1


@posix
def test_line_ends_that_git_turns_are_nobody_s_change(released: Checkout, work: Path) -> None:
    """With core.autocrlf=true files have CRLF in the work tree, before, after and once undone."""
    project = take(released, work / "it")
    project.git("config", "core.autocrlf", "true")
    project.git("rm", "--quiet", "--cached", "-r", ".")
    project.git("reset", "--quiet", "--hard")
    before = visible(project)
    assert project.read("README.md") == "# It\r\n\r\nBy The it authors.\r\n"
    status = project.run("status", "--json")
    assert '"changed": []' in status.stdout
    assert project.run("diff").stdout == ""
    project.commit({"NOTES.txt": "mine\r\n", "LICENSE": project.read("LICENSE") + "mine\r\n"})
    edited = visible(project)
    project.update()
    assert project.read("README.md") == THEIRS.replace("\n", "\r\n")
    assert project.read("NOTES.md").startswith("One\r\nTwo\r\n")
    assert project.short() == STAGED
    assert project.git("show", ":README.md") == THEIRS
    project.update("--abort")
    assert visible(project) == edited
    assert before != edited


def test_a_conflict_has_one_kind_of_line_ends_with_autocrlf(released: Checkout, work: Path) -> None:
    """Markers and both sides have CRLF in the work tree, and LF in the index."""
    project = take(released, work / "it")
    project.git("config", "core.autocrlf", "true")
    project.commit({"README.md": MINE.replace("\n", "\r\n")})
    project.update(code=1)
    text = project.read("README.md")
    assert text.count("\n") == text.count("\r\n") == 7
    project.write({"README.md": "# It\r\n\r\nSettled.\r\n"})
    project.update("--continue")
    assert project.git("show", ":README.md") == "# It\n\nSettled.\n"


ATTRIBUTES = {
    ".gitattributes": "it/README.md merge=union\n",
    "it/.gitattributes": "README.md merge=union\n",
    ".git/info/attributes": "README.md merge=union\n",
}


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_attributes_say_how_a_file_merges_wherever_they_stand(
    path: str, released: Checkout, work: Path
) -> None:
    """In the repository's root, in the project, or in git's own folder: union keeps both lines."""
    project = monorepo(released, work, "it")["it"]
    build_tree({path: ATTRIBUTES[path]}, work / "mono")
    project.commit({"README.md": MINE})
    released.git("add", "--all", folder=work / "mono")
    released.git("commit", "--quiet", "--allow-empty", "--message=x", folder=work / "mono")
    project.update()
    assert project.read("README.md") == MINE + "By The it authors, and now in release 4.\n"


@pytest.mark.parametrize("attribute", ["binary", "-merge"])
def test_a_file_that_is_called_binary_is_left_as_the_user_has_it(
    attribute: str, released: Checkout, work: Path
) -> None:
    """It is in conflict without markers, whatever else is in its name."""
    project = take(released, work / "it", "0.2.0")
    project.git("mv", "NOTES.md", "my [no*tes]?.md")
    text = project.read("my [no*tes]?.md").replace("Six", "Six, mine")
    project.commit(
        {"my [no*tes]?.md": text, ".gitattributes": f'"my \\\\[no\\\\*tes]\\\\?.md" {attribute}\n'}
    )
    told = project.update(code=1)
    assert "In conflict:\n    my [no*tes]?.md\n" in told
    assert project.read("my [no*tes]?.md") == text


@posix
@pytest.mark.parametrize("name", ["caf\udce9.md", "a\nb.md", ":(top)*.md", "-f", 'a\t"b"\\c.md'])
def test_a_file_may_be_called_anything(name: str, released: Checkout, work: Path) -> None:
    """Bytes that are no text, line ends, what git takes for magic: they merge and are settled."""
    project = take(released, work / "it", "0.2.0")
    path = f"notes/{name}"
    text = project.read("NOTES.md")
    (project.folder / "NOTES.md").unlink()
    project.commit({path: text.replace("Three", "Three, mine"), f"other/{name}": "mine\n"})
    before = visible(project)
    done = project.run("update", errors="surrogateescape")
    assert (done.returncode, done.stderr) == (1, "")
    assert b"\nThree, mine\n=======\nThree, in release 3\n" in project.read_bytes(path)
    assert project.git("ls-files", "--unmerged").count("\n") == 3
    assert project.run("update", "--continue").returncode == 1
    project.write({path: text.replace("Three", "Settled")})
    project.update("--continue")
    assert project.git("ls-files", "--unmerged") == ""
    assert project.git("diff") == ""
    assert project.read(f"other/{name}") == "mine\n"
    project.update("--abort")
    assert visible(project) == before


def test_a_merge_driver_of_the_user_s_own_is_asked(released: Checkout, work: Path) -> None:
    """What `git merge` would run for a file, an update runs too."""
    project = take(released, work / "it")
    project.git("config", "merge.mine.driver", "true")  # leaves ours as it is
    project.commit({"README.md": MINE, ".gitattributes": "README.md merge=mine\n"})
    project.update()
    assert project.read("README.md") == MINE


# --- monorepos ----------------------------------------------------------------------------------


def monorepo(released: Checkout, work: Path, *names: str) -> dict[str, Project]:
    """Make one repository with a project in each of these folders, and a file beside them."""
    (work / "mono").mkdir()
    released.git("init", "--quiet", "--initial-branch=main", folder=work / "mono")
    projects = {}
    for name in names:
        projects[name] = take(released, work / "mono" / name)
        shutil.rmtree(projects[name].folder / ".git")
    build_tree({"beside.txt": "mine\n"}, work / "mono")
    released.commit(work / "mono")
    return projects


def test_a_subfolder_is_updated_and_nothing_beside_it(
    fresh: Mapping[str, tuple[bytes, bool]], released: Checkout, work: Path
) -> None:
    """Changes elsewhere, staged or not, hinder nothing and stay as they are."""
    project = monorepo(released, work, "services/it", "services/other")["services/it"]
    build_tree({"beside.txt": "staged\n", "new.txt": "new\n"}, work / "mono")
    released.git("add", "beside.txt", folder=work / "mono")
    build_tree({"beside.txt": "more\n", "services/other/README.md": "mine\n"}, work / "mono")
    before = visible(Project(released, work / "mono"))
    status = Project(released, work / "mono").short()
    project.update()
    assert read_tree(project.folder) == fresh
    now = Project(released, work / "mono").short()
    assert [line for line in now if "services/it" not in line] == status
    project.update("--abort")
    assert visible(Project(released, work / "mono")) == before


NAMES = ("a b", "a-b", "a", "a/b", "a.unfinished", "lock", "project", "Zoë 🦀")
"""Folders that must not be taken for one another."""


def test_of_several_projects_in_one_repository_each_is_undone_alone(
    released: Checkout, work: Path
) -> None:
    """Updated one after the other, whatever they are called; one is aborted, one is committed."""
    projects = monorepo(released, work, *NAMES)
    root = Project(released, work / "mono")
    old = {name: read_tree(each.folder) for name, each in projects.items()}
    done = root.run("update", *projects)
    assert (done.returncode, done.stderr) == (0, "")
    new = {name: read_tree(each.folder) for name, each in projects.items()}
    assert all(old[name] != new[name] for name in NAMES)
    root.git("commit", "--quiet", "--message=x", "--only", "a b")
    for name in ("a-b", "Zoë 🦀"):
        projects[name].update("--abort")
    done = root.run("update", "--abort", "a b", "lock", "project")
    assert done.returncode == 1
    assert done.stderr.startswith("error: a b: ")
    assert done.stdout.count("The project is as it was before.") == 2
    for name, project in projects.items():
        undone = name in {"a-b", "Zoë 🦀", "lock", "project"}
        inner = {key: each for key, each in read_tree(project.folder).items() if key[:2] != "b/"}
        expected = (old if undone else new)[name]
        assert inner == {key: each for key, each in expected.items() if key[:2] != "b/"}, name


def test_a_project_in_a_project_is_another_one(released: Checkout, work: Path) -> None:
    """The outer one's update leaves the inner one's files alone, and the reverse."""
    outer = take(released, work / "it")
    inner = take(released, work / "it/services/it")
    shutil.rmtree(inner.folder / ".git")
    outer.commit()
    before = read_tree(inner.folder)
    outer.update()
    assert read_tree(inner.folder) == before
    outer.commit()
    inner.update()
    inner.update("--abort")
    assert outer.short() == []
    assert read_tree(inner.folder) == before


# --- where it refuses ---------------------------------------------------------------------------


def test_uncommitted_changes_in_the_project_are_named(released: Checkout, work: Path) -> None:
    """Staged or not, added or deleted; five at most, and how many more there are."""
    project = take(released, work / "it")
    project.write({"README.md": "mine\n", "Zoë's file": "new\n"})
    project.git("add", "Zoë's file")
    (project.folder / "LICENSE").unlink()
    problem = f"'{project.folder}' has changes that are not committed"
    assert project.refused() == (
        f"{problem}: LICENSE, README.md, Zoë's file; commit or stash them first"
    )
    project.write({f"{i}.txt": "new\n" for i in range(4)})
    project.git("add", "--all")
    told = "0.txt, 1.txt, 2.txt, 3.txt, LICENSE and 2 more"
    assert project.refused("--dry-run").startswith(f"{problem}: {told};")


UNDER_WAY = {
    "merge": ["merge", "other"],
    "rebase": ["rebase", "other"],
    "cherry-pick": ["cherry-pick", "other"],
    "revert": ["revert", "--no-commit", "HEAD~1"],
    "bisect": ["bisect", "start"],
    "am": ["am", "patch"],
}


@pytest.mark.parametrize("what", UNDER_WAY)
def test_what_git_is_in_the_middle_of_is_named_with_the_way_out(
    what: str, released: Checkout, work: Path
) -> None:
    """Two things at once in one index could not be told apart; the way out is a real one."""
    project = take(released, work / "it")
    project.git("checkout", "--quiet", "-b", "other")
    project.commit({"README.md": "other\n"})
    project.write({".git/patch": project.git("format-patch", "--stdout", "-1")})
    project.git("checkout", "--quiet", "main")
    project.commit({"README.md": "main\n"})
    words = ["am", ".git/patch"] if what == "am" else UNDER_WAY[what]
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
        cwd=project.folder,
        env=released.program.environment,
        capture_output=True,
        check=False,
    )
    way_out = f"git {what} {'reset' if what == 'bisect' else '--abort'}"
    assert project.refused() == (
        f"'{project.folder}' has a git {what} in progress; finish it, or run `{way_out}`"
    )
    project.git(*way_out.split()[1:])
    project.update("--dry-run", code=10)


def test_a_locked_index_is_told_and_waited_for_by_nobody(released: Checkout, work: Path) -> None:
    """The lock is named, so that one that was left behind can be removed."""
    project = take(released, work / "it")
    project.write({".git/index.lock": ""})
    lock = project.folder / ".git/index.lock"
    assert project.refused() == (
        f"'{project.folder}' is locked by another git command; "
        f"wait for it, or remove {lock} if none is running"
    )
    lock.unlink()
    project.update()


@posix
def test_a_lock_that_comes_in_the_middle_leaves_all_as_it_was(
    released: Checkout, work: Path
) -> None:
    """Files are moved in by then; they go back, and the lock is left to whom it belongs."""
    project = take(released, work / "it")
    lock = project.folder / ".git/index.lock"
    project.git("config", "filter.lock.smudge", f"touch '{lock}'; cat")
    project.commit({".gitattributes": "README.md filter=lock\n"})
    before = visible(project)
    done = project.run("update")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: '{project.folder}' is locked by another git command; ")
    assert lock.read_text(encoding="utf-8") == ""
    assert project.kept() == set()
    lock.unlink()
    assert visible(project) == before


def test_another_scaffold_at_work_in_the_repository_is_told(released: Checkout, work: Path) -> None:
    """Two updates at once would be in each other's way."""
    project = take(released, work / "it")
    (project.folder / STATE).mkdir()
    with FileLock(project.folder / STATE / "lock"):
        error = project.refused()
    assert error == "another scaffold is at work in this repository; wait until it has ended"
    project.update("--dry-run", code=10)


def refuse_outside(released: Checkout, work: Path) -> tuple[Project, str]:
    """Lie in no repository."""
    project = take(released, work / "it")
    shutil.rmtree(project.folder / ".git")
    return project, "lies in no git repository, so nothing could be undone; run `git init` there"


def refuse_bare(released: Checkout, work: Path) -> tuple[Project, str]:
    """Be a repository without files."""
    origin = take(released, work / "origin/it")
    released.git("clone", "--quiet", "--bare", str(origin.folder), "it", folder=work)
    return Project(released, work / "it"), "lies in no work tree of its git repository; clone it"


def refuse_unborn(released: Checkout, work: Path) -> tuple[Project, str]:
    """Have no commit yet."""
    project, _ = refuse_outside(released, work)
    project.git("init", "--quiet")
    return project, "has no commit yet; commit the project as it is first"


def refuse_untracked(released: Checkout, work: Path) -> tuple[Project, str]:
    """Lie in a repository that knows nothing of it."""
    project = monorepo(released, work, "it")["it"]
    project.git("rm", "--quiet", "-r", "--cached", ".")
    project.git("commit", "--quiet", "--message=x")
    step = "add and commit the project first"
    return project, f"/.copier-answers.yml' is not committed; {step}"


def refuse_ignored(released: Checkout, work: Path) -> tuple[Project, str]:
    """Be ignored by its repository."""
    project, expected = refuse_untracked(released, work)
    build_tree({".gitignore": "/it/\n"}, work / "mono")
    return project, expected


def refuse_another_owner(released: Checkout, work: Path) -> tuple[Project, str]:
    """Belong to another user, whose settings git does not trust."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    project = take(released, work / "it")
    os.chown(project.folder, 12345, 12345)
    os.chown(project.folder / ".git", 12345, 12345)
    step = f"git config --global --add safe.directory '{project.folder}'"
    return project, f"lies in a repository of another user; {step}"


@posix
@pytest.mark.parametrize(
    "make",
    [
        refuse_outside,
        refuse_bare,
        refuse_unborn,
        refuse_untracked,
        refuse_ignored,
        refuse_another_owner,
    ],
    ids=lambda make: make.__name__.removeprefix("refuse_"),
)
def test_a_place_that_will_not_do_is_told_with_the_next_step(
    make: Callable[[Checkout, Path], tuple[Project, str]], released: Checkout, work: Path
) -> None:
    """One line, exit status 1, nothing changed."""
    project, expected = make(released, work)
    error = project.refused()
    assert error.startswith(f"'{project.folder}")
    assert expected in error


@posix
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (None, "git is not here; install it"),
        (
            '#!/bin/sh\n[ "$1" = --version ] && echo git version 2.30.0 || exec git.real "$@"\n',
            "git is too old (git version 2.30.0); install 2.38 or newer",
        ),
        ("#!/bin/sh\necho no version\n", "git is too old (no version); install 2.38 or newer"),
    ],
    ids=["absent", "too old", "strange"],
)
def test_a_git_that_will_not_do_is_told(
    script: str | None, expected: str, released: Checkout, work: Path
) -> None:
    """Before anything is tried with it."""
    project = take(released, work / "it")
    (work / "bin").mkdir()
    build_tree({} if script is None else {"git": script}, work / "bin")
    real = shutil.which("git")
    assert real is not None
    (work / "bin/git.real").symlink_to(real)
    assert project.refused(environment={"PATH": str(work / "bin")}) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nosuch", "'{work}/nosuch' is not a folder; check the path"),
        ("file", "'{work}/file' is not a folder; check the path"),
        ("it/src", "'{work}/it/src/.copier-answers.yml' does not exist; run this in a project"),
        ("it/.git", "'{work}/it/.git' lies in no work tree of its git repository; clone it"),
    ],
)
def test_a_path_that_is_no_project_is_told(
    name: str, expected: str, released: Checkout, work: Path
) -> None:
    """It is quoted, with what to do."""
    take(released, work / "it")
    build_tree({"file": "mine\n"}, work)
    before = everything(work)
    done = released.program.run("update", name, folder=work)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {expected.format(work=work)}")
    assert everything(work) == before


def test_a_file_outside_a_sparse_checkout_is_told(released: Checkout, work: Path) -> None:
    """What is not there cannot be brought back, so the update asks for it first."""
    project = take(released, work / "it", "0.2.0")
    project.git("sparse-checkout", "set", "src")
    assert not project.has("docs")
    error = project.refused()
    assert error.startswith(f"'{project.folder}/docs/colour.md' is marked in git as skip-worktree")
    assert "leave the sparse checkout" in error
    project.git("sparse-checkout", "disable")
    project.update()


# --- the answers file ---------------------------------------------------------------------------


def edit(old: str, new: str) -> Callable[[str], str]:
    """Return what replaces one text by another, which must be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


NOWHERE = "/nonexistent/templates"
ADDRESS = "https://github.com/scaffold-new/templates"
REFUSED: Mapping[str, tuple[Callable[[str], str], str]] = {
    "malformed": (edit("template:", ": {"), "is not YAML: "),
    "a list": (lambda _: "- one\n", "must hold lines of the form NAME: VALUE; mend it"),
    "empty": (lambda _: "", "must hold lines of the form NAME: VALUE; mend it"),
    "no version": (edit("_commit:", "_commited:"), "lacks _commit; mend it"),
    "a commit": (
        edit("v0.1.0", "abc1234"),
        "records 'abc1234', which is no version of a release",
    ),
    "unknown version": (
        edit("v0.1.0", "v9.9.9"),
        "version 9.9.9 is not among its releases (newest 0.4.0), and",
    ),
    "unknown template": (
        edit('"toy"', '"nosuch"'),
        "names the template 'nosuch' in 'python', which version 0.1.0 does not have; mend it",
    ),
    "unknown language": (
        edit('"python"', '"cobol"'),
        "names the template 'toy' in 'cobol', which version 0.1.0 does not have; mend it",
    ),
    "another template": (
        lambda _: "_commit: v1.0.0\n_src_path: gh:other/template\nproject: it\n",
        "was not made from a template of scaffold; `copier update` carries on what other",
    ),
    "an answer gone": (edit("author:", "autor:"), "lacks author; mend it"),
    "a name that leads away": (
        edit('project_name: "it"', 'project_name: "../../away"'),
        "leads out of the project, to src/../../away/__init__.py; mend it",
    ),
    "unreachable": (
        lambda text: text.replace(ADDRESS, NOWHERE).replace("v0.1.0", "v9.9.9"),
        f"'{NOWHERE}': cannot be reached: ",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_answers_file_that_will_not_do_is_told(
    what: str, released: Checkout, work: Path
) -> None:
    """Edited by hand, of another version or template: one line, and nothing has changed."""
    change, expected = REFUSED[what]
    project = take(released, work / "it")
    project.commit({ANSWERS: change(project.read(ANSWERS))})
    # Nobody is to be asked on a network.
    build_tree({"config": f'[url "{NOWHERE}"]\n\tinsteadOf = https://github.com\n'}, work)
    error = project.refused(environment={"GIT_CONFIG_GLOBAL": str(work / "config")})
    assert expected in error
    if "reached" not in error:
        assert error.startswith(f"'{project.folder}/{ANSWERS}'")


def test_an_answer_that_is_edited_by_hand_counts(released: Checkout, work: Path) -> None:
    """The old release is rendered with it, so only what the template changed is a change."""
    project = take(released, work / "it")
    for path in (ANSWERS, "AUTHORS.md", "LICENSE", "README.md", "pyproject.toml"):
        project.write({path: project.read(path).replace("The it authors", "Grace")})
    project.commit({ANSWERS: project.read(ANSWERS) + "# a remark\n"})
    told = project.update()
    assert f"1 of them changed here too:\n  * {ANSWERS}\n" in told
    assert project.read("README.md") == "# It\n\nBy Grace, and now in release 4.\n"
    assert project.read(ANSWERS).endswith('licence: "mit"\n# a remark\n')


def test_an_address_that_cannot_be_reached_is_told_where_it_does_not_matter(
    released: Checkout, work: Path
) -> None:
    """The releases that scaffold carries are taken, and a note says so; the address stays."""
    project = take(released, work / "it")
    project.commit({ANSWERS: project.read(ANSWERS).replace(ADDRESS, NOWHERE)})
    told = project.update()
    note = f"\nNote: '{NOWHERE}': cannot be reached: fatal: repository '{NOWHERE}' does not exist"
    assert note in told
    assert "the releases of this installation were taken instead.\n" in told
    assert f'_src_path: "{NOWHERE}"\n' in project.read(ANSWERS)


def test_a_mirror_s_releases_count_more_than_scaffold_s_own(released: Checkout, work: Path) -> None:
    """A repository at the recorded address is asked for its versions, and is the one recorded."""
    project = take(released, work / "it")
    own = next((released.program.home / "cache").rglob("HEAD")).parent
    released.git("clone", "--quiet", "--bare", str(own), str(work / "mirror"))
    released.git("tag", "--delete", "v0.4.0", folder=work / "mirror")
    mirror = str(work / "mirror")
    project.commit({ANSWERS: project.read(ANSWERS).replace(ADDRESS, mirror)})
    assert project.update().startswith("it: toy in Python, version 0.1.0 to 0.3.0.")
    assert f'_src_path: "{mirror}"\n' in project.read(ANSWERS)
