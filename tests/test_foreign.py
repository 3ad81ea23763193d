"""The harness, pointed at Copier templates that are not of this project."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import build_tree, need
from scaffold.check import Result
from scaffold.foreign import Request, check_source
from scaffold.foreign.isolation import find_tool

MAKEFILE = "check:\n\t@echo checked {{ name }}\n"
TEMPLATE = {"copier.yml": "name: thing\n", "Makefile.jinja": MAKEFILE}
NEEDS_TIME = "_jinja_extensions: [jinja2_time.TimeExtension]\n"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the toy projects are made for a shell")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a check leaves in a cache of the test's own, but uv's where it always is."""
    monkeypatch.setenv(
        "UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv"))
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if sys.platform == "darwin":
        monkeypatch.setenv("HOME", str(tmp_path))


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, as somebody."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def need_uv() -> None:
    """Skip without uv, on the path or beside this Python."""
    if find_tool("uv") is None:
        need("uv")


def commit(folder: Path, tag: str = "") -> Path:
    """Make a folder a repository, or go on with it; commit all that is there, and tag it."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")
    if tag:
        git(folder, "tag", tag)
    return folder


def run(source: Path | str, request: Request | None = None) -> tuple[Result, list[str]]:
    """Check a source and say nothing meanwhile."""
    return check_source(str(source), request or Request(), lambda *_: None)


def problem(files: dict[str, str], folder: Path, request: Request | None = None) -> str:
    """Return what the report says of a template that does not render."""
    result, _ = run(build_tree(files, folder / "template"), request)
    assert result.status == "failed"
    assert result.log is not None
    assert result.log.is_file()
    return result.outcomes[-1].message


def stages(result: Result) -> list[str]:
    """Return the names of the stages that were run."""
    return [each.stage for each in result.outcomes]


def test_a_makefile_with_check_passes(tmp_path: Path) -> None:
    """A folder without git is rendered as it is, and its Makefile's `check` decides."""
    result, notes = run(build_tree(TEMPLATE, tmp_path / "template"))
    assert result.status == "passed"
    assert stages(result) == ["render", "git", "make check"]
    assert result.log is not None
    assert "checked thing" in result.log.read_text("utf-8")
    assert "the folder as it is, without git" in notes[0]
    assert "found and runs: make check" in notes


def test_a_check_that_fails_is_red_with_its_output(tmp_path: Path) -> None:
    """The end of a failing command's output is in the report."""
    files = TEMPLATE | {"Makefile.jinja": "check:\n\t@echo it is broken; false\n"}
    assert "it is broken" in problem(files, tmp_path)


def test_setup_comes_before_lint_and_test(tmp_path: Path) -> None:
    """Without `check`, `lint` and `test` are run, after the target that prepares them."""
    files = TEMPLATE | {"Makefile.jinja": "install lint test:\n\t@echo $@\n"}
    result, _ = run(build_tree(files, tmp_path / "template"))
    assert stages(result)[2:] == ["make install", "make lint", "make test"]


def test_a_project_without_checks_has_not_passed(tmp_path: Path) -> None:
    """Finding nothing to run is a failure that says what was looked for."""
    words = problem({"copier.yml": "name: x\n", "README.md": "hello\n"}, tmp_path)
    assert words.startswith("rendered, but has no check that we know")
    assert "make, nox, tox, just, cargo, pytest" in words


def test_the_project_is_a_repository_with_a_commit(tmp_path: Path) -> None:
    """What takes its version from git finds a commit, and no hook of the user's runs."""
    files = TEMPLATE | {"Makefile.jinja": "check:\n\tgit log --format=%s | grep 'As rendered'\n"}
    result, _ = run(build_tree(files, tmp_path / "template"))
    assert result.status == "passed"


def test_the_newest_tag_is_used(tmp_path: Path) -> None:
    """With tags the newest release is rendered, and the notes say what of the folder is not."""
    template = build_tree(TEMPLATE, tmp_path / "template")
    for tag in ("1.9.0", "1.10.0", ""):
        build_tree({"version.txt": tag or "later"}, template)
        commit(template, tag)
    request = Request(keep=tmp_path / "kept")
    result, notes = run(template, request)
    kept = tmp_path / "kept" / result.cell / "my-project"
    assert (kept / "version.txt").read_text() == "1.10.0"
    assert "its newest tag, 1.10.0; left out: 1 newer commits" in notes[0]


