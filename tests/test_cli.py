"""The command line, run as a user runs it: as a process, with an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers import build_tree, need, read_tree
from programs import TOYS, Program
from scaffold.version import version
from terminals import Terminal

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

COMMANDS = ("list", "show", "new", "check", "matrix", "doctor")
OPTIONS = {
    "": "--version --help --install-completion --show-completion",
    "list": "--json",
    "show": "--language --json TEMPLATE",
    "new": "--language --name --data --data-file --defaults --dry-run --no-git DESTINATION",
    "check": "--language --faults --fresh --jobs --keep --json --junit"
    " --source --data --with --trust",
    "matrix": "--changed-since",
    "doctor": "--json",
}


def told(program: Program, folder: Path, *words: str, code: int, **environment: str | None) -> str:
    """Run what must fail with `code`, and return its one line of error."""
    done = program.run(*words, folder=folder, environment=environment)
    assert (done.returncode, done.stdout.count("Made")) == (code, 0), done
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("error: ").rstrip("\n")


def answers(project: Path) -> dict[str, str]:
    """Return what a project records of its answers."""
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    return {key: value for key, value in yaml.safe_load(text).items() if key[0] != "_"}


# --- what there is ------------------------------------------------------------------------------


def test_the_version_is_printed(program: Program, work: Path) -> None:
    """`--version` names the program and its version."""
    assert program.run("--version", folder=work).stdout == f"scaffold {version()}\n"


@pytest.mark.parametrize("command", OPTIONS)
def test_the_help_names_every_option_and_fits_80_columns(
    command: str, program: Program, work: Path
) -> None:
    """A person on a plain terminal reads the whole help of each command."""
    wide = {"COLUMNS": "200"}
    done = program.run(*command.split(), "--help", folder=work, environment=wide)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert all(option in done.stdout for option in OPTIONS[command].split())
    assert "..." not in done.stdout.replace("]...", "").replace("[ARGS]...", "")
    if not command:
        assert all(f"\n  {each}  " in done.stdout for each in COMMANDS)


def test_no_words_at_all_print_the_help(program: Program, work: Path) -> None:
    """A bare call is a usage error that helps."""
    done = program.run(folder=work)
    assert done.returncode == 2
    assert "scaffold new calculator" in done.stdout + done.stderr


def test_list_shows_each_template_with_its_languages(program: Program, work: Path) -> None:
    """The list is a line a template, and the same as JSON."""
    lines = program.run("list", folder=work).stdout.splitlines()
    assert lines == [
        "asking  Python        Asks what it cannot know",
        "toy     Python, Rust  A toy",
    ]
    document = json.loads(program.run("list", "--json", folder=work).stdout)
    assert list(document) == ["version", "templates"]
    assert document["version"] == 1
    assert document["templates"][1] == {
        "name": "toy",
        "summary": "A toy",
        "languages": ["python", "rust"],
    }


def test_show_tells_questions_tools_and_files(program: Program, work: Path) -> None:
    """A template's questions come with defaults and choices, and its tools with what is missing."""
    shown = program.run("show", "asking", folder=work, environment={"PATH": str(work)}).stdout
    assert "Tools: git (missing here), make (missing here), python3" in shown
    assert "docker (missing here)" in shown
    assert "region   Where does it run? no default" in shown
    assert "How large? (small, large) [small]" in shown
    assert shown.endswith("Files in Python:\n  place.txt\n")


@pytest.mark.parametrize("language", ["python", "rust"])
def test_show_json_is_what_the_documentation_says(
    language: str, program: Program, work: Path
) -> None:
    """The keys are those of docs/json.md; files and tools are those of the language."""
    done = program.run("show", "toy", "--language", language, "--json", folder=work)
    document = json.loads(done.stdout)
    keys = "version name summary languages language questions tools files"
    assert list(document) == keys.split()
    assert document["language"] == language
    assert document["files"] == TOYS[f"toy/files-{language}.txt"].split()
    tools = {tool["name"]: tool["optional"] for tool in document["tools"]}
    assert tools == {"git": False, "make": False, "python3": False} | (
        {"uv": True} if language == "python" else {"cargo": False, "cargo-nextest": True}
    )
    questions = {each["name"]: each for each in document["questions"]}
    assert questions["licence"]["choices"] == ["mit", "apache-2.0", "none"]
    assert questions["author"]["default"] == "The toy authors"


