"""Where releases come from: the history that the package embeds, or an address."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from helpers import build_tree
from releases import HISTORY, Checkout, make_checkout
from scaffold import catalog, git, history, releases
from scaffold.compose import compose
from scaffold.errors import SourceError
from scaffold.placeholders import to_jinja
from scaffold.release import ADDRESS, CONFIG
from scaffold.releases import History

_SOURCES = Path(__file__).parents[1] / "generator/scaffold"
_OWN = "from scaffold import releases; own = releases.own(); print(own.repository, *own.tags())"
VERSIONS = list(HISTORY)


@pytest.fixture(scope="module")
def repository(released: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the history of all releases, as they are published."""
    folder = tmp_path_factory.mktemp("published")
    history.build(released.root, folder / "releases.git")
    history.bundle(folder / "releases.git", folder / "releases.bundle")
    return folder / "releases.git"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Make a checkout of sources and toy templates, with the tag v0.1.0."""
    (tmp_path / "home").mkdir()
    made = make_checkout(_SOURCES, tmp_path / "checkout", tmp_path / "home")
    made.release("0.1.0", {})
    return made


@pytest.fixture
def installed(checkout: Checkout, tmp_path: Path) -> Checkout:
    """Lay the package out as a wheel does, and take the checkout away."""
    package = tmp_path / "site/generator/scaffold"
    shutil.copytree(checkout.root / "generator/scaffold", package)
    shutil.copytree(checkout.root / "templates", package / "templates")
    (package / "version.txt").write_text("0.1.0\n", encoding="utf-8")
    history.build(checkout.root, tmp_path / "built")
    history.bundle(tmp_path / "built", package / "releases.bundle")
    shutil.rmtree(checkout.root)
    program = type(checkout.program)(tmp_path / "site", checkout.program.home)
    return Checkout(program)


def start(
    checkout: Checkout, code: str = _OWN, more: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start the package of a checkout with some code."""
    return subprocess.Popen(
        [checkout.program.words[0], "-c", code],
        cwd=checkout.program.home,
        env={**checkout.program.environment, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def own(checkout: Checkout, more: Mapping[str, str] | None = None) -> tuple[Path, list[str]]:
    """Return the own history of a checkout's package: where it lies, and its versions."""
    with start(checkout, more=more) as process:
        told, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    place, *versions = told.split()
    return Path(place), versions


def kept(checkout: Checkout) -> set[str]:
    """Return the names in the cache of histories."""
    folder = checkout.program.home / "cache/scaffold/releases"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


# --- what the package embeds --------------------------------------------------------------------


def test_a_checkout_s_own_history_has_its_tags_and_its_work_tree(checkout: Checkout) -> None:
    """What a checkout makes projects of now is among its releases, too."""
    assert own(checkout)[1] == ["0.1.0"]
    build_tree({"toy/any/README.md": "My Project, changed\n"}, checkout.root / "templates")
    assert own(checkout)[1] == ["0.1.0", "0.1.1.dev0"]
    checkout.release("0.2.0", {})
    assert own(checkout)[1] == ["0.1.0", "0.2.0"]


def test_a_checkout_s_own_history_follows_each_change(checkout: Checkout) -> None:
    """Two states of the work tree have one version, and a tag may come later: none is mixed up."""
    places = [own(checkout)[0]]
    for text in ("My Project, once\n", "My Project, twice\n"):
        build_tree({"toy/any/README.md": text}, checkout.root / "templates")
        place, versions = own(checkout)
        assert versions == ["0.1.0", "0.1.1.dev0"]
        readme = "v0.1.1.dev0:templates/toy/python/README.md.jinja"
        assert git.read(place, "show", readme).decode().endswith(text[-7:])
        places.append(place)
    checkout.git("tag", "v0.0.9")
    place, versions = own(checkout)
    assert versions == ["0.0.9", "0.1.0", "0.1.1.dev0"]
    assert len({*places, place}) == 4


@pytest.mark.parametrize("path", ["generator/scaffold/errors.py", "CHANGELOG.md"])
def test_a_checkout_s_own_history_always_has_the_version_that_it_writes(
    path: str, checkout: Checkout
) -> None:
    """A change outside the templates makes another version, and that one is there as well."""
    own(checkout)
    with (checkout.root / path).open("a", encoding="utf-8") as file:
        file.write("\n# Changed.\n")
    told = checkout.program.run("--version", folder=checkout.program.home).stdout.split()[-1]
    assert told == "0.1.1.dev0"
    assert own(checkout)[1] == ["0.1.0", told]


def test_a_wheel_s_own_history_is_in_its_bundle(installed: Checkout) -> None:
    """Without a repository in reach, and without a network, every release is there."""
    place, versions = own(installed)
    assert versions == ["0.1.0"]
    assert place.is_relative_to(installed.program.home / "cache")


@pytest.mark.parametrize("layout", ["checkout", "installed"])
def test_the_own_history_is_made_once_and_is_safe_to_delete(
    layout: str, request: pytest.FixtureRequest
) -> None:
    """A second call finds it; when somebody empties the cache it is made again, the same."""
    made: Checkout = request.getfixturevalue(layout)
    place, versions = own(made)
    before = (place.stat().st_ino, place.parent.stat().st_mtime_ns)
    assert own(made) == (place, versions)
    # Not even a folder to make it in was made.
    assert (place.stat().st_ino, place.parent.stat().st_mtime_ns) == before
    assert kept(made) == {place.name}
    shutil.rmtree(made.program.home / "cache")
    assert own(made) == (place, versions)


@pytest.mark.parametrize("layout", ["checkout", "installed"])
def test_without_a_cache_the_own_history_is_made_for_one_run(
    layout: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A home that cannot be written to is no hindrance, and nothing is left behind."""
    made: Checkout = request.getfixturevalue(layout)
    (tmp_path / "a file").touch()
    (tmp_path / "temporary").mkdir()
    no_cache = {
        "XDG_CACHE_HOME": str(tmp_path / "a file"),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    place, versions = own(made, no_cache)
    assert versions == ["0.1.0"]
    assert place.is_relative_to(tmp_path / "temporary")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert kept(made) == set()


def test_processes_that_start_at_once_share_one_history(checkout: Checkout) -> None:
    """All of them get a whole one, and one is kept."""
    running = [start(checkout) for _ in range(4)]
    told = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 4, told
    assert len({out for out, _ in told}) == 1
    assert len(kept(checkout)) == 1


@pytest.mark.parametrize("layout", ["checkout", "installed"])
def test_without_git_the_own_history_tells_to_install_it(
    layout: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """One sentence instead of a traceback, and nothing is left in the cache."""
    made: Checkout = request.getfixturevalue(layout)
    with start(made, more={"PATH": str(tmp_path)}) as process:
        errors = process.communicate(timeout=60)[1]
    assert errors.splitlines()[-1] == "scaffold.errors.ToolError: git is not here; install it"
    assert kept(made) == set()


def test_a_history_that_cannot_be_made_leaves_nothing_in_the_cache(checkout: Checkout) -> None:
    """A tag that cannot be composed is told each time, and the cache does not grow by it."""
    script = checkout.root / "generator/compose_release.py"
    text = script.read_text(encoding="utf-8")
    script.write_text("1 / 0\n", encoding="utf-8")
    checkout.release("0.2.0", {})
    script.write_text(text, encoding="utf-8")
    with start(checkout) as process:
        errors = process.communicate(timeout=60)[1]
    assert "ToolError: composing v0.2.0 failed" in errors
    assert kept(checkout) == set()


def test_a_bundle_that_is_damaged_is_told_in_one_sentence(installed: Checkout) -> None:
    """An installation that lost half of a file says so, and what to do."""
    bundle = installed.root / "generator/scaffold/releases.bundle"
    bundle.write_bytes(bundle.read_bytes()[:-1000])
    with start(installed) as process:
        errors = process.communicate(timeout=60)[1]
    last = errors.splitlines()[-1]
    assert last.startswith("scaffold.errors.SourceError: 'this installation of scaffold': ")
    assert last.endswith("; install scaffold anew")
    assert kept(installed) == set()


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}.git", "{}.bundle", "file://{}.git", "git+file://{}.git"])
def test_releases_are_fetched_from_a_folder_a_bundle_and_a_url(form: str, repository: Path) -> None:
    """Whatever form a project records, the same releases come from it."""
    address = form.format(repository.with_suffix(""))
    found = releases.fetch(address)
    assert [str(each) for each in found.tags()] == VERSIONS
    assert found.source == address
    assert git.read(found.repository, "rev-parse", "main") == git.read(
        repository, "rev-parse", "main"
    )


@pytest.mark.parametrize("form", ["../published/releases.git", "~/releases.git"])
def test_a_path_is_taken_as_copier_takes_it(
    form: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the current folder, as `copier copy ../template` records it, or from the home."""
    for name in ("published", "work", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "published/releases.git").symlink_to(repository)
    (tmp_path / "home/releases.git").symlink_to(repository)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert [str(each) for each in releases.fetch(form).tags()] == VERSIONS


def test_a_clone_with_files_is_an_address_too(released: Checkout, repository: Path) -> None:
    """A fork that somebody works on is read as it is committed."""
    clone = repository.parent / "a clone"
    released.git("clone", "--quiet", str(repository), str(clone))
    assert [str(each) for each in releases.fetch(str(clone)).tags()] == VERSIONS


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("gh:ada/templates", "https://github.com/ada/templates"),
        ("gl:ada/templates.git", "https://gitlab.com/ada/templates.git"),
        ("git+https://example.org/ada/templates", "https://example.org/ada/templates"),
        (ADDRESS, ADDRESS),
    ],
)
def test_short_forms_of_copier_and_the_user_s_mirrors_lead_to_the_url(
    address: str, url: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git is asked for the whole address, so that its `insteadOf` names a mirror."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{repository}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", url)
    found = releases.fetch(address)
    assert [str(each) for each in found.tags()] == VERSIONS
    assert found.source == address


_SSH = """#!/bin/sh
# Stands for ssh: runs on this machine what is to run on the other one.
echo "$@" >> "$HOME/asked"
case "$1" in -G) exit 1 ;; esac
while [ "$1" != a-host ]; do shift; done
eval "$2"
"""


@pytest.mark.parametrize("way", ["path", "GIT_SSH_COMMAND", "GIT_SSH", "core.sshCommand"])
def test_the_user_s_own_ssh_is_used(
    way: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that a user chose is used; a plain ssh is told never to ask for a password."""
    script = build_tree({"programs/ssh": _SSH, "home/asked": ""}, tmp_path) / "programs/ssh"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("GIT_SSH_COMMAND", "GIT_SSH"):
        monkeypatch.delenv(name, raising=False)
    if way == "path":
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    elif way == "core.sshCommand":
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", way)
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(script))
    else:
        monkeypatch.setenv(way, str(script))
    found = releases.fetch(f"ssh://a-host{repository}")
    assert [str(each) for each in found.tags()] == VERSIONS
    asked = (tmp_path / "home/asked").read_text(encoding="utf-8")
    assert ("-o BatchMode=yes" in asked) is (way == "path")


@pytest.mark.parametrize(
    "address",
    [
        "https://ada:s3cret@localhost:1/templates",
        "https://s3cret@localhost:1/templates.git",
        "git+https://ada:s3cret@localhost:1/templates",
        "ssh://ada:s3cret@localhost:1/templates",
        "nothing://ada:s3cret@localhost/templates",
    ],
)
def test_an_address_out_of_reach_is_told_without_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the address, why it was not reached and what to do, and no secret."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SourceError) as told:
        releases.fetch(address)
    assert "s3cret" not in str(told.value)
    assert "localhost" in str(told.value)
    assert "/templates" in str(told.value)
    assert ": cannot be reached: " in str(told.value)
    assert str(told.value).endswith("; check the address in its answers file and the network")


@pytest.mark.parametrize(
    "address", ["absent", "", "--upload-pack=touch hit", "a\nb", "~nobody-here/x", "x" * 5000]
)
def test_an_address_that_is_none_is_told_in_one_line(
    address: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that stands in an answers file is taken for a flag or runs anything."""
    monkeypatch.chdir(work)
    with pytest.raises(SourceError, match="cannot be reached") as told:
        releases.fetch(address)
    assert len(str(told.value).splitlines()) == 1
    if address.startswith("-"):
        assert f"repository '{address}' does not exist" in str(told.value)
    assert list(work.iterdir()) == []


def test_an_address_runs_no_program(work: Path) -> None:
    """Git has addresses that are commands; one that comes with a project is not obeyed."""
    with pytest.raises(SourceError, match="transport 'ext' not allowed"):
        releases.fetch(f"ext::touch {work / 'hit'}")
    assert list(work.iterdir()) == []


def test_a_folder_that_is_no_repository_is_told(work: Path) -> None:
    """What lies there is no template that Copier could read."""
    with pytest.raises(SourceError, match=r"cannot be reached: .*' does not exist; "):
        releases.fetch(str(work))


_NAME = ADDRESS.removeprefix("https://github.com/")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (ADDRESS, True),
        (f"{ADDRESS}.git", True),
        (f"{ADDRESS}/", True),
        (f"{ADDRESS}.git/", True),
        (f"git+{ADDRESS}", True),
        (f"git+{ADDRESS}.git", True),
        (f"gh:{_NAME}", True),
        (f"gh:{_NAME}.git", True),
        (f"git@github.com:{_NAME}.git", True),
        (f"{ADDRESS}-of-mine", False),
        (f"{ADDRESS}/more", False),
        (f"gl:{_NAME}", False),
        (f"gh:ada/{_NAME.partition('/')[2]}", False),
        (f"https://example.org/{_NAME}", False),
        (f"https://example.org/?{ADDRESS}", False),
        (ADDRESS.replace("https", "http"), False),
        ("", False),
        (".", False),
    ],
)
def test_the_public_address_is_known_in_all_its_forms(address: str, *, public: bool) -> None:
    """The releases that are published there are embedded; a fork's are not."""
    assert releases.is_public(address) is public


