"""The harness, tried on small templates whose checks are shell commands."""

import json
import sys
import threading
import time
from pathlib import Path

import pytest

from helpers import TOY, build_tree
from scaffold import catalog, check
from scaffold.check import Options, Result, cells, run_cells
from scaffold.faults import BY_LANGUAGE

MAKEFILE = """\
check: lint test
lint: format-check style types
setup format style types test:
\t@echo $@ of my-project
format-check:
\t@! grep -rn 'planted' tests
"""
HOOKS = """\
repos:
  - repo: local
    hooks:
      - {id: lint, name: lint, entry: make lint, language: unsupported, pass_filenames: false}
"""
LISTED = (
    ".copier-answers.yml .github/ci.yml .pre-commit-config.yaml"
    " AUTHORS.md LICENSE Makefile README.md"
)


def small_template(**files: str) -> dict[str, str | bytes]:
    """Return TOY with a Makefile, hooks and file lists; `files` come on top, `__` is a slash."""
    tree: dict[str, str | bytes] = {
        **TOY,
        "_shared/any/Makefile": MAKEFILE,
        "_shared/any/.pre-commit-config.yaml": HOOKS,
    }
    python = "pyproject.toml run.sh src/my_project/__init__.py"
    tree["toy/files-python.txt"] = "\n".join(sorted(f"{LISTED} {python}".split())) + "\n"
    tree["toy/files-rust.txt"] = (
        "\n".join(sorted(f"{LISTED} Cargo.toml src/main.rs".split())) + "\n"
    )
    return tree | files


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # pre-commit, wherever these tests were started from.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")


def run(
    root: Path, language: str | None = "python", *, faults: bool = False, fresh: bool = False
) -> list[Result]:
    """Run the cells of the templates below `root`."""
    wanted = cells(catalog.load_all(root), language)
    return run_cells(wanted, Options(faults=faults, fresh=fresh, jobs=2), lambda *_: None)


def test_a_template_whose_checks_are_green_passes_every_stage(tmp_path: Path) -> None:
    """A good template passes, and the log holds what its commands printed."""
    (result,) = run(build_tree(small_template(), tmp_path / "templates"))
    assert [each.message for each in result.outcomes if not each.passed] == []
    assert result.status == "passed"
    stages = [each.stage for each in result.outcomes]
    assert stages == ["laws", "names", "write", "setup", "format", "check", "hooks"]
    assert result.log is not None
    assert "test of toy" in result.log.read_text()


def test_a_failing_check_fails_the_cell_with_the_end_of_its_output(tmp_path: Path) -> None:
    """The first stage that fails ends the cell and tells what the command printed."""
    makefile = (
        MAKEFILE.replace("style types test:", "style types:") + "test:\n\t@echo broken; exit 3\n"
    )
    tree = small_template(**{"_shared/any/Makefile": makefile})
    (result,) = run(build_tree(tree, tmp_path / "templates"))
    assert result.status == "failed"
    assert result.outcomes[-1].stage == "check"
    assert "broken" in result.outcomes[-1].message
    assert "test] Error 3" in result.outcomes[-1].message


def test_a_format_that_changes_a_file_fails_the_cell(tmp_path: Path) -> None:
    """A template whose own formatter changes it is not in form."""
    makefile = (
        MAKEFILE.replace("setup format style", "setup style") + "format:\n\techo >> README.md\n"
    )
    tree = small_template(**{"_shared/any/Makefile": makefile})
    (result,) = run(build_tree(tree, tmp_path / "templates"))
    assert result.outcomes[-1].message == (
        "make format changed README.md, so the template is not in form"
    )


def test_a_formatter_that_minds_a_long_name_fails_the_cell(tmp_path: Path) -> None:
    """A project is tried under names that are hard on formatting."""
    makefile = MAKEFILE.replace(
        "! grep -rn 'planted' tests", "! grep -rn 'qqqqqq' README.md AUTHORS.md src"
    )
    tree = small_template(
        **{"_shared/any/Makefile": makefile, "toy/any/README.md": "my-project Ada Author"}
    )
    (result,) = run(build_tree(tree, tmp_path / "templates"))
    assert result.outcomes[-1].stage == "names"
    assert result.outcomes[-1].message.startswith(f"called {'q' * 40}: ")


def test_a_broken_law_fails_the_cell_before_anything_is_built(tmp_path: Path) -> None:
    """A file that is not listed is told by name."""
    tree = small_template(**{"toy/any/extra.txt": "x"})
    (result,) = run(build_tree(tree, tmp_path / "templates"))
    assert [each.stage for each in result.outcomes] == ["laws"]
    assert (
        result.outcomes[0].message
        == "extra.txt was rendered, but files-python.txt does not list it"
    )