def test_the_matrix_is_every_cell_as_github_takes_it(program: Program, work: Path) -> None:
    """The matrix is one line of JSON with one object a cell."""
    done = program.run("matrix", folder=work)
    assert done.stdout.count("\n") == 1
    cells = json.loads(done.stdout)["include"]
    assert [cell["cell"] for cell in cells] == ["asking-python", "toy-python", "toy-rust"]
    assert cells[2] == {"cell": "toy-rust", "template": "toy", "language": "rust"}


def test_doctor_tells_what_is_here_and_how_to_get_the_rest(program: Program, work: Path) -> None:
    """Each tool has a line with its version, or a next step."""
    need("git")
    found = program.run("doctor", folder=work).stdout
    assert any(line.startswith("git ") and " ok " in line for line in found.splitlines())
    bare = program.run("doctor", folder=work, environment={"PATH": str(work)})
    assert bare.returncode == 0
    table, steps = bare.stdout.split("\n\nTo get the rest:\n")
    assert "toy-rust" in next(line for line in table.splitlines() if line.startswith("cargo "))
    assert "  git: https://git-scm.com/downloads" in steps
    assert "  cargo: https://rustup.rs" in steps
    document = json.loads(program.run("doctor", "--json", folder=work).stdout)
    assert list(document) == ["version", "tools"]
    keys = "name version minimum good optional serves get"
    assert all(list(tool) == keys.split() for tool in document["tools"])


# --- completion ---------------------------------------------------------------------------------


@pytest.fixture
def on_path(program: Program, tmp_path: Path) -> dict[str, str]:
    """Put a command `scaffold` on the path, as an installation does."""
    script = tmp_path / "bin/scaffold"
    words = f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'scaffold'\n"
    text = f"{words}from scaffold.__main__ import main\nmain()\n"
    build_tree({"bin/scaffold": text}, tmp_path)
    assert script.exists()
    return program.environment | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


