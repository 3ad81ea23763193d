"""The history of the releases: one commit and one tag for each, the same wherever it is built."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers import build_tree
from releases import HISTORY, Checkout, make_checkout
from scaffold import git, history
from scaffold.compose import File, Tree
from scaffold.errors import ToolError
from scaffold.release import CONFIG
from scaffold.release import build_tree as compose_tree

_SOURCES = Path(__file__).parents[1] / "generator/scaffold"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Make a checkout of sources and toy templates, with the tag v0.1.0."""
    (tmp_path / "home").mkdir()
    made = make_checkout(_SOURCES, tmp_path / "checkout", tmp_path / "home")
    made.release("0.1.0", {})
    return made


def build(root: Path, target: Path) -> Path:
    """Build the history of the checkout at `root` as a repository at `target`."""
    history.build(root, target)
    return target


def commits(repository: Path) -> dict[str, str]:
    """Return tag -> commit, in the order of the history, oldest first."""
    words = ("log", "--reverse", "--format=%D %H", "--decorate-refs=refs/tags", "main")
    lines = git.text(git.read(repository, *words)).split("\n")
    return dict(line.removeprefix("tag: ").split(" ") for line in lines)


def tree(repository: Path, revision: str) -> Tree:
    """Return the files of a revision."""
    entries = git.parse_tree(git.read(repository, "ls-tree", "-r", "-z", revision))
    asked = "".join(f"{identity}\n" for _, identity in entries.values()).encode()
    contents = git.parse_batch(git.read(repository, "cat-file", "--batch", given=asked))
    return {
        path: File(link=os.fsdecode(content))
        if mode == "120000"
        else File(content, executable=mode == "100755")
        for (path, (mode, _)), content in zip(entries.items(), contents, strict=True)
    }


# --- the same everywhere ------------------------------------------------------------------------


def test_the_same_sources_make_the_same_history_to_the_byte(
    released: Checkout, tmp_path: Path
) -> None:
    """Built twice, and from clones in other folders: the same commits, and the same bundle."""
    released.git("clone", "--quiet", ".", str(tmp_path / "one"))
    released.git("clone", "--quiet", ".", str(tmp_path / "another folder/of it"))
    roots = (released.root, released.root, tmp_path / "one", tmp_path / "another folder/of it")
    found, bundles = [], []
    for number, root in enumerate(roots):
        repository = build(root, tmp_path / f"{number}.git")
        file = tmp_path / f"{number}.bundle"
        history.bundle(repository, file)
        found.append(commits(repository))
        bundles.append(file.read_bytes())
    assert list(found[0]) == [f"v{version}" for version in HISTORY]
    assert found.count(found[0]) == len(roots)
    assert bundles.count(bundles[0]) == len(roots)


_CONFIGURED = """\
[column]
    ui = always
[color]
    ui = always
[core]
    autocrlf = true
    quotePath = true
    hooksPath = {hooks}
[safe]
    bareRepository = explicit
[init]
    defaultBranch = elsewhere
    defaultObjectFormat = sha256
[log]
    showSignature = true
    decorate = full
[tag]
    sort = -version:refname
    gpgSign = true
[tar]
    umask = 0777
"""


def test_settings_of_the_user_do_not_change_the_history(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line ends, columns and other tastes of the person who builds it leave no trace."""
    checkout.release("0.2.0", HISTORY["0.2.0"])
    signer = build_tree({"signer": _SIGNER}, tmp_path) / "signer"
    signing = ("-c", f"gpg.program={signer}", "commit", "--quiet", "--allow-empty", "--gpg-sign")
    checkout.git(*signing, "--message", "signed")
    checkout.git("tag", "v0.3.0")
    plain = build(checkout.root, tmp_path / "plain")
    hook = build_tree({"hooks/reference-transaction": "#!/bin/sh\nexit 1\n"}, tmp_path) / "hooks"
    settings = _CONFIGURED.format(hooks=hook)
    build_tree({"config": f"{settings}[gpg]\n    program = {signer}\n"}, tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    configured = build(checkout.root, tmp_path / "configured")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    assert commits(configured) == commits(plain)
    assert len(commits(plain)) == 3


_SIGNER = """#!/bin/sh
# Stands for gpg: signs with no key, and takes every signature for a good one.
case "$*" in
*--verify*) echo '[GNUPG:] GOODSIG 0 Ada'; echo 'gpg: Good signature from "Ada"' >&2 ;;
*) cat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo '-----BEGIN PGP SIGNATURE-----'
   echo '-----END PGP SIGNATURE-----' ;;
