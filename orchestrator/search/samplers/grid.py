"""Every combination in turn."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from pydantic import JsonValue

from ..space import Combination, Space
from .base import SequenceSampler


class GridSampler(SequenceSampler):
    """Each combination once, in order: the last hyperparameter of the file changes fastest."""

    name: ClassVar[str] = "grid"
    most_draws: ClassVar[int] = 1_000_000

    def __init__(
        self, space: Space, seed: int, taken: Iterable[Mapping[str, JsonValue]] = ()
    ) -> None:
        super().__init__(space, seed, taken)
        self._grid = space.combinations()

    def _candidates(self, number: int) -> Iterator[Combination]:
        return self._grid

    def _next(self, number: int) -> Combination | None:
        return next(filter(self._unseen.take, self._grid), None)
