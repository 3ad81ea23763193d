"""Images of freshly made projects, and containers that run them, on trial."""

import json
import re
import shlex
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from contracts.services import free_port
from helpers import eventually
from images.engine import Engine
from images.stand_ins import ensure
from scaffold import project
from scaffold.check import Cell, test_answers
from scaffold.release import open_release
from scaffold.render import render


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a template, on disk and committed."""

    cell: Cell
    folder: Path

    @property
    def name(self) -> str:
        """What the project is called; always the same, or no layer would be found again."""
        return f"trial-{self.cell.template.name}"

    @property
    def bases(self) -> list[str]:
        """The images that its Dockerfile starts from, the one that it runs on last."""
        text = (self.folder / "Dockerfile").read_text(encoding="utf-8")
        defaults = dict(re.findall(r"^ARG (\w+)=(.*)$", text, re.MULTILINE))
        images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        return [re.sub(r"\$\{(\w+)\}", lambda name: defaults[name[1]], each) for each in images]

    def make(self, engine: Engine, *words: str) -> subprocess.CompletedProcess[str]:
        """Run its make, with a client that builds."""
        return subprocess.run(
            ["make", "--no-print-directory", f"DOCKER={engine.client}", *words],
            cwd=self.folder,
            env=engine.environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


@dataclass(frozen=True, slots=True)
class Container:
    """A container that runs a service of a project, hardened as `make run-container` has it."""

    engine: Engine
    name: str
    port: int

    def facts(self, part: str) -> dict[str, Any]:
        """Return one part of what the engine knows of it now."""
        facts: dict[str, Any] = json.loads(self.engine.run("inspect", self.name))[0][part]
        return facts

    @property
    def log(self) -> str:
        """What it has printed to standard output so far."""
        return self.engine.run("logs", self.name)


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a project."""

    engine: Engine
    tag: str
    project: Project

    @property
    def settings(self) -> dict[str, Any]:
        """What a container is started with."""
        settings: dict[str, Any] = json.loads(self.engine.run("image", "inspect", self.tag))[0]
        return settings["Config"]  # type: ignore[no-any-return]  # JSON of the engine

    @contextmanager
    def running(self) -> Iterator[Container]:
        """Run it by the words of `make run-container`, in the background."""
        port = free_port()
        made = self.project.make(
            self.engine, "--dry-run", "run-container", f"IMAGE={self.tag}", f"PORT={port}"
        )
        text = made.stdout.partition(f"{self.engine.client} run")[2]
        words = shlex.split(text.replace("\\\n", ""))
        container = Container(self.engine, f"trial-{uuid.uuid4().hex}", port)
        try:
            # Asked every second, not every ten, so that the test need not wait as long.
            more = ("--detach", "--name", container.name, "--health-interval", "1s")
            # A container that removes itself could not be asked how it ended.
            self.engine.run("run", *more, *(word for word in words if word != "--rm"))
            yield container
        finally:
            self.engine.succeeds("rm", "--force", container.name)


def make_project(cell: Cell, folder: Path) -> Project:
    """Make a project of the template and commit it."""
    made = Project(cell, folder)
    files = render(open_release(cell.template, cell.language), test_answers(cell, made.name))
    project.write(files, folder, git=True)
    git = ["git", "-c", "user.name=Trial", "-c", "user.email=trial@example.org"]
    subprocess.run([*git, "add", "--all"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=Trial"], cwd=folder, check=True)
    return made


@contextmanager
def built(engine: Engine, made: Project) -> Iterator[Image]:
    """Build the image of a project with its own make, and take the tag away in the end."""
    for base in made.bases:
        ensure(engine, base)
    image = Image(engine, f"trial/{uuid.uuid4().hex}", made)
    try:
        done = made.make(engine, "image", f"IMAGE={image.tag}")
        assert done.returncode == 0, done.stderr[-6000:]
        yield image
    finally:
        engine.succeeds("rmi", image.tag)


@cache
def files(engine: Engine, image: str) -> dict[str, tuple[int, int, str]]:
    """Return every file of an image: its path -> its size, its mode and where it links to."""
    container = engine.run("create", image, "none").strip()
    try:
        with tempfile.NamedTemporaryFile() as archive:
            engine.run("export", "--output", archive.name, container)
            with tarfile.open(archive.name) as tar:
                members = [each for each in tar if not each.isdir()]
    finally:
        engine.run("rm", container)
    return {each.name: (each.size, each.mode, each.linkname) for each in members}


def wait_until_ready(container: Container) -> None:
    """Wait for the health check of the image to find the service well."""
    eventually(lambda: container.facts("State")["Health"]["Status"] == "healthy", within=30)
