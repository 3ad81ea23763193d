"""A project on disk: whole or not at all, wherever and whatever happens.

SCAFFOLD_LONG_TESTS=1 tries the kills, interrupts and races many times more.
"""

import os
import random
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers import build_tree, need
from programs import Program
from scaffold.compose import File, Tree
from scaffold.errors import DestinationError, ToolError
from scaffold.project import check_destination, inside_repository, write

posix = pytest.mark.skipif(os.name == "nt", reason="this is how systems other than Windows do it")

LONG = bool(os.environ.get("SCAFFOLD_LONG_TESTS"))
KILLS = 200 if LONG else 20
ROUNDS = 60 if LONG else 8
TREE: Tree = {
    "README.md": File(b"# Here\n"),
    "src/deep/er/one.py": File(b"1\n"),
    "run.sh": File(b"#!/bin/sh\n", executable=True),
    "empty": File(b""),
    "link": File(link="src/deep"),
    "binary": File(bytes(range(256))),
}
MANY = {f"_shared/any/many/{i // 50}/{i}.txt": f"{i} of my-project\n" for i in range(200)}
"""So many files that an interrupt often comes between two of them."""


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all that lies below a folder, git's own too: path -> mode, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            content = os.fsencode(path.readlink())
        else:
            content = path.read_bytes() if stat.S_ISREG(mode) else b""
        found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


def names(folder: Path) -> set[str]:
    """Return the names in a folder, hidden ones too."""
    return {path.name for path in folder.iterdir()}


# --- writing ------------------------------------------------------------------------------------


def test_every_file_is_written_as_it_is(work: Path) -> None:
    """Content, run bits and links arrive, and nothing else does."""
    assert write(TREE, work / "here", git=False) is False
    written = everything(work / "here")
    assert {p for p, (mode, _) in written.items() if not stat.S_ISDIR(mode)} == set(TREE)
    for path, file in TREE.items():
        mode, content = written[path]
        assert content == (file.content if file.link is None else file.link.encode())
        assert stat.S_ISLNK(mode) is (file.link is not None)
        if os.name != "nt" and file.link is None:
            assert bool(mode & 0o111) is file.executable
    assert names(work) == {"here"}


@posix
@pytest.mark.parametrize(
    ("umask", "plain", "script", "folder"),
    [(0o022, 0o644, 0o755, 0o755), (0o077, 0o600, 0o700, 0o700), (0o002, 0o664, 0o775, 0o775)],
)
def test_modes_follow_the_umask_as_git_s_do(
    umask: int, plain: int, script: int, folder: int, work: Path
) -> None:
    """Nobody gets a right that the person's umask denies, and those who may read may run."""
    before = os.umask(umask)
    try:
        write(TREE, work / "here", git=False)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(mode) for path, (mode, _) in everything(work / "here").items()}
    assert (modes["README.md"], modes["run.sh"], modes["src"]) == (plain, script, folder)
    assert stat.S_IMODE((work / "here").stat().st_mode) == folder


def test_a_repository_is_made_on_the_branch_main(work: Path) -> None:
    """With `git` there is a repository, on the branch that the workflows run on."""
    need("git")
    assert write(TREE, work / "here", git=True) is True
    head = (work / "here/.git/HEAD").read_text(encoding="utf-8")
    assert head == "ref: refs/heads/main\n"


