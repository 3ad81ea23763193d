"""The interface is what the contract says it is, and holds what it promises."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from my_project import api

from .asking import Asked
from .running import PROJECT, SERVE, service

CONTRACT = json.loads(Path(PROJECT, "contract", "openapi.json").read_text(encoding="utf-8"))


def test_the_served_document_is_the_contract() -> None:
    answer = Asked(api.router).ask("GET", "/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == CONTRACT


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with service(*SERVE, LOG_LEVEL="warning") as running:
        yield f"http://127.0.0.1:{running.port}"


@schemathesis.openapi.from_dict(CONTRACT).parametrize()
@settings(max_examples=25, deadline=None)
def test_every_answer_is_one_that_the_contract_knows(case: Case[Any], address: str) -> None:
    response = case.call(base_url=address)
    # An error of the domain is no answer to bad data: all that can be said in a schema was right.
    in_domain = response.status_code == 422 and "code" in response.json()
    case.validate_response(
        response, excluded_checks=[positive_data_acceptance] if in_domain else []
    )
