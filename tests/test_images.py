"""The container images of templates: built, looked into, run hardened, and ended."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.http_client import Connection, request
from contracts.services import EXAMPLES
from helpers import eventually
from images.engine import Engine
from images.trials import Image, Project, built, files, make_project, wait_until_ready
from scaffold import catalog
from scaffold.check import Cell, cells
from scaffold.toolchain import missing, needed

pytestmark = pytest.mark.project

CELLS = [cell for cell in cells(catalog.load_all()) if "container" in cell.template.layers]
"""Every template that has a Dockerfile, in each language."""

MEGABYTE = 1_000_000
LIMITS = {"python": (200, 90), "rust": (45, 12)}
"""Megabytes that an image may have, and those that it may have beyond the image below it."""
BODY = b'{"expression":"1 + 2"}'
EVALUATE = request("POST", "/v1/evaluate", [("Content-Type", "application/json")], BODY)


@dataclass(frozen=True, slots=True)
class Trials:
    """The projects and images of this session, each made when it is first asked for."""

    engine: Engine
    folder: Path
    stack: ExitStack
    projects: dict[str, Project] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)

    def project(self, cell: Cell, variant: str = "") -> Project:
        """Make the project of a cell, one for each variant."""
        key = f"{cell}{variant}"
        if key not in self.projects:
            self.projects[key] = make_project(cell, self.folder / key)
        return self.projects[key]

    def image(self, cell: Cell) -> Image:
        """Build the image of a cell; one that failed to build fails again."""
        if str(cell) not in self.images:
            image = self.stack.enter_context(built(self.engine, self.project(cell)))
            self.images[str(cell)] = image
        return self.images[str(cell)]


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """Find the engine, which every machine of continuous integration has."""
    try:
        engine = Engine.find()
    except LookupError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    with ExitStack() as stack:
        yield Trials(engine, tmp_path_factory.mktemp("images"), stack)


@pytest.fixture(params=CELLS, ids=str)
def image(request: pytest.FixtureRequest, trials: Trials) -> Image:
    """Build the image of each template in each language, from a project without a lock file."""
    return trials.image(request.param)


def test_an_image_is_small(image: Image) -> None:
    """It keeps to its limits, in all and beyond the image that it is built on."""
    base = _size(image.engine, image.project.bases[-1])
    size = _size(image.engine, image.tag)
    total, more = LIMITS[image.project.cell.language]
    assert size <= total * MEGABYTE
    assert size - base <= more * MEGABYTE


def test_an_image_holds_the_program_and_nothing_else(image: Image) -> None:
    """No sources, no tests, no tools of the build and no caches; of the base nothing changes."""
    base = files(image.engine, image.project.bases[-1])
    found = files(image.engine, image.tag)
    assert {path: found.get(path) for path in base} == base
    added = set(found) - set(base)
    name = image.project.name
    if image.project.cell.language == "rust":
        assert added == {f"usr/local/bin/{name}"}
        return
    assert f"app/.venv/bin/{name}" in added
    assert {path.split("/")[1] for path in added} == {".venv"}
    (packages,) = {"/".join(path.split("/")[:5]) for path in added if "/fastapi/" in path}
    inside = {path.removeprefix(f"{packages}/") for path in added if path.startswith(packages)}
    assert not {path.split("/")[0] for path in inside} & {"pip", "uv", "pytest", "mypy", "tests"}
    package = name.replace("-", "_")
    source = {
        str(path.relative_to(image.project.folder / "src"))
        for path in (image.project.folder / "src").rglob("*")
        if path.is_file()
    }
    own = {path for path in inside if path.startswith(f"{package}/")}
    assert {path for path in own if not path.endswith(".pyc")} == source
    compiled = {path for path in own if path.endswith(".pyc")}
    assert len(compiled) == sum(path.endswith(".py") for path in source)


def test_an_image_says_what_it_is_and_how_it_runs(image: Image) -> None:
    """Its user is a number and not root, its words reach the program without a shell."""
    settings = image.settings
    assert settings["User"] == "65532:65532"
    assert (settings["Entrypoint"], settings["Cmd"]) == ([image.project.name], ["serve"])
    assert settings["Healthcheck"]["Test"] == ["CMD", image.project.name, "healthcheck"]
    assert list(settings["ExposedPorts"]) == ["8080/tcp"]
    commit = _git(image.project, "rev-parse", "HEAD")
    prefix = "org.opencontainers.image"
    assert {
        f"{prefix}.title": image.project.name.replace("-", " ").title(),
        f"{prefix}.version": _git(image.project, "describe", "--always"),
        f"{prefix}.revision": commit,
    }.items() <= settings["Labels"].items()
    assert settings["Labels"][f"{prefix}.base.name"].endswith(image.project.bases[-1])


def test_a_hardened_container_serves_on_its_port_and_ends_with_0(image: Image) -> None:
    """Read-only, without root and without capabilities: healthy, answering, ended by SIGTERM."""
    example = EXAMPLES[image.project.cell.template.name]
    with image.running() as container:
        wait_until_ready(container)
        host = container.facts("HostConfig")
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (
            True,
            ["ALL"],
            False,
        )
        assert host["SecurityOpt"] == ["no-new-privileges"]
        with Connection(container.port) as connection:
            connection.send(request("GET", "/readyz"))
            assert connection.answer().json() == {"status": "ready"}
            connection.send(request("GET", example.path))
            assert connection.answer().body == example.body
            # The connection stays open, and does not hold the end up.
            image.engine.run("stop", "--time", "5", container.name)
        assert container.facts("State")["ExitCode"] == 0
        lines = [json.loads(line) for line in container.log.splitlines()]
    messages = [line["message"] for line in lines]
    assert messages[0] == f"listening on http://0.0.0.0:{container.port}"
    assert "draining: SIGTERM" in messages


def test_the_health_check_fails_where_nothing_answers(image: Image) -> None:
    """It asks the service, so it is no good sign that it runs at all."""
    with image.running() as container:
        wait_until_ready(container)
        words = ("exec", "--env", "PORT=9", container.name, image.project.name, "healthcheck")
        assert not image.engine.succeeds(*words)


@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if cell.template.name == "microservice"], ids=str
)
def test_a_request_in_flight_is_answered_before_the_container_ends(
    cell: Cell, trials: Trials
) -> None:
    """SIGTERM reaches the service, which waits for the rest of a body and answers it."""
    image = trials.image(cell)
    with image.running() as container:
        wait_until_ready(container)
        with Connection(container.port) as connection:
            connection.send(EVALUATE[:-5])
            stop = ["stop", "--time", "20", container.name]
            with subprocess.Popen(
                [image.engine.client, *stop], stdout=subprocess.DEVNULL
            ) as stopping:
                eventually(lambda: "draining: SIGTERM" in container.log)
                connection.send(EVALUATE[-5:])
                answer = connection.answer()
                assert stopping.wait() == 0
        assert (answer.status, answer.body) == (200, b'{"result":3}')
        assert answer.one("Connection").lower() == "close"
        assert container.facts("State")["ExitCode"] == 0


LOCK = {"python": ("uv", "lock", "--quiet"), "rust": ("cargo", "generate-lockfile", "--quiet")}
MORE = {"python": ("dependencies = [", '"six",'), "rust": ("[dependencies]\n", 'itoa = "1"\n')}
MANIFEST = {"python": "pyproject.toml", "rust": "Cargo.toml"}


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_a_lock_file_that_no_longer_fits_is_refused(language: str, trials: Trials) -> None:
    """Or the image would hold versions that nobody has tested."""
    cell = Cell(catalog.load("cloud-run"), language)
    if absent := missing(needed(cell.template, language)):
        pytest.skip(f"{absent[0].name} is not on this machine: {absent[0].get}")
    trials.image(cell)  # with it, the images that it is built on are there
    stale = trials.project(cell, "-stale")
    subprocess.run(LOCK[language], cwd=stale.folder, check=True)
    manifest = stale.folder / MANIFEST[language]
    before, addition = MORE[language]
    text = manifest.read_text(encoding="utf-8")
    assert before in text
    manifest.write_text(text.replace(before, before + addition, 1), encoding="utf-8")
    done = stale.make(trials.engine, "image", "IMAGE=trial/stale")
    assert done.returncode != 0
    assert "lock" in done.stderr
    assert "needs to be updated" in done.stderr or "cannot update the lock file" in done.stderr


def test_an_image_has_the_versions_of_the_lock_file(trials: Trials) -> None:
    """What was locked is what runs, though there are newer versions."""
    made = trials.project(Cell(catalog.load("cloud-run"), "python"), "-locked")
    subprocess.run([*LOCK["python"], "--upgrade-package=idna<3.10"], cwd=made.folder, check=True)
    with built(trials.engine, made) as image:
        assert any("/idna-3.9.dist-info/" in path for path in files(image.engine, image.tag))


def _size(engine: Engine, image: str) -> int:
    return sum(size for size, _, _ in files(engine, image).values())


def _git(made: Project, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=made.folder, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    return done.stdout.strip()
