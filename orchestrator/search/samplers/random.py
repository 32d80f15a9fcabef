"""Combinations drawn at random."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import ClassVar

from ..space import Combination, Space
from .base import SequenceSampler


class RandomSampler(SequenceSampler):
    """Draws every combination independently of the others, and again where it is no new one.

    The i-th combination depends on the seed, i and the search space alone, and each
    hyperparameter's value on its own name too: neither the number of workers nor the order
    in which runs finish matters, and a hyperparameter added later leaves the others as they
    were.
    """

    name: ClassVar[str] = "random"

    @property
    def _is_independent(self) -> bool:
        return True

    def _candidates(self, number: int) -> Iterator[Combination]:
        for attempt in count():
            which = f"{number}+{attempt}" if attempt else f"{number}"
            yield draw_combination(self._space, self._seed, which)


def draw_combination(space: Space, seed: int, which: str) -> Combination:
    """One random combination, the same for the same seed and `which`."""
    return space.build(
        lambda name, distribution: distribution.sample(Random(f"{seed}/{which}/{name}"))
    )
