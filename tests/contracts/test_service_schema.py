"""Holds every service to its OpenAPI document, with requests made from the document."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contracts.services import SERVICES, Cell, Service
from helpers import LONG_TESTS

TEMPLATES = SERVICES

EXAMPLES = 1000 if LONG_TESTS else 50
CONFIG = """
seed = 20261125
continue-on-failure = true

[phases.stateful]
enabled = false  # no operation links to another

[checks.positive_data_acceptance]
# Valid numbers may have no quotient, and a string need not be an expression: errors of the domain.
expected-statuses = [200, 422]
"""


def test_every_check_of_schemathesis_passes(
    twin_cells: list[Cell], twins: dict[str, Service], tmp_path: Path
) -> None:
    """All checks, with good and bad data, in a bounded number of seeded requests an operation."""
    with ThreadPoolExecutor() as pool:
        every = [*pool.map(lambda each: checked(each, tmp_path), twins.values())]
    operations = {"microservice": 5, "cloud-run": 4}[twin_cells[0].template]
    for service, ran in zip(twins.values(), every, strict=True):
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert re.search(f"Operations: +{operations} selected", ran.stdout), ran.stdout
        assert service.ask("GET", "/healthz").status == 200


def checked(service: Service, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let schemathesis look at a service."""
    place = folder / str(service.port)  # it leaves its examples there
    place.mkdir()
    (place / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    url = f"http://127.0.0.1:{service.port}/openapi.json"
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--no-color"]
    return subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "run", url, *options],
        capture_output=True,
        check=False,
        cwd=place,
        text=True,
        timeout=600,
    )