@posix
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("scaffold new t", ["toy"]),
        ("scaffold show ", ["asking", "toy"]),
        ("scaffold check toy a", ["asking"]),
        ("scaffold new x", []),
        ("scaffold doc", ["doctor"]),
        ("scaffold new toy --dr", ["--dry-run"]),
    ],
)
def test_bash_completes_templates_commands_and_options(
    line: str, offered: list[str], on_path: dict[str, str], work: Path
) -> None:
    """The script of `--show-completion`, read by a real bash, offers what fits."""
    bash = need("bash")
    words = line.split(" ")
    script = f"""
        eval "$(scaffold --show-completion)" || exit 1
        COMP_WORDS=({" ".join(words)}) COMP_CWORD={len(words) - 1}
        complete -p scaffold >/dev/null || exit 2
        function=$(complete -p scaffold | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        "$function" scaffold
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        cwd=work,
        env=on_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == offered


@posix
def test_zsh_is_answered_in_its_own_form(on_path: dict[str, str], work: Path) -> None:
    """The protocol of zsh: the words so far in a variable, the answer is what it evaluates."""
    asked = {"_SCAFFOLD_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "scaffold new t"}
    done = subprocess.run(
        ["scaffold"], cwd=work, env=on_path | asked, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == """_arguments '*: :(("toy"))'"""
    assert done.stderr == ""


@posix
def test_completion_is_installed_into_the_home(on_path: dict[str, str], work: Path) -> None:
    """`--install-completion` writes below the home only, and bash reads it from there."""
    bash = need("bash")
    words = "scaffold --install-completion; true"  # a second command, so that bash stays the parent
    done = subprocess.run(
        [bash, "--norc", "-c", words],
        cwd=work,
        env=on_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "bash completion installed in" in done.stdout
    assert "\x1b" not in done.stdout
    assert "scaffold" in (Path(on_path["HOME"]) / ".bashrc").read_text(encoding="utf-8")
    assert list(work.iterdir()) == []


# --- new ----------------------------------------------------------------------------------------


def test_new_with_no_other_word_makes_a_project_in_python_here(
    program: Program, work: Path
) -> None:
    """The destination is ./TEMPLATE, the name that of the destination, the language Python."""
    need("git")
    done = program.run("new", "toy", folder=work)
    assert (done.returncode, done.stderr) == (0, "")
    expected = {
        "template": "toy",
        "language": "python",
        "project_name": "toy",
        "author": "The toy authors",
        "email": "",
        "licence": "mit",
    }
    assert answers(work / "toy") == expected
    assert (work / "toy/src/toy/__init__.py").is_file()
    assert (work / "toy/.git/HEAD").read_text(encoding="utf-8") == "ref: refs/heads/main\n"
    assert [path.name for path in work.iterdir()] == ["toy"]


def test_the_name_comes_from_the_destination_and_is_told_before_writing(
    program: Program, work: Path
) -> None:
    """A folder `My_Cool App` holds the project my-cool-app, and the first line says so."""
    (work / "sub").mkdir()
    done = program.run("new", "toy", "sub/My_Cool App", folder=work)
    first, second = done.stdout.splitlines()[:2]
    assert first == "Name: my-cool-app (distribution my-cool-app, import my_cool_app)"
    assert second.startswith("Made my-cool-app")
    assert (work / "sub/My_Cool App/src/my_cool_app").is_dir()
    rust = program.run("new", "toy", "x", "--name", "Other", "-l", "rust", folder=work)
    assert rust.stdout.startswith("Name: other (crate other, import other)\n")


@pytest.mark.parametrize("name", ["", "1abc", "class", "json", "naïve", "../x", "x" * 41])
def test_a_name_that_will_not_do_is_told_and_nothing_is_written(
    name: str, program: Program, work: Path
) -> None:
    """The error quotes the name, says why, and names the flag."""
    error = told(program, work, "new", "toy", "here", f"--name={name}", code=2)
    assert error.startswith(f"the project name {name!r}")
    assert "--name" in error
    assert list(work.iterdir()) == []


def test_author_and_email_default_to_git_s_configuration(program: Program, work: Path) -> None:
    """The identity that git has is what a project records."""
    need("git")
    config = '[user]\n\tname = "Zoë \\"Z\\" {{ 1 }}"\n\temail = zoe@example.org\n'
    (program.home / ".gitconfig").write_text(config, encoding="utf-8")
    program.run("new", "toy", folder=work)
    recorded = answers(work / "toy")
    assert (recorded["author"], recorded["email"]) == ('Zoë "Z" {{ 1 }}', "zoe@example.org")
    assert 'Zoë "Z" {{ 1 }} <zoe@example.org>' in (work / "toy/AUTHORS.md").read_text("utf-8")


@pytest.mark.parametrize(
    "config",
    [
        b"[user]\n\tname =\n\temail =\n",
        b"[user]\n\tname\n\temail\n",
        b'[user]\n\tname = "two\\nlines"\n\temail = not an address\n',
        b"[user]\n\tname = caf\xe9\n\temail = \xff@x\n",
        b"[user]\n\tname = " + b"x" * 300 + b"\n",
        b"[user]\n\tname = \xe2\x80\xa8\n\temail = a@@b\n",
        b"[broken",
    ],
)
def test_an_identity_that_will_not_do_is_not_taken(
    config: bytes, program: Program, work: Path
) -> None:
    """What git has and a project cannot hold falls back to the template's default."""
    (program.home / ".gitconfig").write_bytes(config)
    done = program.run("new", "toy", "--no-git", folder=work)
    assert (done.returncode, done.stderr) == (0, "")
    recorded = answers(work / "toy")
    assert (recorded["author"], recorded["email"]) == ("The toy authors", "")


def test_data_answers_a_question_and_wins_over_a_file(program: Program, work: Path) -> None:
    """`--data` may hold an equals sign, may be repeated, and stands above `--data-file`."""
    (work / "answers.yml").write_text("author: File\nemail: file@example.org\n", encoding="utf-8")
    words = ("--data-file", "answers.yml", "--data", "author=a=b", "-d", "licence=none")
    done = program.run("new", "toy", *words, folder=work)
    assert done.returncode == 0
    recorded = answers(work / "toy")
    assert recorded["author"] == "a=b"
    assert recorded["email"] == "file@example.org"
    assert recorded["licence"] == "none"
    assert not (work / "toy/LICENSE").exists()


@pytest.mark.parametrize("word", ["no", "1e3", "~", "'quoted'"])
def test_a_word_of_yaml_s_own_stays_the_text_that_it_is(
    word: str, program: Program, work: Path
) -> None:
    """A file's `no` is the answer `no`, and another project's answers file will do as well."""
    (work / "answers.yml").write_text(f"author: {word}\nproject_name: ours\n", encoding="utf-8")
    program.run("new", "toy", "first", "--data-file", "answers.yml", folder=work)
    assert answers(work / "first")["author"] == word.strip("'")
    recorded = "first/.copier-answers.yml"
    done = program.run("new", "toy", "second", "--data-file", recorded, folder=work)
    assert done.returncode == 0, done.stderr
    assert read_tree(work / "second") == read_tree(work / "first")
    assert answers(work / "second")["project_name"] == "ours"


