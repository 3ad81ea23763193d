"""Commands of a generated project: run to the end, into a log, and never left behind."""

import os
import shlex
import sys
import threading
import time
from pathlib import Path

import pytest

from scaffold import commands
from scaffold.commands import Cancelled, Workshop, environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are shell scripts")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Make a workshop in an empty folder."""
    (tmp_path / "project").mkdir()
    return Workshop(tmp_path / "project", tmp_path / "log", {"EXTRA": "1"}, threading.Event())


def shell(shop: Workshop, script: str) -> str | None:
    """Run a script in the workshop."""
    return shop.run("/bin/sh", "-c", script)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and was not fetched yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return (
        not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    )


def wait_for(path: Path) -> int:
    """Wait for a file that holds the number of a process, and return that."""
    for _ in range(1000):
        if path.exists() and path.read_text(encoding="utf-8").endswith("\n"):
            return int(path.read_text(encoding="utf-8"))
        time.sleep(0.01)
    raise TimeoutError(path)


def gone(pid: int) -> bool:
    """Return whether a process has ended, at the latest some seconds from now."""
    for _ in range(500):
        if not alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_command_that_succeeds_returns_none_and_leaves_its_output_in_the_log(
    shop: Workshop,
) -> None:
    """Both streams of every command are in the log, in order, each after the words it ran."""
    assert shell(shop, "echo one; echo two >&2; pwd") is None
    assert shop.run("echo", "three") is None
    log = shop.log.read_text(encoding="utf-8")
    assert f"one\ntwo\n{shop.folder}\n" in log
    assert log.endswith("$ echo three\nthree\n")


def test_a_command_that_fails_gives_the_end_of_its_own_output(shop: Workshop) -> None:
    """The message is its last forty lines and its status, and nothing of the command before."""
    assert shell(shop, "echo before") is None
    message = shell(shop, "for i in $(seq 100); do echo line $i; done; echo why >&2; exit 3")
    assert message is not None
    lines = message.splitlines()
    assert lines[0] == "line 62"
    assert lines[-2:] == ["why", "/bin/sh failed with exit status 3"]
    assert len(lines) == 41
    assert "line 1\n" in shop.log.read_text(encoding="utf-8")


def test_a_command_that_fails_without_a_word_is_told_all_the_same(shop: Workshop) -> None:
    """An empty output is no empty message: the status is told."""
    assert shell(shop, "exit 3") == "/bin/sh failed with exit status 3"
    assert shell(shop, "kill -9 $$") == "/bin/sh was ended by signal 9"


def test_output_that_is_not_utf_8_is_shown_as_far_as_it_goes(shop: Workshop) -> None:
    """Foreign bytes neither break the message nor change in the log."""
    assert shell(shop, r"printf 'caf\351 \377\n'; exit 1") == (
        "caf\ufffd \ufffd\n/bin/sh failed with exit status 1"
    )
    assert b"caf\xe9 \xff\n" in shop.log.read_bytes()


def test_a_missing_program_is_told(shop: Workshop) -> None:
    """A command whose program is absent has failed, and the message names the program."""
    assert shop.run("no-such-program", "--flag") == "no-such-program: No such file or directory"


def test_a_program_is_found_on_the_path_of_the_command_not_of_this_process(shop: Workshop) -> None:
    """What `make setup` put into the project's own folders can be run by name."""
    tools = shop.folder / ".tools/bin"
    tools.mkdir(parents=True)
    (tools / "own-tool").write_text("#!/bin/sh\necho own\n", encoding="utf-8")
    (tools / "own-tool").chmod(0o755)
    assert shop.run("own-tool") is None


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the limit the command and its grandchildren are gone, and the message says so."""
    monkeypatch.setattr(commands, "LIMIT", 0.5)
    message = shell(shop, "echo begun; (sh -c 'echo $$ > grandchild; sleep 60') & wait")
    assert message == "begun\n/bin/sh was ended after 0.5 s"
    assert gone(wait_for(shop.folder / "grandchild"))


def test_a_command_leaves_nothing_in_the_background_behind(shop: Workshop) -> None:
    """What a command that succeeded left running is ended, and nothing waits for it."""
    begun = time.monotonic()
    assert (
        shell(shop, "(sh -c 'echo $$ > left; exec sleep 60') & while ! test -s left; do :; done")
        is None
    )
    assert time.monotonic() - begun < 30
    assert gone(wait_for(shop.folder / "left"))


def test_the_stop_event_ends_the_command_and_all_that_it_started(shop: Workshop) -> None:
    """Once told to stop, a run raises, and neither child nor grandchild is left."""

    def press() -> None:
        wait_for(shop.folder / "grandchild")
        shop.stop.set()

    button = threading.Thread(target=press)
    button.start()
    with pytest.raises(Cancelled):
        shell(shop, "(sh -c 'echo $$ > grandchild; sleep 60') & wait")
    button.join()
    assert gone(wait_for(shop.folder / "grandchild"))
    with pytest.raises(Cancelled):
        shell(shop, "touch ran; sleep 60")


def test_a_command_cannot_read_what_a_person_types(shop: Workshop) -> None:
    """Its standard input is empty, so that a question cannot hang it."""
    assert shell(shop, "! read line") is None


LEAKS = {
    "VIRTUAL_ENV": "/venv",
    "GIT_DIR": "/elsewhere/.git",
    "GIT_INDEX_FILE": "index",
    "MAKEFLAGS": "-j4 --jobserver-auth=3,4",
    "MAKELEVEL": "1",
    "MFLAGS": "-j4",
    "PYTHONPATH": "/sources",
    "PYTEST_CURRENT_TEST": "this",
    "UV_PROJECT_ENVIRONMENT": "/other",
}


def test_the_environment_of_a_command_holds_nothing_of_the_one_around(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook, virtual environment or make around the harness reaches a project's commands."""
    for key, value in LEAKS.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("KEPT", "yes")
    listing = "import os; print('\\n'.join(os.environ)); assert os.environ['KEPT'] == 'yes'"
    assert shop.run(sys.executable, "-c", listing) is None
    seen = shop.log.read_text(encoding="utf-8").splitlines()
    assert {"EXTRA", "KEPT", "HOME", "PATH", "NO_COLOR"} <= set(seen)
    assert set(LEAKS) & set(seen) == set()


def test_the_project_s_own_tools_come_first_and_extra_variables_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path starts with the project's own folders; what a caller adds is not overridden."""
    monkeypatch.setenv("PATH", "/one:/two")
    found = environment(tmp_path, {"NO_COLOR": "0"})
    own = [str(tmp_path / ".venv/bin"), str(tmp_path / ".tools/bin")]
    assert found["PATH"].split(":") == [*own, "/one", "/two"]
    assert found["NO_COLOR"] == "0"


def test_words_are_passed_as_they_are(shop: Workshop) -> None:
    """No shell reads the words of a command."""
    words = ["a b", "$HOME", "*", "'", "ü"]
    check = f"import sys; assert sys.argv[1:] == {words!r}, sys.argv"
    assert shop.run(sys.executable, "-c", check, *words) is None
    assert shlex.join(words) not in shop.log.read_text(encoding="utf-8")
