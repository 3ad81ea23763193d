"""What the template `cloud-run` hands to Google Cloud: a service, commands and a guide."""

import copy
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from contracts.services import TEMPLATES
from images.gcloud import cloud_run, find
from scaffold import catalog, project
from scaffold.answers import settle
from scaffold.release import open_release
from scaffold.render import render

pytestmark = pytest.mark.project

_SCHEMA: dict[str, Any] = json.loads(
    Path(__file__).with_name("cloud_run.schema.json").read_text(encoding="utf-8")
)
NAME, PROJECT, REGION = "pick-fruit", "orchard-123456", "us-east5"
ADDRESS = f"{REGION}-docker.pkg.dev/{PROJECT}/{NAME}/{NAME}"
TAG = r"[0-9]{8}-[0-9]{6}-\w+"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project whose answers are not the defaults."""
    template = catalog.load("cloud-run")
    answers = settle(template, "python", NAME, {"cloud_project": PROJECT, "region": REGION})
    place = tmp_path_factory.mktemp("deploying") / NAME
    project.write(render(open_release(template, "python"), answers), place, git=True)
    return place


@pytest.fixture
def service(folder: Path) -> dict[str, Any]:
    """Read the service as it lies in the project."""
    service: dict[str, Any] = yaml.safe_load((folder / "service.yaml").read_text(encoding="utf-8"))
    return service


def test_the_service_is_one_that_cloud_run_takes(service: dict[str, Any]) -> None:
    """Every word and value is of the kind that its reference allows, and every name agrees."""
    jsonschema.validate(service, _SCHEMA)
    assert service["metadata"]["name"] == NAME
    assert service["metadata"]["labels"] == {"cloud.googleapis.com/location": REGION}
    revision = service["spec"]["template"]["spec"]
    account = f"serve-{NAME}@{PROJECT}.iam.gserviceaccount.com"
    assert revision["serviceAccountName"] == account
    (container,) = revision["containers"]
    assert container["image"] == ADDRESS
    assert {"name": "GOOGLE_CLOUD_PROJECT", "value": PROJECT} in container["env"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.template.spec.containers.0.startupProbe.httpGet.path", "readyz"),
        ("spec.template.spec.containers.0.startupProbe.periodSecond", 1),
        ("spec.template.spec.containers.0.livenessProbe.periodSeconds", 241),
        ("spec.template.spec.containers.0.resources.limits.cpu", 1),
        ("spec.template.spec.serviceAccountName", "default"),
        ("metadata.name", "q" * 50),
    ],
)
def test_the_schema_finds_what_cloud_run_would_refuse(
    service: dict[str, Any], path: str, value: object
) -> None:
    """Or it would prove nothing."""
    broken = copy.deepcopy(service)
    *way, last = path.split(".")
    place: Any = broken
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, _SCHEMA)


def test_the_probes_ask_for_what_the_service_serves(service: dict[str, Any]) -> None:
    """Ready before it gets requests, alive after, each within the time that the platform has."""
    document = TEMPLATES / "cloud-run/any/contract/openapi.json"
    served = json.loads(document.read_text(encoding="utf-8"))["paths"]
    revision = service["spec"]["template"]["spec"]
    (container,) = revision["containers"]
    paths = {kind: container[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe")}
    assert paths == {"startupProbe": "/readyz", "livenessProbe": "/healthz"}
    for kind, path in paths.items():
        assert "get" in served[path]
        assert container[kind]["timeoutSeconds"] <= container[kind]["periodSeconds"]
    # Cloud Run waits four minutes for a start at most.
    start = container["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] <= 240
    # The service answers by itself that it took too long, after 10 seconds of body and 30 more.
    assert revision["timeoutSeconds"] > 40


def test_a_dry_run_prints_what_deploying_would_do(folder: Path) -> None:
    """Build for the platform, push under a new tag, replace the service; and nothing is done."""
    printed = _make(folder, "deploy-dry-run", "DOCKER=no-such-client")
    lines = printed.replace("\\\n\t", "").splitlines()
    labels = "--build-arg VERSION=unknown --build-arg REVISION=unknown"
    where = f"--project {PROJECT} --region {REGION}"
    assert [re.sub(TAG, "TAG", line) for line in lines] == [
        f"no-such-client build --platform linux/amd64 --tag {NAME} {labels} .",
        f"no-such-client tag {NAME} {ADDRESS}:TAG",
        f"no-such-client push --quiet {ADDRESS}:TAG",
        f"sed 's|{ADDRESS}|&:TAG|' service.yaml | gcloud run services replace - {where}",
    ]


def test_the_image_is_found_beside_others_and_without_quotes(folder: Path) -> None:
    """The first one is deployed; a file without any is told so, and nothing is done."""
    file = folder / "service.yaml"
    text = file.read_text(encoding="utf-8")
    bare = text.replace(f'"{ADDRESS}"', ADDRESS)
    assert bare != text
    try:
        file.write_text(bare + '        - name: beside\n          image: "other/image"\n', "utf-8")
        printed = _make(folder, "deploy-dry-run", "DOCKER=no-such-client")
        assert re.search(rf"no-such-client push --quiet {ADDRESS}:{TAG}\n", printed)
        assert "other/image" not in printed
        file.write_text(text.replace("image:", "picture:"), "utf-8")
        with pytest.raises(AssertionError, match=r"service\.yaml names no image"):
            _make(folder, "deploy-dry-run", "DOCKER=no-such-client")
    finally:
        file.write_text(text, "utf-8")


def test_every_verb_of_the_guide_is_one_of_the_makefile(folder: Path) -> None:
    """`make` knows what the guide tells a person to say."""
    guide = (folder / "docs/deploy.md").read_text(encoding="utf-8")
    verbs = set(re.findall(r"\bmake ([a-z-]+)", guide))
    assert {"deploy", "deploy-dry-run", "push"} <= verbs
    for verb in verbs:
        _make(folder, "--dry-run", verb)


class TestWithGcloud:
    """Where there is Google's own command line, which cannot be had as a package."""

    __test__ = find() is not None

    def test_deploying_hands_the_service_with_its_new_tag_to_cloud_run(
        self, folder: Path, service: dict[str, Any], tmp_path: Path
    ) -> None:
        """The command reads the file, and asks for just this service in the right place."""
        with cloud_run(tmp_path) as cloud:
            # There is nothing to build or push here: a Docker that does nothing does it well.
            _make(folder, "deploy", "DOCKER=true", environment=cloud.environment)
        (sent,) = cloud.services
        assert sent.address.startswith(
            f"http://{REGION}-run.invalid/apis/serving.knative.dev/v1/namespaces/{PROJECT}/services"
        )
        (container,) = sent.service["spec"]["template"]["spec"]["containers"]
        assert re.fullmatch(f"{re.escape(ADDRESS)}:{TAG}", container["image"])
        container["image"] = ADDRESS
        assert sent.service["metadata"].pop("namespace") == PROJECT
        for added in (sent.service, sent.service["spec"]["template"]):
            for name in ("client-name", "client-version"):
                added["metadata"]["annotations"].pop(f"run.googleapis.com/{name}", None)
        assert sent.service == service

    def test_every_command_of_the_guide_is_one_that_google_knows(
        self, folder: Path, tmp_path: Path
    ) -> None:
        """Each parses, with its flags and their values."""
        guide = (folder / "docs/deploy.md").read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", guide, re.DOTALL))
        values = dict(re.findall(r"^([A-Z]+)=(.*)$", blocks, re.MULTILINE))
        for _ in range(2):  # one of them names another
            blocks = re.sub(r"\$\{?([A-Z]+)(?:%@\*\})?", lambda name: values[name[1]], blocks)
        # What stands inside `$(…)` ends with it, and may hold parentheses of its own.
        commands = re.findall(r"gcloud (?:[^()\n]|\([^()]*\))*", blocks)
        assert len(commands) > 20
        listed = tmp_path / "commands.json"
        listed.write_text(
            json.dumps([{"command_string": each} for each in commands]), encoding="utf-8"
        )
        words = ["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={listed}"]
        results = json.loads(subprocess.check_output(words, encoding="utf-8"))
        assert len(results) == len(set(commands))
        bad = [result["error_message"] for result in results if not result["success"]]
        assert bad == []


def _make(folder: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