def test_flags_win_over_what_a_file_records(program: Program, work: Path) -> None:
    """An answers file of a project in Rust serves one in Python of another name."""
    program.run("new", "toy", "rusty", "-l", "rust", folder=work)
    words = ("--data-file", "rusty/.copier-answers.yml", "--name", "snake", "-l", "python")
    program.run("new", "toy", "x", *words, folder=work)
    recorded = answers(work / "x")
    assert (recorded["language"], recorded["project_name"]) == ("python", "snake")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such file or directory"),
        (b"a: [", "is not YAML"),
        (b"- a\n- b\n", "must hold lines of the form NAME: VALUE"),
        (b"author: [a]\n", "must hold lines of the form NAME: VALUE"),
        (b"just text", "must hold lines of the form NAME: VALUE"),
        (b"author: caf\xe9\n", "is not YAML"),
        (b"a: 1\n--- \nb: 2\n", "is not YAML"),
        (b"\x00", "is not YAML"),
        (b"a: " + b"[" * 2000, "is not YAML"),
    ],
)
def test_a_data_file_that_will_not_do_is_told(
    content: bytes | None, problem: str, program: Program, work: Path
) -> None:
    """The error names the file and what is wrong with it."""
    if content is not None:
        (work / "answers.yml").write_bytes(content)
    error = told(program, work, "new", "toy", "--data-file", "answers.yml", code=2)
    assert error.startswith("--data-file 'answers.yml': ")
    assert problem in error
    assert not (work / "toy").exists()


def test_answers_to_another_template_are_told(program: Program, work: Path) -> None:
    """An answers file that was made by another template is none for this one."""
    (work / "answers.yml").write_text("template: asking\n", encoding="utf-8")
    error = told(program, work, "new", "toy", "--data-file", "answers.yml", code=2)
    assert error.startswith("template 'asking': ")
    assert "'toy'" in error


def test_an_empty_data_file_answers_nothing(program: Program, work: Path) -> None:
    """An empty file is no mistake."""
    (work / "answers.yml").write_text("", encoding="utf-8")
    assert program.run("new", "toy", "--data-file", "answers.yml", folder=work).returncode == 0


def test_a_dry_run_writes_nothing_and_lists_what_would_be(program: Program, work: Path) -> None:
    """The files that a dry run lists are those that the real run makes."""
    dry = program.run("new", "toy", "--dry-run", folder=work)
    assert list(work.iterdir()) == []
    assert list(program.home.iterdir()) == []
    program.run("new", "toy", folder=work)
    listed = [line.strip() for line in dry.stdout.splitlines() if line.startswith("  ")]
    assert listed == sorted(read_tree(work / "toy"))


def test_no_git_makes_no_repository(program: Program, work: Path) -> None:
    """With `--no-git` there is none, and the closing screen says so."""
    done = program.run("new", "toy", "--no-git", folder=work)
    assert "no git repository" in done.stdout
    assert not (work / "toy/.git").exists()


def test_a_project_inside_a_repository_is_a_part_of_it(program: Program, work: Path) -> None:
    """No repository is nested in another; the closing screen says where the project belongs."""
    need("git")
    subprocess.run(["git", "init", "--quiet", work], check=True)
    (work / "apps").mkdir()
    done = program.run("new", "toy", "apps/toy", folder=work)
    assert "part of the git repository around it" in done.stdout
    assert not (work / "apps/toy/.git").exists()


@posix
def test_a_project_inside_another_user_s_repository_is_a_part_of_it_too(
    program: Program, work: Path
) -> None:
    """Git refuses to speak of a repository of another user's, and yet none is nested in it."""
    need("git")
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    subprocess.run(["git", "init", "--quiet", work], check=True)
    for path in (work, work / ".git"):
        os.chown(path, 65534, 65534)
    done = program.run("new", "toy", folder=work)
    assert "part of the git repository around it" in done.stdout
    assert not (work / "toy/.git").exists()


def test_what_a_git_hook_sets_does_not_lead_away(program: Program, work: Path) -> None:
    """With GIT_DIR and its like set, the repository is the project's own; no other is touched."""
    need("git")
    other = work / "other"
    subprocess.run(["git", "init", "--quiet", other], check=True)
    before = {p: p.read_bytes() for p in other.rglob("*") if p.is_file()}
    hook = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_PREFIX": "sub/",
        "GIT_TEMPLATE_DIR": str(other),
    }
    done = program.run("new", "toy", folder=work, environment=hook)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a new git repository" in done.stdout
    assert (work / "toy/.git/HEAD").is_file()
    assert {p: p.read_bytes() for p in other.rglob("*") if p.is_file()} == before