def test_without_tags_the_last_commit_and_changes_are_used(tmp_path: Path) -> None:
    """A repository without tags is rendered as it lies, changes included, and is told so."""
    template = commit(build_tree(TEMPLATE, tmp_path / "template"))
    build_tree({"more.txt": "more"}, template)
    result, notes = run(template, Request(keep=tmp_path / "kept"))
    assert (tmp_path / "kept" / result.cell / "my-project/more.txt").is_file()
    assert "HEAD, for it has no tag" in notes[0]
    assert any("Dirty template" in note for note in notes)


def test_a_ref_is_used_instead_of_the_newest_tag(tmp_path: Path) -> None:
    """The author of a template can check what is not released yet."""
    template = commit(build_tree(TEMPLATE | {"state.txt": "old"}, tmp_path / "template"), "1.0.0")
    build_tree({"state.txt": "new"}, template)
    result, notes = run(template, Request(ref="HEAD", keep=tmp_path / "kept"))
    assert (tmp_path / "kept" / result.cell / "my-project/state.txt").read_text() == "new"
    assert "from HEAD" in notes[0]


def test_an_address_of_git_is_cloned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is fetched by git, whatever its scheme."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "mirrors"))
    template = commit(build_tree(TEMPLATE, tmp_path / "template"), "1.0.0")
    result, notes = run(template.as_uri())
    assert result.status == "passed"
    assert "its newest tag, 1.0.0" in notes[0]


def test_kept_projects_are_not_overwritten(tmp_path: Path) -> None:
    """A second run into the same folder says what stands in its way."""
    template = build_tree(TEMPLATE, tmp_path / "template")
    request = Request(keep=tmp_path / "kept")
    run(template, request)
    result, _ = run(template, request)
    assert "is there already; remove it, or give another folder to --keep" in (
        result.outcomes[-1].message
    )


