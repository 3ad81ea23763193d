"""Updates are done whole or not at all, also when they are killed, told to end, or lose the power.

SCAFFOLD_LONG_TESTS=1 tries many more moments.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from helpers import build_tree
from releases import HISTORY, Checkout, make_checkout
from scaffold.update.index import MARK
from states import State, state

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

LONG = bool(os.environ.get("SCAFFOLD_LONG_TESTS"))
KILLS = 100 if LONG else 10
CUTS = KILLS // 2
INTERRUPTS = KILLS // 5

MANY = {f"toy/any/many/{i // 50}/{i}.txt": f"{i} of my-project\nand more\n" for i in range(120)}
"""So many files that a kill often comes between two of them."""


def _changes() -> dict[str, str | None]:
    """Return what the next release does to them: change, remove, move or leave them."""
    changed: dict[str, str | None] = {}
    for i, (path, content) in enumerate(MANY.items()):
        if i % 4 == 0:
            changed[path] = f"{content}and more still\n"
        elif i % 4 == 1:
            changed[path] = None
        elif i % 4 == 2:
            changed |= {path: None, f"toy/any/moved/{i}.txt": content}
    return changed


HALF_WAY = "killed half way"
"""What is said where something was undone."""
COMMANDS = (["status"], ["diff"], ["update", "--abort"], ["update"])


@dataclass(frozen=True, slots=True)
class Project:
    """A project that is behind, as it is and as it is after its update."""

    folder: Path
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Scene:
    """A checkout with two releases, and a project that takes the update clean and one that fights.

    The second has edits, of which one meets the template's.
    """

    checkout: Checkout
    projects: tuple[Project, Project]

    def run(self, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a project."""
        return self.checkout.program.run(*words, str(project), folder=project.parent)

    def start(self, project: Path, *words: str) -> subprocess.Popen[str]:
        """Begin a command on a project, in a process group of its own with its children."""
        program = self.checkout.program
        return subprocess.Popen(
            [*program.words, *words, str(project)],
            cwd=project.parent,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Make the releases and both projects; update a copy of each."""
    folder = tmp_path_factory.mktemp("crowded")
    (folder / "home").mkdir()
    sources = Path(__file__).parents[1] / "generator/scaffold"
    checkout = make_checkout(sources, folder / "checkout", folder / "home")
    checkout.release("0.1.0", MANY)
    checkout.release("0.2.0", {**HISTORY["0.2.0"], **_changes()})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in checkout.program.environment.items():
            patch.setenv(name, value)
        (folder / "clean").mkdir()
        (folder / "fights").mkdir()
        clean = checkout.make(folder / "clean/it", version="0.1.0")
        fights = checkout.make(folder / "fights/it", version="0.1.0")
        edits = {"many/0/0.txt": "mine\n", "many/1/53.txt": "mine\n", "run.sh": "#!/bin/sh\nmine\n"}
        build_tree({**edits, "mine/file.txt": "mine\n"}, fights)
        (fights / "many/2/100.txt").unlink()
        checkout.commit(fights, "mine")
        # Or every run would compile anew.
        subprocess.run([sys.executable, "-m", "compileall", "-q", checkout.root], check=True)
        projects = []
        for project, status in ((clean, 0), (fights, 1)):
            build_tree({"untracked.txt": "mine\n"}, project)
            copied = copy(project, folder / f"{project.parent.name}-updated/it")
            done = checkout.program.run("update", str(copied), folder=folder)
            assert done.returncode == status, done.stderr
            projects.append(Project(project, state(project), state(copied)))
        yield Scene(checkout, (projects[0], projects[1]))


@pytest.fixture
def chances() -> random.Random:
    """Draw moments, from a seed that a failure shows."""
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # noqa: T201  # to find the moment again
    return random.Random(seed)  # noqa: S311  # nobody guesses at a test


def copy(project: Path, target: Path) -> Path:
    """Copy a project with its repository."""
    return Path(shutil.copytree(project, target, symlinks=True))


def wait(process: subprocess.Popen[str], project: Path, chances: random.Random) -> None:
    """Wait until a random moment: of the whole run, or of the moving in."""
    chance = chances.random()
    if chance < 0.3:
        time.sleep(chance * 3)  # a whole run takes about as long
    else:
        while process.poll() is None and not moving_in(project):
            time.sleep(0.0002)
        time.sleep((chance - 0.3) / 25)


def moving_in(project: Path) -> bool:
    """Return whether all is ready to be moved in, or was."""
    return (project / ".git/scaffold-update/project").is_dir()


def journal_time(project: Path) -> int:
    """Return when it was written last what an update did and how to undo it; 0 where it is not."""
    try:
        return (project / ".git/scaffold-update/project/journal.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def await_children(process: subprocess.Popen[str]) -> None:
    """Wait until the git that a killed parent left has ended, as it does by itself."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.002)
    raise AssertionError(process.args)


def which(found: State, known: Project) -> str:
    """Return whether a state is that before the update, that after it, or half way."""
    names = {"before": known.before, "after": known.after}
    return "".join(name for name, each in names.items() if found == each) or "half way"


def check_healed(scene: Scene, project: Path, known: Project, command: Sequence[str]) -> bool:
    """Run a command on a project that may be half updated; return whether it was.

    It is healed, and told so; an update then updates, and an abort brings back the state before.
    """
    found = state(project)
    visible = [replace(each, kept=found.kept) for each in (known.before, known.after)]
    half = found not in visible
    done = scene.run(project, *command)
    told = done.stdout + done.stderr
    assert "fault of scaffold" not in told
    allowed = {"--abort": {"before"}, "update": {"after"}}
    now = which(state(project), known)
    assert now in allowed.get(command[-1], {"before", "after"}), (command, told[:1000])
    assert HALF_WAY in told or not half, told[:1000]
    return half


def half_way(scene: Scene, known: Project, chances: random.Random, work: Path) -> Path:
    """Return a project of which an update was killed while it was moved in."""
    rounds = 0
    while True:
        rounds += 1
        project = copy(known.folder, work / f"half-{rounds}/it")
        process = scene.start(project, "update")
        while process.poll() is None and not moving_in(project):
            time.sleep(0.0002)
        time.sleep(chances.random() / 50)
        process.kill()
        process.communicate()
        await_children(process)
        found = state(project)
        if which(replace(found, kept=known.after.kept), known) == "half way":
            return project


def test_a_kill_at_any_moment_is_healed_by_the_next_command(
    scene: Scene, chances: random.Random, work: Path
) -> None:
    """SIGKILL leaves the project as it was or wholly updated, once any command has run there."""
    half = rounds = 0
    while rounds < KILLS or (not half and rounds < 10 * KILLS):
        rounds += 1
        known = chances.choice(scene.projects)
        project = copy(known.folder, work / f"{rounds}/it")
        process = scene.start(project, "update")
        wait(process, project, chances)
        process.kill()
        process.communicate()
        await_children(process)
        half += check_healed(scene, project, known, chances.choice(COMMANDS))
        shutil.rmtree(project)
    assert half, "no kill came in the middle, so nothing was shown"


@pytest.mark.parametrize("committed", [False, True], ids=["edited", "reset and committed"])
def test_what_was_written_after_a_kill_stays(
    committed: bool,  # noqa: FBT001  # a parameter of the test
    scene: Scene,
    chances: random.Random,
    work: Path,
) -> None:
    """Who worked on without noticing loses nothing by the healing, and is told what it left."""
    known, edited = scene.projects[0], "many/0/4.txt"
    project = half_way(scene, known, chances, work)
    if committed:
        scene.checkout.git("reset", "--quiet", "--hard", folder=project)
    build_tree({edited: "mine, after the kill\n"}, project)
    if committed:
        scene.checkout.git("commit", "--quiet", "--all", "-m=x", folder=project)
    done = scene.run(project, "status")
    assert HALF_WAY in done.stderr
    assert f"left as it is: {edited}\n" in done.stderr
    healed = state(project)
    assert healed.files.pop(edited).content == b"mine, after the kill\n"
    assert healed.files == {path: s for path, s in known.before.files.items() if path != edited}
    changes = [line for line in healed.status.splitlines() if line[0] in "12u"]
    assert [line.split()[-1] for line in changes] == ([] if committed else [edited])


def test_a_lock_that_a_killed_update_left_is_taken_away(
    scene: Scene, chances: random.Random, work: Path
) -> None:
    """A kill may come while the index is locked: the next command knows the lock for its own."""
    known = scene.projects[0]
    project = half_way(scene, known, chances, work)
    (project / ".git/index.lock").write_bytes(MARK)
    done = scene.run(project, "update")
    assert done.returncode == 0, done.stderr
    assert which(state(project), known) == "after"
    assert not (project / ".git/index.lock").exists()


def test_a_kill_of_an_abort_or_of_the_healing_is_healed_too(
    scene: Scene, chances: random.Random, work: Path
) -> None:
    """What undoes is done whole or not at all, too, and may itself be killed, and that again."""
    half = rounds = 0
    while rounds < CUTS or (not half and rounds < 10 * KILLS):
        rounds += 1
        known = chances.choice(scene.projects)
        project = copy(known.folder, work / f"{rounds}/it")
        assert scene.run(project, "update").returncode in {0, 1}
        written = journal_time(project)
        for attempt in ("abort", "healing"):
            process = scene.start(project, "update", "--abort")
            if attempt == "abort":  # which writes down that it begins
                while process.poll() is None and journal_time(project) == written:
                    time.sleep(0.0002)
            time.sleep(chances.random() / (50 if attempt == "abort" else 2))
            process.kill()
            process.communicate()
            await_children(process)
        half += check_healed(scene, project, known, chances.choice(COMMANDS))
        shutil.rmtree(project)
    assert half, "no kill came in the middle, so nothing was shown"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_at_any_moment_leaves_all_or_nothing(
    number: signal.Signals, scene: Scene, chances: random.Random, work: Path
) -> None:
    """Told to end, alone or with its git as by Ctrl-C, the program leaves nothing half done."""
    interrupted = rounds = 0
    while rounds < INTERRUPTS or (not interrupted and rounds < 10 * KILLS):
        rounds += 1
        known = chances.choice(scene.projects)
        project = copy(known.folder, work / f"{rounds}/it")
        process = scene.start(project, "update")
        wait(process, project, chances)
        if process.poll() is None:
            (os.kill if rounds % 2 else os.killpg)(process.pid, number)
        told = "".join(process.communicate())
        await_children(process)
        # The second before its own handlers are there, the last two where it came too late.
        assert process.returncode in {128 + number, -number, 0, 1}, told
        assert "fault of scaffold" not in told
        interrupted += process.returncode == 128 + number
        found = which(state(project), known)
        assert found == "after" or (found == "before" and process.returncode not in {0, 1}), told
        if found == "after":
            assert scene.run(project, "update", "--abort").returncode == 0
            assert which(state(project), known) == "before"
        shutil.rmtree(project)
    assert interrupted, "no interrupt came in the middle, so nothing was shown"


def test_a_power_cut_at_any_moment_is_healed(
    scene: Scene, chances: random.Random, work: Path
) -> None:
    """What lies on the disk at any moment is enough to go back, or to have gone forth."""
    half = rounds = 0
    while rounds < CUTS or (not half and rounds < 10 * KILLS):
        rounds += 1
        known = chances.choice(scene.projects)
        project = copy(known.folder, work / f"{rounds}/it")
        process = scene.start(project, "update")
        wait(process, project, chances)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(0.005)  # for those that are in a system call to end it
        snapshot = copy(project, work / f"{rounds}/snapshot/it")
        os.killpg(process.pid, signal.SIGCONT)
        told = process.communicate()
        assert which(state(project), known) == "after", told
        half += check_healed(scene, snapshot, known, chances.choice(COMMANDS))
        shutil.rmtree(work / f"{rounds}")
    assert half, "no snapshot was taken in the middle, so nothing was shown"
