"""Projects to update: a copy for each test, what a user does in it, and what must stay as it is."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import build_tree
from releases import Checkout

ANSWERS = ".copier-answers.yml"
STATE = ".git/scaffold-update"
"""Where scaffold keeps what it needs to undo an update."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project in a repository, and the checkout whose program updates it."""

    checkout: Checkout
    folder: Path

    def git(self, *words: str) -> str:
        """Run git in the project, as somebody."""
        return self.checkout.git(*words, folder=self.folder)

    def short(self) -> list[str]:
        """Return what `git status --short` prints."""
        return self.git("-c", "core.quotePath=false", "status", "--short").splitlines()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files; one that starts with `#!` gets its run bit."""
        build_tree(files, self.folder)

    def commit(self, files: Mapping[str, str | bytes] | None = None) -> None:
        """Write files, and commit everything."""
        self.write(files or {})
        self.checkout.commit(self.folder, "mine")

    def read(self, path: str) -> str:
        """Return the text of a file, with its line ends."""
        return (self.folder / path).read_bytes().decode()

    def read_bytes(self, path: str) -> bytes:
        """Return the content of a file."""
        return (self.folder / path).read_bytes()

    def has(self, path: str) -> bool:
        """Return whether something is there, a link that leads nowhere too."""
        return os.path.lexists(self.folder / path)

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401  # as those of Program.run
        """Run a command in the project."""
        return self.checkout.program.run(*words, **{"folder": self.folder, **options})

    def update(self, *words: str, code: int = 0, **options: Any) -> str:  # noqa: ANN401  # as above
        """Update it, with `code` for the exit status, and return what is told."""
        done = self.run("update", *words, **options)
        assert (done.returncode, done.stderr) == (code, ""), done
        return done.stdout

    def refused(self, *words: str, code: int = 1, **options: Any) -> str:  # noqa: ANN401  # as above
        """Run an update that must fail and change nothing; return its one line of error."""
        before = everything(self.folder)
        done = self.run("update", *words, **options)
        assert everything(self.folder) == before
        assert self.kept() == set()
        assert done.returncode == code, done
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("error: ").removesuffix("\n")

    def kept(self) -> set[str]:
        """Return the names of what scaffold left under `.git`, but for its lock."""
        state = self.folder / STATE
        return {each.name for each in state.iterdir()} - {"lock"} if state.is_dir() else set()


def take(
    checkout: Checkout, folder: Path, version: str = "0.1.0", language: str = "python"
) -> Project:
    """Put a copy of a release's project, committed and called `it`, at `folder`."""
    stock = checkout.root.parent / "stock" / f"{language}-{version}" / "it"
    if not stock.exists():
        stock.parent.mkdir(parents=True)
        sources = str(checkout.root / "generator")  # or every run would compile anew
        subprocess.run([sys.executable, "-m", "compileall", "-q", sources], check=True)
        checkout.make(stock, "-l", language, version=version)
    shutil.copytree(stock, folder, symlinks=True)
    checkout.git("update-index", "-q", "--refresh", folder=folder)  # its files are new ones
    return Project(checkout, folder)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all that lies below a folder, git's own too, but not scaffold's: mode and content."""
    found = {}
    for root, folders, names in os.walk(folder):
        if Path(root).name == ".git" and "scaffold-update" in folders:
            folders.remove("scaffold-update")
        for name in (*folders, *names):
            path = Path(root) / name
            mode = path.lstat().st_mode
            content = b""
            if stat.S_ISLNK(mode):
                content = os.fsencode(path.readlink())
            elif stat.S_ISREG(mode):
                content = path.read_bytes()
            found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


def visible(project: Project) -> dict[str, object]:
    """Return all of a project that `--abort` has to bring back: files, index with flags, status."""
    files = everything(project.folder)
    debug = project.git("ls-files", "--stage", "--debug").splitlines()
    flags = [line.split("\tflags:")[-1] for line in debug if line[0] != " " or "\tflags:" in line]
    return {
        "files": {path: each for path, each in files.items() if path.split("/")[0] != ".git"},
        "index": flags,
        "status": project.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
    }
