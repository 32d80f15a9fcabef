"""Combinations drawn at random."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import ClassVar

from ..space import Combination, Space
from .base import SeenCombinations, SequenceSampler

MOST_DRAWS = 10_000
"""How many draws to try for a combination that has not run."""


class RandomSampler(SequenceSampler):
    """Draws all combinations independently, and repeats a draw that is not new.

    The i-th combination depends only on the seed, i and the search space, and each hyperparameter's
    value on its own name too: neither the number of workers nor the order in which runs finish
    matters, and a hyperparameter added later leaves the others as they were.
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
    """Return one random combination, the same for the same seed and `which`."""
    return space.build(
        lambda name, distribution: distribution.sample(Random(f"{seed}/{which}/{name}"))
    )


def draw_unseen(
    space: Space, unseen: SeenCombinations, seed: int, number: int
) -> Combination | None:
    """Return a random combination that was not returned before, or None if none is found."""
    if unseen.is_listable and space.may_repeat:
        return unseen.take_from_rest(Random(f"{seed}/{number}"))
    for attempt in range(MOST_DRAWS):
        combination = draw_combination(space, seed, f"{number}+{attempt}")
        if unseen.take(combination):
            return combination
    return None
