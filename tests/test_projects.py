"""Every template in every language: made, held to the laws, built, and its own checks proved."""

import os

import pytest

from scaffold import catalog
from scaffold.check import Cell, Options, cells, run_cells
from scaffold.toolchain import missing, needed

pytestmark = pytest.mark.project

IN_CI = os.environ.get("CI") == "true"


@pytest.mark.parametrize("cell", cells(catalog.load_all()), ids=str)
def test_a_generated_project_is_green_and_its_checks_find_planted_faults(cell: Cell) -> None:
    """A project fresh from the template passes its own checks, and each fault turns them red."""
    absent = missing(needed(cell.template, cell.language))
    if absent:
        reason = f"{absent[0].name} is not on this machine: {absent[0].get}"
        assert not IN_CI, reason
        pytest.skip(reason)
    # What passed before and is unchanged need not run again, but in CI it does.
    (result,) = run_cells([cell], Options(faults=True, fresh=IN_CI), print)
    failures = [f"{each.stage}: {each.message}" for each in result.outcomes if not each.passed]
    assert not failures, "\n".join([*failures, f"the whole log: {result.log}"])
    assert result.status == "passed" or (result.status == "cached" and not IN_CI)