def test_without_git_there_is_a_project_and_a_word_on_it(program: Program, work: Path) -> None:
    """An empty path: the project is made, and the closing screen names what is missing."""
    done = program.run("new", "toy", "-l", "rust", folder=work, environment={"PATH": str(work)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "no git repository" in done.stdout
    closing = done.stdout.split("\n", 1)[1].splitlines()
    assert len(closing) <= 10
    missing = done.stdout.partition("Missing on this machine:")[2]
    assert all(tool in missing for tool in ("git (https://", "make (", "cargo (https://rustup.rs)"))
    assert "nextest" not in missing


def test_the_closing_screen_is_short_and_names_the_three_commands(
    program: Program, work: Path
) -> None:
    """At most ten lines: where it is, what to run, and nothing about tools that are there."""
    for tool in ("git", "make", "python3"):
        need(tool)
    closing = program.run("new", "toy", "a b", "--name=x", folder=work).stdout.splitlines()[1:]
    assert len(closing) <= 10
    commands = [line.partition("#")[0].strip() for line in closing if line.startswith("  ")]
    assert commands == ["cd 'a b'", "make setup", "make check"]
    assert "Missing" not in "".join(closing)


@posix
@pytest.mark.parametrize(
    "place",
    [
        "a b",
        "Zoë 🦀",
        "it's",
        "-dash",
        "$HOME",
        "a\nb",
        "tab\there\\n",
        "\x1b[31m",
        "\udcff",
        "~",
        "*",
    ],
)
def test_the_closing_screen_s_first_command_leads_to_the_project(
    place: str, program: Program, work: Path
) -> None:
    """Whatever the destination is called, its line is one line, and a shell can run it."""
    bash = need("bash")
    done = program.run("new", "toy", "--name=x", "--", place, folder=work)
    assert (done.returncode, done.stderr) == (0, "")
    closing = done.stdout.split("\n", 1)[1]
    assert len(closing.splitlines()) <= 10
    assert "\x1b" not in closing
    (line,) = (each for each in closing.splitlines() if each.startswith("  cd "))
    script = f"set -e\n{line}\ntest -f run.sh\n"
    moved = subprocess.run(
        [bash, "-c", script.encode()], cwd=work, env=program.environment, check=False
    )
    assert moved.returncode == 0


def test_without_a_terminal_defaults_are_taken(program: Program, work: Path) -> None:
    """Nothing is asked where nobody can answer, even if there is input."""
    done = program.run("new", "toy", folder=work, stdin=None, input="someone else\n" * 9)
    assert "?" not in done.stdout
    assert answers(work / "toy")["author"] == "The toy authors"


@pytest.mark.parametrize("more", [(), ("--defaults",)])
def test_a_question_without_a_default_names_the_flag_that_answers_it(
    more: tuple[str, ...], program: Program, work: Path
) -> None:
    """Where it cannot be asked, the error is the word to type."""
    assert "--data region=" in told(program, work, "new", "asking", *more, code=2)
    assert list(work.iterdir()) == []
    done = program.run("new", "asking", *more, "--data", "region=us-east1", folder=work)
    assert done.returncode == 0
    assert (work / "asking/place.txt").read_text(encoding="utf-8") == "us-east1, small\n"


# --- on a terminal ------------------------------------------------------------------------------


def on_terminal(program: Program, folder: Path, *words: str, **changed: str) -> Terminal:
    """Run the program on a terminal."""
    variables = program.environment | {"TERM": "xterm-256color"} | changed
    return Terminal([*program.words, *words], folder, variables)


@posix
def test_questions_are_asked_on_a_terminal_with_their_defaults(
    program: Program, work: Path
) -> None:
    """An empty answer takes the default that is shown; a wrong one is told and asked again."""
    (program.home / ".gitconfig").write_text("[user]\n\tname = Zoë\n", encoding="utf-8")
    terminal = on_terminal(program, work, "new", "asking", "here")
    terminal.expect("Who is the author? [Zoë]: ")
    terminal.type("\n")
    terminal.expect("(may be left empty) []: ")
    terminal.type("not an address\n")
    terminal.expect("the answer to email 'not an address'")
    terminal.expect("(may be left empty) []: ")
    terminal.type("zoe@example.org\n")
    terminal.expect("Under which licence? (mit, apache-2.0, none) [mit]: ")
    terminal.type("apahce-2.0\n")
    terminal.expect("did you mean 'apache-2.0'?")
    terminal.expect("[mit]: ")
    terminal.type("apache-2.0\n")
    terminal.expect("Where does it run?: ")
    terminal.type("\n")
    terminal.expect("the answer to region ''")
    terminal.expect("Where does it run?: ")
    terminal.type("us-east1\n")
    terminal.expect("How large? (small, large) [small]: ")
    terminal.type("  large  \n")
    assert terminal.finish() == 0
    recorded = answers(work / "here")
    assert recorded == {
        "template": "asking",
        "language": "python",
        "project_name": "here",
        "author": "Zoë",
        "email": "zoe@example.org",
        "licence": "apache-2.0",
        "region": "us-east1",
        "size": "large",
    }


@posix
def test_what_is_given_is_not_asked(program: Program, work: Path) -> None:
    """On a terminal, too, `--data` answers and `--defaults` asks nothing."""
    terminal = on_terminal(program, work, "new", "toy", "--data", "author=Zoë")
    terminal.expect("At which e-mail address?")
    terminal.type("\n\n")
    assert terminal.finish() == 0
    assert "author?" not in terminal.output
    quiet = on_terminal(program, work, "new", "toy", "other", "--defaults")
    assert quiet.finish() == 0
    assert "?" not in quiet.output


@posix
def test_ctrl_c_during_the_questions_exits_with_130_and_leaves_nothing(
    program: Program, work: Path
) -> None:
    """An interrupt is no error of the program: no traceback, no folder."""
    terminal = on_terminal(program, work, "new", "toy")
    terminal.expect("Who is the author?")
    terminal.type("someo\x03")
    assert terminal.finish() == 130
    assert "Traceback" not in terminal.output
    assert list(work.iterdir()) == []


@posix
def test_the_end_of_the_input_during_the_questions_is_told(program: Program, work: Path) -> None:
    """Ctrl-D leaves nothing either, and the error names the flag that answers the question."""
    terminal = on_terminal(program, work, "new", "toy")
    terminal.expect("Who is the author?")
    terminal.type("\x04")
    terminal.expect("--data author=")
    assert terminal.finish() == 2
    assert list(work.iterdir()) == []


@posix
def test_bytes_that_are_no_text_are_asked_for_again(program: Program, work: Path) -> None:
    """A terminal in another encoding gets an error it can read, no traceback."""
    terminal = on_terminal(program, work, "new", "toy")
    terminal.expect("Who is the author?")
    terminal.type(b"caf\xe9\n")
    terminal.expect("the answer to author")
    terminal.expect("Who is the author?")
    terminal.type("\x03")
    assert terminal.finish() == 130
    assert "Traceback" not in terminal.output


@posix
@pytest.mark.parametrize(
    "words", ["list", "show toy", "new toy --defaults", "doctor", "check toy -l python", "--help"]
)
def test_colours_and_movements_are_for_terminals_that_want_them(
    words: str, program: Program, work: Path
) -> None:
    """Elsewhere than on a terminal there is no escape; with NO_COLOR there is no colour."""
    assert "\x1b" not in program.run(*words.split(), folder=work).stdout
    terminal = on_terminal(program, work, *words.split(), NO_COLOR="1")
    terminal.finish()
    for colour in (*range(30, 38), *range(90, 98)):
        assert f"\x1b[{colour}m" not in terminal.output
        assert f";{colour}m" not in terminal.output


# --- what is not known --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("new tyo", ["template 'tyo'", "asking, toy", "'toy'?"]),
        ("show ../toy", ["template '../toy'", "asking, toy"]),
        ("check toy nosuch", ["template 'nosuch'", "asking, toy"]),
        ("new toy -l pyhton", ["language 'pyhton'", "python, rust", "'python'?"]),
        ("new asking -l rust", ["language 'rust'", "python"]),
        ("show toy -l go", ["language 'go'", "python, rust"]),
        ("check -l go", ["language 'go'", "python, rust"]),
        ("check asking -l rust", ["language 'rust'", "python"]),
        ("new toy --data auhtor=x", ["question 'auhtor'", "author, email, licence", "'author'?"]),
        ("new toy --data licence=MIT", ["licence 'MIT'", "mit, apache-2.0, none", "'mit'?"]),
        ("new toy --data email=nobody", ["email 'nobody'", "must match"]),
        ("new toy --data author", ["--data 'author'", "KEY=VALUE"]),
        ("new toy --data =x", ["question ''", "author, email, licence"]),
        ("new toy --data author=", ["author ''", "must not be empty"]),
        ("check --data a=b", ["--data", "--source"]),
        ("check --with a", ["--with", "--source"]),
        ("check --trust", ["--trust", "--source"]),
    ],
)
def test_what_is_not_known_is_named_with_what_is_and_the_nearest(
    words: str, parts: list[str], program: Program, work: Path
) -> None:
    """Unknown words are usage errors: exit 2, one line that says what would do."""
    error = told(program, work, *words.split(), code=2)
    assert all(part in error for part in parts), error
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    ["nosuch", "list --jsn", "new", "new toy a b", "check --jobs 0", "check --jobs many", "show"],
)
def test_what_the_parser_refuses_is_a_usage_error(words: str, program: Program, work: Path) -> None:
    """Options and arguments that do not parse exit with 2 and name the help."""
    done = program.run(*words.split(), folder=work)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--junit"])
