"""The domain of `cloud-run`: a fruit, drawn at random or by a seed."""

import json
from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.http_client import Connection, request
from contracts.services import TEMPLATES as FOLDER
from contracts.services import Service

TEMPLATES = ("cloud-run",)

_DOCUMENT = FOLDER / "cloud-run/any/contract/openapi.json"
FRUIT: list[str] = json.loads(_DOCUMENT.read_text("utf-8"))["components"]["schemas"]["Fruit"][
    "enum"
]
MASK = 2**64 - 1
DRAWS = 2000


def split_mix_64(seed: int) -> int:
    """Return the first output of the generator for a seed of 64 bits.

    From Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    z = seed + 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def draw(connection: Connection, query: str = "") -> str:
    """Ask for a fruit."""
    connection.send(request("GET", f"/v1/fruit{query}"))
    answer = connection.answer()
    assert (answer.status, answer.one("Content-Type")) == (200, "application/json")
    fruit = answer.json()["fruit"]
    assert answer.body == b'{"fruit":"%b"}' % fruit.encode()
    return str(fruit)


def test_the_generator_is_the_published_one() -> None:
    """Its first output for the seed 0, and for the one it has after that, are well known."""
    assert split_mix_64(0) == 0xE220A8397B1DCDAF
    assert split_mix_64(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4
    assert len(FRUIT) == len(set(FRUIT)) == 10


def test_seeds_of_the_contract(service: Service) -> None:
    """The four examples of its text."""
    with Connection(service.port) as connection:
        for seed, fruit in [("0", "kiwi"), ("1", "kiwi"), ("42", "fig"), (str(MASK), "lemon")]:
            assert draw(connection, f"?seed={seed}") == fruit


SEEDS = st.integers(0, MASK) | st.integers(0, 64).map(lambda bits: (1 << bits) - 1)


@given(seeds=st.lists(SEEDS, min_size=20, max_size=20))
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the service stays the same
)
def test_the_same_seed_draws_the_same_fruit(service: Service, seeds: list[int]) -> None:
    """In every language, and at every time."""
    with Connection(service.port) as connection:
        drawn = [draw(connection, f"?seed={seed}") for seed in seeds]
    assert drawn == [FRUIT[split_mix_64(seed) % 10] for seed in seeds]


def test_without_a_seed_each_fruit_is_as_likely(service: Service) -> None:
    """Of 2,000 draws none is missing; chi-square stays below what chance passes once in 10^11."""
    with Connection(service.port) as connection:
        drawn = [draw(connection) for _ in range(DRAWS)]
    counts = Counter(drawn)
    assert set(counts) == set(FRUIT)
    expected = DRAWS / len(FRUIT)
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 70
    pairs = Counter(pairwise(drawn))
    likely = (DRAWS - 1) / 100
    # The draws do not follow from one another: pairs are as likely, too (99 degrees of freedom).
    every = [pairs[first, second] for first in FRUIT for second in FRUIT]
    assert sum((count - likely) ** 2 / likely for count in every) < 220
    assert drawn[: DRAWS // 2] != drawn[DRAWS // 2 :]