def test_without_git_no_repository_is_made(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git gets the project all the same."""
    monkeypatch.setenv("PATH", str(work))
    assert write(TREE, work / "here", git=True) is False
    assert (work / "here/README.md").exists()
    assert inside_repository(work) is False


def test_a_git_that_fails_leaves_nothing(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken configuration of git's is told in one line with the way out, and nothing is left."""
    need("git")
    (tmp_path / "config").write_text("[broken", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    with pytest.raises(ToolError, match=r"git init failed: .*config.*--no-git$"):
        write(TREE, work / "here", git=True)
    assert names(work) == set()


@posix
def test_a_template_folder_of_git_s_that_is_broken_leaves_nothing(
    program: Program, work: Path
) -> None:
    """What git copies into each repository may break it, too."""
    need("git")
    template = program.home / "template"
    template.mkdir()
    (template / "config").write_text("[broken", encoding="utf-8")
    config = f"[init]\n\ttemplateDir = {template}\n"
    (program.home / ".gitconfig").write_text(config, encoding="utf-8")
    done = program.run("new", "toy", folder=work)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--no-git" in done.stderr
    assert names(work) == set()


def test_the_work_tree_of_a_repository_is_known(work: Path) -> None:
    """A folder deep in a work tree is inside, one beside it is not."""
    git = need("git")
    (work / "repository/deep/er").mkdir(parents=True)
    subprocess.run([git, "init", "--quiet", work / "repository"], check=True)
    assert inside_repository(work / "repository/deep/er")
    assert inside_repository(work / "repository")
    assert not inside_repository(work)


# --- destinations -------------------------------------------------------------------------------


def refused(destination: Path) -> str:
    """Return the error about a destination; both calls must give it, and change nothing."""
    with pytest.raises(DestinationError) as first:
        check_destination(destination)
    with pytest.raises(DestinationError) as second:
        write(TREE, destination, git=False)
    assert str(first.value) == str(second.value)
    return str(first.value)


def test_what_is_there_is_never_replaced(work: Path) -> None:
    """A folder with anything in it, a hidden file too, and a file are refused and stay."""
    build_tree({"full/.hidden": "mine\n", "file": "mine\n"}, work)
    before = everything(work)
    step = "; choose another destination"
    assert refused(work / "full") == f"'{work}/full' exists and is not empty{step}"
    assert refused(work / "file") == f"'{work}/file' is a file{step}"
    assert everything(work) == before


@posix
@pytest.mark.parametrize("target", ["folder", "file", "nowhere", "link"])
def test_a_link_is_refused_wherever_it_leads(target: str, work: Path) -> None:
    """Writing through a link would write elsewhere than it seems, so none is followed."""
    (work / "file").write_text("mine\n", encoding="utf-8")
    (work / "folder").mkdir()
    (work / "link").symlink_to(target)
    before = everything(work)
    assert "is a link; choose another" in refused(work / "link")
    assert everything(work) == before


@posix
def test_a_parent_may_be_a_link(work: Path) -> None:
    """A home that is a link to another disk is a home."""
    (work / "real").mkdir()
    (work / "alias").symlink_to("real")
    write(TREE, work / "alias/here", git=False)
    assert (work / "real/here/README.md").exists()
    assert names(work / "real") == {"here"}


def test_a_parent_that_is_missing_or_a_file_is_told(work: Path) -> None:
    """The error names the parent, and the command that makes it."""
    (work / "file").write_text("mine\n", encoding="utf-8")
    missing = refused(work / "no/such/here")
    assert missing == f"'{work}/no/such' is not a folder; make it first, with mkdir -p"
    assert f"'{work}/file" in refused(work / "file/here")
    assert f"'{work}/file" in refused(work / "file/deep/here")
    assert names(work) == {"file"}


@posix
def test_an_empty_folder_is_replaced_and_keeps_its_mode(work: Path) -> None:
    """A folder made for the project, with rights of its own, becomes the project."""
    (work / "here").mkdir(mode=0o700)
    write(TREE, work / "here", git=False)
    assert stat.S_IMODE((work / "here").stat().st_mode) == 0o700
    assert (work / "here/README.md").exists()
    assert names(work) == {"here"}


def test_the_current_folder_is_told_from_where_to_run(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replacing the folder that a shell stands in would leave the shell in a ghost."""
    monkeypatch.chdir(work)
    assert "run this from the folder above it" in refused(work)
    assert refused(Path().absolute())


def test_the_folder_above_is_not_empty(program: Program, work: Path) -> None:
    """`..` and `/` hold something, so they are refused like any other folder."""
    for place in ("..", "/", "../"):
        done = program.run("new", "toy", place, folder=work)
        assert done.returncode == 1
        assert "exists and is not empty" in done.stderr


@posix
@pytest.mark.parametrize(
    "place", ["a b", "Zoë 🦀", "a\nb", "ends/", "\udcff", ".hidden", "x" * 250]
)
def test_a_destination_may_be_called_as_the_file_system_allows(place: str, work: Path) -> None:
    """Blanks, Unicode, line ends and bytes that are no text are names like any other."""
    write(TREE, work / place, git=False)
    assert set(TREE) <= set(everything(work / place))


@posix
@pytest.mark.parametrize("path", ["x" * 300, "/".join(["y" * 200] * 30)])
def test_a_path_that_is_too_long_is_told(path: str, program: Program, work: Path) -> None:
    """The file system's limit is an error of one line."""
    done = program.run("new", "toy", path, "--name=x", folder=work)
    assert done.returncode == 1
    assert "file name too long; " in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(work) == set()


@posix
def test_a_folder_without_permission_is_told(program: Program, work: Path) -> None:
    """No right to write, or none to enter: an error of one line, and nothing is left."""
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root writes anywhere, unless its privileges are gone
        before = (need("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
        if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine does not let root lay down its privileges")
    for name, mode in (("closed", 0o555), ("shut", 0o000), ("unreadable", 0o311)):
        (work / name).mkdir(mode=mode)
    for name in ("closed", "shut"):
        done = program.run("new", "toy", f"{name}/here", folder=work, before=before)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert done.stderr.startswith("error: ")
        assert f"{name}" in done.stderr
    # Empty, but not to be replaced with these rights.
    for name, reason in (("closed", "cannot be written to"), ("shut", "permission denied")):
        done = program.run("new", "toy", name, folder=work, before=before)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert reason in done.stderr
        assert names(work) == {"closed", "shut", "unreadable"}
    done = program.run("new", "toy", "unreadable/here", folder=work, before=before)
    assert done.returncode == 0, done.stderr
    for name in names(work):
        (work / name).chmod(0o755)
    assert names(work / "unreadable") >= {"here"}
    assert names(work / "shut") == names(work / "closed") == set()


# --- file systems -------------------------------------------------------------------------------


def on_a_disk(program: Program, work: Path, options: str, script: str) -> str:
    """Run a script where `disk` is a small file system of its own and $NEW makes a project."""
    unshare = [need("unshare"), *([] if os.geteuid() == 0 else ["-r"]), "-m"]
    (work / "disk").mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o {options} none disk"
    if subprocess.run(
        [*unshare, "/bin/sh", "-c", mount], cwd=work, capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    done = subprocess.run(
        [*unshare, "/bin/sh", "-c", f"{mount}; {script}"],
        cwd=work,
        env=program.environment | {"NEW": f"{' '.join(program.words)} new toy"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@posix
@pytest.mark.parametrize(
    "options", ["size=4k", "size=24k", "nr_inodes=3", "nr_inodes=8", "nr_inodes=20", "nr_inodes=40"]
)
def test_a_disk_that_is_full_is_told_and_nothing_is_left(
    options: str, program: Program, work: Path
) -> None:
    """Whether it fills with the first file, the last, or in `git init`: the disk is as before."""
    need("git")
    end = 'echo "status $?"; echo "left: $(ls -A disk)"; touch disk/room && echo room'
    told = on_a_disk(program, work, options, f"$NEW disk/here 2>&1 >/dev/null; {end}")
    error, *rest = told.splitlines()
    assert rest == ["status 1", "left: ", "room"]
    assert error.startswith("error: ")
    assert "no space left on device" in error.lower()
    assert "disk/here" in error or "--no-git" in error


@posix
def test_a_file_system_that_is_read_only_is_told(program: Program, work: Path) -> None:
    """The error names the folder, before anything is tried."""
    told = on_a_disk(program, work, "ro", "$NEW disk/here 2>&1 >/dev/null; echo $?")
    assert told == f"error: '{work}/disk' cannot be written to; choose another destination\n1\n"


@posix
def test_a_folder_that_something_is_mounted_on_is_told(program: Program, work: Path) -> None:
    """An empty folder that cannot be replaced, such as a volume of a container, is left alone."""
    told = on_a_disk(program, work, "size=1m", "$NEW disk 2>&1 >/dev/null; echo $?; ls -A disk .")
    assert "busy; see to that or choose another destination" in told
    assert told.splitlines()[1:] == ["1", ".:", "disk", "", "disk:"]


# --- kills, interrupts and races ----------------------------------------------------------------


@pytest.fixture
def slow(program: Program, tmp_path: Path) -> Program:
    """Give the toy so many files that writing them takes a while."""
    root = tmp_path / "slow"
    shutil.copytree(program.root, root)
    build_tree(MANY, root / "templates")
    return Program(root, program.home)


@pytest.fixture
def whole(slow: Program, tmp_path: Path) -> dict[str, tuple[int, bytes]]:
    """Return the project that must be there where one is."""
    need("git")
    (tmp_path / "whole").mkdir()
    done = slow.run("new", "toy", "here", folder=tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    made = everything(tmp_path / "whole/here")
    assert ".git/HEAD" in made
    return made


def start(program: Program, folder: Path, place: str = "here") -> subprocess.Popen[str]:
    """Begin to make a project."""
    return subprocess.Popen(
        [*program.words, "new", "toy", place],
        cwd=folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def staging(folder: Path) -> list[Path]:
    """Return the hidden folders of projects that are being written."""
    return [path for path in folder.iterdir() if re.fullmatch(r"\.scaffold-new-\w{16}", path.name)]


def send_at_random(
    process: subprocess.Popen[str], number: int, folder: Path, chance: float
) -> None:
    """Send a signal at a random moment: of the whole run, or of the writing."""
    if chance < 0.3:
        time.sleep(chance)  # a whole run takes about as long
    else:
        while not staging(folder) and process.poll() is None:
            time.sleep(0.0005)
        time.sleep((chance - 0.3) / 7)
    if process.poll() is None:
        process.send_signal(number)


NEIGHBOURS = {"notes.txt": "mine\n", "other/file": "mine\n", ".scaffold-new-notes/lock": "mine\n"}


@posix
def test_a_kill_at_any_moment_leaves_nothing_or_the_whole_project(
    slow: Program, whole: Mapping[str, object], work: Path
) -> None:
    """SIGKILL leaves no half project and no changed neighbour; the next call removes the rest."""
    build_tree(NEIGHBOURS, work)
    before = everything(work)
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # noqa: T201  # to find the moment again
    chances = random.Random(seed)  # noqa: S311  # nobody guesses at a test
    half = rounds = 0
    while rounds < KILLS or (not half and rounds < 10 * KILLS):
        rounds += 1
        process = start(slow, work)
        send_at_random(process, signal.SIGKILL, work, chances.random())
        process.communicate()
        half += bool(staging(work))
        if (work / "here").exists():
            assert everything(work / "here") == whole
            shutil.rmtree(work / "here")
    assert half, "no kill came in the middle, so nothing was shown"
    assert slow.run("new", "toy", "last", folder=work).returncode == 0
    shutil.rmtree(work / "last")
    assert everything(work) == before


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_at_any_moment_leaves_nothing_at_all(
    number: signal.Signals, slow: Program, whole: Mapping[str, object], work: Path
) -> None:
    """Told to end, the program removes what it began, or has the project whole in its place."""
    build_tree(NEIGHBOURS, work)
    before = everything(work)
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # noqa: T201  # to find the moment again
    chances = random.Random(seed)  # noqa: S311  # nobody guesses at a test
    interrupted = rounds = 0
    while rounds < KILLS // 2 or (not interrupted and rounds < 10 * KILLS):
        rounds += 1
        process = start(slow, work)
        send_at_random(process, number, work, chances.random())
        _, error = process.communicate()
        # The second before its own handlers are there, the third where it came too late.
        expected = {128 + number, -number, 0}
        if "KeyboardInterrupt" in error and "scaffold" not in error:
            expected = {1}  # Python itself was just starting, and there was no program yet
        assert process.returncode in expected, error
        assert "fault of scaffold" not in error
        interrupted += process.returncode == 128 + number
        if (work / "here").exists():
            assert everything(work / "here") == whole
            shutil.rmtree(work / "here")
        else:
            assert process.returncode != 0
        assert everything(work) == before
    assert interrupted, "no interrupt came in the middle, so nothing was shown"


@posix
def test_the_hidden_folder_of_a_living_process_is_left_alone(
    slow: Program, whole: Mapping[str, object], work: Path
) -> None:
    """Another `new` in the same folder sweeps what the dead left, and nothing of the living."""
    process = start(slow, work)
    while not staging(work):
        assert process.poll() is None
        time.sleep(0.0005)
    time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)
    (living,) = staging(work)
    dead = work / ".scaffold-new-0123456789abcdef"
    (dead / "project").mkdir(parents=True)
    before = everything(living)
    assert slow.run("new", "toy", "other", folder=work).returncode == 0
    assert staging(work) == [living]
    assert everything(living) == before
    process.send_signal(signal.SIGCONT)
    process.communicate()
    assert process.returncode == 0
    assert everything(work / "here") == whole
    assert names(work) == {"here", "other"}


def test_of_two_at_once_one_wins_and_the_other_is_told(program: Program, work: Path) -> None:
    """Exactly one project is made, whole; the loser exits with 1 and one line that says why."""
    need("git")
    assert program.run("new", "toy", "here", folder=work).returncode == 0
    whole = everything(work / "here")
    shutil.rmtree(work / "here")
    for _ in range(ROUNDS):
        both = [start(program, work), start(program, work)]
        ends = [(*process.communicate(), process.returncode) for process in both]
        assert sorted(code for _, _, code in ends) == [0, 1], ends
        (error,) = (error for _, error, code in ends if code)
        assert error.count("\n") == 1
        assert "/here' " in error
        assert "choose another destination" in error
        assert everything(work / "here") == whole
        assert names(work) == {"here"}
        shutil.rmtree(work / "here")


def test_many_at_once_into_one_folder_do_not_disturb_one_another(work: Path) -> None:
    """While others come and go, and sweep, each writes its own project whole."""
    failed: list[Exception] = []

    def make(number: int) -> None:
        try:
            for turn in range(10 * ROUNDS):
                write(TREE, work / f"{number}-{turn}", git=False)
        except Exception as error:  # noqa: BLE001  # a thread would swallow it
            failed.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(names(work)) == 8 * 10 * ROUNDS
    assert all(set(TREE) <= set(everything(made)) for made in work.iterdir())


@posix
def test_what_is_made_there_meanwhile_is_not_replaced(work: Path) -> None:
    """Somebody else's folder that appears between the check and the move stays as it is."""
    theirs = work / "here"

    class Slow(dict[str, File]):
        """A tree that somebody races with."""

        def items(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  # as that of dict
            build_tree({"here/theirs": "theirs\n"}, work)
            return super().items()

    with pytest.raises(DestinationError, match="was made by someone else meanwhile"):
        write(Slow(TREE), theirs, git=False)
    assert everything(work).keys() == {"here", "here/theirs"}