esac
"""


def test_a_hook_of_another_repository_does_not_lead_away(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of git's hooks change nothing, neither for git nor for the code of a tag."""
    plain = commits(build(checkout.root, tmp_path / "plain"))
    checkout.git("init", "--quiet", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
    assert commits(build(checkout.root, tmp_path / "in a hook")) == plain


# --- which releases -----------------------------------------------------------------------------


def test_a_release_is_one_commit_and_one_tag_in_the_order_of_versions(
    checkout: Checkout, tmp_path: Path
) -> None:
    """By their numbers, not by their letters nor their dates, each on the one before."""
    checkout.release("0.9.0", {"toy/any/README.md": "My Project, the ninth\n"})
    checkout.git("branch", "older")
    checkout.release("0.10.0", {})  # nothing but the changelog changed
    checkout.git("checkout", "--quiet", "older")
    checkout.release("0.9.1", {"toy/any/README.md": "My Project, the ninth, mended\n"})
    checkout.git("checkout", "--quiet", "main")
    checkout.git("merge", "--quiet", "--no-edit", "--strategy-option=ours", "older")
    checkout.release("0.11.0", {})
    versions = ["0.1.0", "0.9.0", "0.9.1", "0.10.0", "0.11.0"]
    repository = build(checkout.root, tmp_path / "built")
    assert list(commits(repository)) == [f"v{version}" for version in versions]
    told = git.text(git.read(repository, "log", "--format=%s", "--reverse", "main"))
    assert told.split("\n") == [f"Release {version}" for version in versions]
    assert git.read(repository, "rev-parse", "HEAD", "main^{commit}").split() == (
        [commits(repository)["v0.11.0"].encode()] * 2
    )
    assert git.text(git.read(repository, "for-each-ref", "--format=%(refname)")).split() == [
        "refs/heads/main",
        *(f"refs/tags/v{version}" for version in sorted(versions)),
    ]


def test_a_commit_has_the_time_of_its_tag_s(checkout: Checkout, tmp_path: Path) -> None:
    """Nothing depends on when it is built."""
    dated = {"GIT_COMMITTER_DATE": "1700000000 +0200"}
    words = ("commit", "--quiet", "--allow-empty", "--message=dated")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    git.read(checkout.root, *identity, *words, more=dated)
    checkout.git("tag", "v0.2.0")
    repository = build(checkout.root, tmp_path / "built")
    shown = git.text(git.read(repository, "log", "-1", "--format=%ci|%cn|%ce", "v0.2.0"))
    assert shown == "2023-11-14 22:13:20 +0000|scaffold|releases@scaffold.invalid"


def test_tags_that_the_work_does_not_come_from_are_left_out(
    checkout: Checkout, tmp_path: Path
) -> None:
    """A release of another branch and a tag that is no version are not of this history."""
    checkout.git("checkout", "--quiet", "-b", "other")
    checkout.release("0.5.0", {})
    checkout.git("checkout", "--quiet", "main")
    checkout.release("0.2.0", {})
    for tag in ("nightly", "v1", "v1.0.0-rc1", "v0.2.0.1"):
        checkout.git("tag", tag)
    assert list(commits(build(checkout.root, tmp_path / "built"))) == ["v0.1.0", "v0.2.0"]


def test_an_annotated_tag_is_a_release_as_a_light_one_is(
    checkout: Checkout, tmp_path: Path
) -> None:
    """How the tag was made leaves no trace in the history."""
    light = commits(build(checkout.root, tmp_path / "light"))
    checkout.git("tag", "--force", "--annotate", "--message", "The first", "v0.1.0", "v0.1.0")
    assert git.text(git.read(checkout.root, "cat-file", "-t", "v0.1.0")) == "tag"
    assert commits(build(checkout.root, tmp_path / "annotated")) == light


def test_work_after_the_newest_tag_is_a_release_of_its_own(
    checkout: Checkout, tmp_path: Path
) -> None:
    """A commit that is no release comes last, under the version it is on the way to."""
    build_tree({"toy/any/README.md": "My Project, half way\n"}, checkout.root / "templates")
    checkout.commit(checkout.root)
    repository = build(checkout.root, tmp_path / "built")
    assert list(commits(repository)) == ["v0.1.0", "v0.1.1.dev1"]
    assert tree(repository, "v0.1.1.dev1") == compose_tree(checkout.root / "templates")
    times = git.read(checkout.root, "log", "-1", "--format=%ct")
    assert git.read(repository, "log", "-1", "--format=%ct") == times


def test_work_that_is_not_committed_is_a_release_of_its_own(
    checkout: Checkout, tmp_path: Path
) -> None:
    """The release of a tag holds what was committed, the work tree's what lies there."""
    before = tree(build(checkout.root, tmp_path / "before"), "v0.1.0")
    build_tree({"toy/any/README.md": "My Project, half way\n"}, checkout.root / "templates")
    repository = build(checkout.root, tmp_path / "built")
    assert list(commits(repository)) == ["v0.1.0", "v0.1.1.dev0"]
    assert tree(repository, "v0.1.0") == before
    readme = "templates/toy/python/README.md.jinja"
    assert tree(repository, "v0.1.1.dev0")[readme].content == b"{{ project_title }}, half way\n"


@pytest.mark.parametrize("repository", ["no tag", "no commit", "none"])
def test_without_a_tag_the_work_tree_is_the_one_release(
    repository: str, checkout: Checkout, tmp_path: Path
) -> None:
    """It has the version of the changelog, whether there is a repository or not."""
    if repository == "no tag":
        checkout.git("tag", "--delete", "v0.1.0")
    else:
        shutil.rmtree(checkout.root / ".git")
    if repository == "no commit":
        checkout.git("init", "--quiet")
    built = build(checkout.root, tmp_path / "built")
    assert list(commits(built)) == ["v0.1.0"]
    assert tree(built, "v0.1.0") == compose_tree(checkout.root / "templates")


def test_a_copy_inside_another_repository_is_dated_as_one_without(
    checkout: Checkout, tmp_path: Path
) -> None:
    """What surrounds a folder leaves no trace in its history."""
    shutil.copytree(checkout.root / "templates", checkout.root / "inside/templates")
    shutil.copytree(checkout.root / "templates", tmp_path / "outside/templates")
    inside = commits(build(checkout.root / "inside", tmp_path / "of inside"))
    outside = commits(build(tmp_path / "outside", tmp_path / "of outside"))
    assert inside == outside
    assert list(inside) == ["v0.0.0"]


def test_a_machine_without_git_is_told_so(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no history without git."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^git is not here; install it$"):
        history.build(checkout.root, tmp_path / "built")


# --- composed by their own code -----------------------------------------------------------------


def test_an_old_release_is_composed_by_its_own_code(checkout: Checkout, tmp_path: Path) -> None:
    """A change of the composing code changes what comes after it, and no commit before."""
    old = commits(build(checkout.root, tmp_path / "old"))
    code = checkout.root / "generator/scaffold/release.py"
    text = code.read_text(encoding="utf-8")
    changed = text.replace('"Which template?"', '"Which one?"')
    assert changed != text
    code.write_text(changed, encoding="utf-8")
    checkout.release("0.2.0", {})
    repository = build(checkout.root, tmp_path / "new")
    assert commits(repository).items() > old.items()
    assert b"Which template?" in tree(repository, "v0.1.0")[CONFIG].content
    assert b"Which one?" in tree(repository, "v0.2.0")[CONFIG].content


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("templates/toy/template.toml", 'summary = "x"\nlanguages = []\n', "must name one"),
        ("generator/scaffold/release.py", "1 / 0\n", "ZeroDivisionError: division by zero"),
        ("generator/compose_release.py", "raise SystemExit(3)\n", "no reason given"),
        ("generator/compose_release.py", None, "No such file or directory"),
        ("generator/compose_release.py", "", "nothing was composed"),
    ],
)
def test_a_tag_that_cannot_be_composed_is_named_with_its_reason(
    path: str, content: str | None, reason: str, checkout: Checkout, tmp_path: Path
) -> None:
    """One bad tag stops the build, and the error says which, why and what to do."""
    broken, before = checkout.root / path, (checkout.root / path).read_text(encoding="utf-8")
    if content is None:
        broken.unlink()
    else:
        broken.write_text(content, encoding="utf-8")
    checkout.release("0.2.0", {})
    broken.write_text(before, encoding="utf-8")
    checkout.release("0.3.0", {})
    with pytest.raises(ToolError) as told:
        history.build(checkout.root, tmp_path / "built")
    assert str(told.value).startswith("composing v0.2.0 failed: ")
    assert reason in str(told.value)
    assert str(told.value).endswith("; mend or remove the tag")


