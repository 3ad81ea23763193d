"""Fruit over HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from my_project import api

from .asking import Asked, assert_problem

ASKED = Asked(api.router)
FRUITS = [fruit.value for fruit in api.Fruit]


@pytest.mark.parametrize(
    ("seed", "fruit"),
    [("0", "kiwi"), ("1", "kiwi"), ("42", "fig"), ("00042", "fig"), (str(2**64 - 1), "lemon")],
)
def test_a_seed_draws_the_fruit_of_the_contract(seed: str, fruit: str) -> None:
    answer = ASKED.ask("GET", f"/v1/fruit?seed={seed}")
    assert (answer.status_code, answer.text) == (200, f'{{"fruit":"{fruit}"}}')


@given(seed=st.integers(0, api.LARGEST_SEED))
def test_every_seed_draws_a_fruit_that_stays(seed: int) -> None:
    first, second = (ASKED.ask("GET", f"/v1/fruit?seed={seed}").json() for _ in range(2))
    assert first == second
    assert first["fruit"] in FRUITS


def test_without_a_seed_any_fruit_may_come() -> None:
    drawn = {ASKED.ask("GET", "/v1/fruit").json()["fruit"] for _ in range(400)}
    assert drawn == set(FRUITS)  # that one is missing happens once in 10**17 runs


@pytest.mark.parametrize(
    "seed",
    ["", "-1", "%2B1", "1.0", "1e3", "x", "%201", "0x1", "1_0", "%D9%A3", "0" * 21, str(2**64)],
)
def test_another_seed_does_not_fit(seed: str) -> None:
    detail = f"must be a whole number from 0 to {api.LARGEST_SEED}"
    misfit = {"pointer": "/query/seed", "detail": detail}
    answer = ASKED.ask("GET", f"/v1/fruit?seed={seed}")
    assert_problem(answer, 422, "the request does not fit", errors=[misfit])