def test_a_source_that_is_nothing_has_failed() -> None:
    """What is neither a folder nor an address is refused before anything is done."""
    result, notes = run("no/such/folder")
    assert (result.status, result.log, notes) == ("failed", None, [])
    (outcome,) = result.outcomes
    assert outcome.message == (
        "'no/such/folder': is neither a folder nor the address of a git repository; check the path"
    )


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("https://no-such-host.invalid/some/template.git", "check the address and the network"),
        ("git+file:///no/such/repository", "check the address"),
    ],
)
def test_a_clone_that_fails_is_told(
    address: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git says is in the report; git never asks for anything."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "mirrors"))
    result, _ = run(address)
    assert "git cannot get it: " in result.outcomes[-1].message
    assert step in result.outcomes[-1].message


def test_a_git_bundle_is_a_source_and_another_file_is_none(tmp_path: Path) -> None:
    """One file can hold a repository; the report says when it does not."""
    template = commit(build_tree(TEMPLATE, tmp_path / "template"), "1.0.0")
    git(template, "bundle", "create", str(tmp_path / "all.bundle"), "--all")
    assert run(tmp_path / "all.bundle")[0].status == "passed"
    result, _ = run(template / "copier.yml")
    assert "is a file, and no git bundle" in result.outcomes[-1].message


def test_secrets_of_an_address_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password in an address is left out of the report."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "mirrors"))
    result, _ = run("https://me:hunter2@no-such-host.invalid/some/template.git")
    assert "hunter2" not in result.outcomes[-1].message


CONFIG_PROBLEMS = [
    ({"README.md": "x"}, "is not a Copier template, for it has no copier.yml"),
    ({"cookiecutter.json": "{}"}, "is a Cookiecutter template"),
    ({"copier.yml": "a: 1", "copier.yaml": "a: 1"}, "remove all but one"),
    ({"copier.yml": "a: 1\nb: c: d\n"}, "its copier.yml:2 is malformed"),
    ({"copier.yml": "- just\n- a list\n"}, "no table of questions; mend it"),
    ({"copier.yml": '_min_copier_version: "99.0"\n'}, "requires Copier version >= 99.0"),
    ({"copier.yml": "a: {type: colour, default: 1}\n"}, 'Unsupported type "colour"'),
    ({"copier.yml": "a: {secret: true}\n"}, "Secret question requires a default value"),
    ({"copier.yml": "_subdirectory: ../elsewhere\n"}, "reaches outside of its folder"),
    ({"copier.yml": "_envops: {undefined: os.Nothing}\n"}, "Unsupported envops.undefined"),
]


@pytest.mark.parametrize(("files", "words"), CONFIG_PROBLEMS)
def test_a_template_that_is_none_is_told_why(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Each way in which copier.yml does not do has its sentence, and a report."""
    told = problem(files, tmp_path)
    assert words in told
    assert "\n" not in told
    assert "errors.pydantic.dev" not in told


def test_all_answers_that_are_missing_are_asked_for_at_once(tmp_path: Path) -> None:
    """Every question without a default is named with its flag, hidden ones are not."""
    questions = (
        "project: {type: str}\n"
        "kind: {type: str, choices: [app, library]}\n"
        "hidden: {type: str, when: false}\n"
        "port: {type: int, when: \"{{ kind == 'app' }}\"}\n"
        "site: {type: str, validator: \"{% if '://' not in site %}no{% endif %}\"}\n"
        "given: {type: str}\n"
        "known: 1\n"
    )
    words = problem({"copier.yml": questions}, tmp_path, Request(data={"given": "x"}))
    assert "asks without a default: project, kind, port, site" in words
    flags = "--data project=VALUE --data kind=VALUE --data port=VALUE --data site=VALUE"
    assert words.endswith(f"; add {flags}")


@pytest.mark.parametrize(
    ("question", "data", "words"),
    [
        ("size: {type: int, default: many}", {}, "the default to its question size"),
        ("size: {type: int, default: 1}", {"size": "x"}, "the answer given to its question size"),
        ("hue: {type: str, default: r, choices: [g, b]}", {}, "the default to its question hue"),
        (
            "hue: {type: str, default: r, validator: '{% if hue == \"r\" %}not r{% endif %}'}",
            {},
            "question hue does not do: not r; add --data hue=VALUE",
        ),
    ],
)
def test_answers_that_do_not_do_are_named(
    question: str, data: dict[str, str], words: str, tmp_path: Path
) -> None:
    """A default or an answer that the template itself refuses is named with its question."""
    assert words in problem({"copier.yml": f"{question}\n"}, tmp_path, Request(data=data))


def test_an_answer_to_no_question_is_told(tmp_path: Path) -> None:
    """Copier takes any answer; a misspelt one is told with the nearest question."""
    template = build_tree(TEMPLATE, tmp_path / "template")
    result, notes = run(template, Request(data={"nane": "x"}))
    assert result.status == "passed"
    assert "--data nane answers no question of this template; did you mean name?" in notes


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.txt.jinja": "one\n{{ name | no_such_filter }}\n"}, "at a.txt.jinja:2"),
        ({"a.txt.jinja": "one\n\n{% if %}\n"}, "at a.txt.jinja:3"),
        (
            {"a.txt.jinja": "one\n{{ nothing.at_all }}\n"},
            "at a.txt.jinja:2: 'nothing' is undefined",
        ),
        ({"{{ nothing.at_all }}.txt": "x"}, "{{ nothing.at_all }}.txt"),
        ({"copier.yml": "a: '{{ nothing.b }}'"}, "question a does not do: 'nothing' is undefined"),
    ],
)
def test_errors_of_jinja_name_file_and_line(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    """A template that Jinja cannot render is told with the place to mend."""
    assert words in problem(TEMPLATE | files, tmp_path)


def test_two_files_that_become_one_are_told_without_asking(tmp_path: Path) -> None:
    """Copier would ask whether to overwrite; nobody is there to answer."""
    files = TEMPLATE | {"{{ name }}.txt": "one", "thing.txt": "another"}
    assert "asks something on a terminal" in problem(files, tmp_path)


def test_tasks_need_trust_and_are_named(tmp_path: Path) -> None:
    """Nothing of a template's runs while rendering before its user has read what it is."""
    files = TEMPLATE | {"copier.yml": "name: x\n_tasks:\n- touch ran\n- [echo, hello]\n"}
    words = problem(files, tmp_path)
    assert "the task `touch ran`, the task `echo hello`; if you trust it, add --trust" in words
    request = Request(trust=True, keep=tmp_path / "kept")
    result, _ = run(tmp_path / "template", request)
    assert result.status == "passed"
    assert (tmp_path / "kept" / result.cell / "my-project/ran").is_file()


def test_a_task_that_fails_is_told_with_its_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A task's output is in the report and the log, and never on the terminal."""
    files = TEMPLATE | {"copier.yml": "_tasks: ['echo so it goes; exit 7']\n"}
    words = problem(files, tmp_path, Request(trust=True))
    assert "its task `echo so it goes; exit 7` failed with exit code 7" in words
    assert "\nso it goes" in words
    assert capfd.readouterr() == ("", "")


def test_a_task_cannot_ask(tmp_path: Path) -> None:
    """A task that reads an answer finds the end of its input."""
    files = TEMPLATE | {"copier.yml": "_tasks: ['read answer']\n"}
    assert "its task `read answer` failed" in problem(files, tmp_path, Request(trust=True))


def test_extensions_that_are_missing_are_named_with_their_flag(tmp_path: Path) -> None:
    """Trust and packages are told in one go, and again for what is still missing."""
    files = TEMPLATE | {"copier.yml": "_jinja_extensions: [jinja2_slug.S, own_thing.ext.T]\n"}
    flags = "--with jinja2-slug --with own-thing"
    assert problem(files, tmp_path).endswith(f"if you trust it, add --trust {flags}")
    words = problem(files, tmp_path, Request(trust=True))
    assert "Jinja extensions that are not installed: jinja2_slug, own_thing" in words
    assert words.endswith(f"add {flags}")


def test_a_package_that_cannot_be_installed_is_told(tmp_path: Path) -> None:
    """The installer's words are in the report."""
    request = Request(packages=[str(tmp_path / "nothing-here")])
    words = problem(TEMPLATE, tmp_path, request)
    assert "nothing-here cannot be installed; check its name:" in words


@pytest.mark.project
def test_a_package_is_installed_for_one_run_only(tmp_path: Path) -> None:
    """`--with` brings an extension for this run, and leaves no trace of it."""
    files = TEMPLATE | {"copier.yml": f"name: x\n{NEEDS_TIME}", "a.jinja": "{% now 'utc', '%Y' %}"}
    template = build_tree(files, tmp_path / "template")
    request = Request(trust=True, packages=["jinja2-time"], keep=tmp_path / "kept")
    result, _ = run(template, request)
    assert result.status == "passed"
    assert stages(result)[0] == "with"
    assert (tmp_path / "kept" / result.cell / "my-project/a").read_text().isdigit()
    assert not list(tmp_path.rglob("jinja2_time"))
    again, _ = run(template, Request(trust=True))
    assert "add --with jinja2-time" in again.outcomes[-1].message


def test_features_of_copier_that_move_files(tmp_path: Path) -> None:
    """Sub-directory, another suffix, an answers file, data from outside, and many from one."""
    config = (
        "_subdirectory: inner\n_templates_suffix: .tmpl\n_answers_file: .my-answers.yml\n"
        "_external_data: {other: other.yml}\nnames: {type: yaml, default: [a, b]}\n"
        "token: {type: str, secret: true, default: ''}\n"
    )
    files = {
        "copier.yml": config,
        "inner/{% yield each from names %}{{ each }}{% endyield %}.txt.tmpl": "{{ each }}",
        "inner/{{ _copier_conf.answers_file }}.tmpl": "{{ _copier_answers | to_nice_yaml }}",
        "inner/Makefile": "check: a.txt b.txt .my-answers.yml\n",
    }
    result, _ = run(commit(build_tree(files, tmp_path / "template"), "1.0.0"))
    assert result.status == "passed"


def test_the_settings_of_the_user_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the user's answers nor the user's trust are those of the template."""
    settings = build_tree({"settings.yml": "defaults: {name: mine}\ntrust: ['/']\n"}, tmp_path)
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings / "settings.yml"))
    files = TEMPLATE | {"copier.yml": "name: thing\n_tasks: ['true']\n"}
    assert "add --trust" in problem(files, tmp_path)


def test_the_environment_of_scaffold_stays_out_of_reach(tmp_path: Path) -> None:
    """A project's `python` and `pip` are in an environment made for it."""
    makefile = "check:\n\tpython -c 'import sys; print(sys.prefix)'\n\tpython -m pip --version\n"
    files = {"copier.yml": "a: 1\n", "pyproject.toml": "", "Makefile": makefile}
    result, _ = run(build_tree(files, tmp_path / "template"))
    assert result.status == "passed"
    assert stages(result)[2:] == ["environment", "make check"]
    assert result.log is not None
    assert f"\n{sys.prefix}\n" not in result.log.read_text("utf-8")


PYTHON_PROJECT = {
    "copier.yml": "name: thing\n",
    "pyproject.toml.jinja": (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "{{ name }}"\nversion = "1"\n'
        '[project.optional-dependencies]\ntest = ["iniconfig"]\n'
    ),
    "{{ name }}/__init__.py": "VALUE = 1\n",
    "tests/test_it.py.jinja": (
        "import iniconfig\nimport {{ name }}\n\n\n"
        "def test_it():\n    assert {{ name }}.VALUE == 1\n"
    ),
}


@pytest.mark.project
@pytest.mark.parametrize(("value", "status"), [("1", "passed"), ("2", "failed")])
def test_a_project_with_nothing_but_tests(value: str, status: str, tmp_path: Path) -> None:
    """The tests run under pytest with the project and what it says its tests need; it decides."""
    need_uv()
    files = PYTHON_PROJECT | {"{{ name }}/__init__.py": f"VALUE = {value}\n"}
    result, _ = run(build_tree(files, tmp_path / "template"))
    assert stages(result)[-1] == "pytest"
    assert result.status == status
    if status == "failed":
        assert "1 failed" in result.outcomes[-1].message


@pytest.mark.project
def test_a_nox_that_skips_everything_has_not_passed(tmp_path: Path) -> None:
    """Sessions for an interpreter that is not here are no check."""
    need_uv()
    session = "import nox\n\n\n@nox.session(python=['3.99'])\ndef t(s):\n    s.run('true')\n"
    words = problem({"copier.yml": "a: 1\n", "noxfile.py": session}, tmp_path)
    assert words.startswith("nox ran no session")


def test_every_stage_is_told_as_it_happens(tmp_path: Path) -> None:
    """The table sees each stage begin, and the end."""
    told: list[tuple[str, ...]] = []
    template = build_tree(TEMPLATE, tmp_path / "template")
    result, _ = check_source(str(template), Request(), lambda *words: told.append(words))
    assert [(stage, state.partition(" after ")[0]) for _, stage, state in told] == [
        ("render", "running"),
        ("render", "passed"),
        ("git", "running"),
        ("git", "passed"),
        ("make check", "running"),
        ("make check", "passed"),
        ("", "passed"),
    ]
    assert {words[0] for words in told} == {result.cell}


def test_an_interrupt_ends_everything(tmp_path: Path) -> None:
    """Ctrl-C ends the check and what its commands started."""
    makefile = "check:\n\t@while sleep 0.1; do echo >> beat; done\n"
    template = build_tree(TEMPLATE | {"Makefile.jinja": makefile}, tmp_path / "template")
    script = (
        "import sys; from scaffold.foreign import *\n"
        "check_source(sys.argv[1], Request(), lambda *_: None)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, template], stderr=subprocess.PIPE)
    while not (beats := list(tmp_path.rglob("my-project/beat"))):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in said
    length = beats[0].stat().st_size
    time.sleep(0.5)
    assert beats[0].stat().st_size == length