@pytest.mark.parametrize("path", ["nosuch/results", ".", "file/results"])
def test_a_file_for_results_that_cannot_be_written_is_told_before_the_work(
    option: str, path: str, program: Program, work: Path
) -> None:
    """Minutes of checks are not begun if their results have nowhere to go."""
    (work / "file").write_text("", encoding="utf-8")
    done = program.run("check", "toy", option, path, folder=work)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {path!r} cannot be written: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["file", "file/sub"])
def test_a_folder_to_keep_projects_in_that_is_none_is_told(
    path: str, program: Program, work: Path
) -> None:
    """`--keep` names a folder; a file in its place is an error of one line."""
    (work / "file").write_text("", encoding="utf-8")
    error = told(program, work, "check", "toy", "-l", "python", "--keep", path, code=1)
    assert "file" in error


# --- the matrix and git -------------------------------------------------------------------------


def test_the_matrix_of_a_change_holds_the_cells_that_it_touches(
    program: Program, tmp_path: Path, work: Path
) -> None:
    """`--changed-since` compares with a commit, and a change in Rust leaves Python alone."""
    need("git")
    root = copy_of(program, tmp_path)
    done = root.run("matrix", "--changed-since", "HEAD", folder=work)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"include": []})
    (root.root / "templates/toy/rust/src/main.rs").write_text("// changed\n", encoding="utf-8")
    done = root.run("matrix", "--changed-since=HEAD", folder=work)
    assert [each["cell"] for each in json.loads(done.stdout)["include"]] == ["toy-rust"]