# --- a history ----------------------------------------------------------------------------------


def test_tags_that_are_no_versions_are_no_releases(
    released: Checkout, repository: Path, tmp_path: Path
) -> None:
    """A fork may have whatever tags it likes; versions stand in their own order."""
    released.git("clone", "--quiet", "--bare", str(repository), str(tmp_path / "fork"))
    for tag in ("nightly", "v1-before", "v0.10.0", "v0.11.0rc1", "stable/1", "naïve"):
        released.git("tag", tag, "v0.1.0", folder=tmp_path / "fork")
    found = History(tmp_path / "fork", "the fork")
    assert [str(each) for each in found.tags()] == [*VERSIONS, "0.10.0", "0.11.0rc1"]
    assert str(found.newest()) == "0.10.0"  # a release candidate is for those who ask for it


def test_a_repository_without_a_release_is_told(released: Checkout, work: Path) -> None:
    """A template that was never tagged has nothing to update to."""
    released.git("init", "--quiet", "--bare", str(work / "empty"))
    with pytest.raises(SourceError, match="'that place': holds no release; see that its tags are"):
        History(work / "empty", "that place").newest()


def test_a_release_is_read_as_it_was_composed(released: Checkout, repository: Path) -> None:
    """Files, modes and questions of one template in one language, and nothing of the others."""
    found = History(repository, "here")
    template = catalog.load("toy", released.root / "templates")
    for language in template.languages:
        release = found.release(found.newest(), "toy", language)
        assert release.version == "0.4.0"
        assert release.files == to_jinja(template, compose(template, language))
    for version in found.tags():
        config = git.read(repository, "show", f"v{version}:{CONFIG}")
        assert found.release(version, "toy", "rust").config == yaml.safe_load(config)