def test_a_tag_is_composed_by_no_other_copy_of_the_package(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one on the path of modules nor one in the current folder comes before its own."""
    plain = commits(build(checkout.root, tmp_path / "plain"))
    build_tree({"scaffold/__init__.py": "", "scaffold/release.py": "1 / 0\n"}, tmp_path / "other")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other"))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # the folder of the script does not come first then
    monkeypatch.chdir(tmp_path / "other")
    assert commits(build(checkout.root, tmp_path / "built")) == plain


def test_a_tag_is_composed_with_the_packages_that_the_environment_names(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When pip builds a wheel, what the build needs can be found through PYTHONPATH alone."""
    needs = "import only_there\n"
    script = checkout.root / "generator/compose_release.py"
    script.write_text(needs + script.read_text(encoding="utf-8"), encoding="utf-8")
    checkout.release("0.2.0", {})
    build_tree({"only_there.py": ""}, tmp_path / "packages")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    assert list(commits(build(checkout.root, tmp_path / "built"))) == ["v0.1.0", "v0.2.0"]


# --- what a release holds -----------------------------------------------------------------------

_ODD: Mapping[str, str | bytes] = {
    "two words.bin": b"\xff\0 blank\n",
    '"quoted".md': "My Project\n",
    "back\\slash.md": "plain\n",
    "line\nend.md": "plain\n",
    "naïve/日本.md": "By Ada Author\n",
    "{{ braces }}.md": "{{ no jinja }}\n",
    "crlf.md": "one\r\ntwo\r\n",
    "no end.md": "no end",
    "empty.md": "",
    "run me.sh": "#!/bin/sh\n",
}


def test_modes_links_and_odd_names_and_contents_survive(checkout: Checkout, tmp_path: Path) -> None:
    """What a tag's release holds is what composing its work tree gives, to the byte."""
    folder = build_tree(_ODD, checkout.root / "templates/toy/any")
    (folder / "link to it").symlink_to("naïve/日本.md")
    checkout.release("0.2.0", {})
    held = tree(build(checkout.root, tmp_path / "built"), "v0.2.0")
    assert held == compose_tree(checkout.root / "templates")
    at = "templates/toy/rust/"
    assert held[f"{at}link to it"] == File(link="naïve/日本.md")
    assert held[f"{at}run me.sh"] == File(b"#!/bin/sh\n", executable=True)
    assert held[f"{at}two words.bin"] == File(b"\xff\0 blank\n")
    assert held[f"{at}line\nend.md"] == File(b"plain\n")
    assert held[f'{at}"quoted".md.jinja'] == File(b"{{ project_title }}\n")


def test_a_file_that_a_release_lost_is_not_in_its_commit(
    released: Checkout, tmp_path: Path
) -> None:
    """A commit holds its own release only, nothing of the one before."""
    repository = build(released.root, tmp_path / "built")
    script = "templates/toy/python/run.sh.jinja"
    assert script in tree(repository, "v0.1.0")
    assert script not in tree(repository, "v0.2.0")
    assert tree(repository, "v0.4.0") == compose_tree(released.root / "templates")


# --- the bundle ---------------------------------------------------------------------------------


def test_the_bundle_is_a_repository_that_can_be_cloned(released: Checkout, tmp_path: Path) -> None:
    """A plain clone of the one file has every tag, stands on the newest release, and is sound."""
    repository = build(released.root, tmp_path / "built")
    history.bundle(repository, tmp_path / "a bundle")
    released.git("clone", "--quiet", str(tmp_path / "a bundle"), str(tmp_path / "clone"))
    assert commits(tmp_path / "clone") == commits(repository)
    released.git("fsck", "--strict", folder=tmp_path / "clone")
    newest = compose_tree(released.root / "templates")
    names = {
        path.relative_to(tmp_path / "clone").as_posix()
        for path in (tmp_path / "clone").rglob("*")
        if path.is_file() and ".git" not in path.relative_to(tmp_path / "clone").parts[:1]
    }
    assert names == set(newest)


def test_a_bundle_that_cannot_be_written_is_told_by_the_command(
    checkout: Checkout, tmp_path: Path
) -> None:
    """The error names what git was to do, and why it could not."""
    repository = build(checkout.root, tmp_path / "built")
    with pytest.raises(ToolError, match=r"^git bundle failed: .*No such file or directory"):
        history.bundle(repository, tmp_path / "absent/file")


def test_what_a_release_is_called_is_what_its_projects_record(
    released: Checkout, work: Path
) -> None:
    """The tag of a release and the version in the answers of its projects are the same."""
    project = released.make(work / "it", version="0.2.0")
    answers = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    assert '_commit: "v0.2.0"' in answers.splitlines()