@pytest.mark.parametrize("revision", ["nonsense", "-x", "--output=file", "", "HEAD..", "a b", "é"])
def test_a_revision_that_is_none_is_told(
    revision: str, program: Program, tmp_path: Path, work: Path
) -> None:
    """Whatever the word is, it is no option of git's, and the error names it."""
    need("git")
    root = copy_of(program, tmp_path)
    error = told(root, work, "matrix", f"--changed-since={revision}", code=1)
    assert repr(revision) in error
    assert not (root.root / "file").exists()


def test_a_matrix_of_a_change_outside_of_a_repository_is_told(program: Program, work: Path) -> None:
    """An installed program has no history to compare with, and says so."""
    error = told(program, work, "matrix", "--changed-since", "HEAD", code=1)
    assert "not a git repository" in error
    absent = told(program, work, "matrix", "--changed-since", "HEAD", code=1, PATH=str(work))
    assert absent.startswith("git is not here")


def copy_of(program: Program, folder: Path) -> Program:
    """Return the program from a repository with one commit, in `folder`."""
    root = folder / "repository"
    build_tree(TOYS, root / "templates")
    sources = program.root / "generator/scaffold"
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(sources, root / "generator/scaffold", ignore=unwanted)
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=root, env=program.environment, check=True)
    return Program(root, program.home)


# --- odd surroundings ---------------------------------------------------------------------------


