"""Search space and seed → hyperparameters."""

import secrets
from collections.abc import Mapping
from random import Random

from pydantic import JsonValue

from .space import Hyperparameter

Combination = dict[str, JsonValue]


def new_seed() -> int:
    """A seed for a sweep that was given none; small enough to type again."""
    return secrets.randbelow(2**32)


class RandomSampler:
    """Draws every combination independently of the others.

    The i-th combination depends on the seed, i and the search space alone, and each
    hyperparameter's value on its own name too: neither the number of workers nor the order
    in which runs finish matters, and a hyperparameter added later leaves the others as they
    were.
    """

    def __init__(self, space: Mapping[str, Hyperparameter], seed: int) -> None:
        self._space = space
        self._seed = seed

    def combination(self, index: int) -> Combination:
        """The hyperparameters of run `index`, counted from 1."""
        return {
            name: hyperparameter.sample(Random(f"{self._seed}/{index}/{name}"))
            for name, hyperparameter in self._space.items()
        }
