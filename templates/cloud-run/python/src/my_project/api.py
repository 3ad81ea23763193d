"""What this service is about: a fruit.

Replace it by routes of your own; `router` is what the service looks for.
"""

import secrets
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, WithJsonSchema

from .service.problems import MisfitError
from .service.routing import Router, problem

LARGEST_SEED: Final = 2**64 - 1

_LONGEST_SEED = 20  # digits

router = Router(tags=["fruit"])


class Fruit(StrEnum):
    """A fruit."""

    APPLE = "apple"
    BANANA = "banana"
    CHERRY = "cherry"
    FIG = "fig"
    GRAPE = "grape"
    KIWI = "kiwi"
    LEMON = "lemon"
    MANGO = "mango"
    ORANGE = "orange"
    PEAR = "pear"


class Draw(BaseModel):
    """What was drawn."""

    fruit: Fruit


def split_mix(seed: int) -> int:
    """Return the first output of SplitMix64 for a seed of 64 bits.

    Source: Guy L. Steele, Doug Lea and Christine H. Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014.

    >>> split_mix(0) == 0xE220A8397B1DCDAF
    True
    """
    z = (seed + 0x9E3779B97F4A7C15) & LARGEST_SEED
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & LARGEST_SEED
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & LARGEST_SEED
    return z ^ (z >> 31)


def _seed(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_SEED:
        number = int(text)
        if number <= LARGEST_SEED:
            return number
    raise MisfitError(f"must be a whole number from 0 to {LARGEST_SEED}")


Seed = Annotated[
    int | None,
    BeforeValidator(_seed),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": LARGEST_SEED}),
]


@router.get(
    "/v1/fruit",
    operation_id="fruit",
    summary="Draws a fruit at random",
    response_description="A fruit",
    responses={422: problem("A seed that does not fit")},
)
async def draw(
    seed: Annotated[Seed, Query(description="The same seed draws the same fruit.")] = None,
) -> Draw:
    """Draw a fruit."""
    fruits = list(Fruit)
    if seed is None:
        return Draw(fruit=secrets.choice(fruits))
    return Draw(fruit=fruits[split_mix(seed) % len(fruits)])