@posix
def test_a_reader_that_goes_away_is_no_error(program: Program, work: Path) -> None:
    """`scaffold list | head -0` says nothing on standard error."""
    words = f"{' '.join(program.words)} list | head -0"
    done = subprocess.run(
        ["/bin/sh", "-c", words],
        cwd=work,
        env=program.environment,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""


@posix
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("list >&-", 0),
        ("new toy <&-", 0),
        ("new toy >&-", 0),
        ("new toy 2>&-", 0),
        ("new toy <&- >&- 2>&-", 0),
        ("new nosuch <&- >&- 2>&-", 2),
        ("check toy -l python --json nosuch/file >&-", 1),
    ],
)
def test_closed_streams_are_no_error(words: str, code: int, program: Program, work: Path) -> None:
    """A daemon that closed its streams can make projects as well."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(program.words)} {words}"],
        cwd=work,
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert (work / "toy").is_dir() == words.startswith("new toy")


@posix
def test_an_output_that_is_full_is_told(program: Program, work: Path) -> None:
    """Where nothing can be printed nothing is made, and the reason is one line."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = program.run(
            "new", "toy", folder=work, capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (1, "error: no space left on device\n")
    assert list(work.iterdir()) == []


@posix
@pytest.mark.parametrize("command", [*COMMANDS, "--help", "--version"])
def test_a_home_that_does_not_exist_is_no_hindrance(
    command: str, program: Program, work: Path
) -> None:
    """Nothing but the cache of `check` needs a home, and that says so in one line."""
    words = {"show": ["toy"], "new": ["toy"], "check": ["toy", "-l", "python"]}.get(command, [])
    away = {"HOME": "/dev/null/home", "XDG_CACHE_HOME": None, "GIT_CONFIG_GLOBAL": None}
    done = program.run(command, *words, folder=work, environment=away)
    assert "Traceback" not in done.stderr
    if command == "check":
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "/dev/null/home" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")


@posix
@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "C"},
        {"LANG": None},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_any_locale_will_do_for_any_answer(
    locale: dict[str, str | None], program: Program, work: Path
) -> None:
    """The files are in UTF-8 wherever they are made, and what cannot be shown is escaped."""
    text = "author: Zoë 🦀\n"
    (work / "answers.yml").write_text(text, encoding="utf-8")
    words = ("new", "toy", "Zoë", "--name=x", "--data-file", "answers.yml")
    done = program.run(*words, folder=work, environment=locale)
    assert (done.returncode, done.stderr) == (0, "")
    assert answers(work / "Zoë")["author"] == "Zoë 🦀"
    assert program.run("new", "toz🦀", folder=work, environment=locale).returncode == 2
    assert program.run("show", "toy", folder=work, environment=locale).returncode == 0


@posix
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["list"], 0),
        (["show", "toy"], 0),
        (["matrix"], 0),
        (["doctor"], 0),
        (["new", "toy"], 1),
        (["new", "toy", "ABSOLUTE"], 0),
        (["new", "toy", "EMPTY"], 0),
        (["check", "toy", "--json", "file"], 1),
        (["check", "toy", "-l", "python", "--keep", "kept"], 1),
    ],
)
def test_a_current_folder_that_was_removed_is_told_where_it_matters(
    words: list[str], code: int, program: Program, work: Path, tmp_path: Path
) -> None:
    """Only what needs the folder fails, in one line with the next step."""
    (tmp_path / "empty").mkdir()
    places = {"ABSOLUTE": str(tmp_path / "made"), "EMPTY": str(tmp_path / "empty")}
    words = [places.get(word, word) for word in words]
    script = f'd={work}/gone; mkdir $d; cd $d; rmdir $d; exec "$@"'
    done = program.run(*words, folder=tmp_path, before=("/bin/sh", "-c", script, "sh"))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


@posix
@pytest.mark.parametrize(
    "words", [["list"], ["show", "toy"], ["matrix"], ["doctor"], ["new", "toy", "PLACE"]]
)
def test_no_network_is_needed(
    words: list[str], program: Program, work: Path, tmp_path: Path
) -> None:
    """In a network namespace without even a loopback, the result is the same as outside."""
    unshare = need("unshare")
    alone = (unshare, "-rn")
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespace")
    places = {"inside": tmp_path / "inside/app", "outside": tmp_path / "outside/app"}
    printed = {}
    for where, before in (("inside", alone), ("outside", ())):
        places[where].parent.mkdir()
        chosen = [str(places[where]) if word == "PLACE" else word for word in words]
        done = program.run(*chosen, folder=work, before=before)
        assert (done.returncode, done.stderr) == (0, "")
        printed[where] = done.stdout.replace(f"/{where}/", "/here/")
    assert printed["inside"] == printed["outside"]
    if "PLACE" in words:
        assert read_tree(places["inside"]) == read_tree(places["outside"])