def test_a_hook_that_fails_fails_the_cell(tmp_path: Path) -> None:
    """The project's own hooks are run on all files."""
    hooks = HOOKS.replace("entry: make lint", "entry: 'false'")
    tree = small_template(**{"_shared/any/.pre-commit-config.yaml": hooks})
    (result,) = run(build_tree(tree, tmp_path / "templates"))
    assert result.outcomes[-1].stage == "hooks"
    assert "Failed" in result.outcomes[-1].message


def test_what_passed_and_is_unchanged_is_not_run_again(tmp_path: Path) -> None:
    """A second run is cached; --fresh runs it; a change runs the cells that it touches only."""
    root = build_tree(small_template(), tmp_path / "templates")
    assert [each.status for each in run(root, None)] == ["passed", "passed"]
    begun = time.monotonic()
    assert [each.status for each in run(root, None)] == ["cached", "cached"]
    assert time.monotonic() - begun < 3
    assert [each.status for each in run(root, None, fresh=True)] == ["passed", "passed"]
    build_tree({"toy/rust/src/main.rs": "use my_project::changed;\n"}, root)
    assert [each.status for each in run(root, None)] == ["cached", "passed"]


def test_a_cell_that_failed_is_run_again(tmp_path: Path) -> None:
    """Only passes are remembered."""
    tree = small_template(**{"toy/any/extra.txt": "x"})
    root = build_tree(tree, tmp_path / "templates")
    assert [run(root)[0].status for _ in range(2)] == ["failed", "failed"]


def test_faults_that_the_checks_do_not_find_fail_the_cell(tmp_path: Path) -> None:
    """A project whose check stays green with a fault in it is no good."""
    makefile = MAKEFILE.replace("@! grep -rn 'planted' tests", "@true")
    tree = small_template(**{"_shared/any/Makefile": makefile})
    (result,) = run(build_tree(tree, tmp_path / "templates"), faults=True)
    assert result.status == "failed"
    assert result.outcomes[-1].stage == "fault: formatting"
    assert result.outcomes[-1].message == (
        "make check stayed green with a formatting fault in tests/test_0_planted.py"
    )


def test_a_fault_found_by_the_wrong_verb_fails_the_cell(tmp_path: Path) -> None:
    """Each fault must turn its own verb red, or the check finds it by chance only."""
    makefile = MAKEFILE.replace("@! grep -rn 'planted' tests", "@true")
    makefile = makefile.replace("style types test:", "style types:")
    makefile += "test:\n\t@test ! -e tests/test_0_planted.py\n"
    tree = small_template(**{"_shared/any/Makefile": makefile})
    (result,) = run(build_tree(tree, tmp_path / "templates"), faults=True)
    assert result.outcomes[-1].stage == "fault: formatting"
    assert "should fail in format-check, but" in result.outcomes[-1].message


def test_a_planted_fault_is_removed_again(tmp_path: Path) -> None:
    """What is kept after a check with faults is the project as it was rendered."""
    kept = tmp_path / "kept"
    kept.mkdir()
    root = build_tree(small_template(), tmp_path / "templates")
    wanted = cells(catalog.load_all(root), "python")
    run_cells(wanted, Options(faults=True, keep=kept), lambda *_: None)
    assert (kept / "toy-python/README.md").is_file()
    planted = {fault.path for fault in BY_LANGUAGE["python"]}
    assert [path for path in planted if (kept / "toy-python" / path).exists()] == []


def test_an_interrupt_ends_every_command(tmp_path: Path) -> None:
    """Ctrl-C during a check leaves no command running."""
    makefile = (
        MAKEFILE.replace("setup format", "format") + "setup:\n\techo $$$$ > pid; exec sleep 60\n"
    )
    tree = small_template(**{"_shared/any/Makefile": makefile})
    root = build_tree(tree, tmp_path / "templates")

    def interrupt(_cell: str, stage: str, state: str) -> None:
        if stage == "setup" and state == "running":
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_cells(cells(catalog.load_all(root)), Options(jobs=2), interrupt)
    assert time.monotonic() - begun < 30
    assert threading.active_count() < 5


def test_the_answers_of_the_harness_do_not_depend_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git's configuration does not reach what is checked, or passes could not be shared."""
    root = build_tree(small_template(), tmp_path / "templates")
    (cell,) = cells(catalog.load_all(root), "python")
    before = check.test_answers(cell, "toy").as_dict()
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    build_tree({"gitconfig": "[user]\n\tname = Somebody\n\temail = s@example.org\n"}, tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert check.test_answers(cell, "toy").as_dict() == before
    assert json.dumps(before).count("Somebody") == 0