@pytest.mark.parametrize(
    ("template", "language"),
    [
        *(("absent", "python"), ("toy", "cobol"), ("asking", "rust"), ("", ""), ("*", "*")),
        *(("..", "templates"), ("toy/python", "src"), ("/", "/"), ("-r", "-r"), ("t\noy", "x")),
        ("to\0y", "python"),
    ],
)
def test_a_template_that_a_version_does_not_have_is_told(
    template: str, language: str, repository: Path
) -> None:
    """Whatever an answers file says: the error names version, template, language and a way out."""
    with pytest.raises(SourceError) as told:
        History(repository, "here").release(Version("0.1.0"), template, language)
    problem = f"version 0.1.0 has no template {template!r} in {language}"
    assert str(told.value) == f"'here': {problem}; choose another version, with --to"


def test_the_changelog_is_that_of_the_version(repository: Path) -> None:
    """Each release has the changelog as it was then."""
    found = History(repository, "here")
    for number, version in enumerate(found.tags()):
        headings = [each for each in found.changelog(version).split("\n") if each[:3] == "## "]
        assert headings == [f"## [{each}]" for each in reversed(VERSIONS[: number + 1])]


def test_a_release_without_a_changelog_has_an_empty_one(checkout: Checkout, tmp_path: Path) -> None:
    """A fork that keeps none is no error."""
    (checkout.root / "CHANGELOG.md").unlink()
    checkout.git("commit", "--quiet", "--all", "--message", "none")
    checkout.git("tag", "v0.2.0")
    history.build(checkout.root, tmp_path / "built")
    found = History(tmp_path / "built", "here")
    assert found.changelog(Version("0.1.0")).startswith("## [0.1.0]\n")
    assert found.changelog(Version("0.2.0")) == ""
