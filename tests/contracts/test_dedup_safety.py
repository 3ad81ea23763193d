"""Whatever happens to `apply` of `dedup`, no content is lost."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dedup_faults import ERRORS, LONG, OTHER, Bench, each_call
from contracts.dedup_runs import examples
from contracts.dedup_trees import clear, run, said
from helpers import LONG_TESTS


@pytest.fixture(params=["hardlink", "symlink", "delete"])
def make(request: pytest.FixtureRequest, program: list[str], library: Path, tmp_path: Path) -> Any:  # noqa: ANN401
    """Return what makes a bench for a number, for each action that removes or replaces a name."""
    return lambda number: Bench(tmp_path / str(number), library, program, request.param)


@pytest.fixture
def most(program: list[str]) -> int | None:
    """Return for how many calls there is time: a start of Python takes fifty times as long."""
    return None if LONG_TESTS else 3 if Path(program[0]).parent.name == "bin" else 15


def test_the_library_reaches_the_calls_that_matter(make: Any) -> None:  # noqa: ANN401
    """Without it, the tests below would pass without having tried anything."""
    bench = make("reach").prepare()
    ran, calls = bench.apply_with(0, "kill")
    assert ran.returncode == 0
    removing = {"unlink", "unlinkat"} & set(calls)
    making = {
        "hardlink": {"link", "linkat"},
        "symlink": {"symlink", "symlinkat"},
        "delete": {"renameat2"},
    }
    assert removing
    assert making[bench.action] & set(calls)
    assert "renameat2" in calls
    assert len(calls) > 50


def _numbered(make: Any, code: int, number: int) -> Bench:  # noqa: ANN401  # as the fixture
    """Return a bench of its own for each error and call."""
    bench: Bench = make(f"{code}-{number}")
    return bench


def test_no_failing_call_loses_a_content(make: Any, most: int | None) -> None:  # noqa: ANN401
    """The next run finishes what it can, and leaves alone what it cannot."""
    for code in ERRORS if LONG_TESTS else ERRORS[:1]:
        for at, bench, ran in each_call(partial(_numbered, make, code), str(code), most):
            assert ran.returncode in {0, 1, 2, 3}, (at, ran)
            assert bench.contents() == {LONG, OTHER, b"small"}, (code, at)
            assert bench.apply().returncode in {0, 3}, (code, at)
            assert bench.contents() == {LONG, OTHER, b"small"}, (code, at)
            assert bench.is_clean(), (code, at)


def test_a_run_that_is_killed_is_finished_by_the_next(make: Any, most: int | None) -> None:  # noqa: ANN401
    """It is so whichever call it is killed at."""
    for at, bench, _ in each_call(make, "kill", most):
        assert bench.contents() == {LONG, OTHER, b"small"}, at
        ran = bench.apply()
        assert said(ran) == (0, b"3 done, 0 left alone, 0 failed, 4.9 KiB freed\n", b""), at
        assert bench.contents() == {LONG, OTHER, b"small"}, at
        assert bench.is_clean(), at
        found = run(bench.program, "scan", bench.tree)
        assert found.stdout.startswith(b"0 groups"), at


@pytest.mark.parametrize("name", ["a", "b"], ids=["keeper", "victim"])
def test_a_file_that_is_swapped_in_is_not_lost(make: Any, most: int | None, name: str) -> None:  # noqa: ANN401
    """Another program may put a file of the same size in the place of keeper or victim."""
    for at, bench, ran in each_call(make, "swap", most, old=name):
        assert ran.returncode in {0, 1, 3}, at
        assert bench.contents() == {LONG, OTHER, b"small"}, (at, ran)
        bench.apply()
        assert bench.contents() == {LONG, OTHER, b"small"}, at


@given(
    files=st.dictionaries(
        st.sampled_from("abcdefgh"), st.sampled_from([b"1", b"2", LONG]), min_size=2
    ),
    action=st.sampled_from(["hardlink", "symlink", "delete"]),
    at=st.integers(1, 150),
    event=st.sampled_from([*map(str, ERRORS), "kill", "swap"]),
    name=st.sampled_from("abc"),
)
@examples(6, 400)
def test_any_tree_any_plan_and_any_event(  # noqa: PLR0913, PLR0917  # what is drawn
    programs: dict[str, list[str]],
    library: Path,
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str | bytes, bytes],
    action: str,
    at: int,
    event: str,
    name: str,
) -> None:
    """Every content that was there is there afterwards, and after the other program's run too."""
    folder = tmp_path_factory.mktemp("any")
    for language, program in programs.items():
        bench = Bench(folder / language, library, program, action).prepare(files)
        before = bench.contents()
        bench.apply_with(at, event, bench.tree / name)
        assert bench.contents() >= before
        for other in programs.values():
            Bench(bench.folder, bench.library, other, action).apply()
            assert bench.contents() >= before


def test_one_program_finishes_what_the_other_began(
    programs: dict[str, list[str]], library: Path, tmp_path: Path
) -> None:
    """A journal is read by both, wherever the first was killed."""
    order = [*programs.values()]
    for first, second in (order, order[::-1]):
        for action in ("hardlink", "symlink", "delete"):
            for at in range(10, 120, 10 if LONG_TESTS else 60):
                clear(tmp_path / "bench")
                bench = Bench(tmp_path / "bench", library, first, action).prepare()
                bench.apply_with(at, "kill")
                ran = Bench(tmp_path / "bench", library, second, action).apply()
                assert said(ran) == (0, b"3 done, 0 left alone, 0 failed, 4.9 KiB freed\n", b""), (
                    first,
                    action,
                    at,
                )
                assert bench.contents() == {LONG, OTHER, b"small"}
