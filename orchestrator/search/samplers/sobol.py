"""Combinations that cover the space evenly."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import ClassVar

from pydantic import JsonValue

from ..distributions import Distribution
from ..space import Combination, Space
from .base import SequenceSampler
from .extras import import_extra


class SobolSampler(SequenceSampler):
    """A scrambled Sobol' sequence: one dimension for each hyperparameter that is sampled.

    The points are those of `scipy.stats.qmc.Sobol(d, scramble=True, rng=seed)`, in the order in
    which the file names the hyperparameters. Each coordinate is the value's quantile.

    Owen, "Scrambling Sobol' and Niederreiter–Xing points", 1998.
    """

    name: ClassVar[str] = "sobol"

    def __init__(
        self, space: Space, seed: int, taken: Iterable[Mapping[str, JsonValue]] = ()
    ) -> None:
        super().__init__(space, seed, taken)
        qmc = import_extra("scipy.stats.qmc", "sobol", "the sampler sobol")
        self._names = space.sampled
        self._points = qmc.Sobol(max(len(self._names), 1), scramble=True, rng=seed)

    def _candidates(self, number: int) -> Iterator[Combination]:
        for _ in count():
            (point,) = self._points.random(1)
            units = dict(zip(self._names, point.tolist(), strict=False))
            yield self._space.build(partial(_at, units))


def _at(units: Mapping[str, float], name: str, distribution: Distribution) -> JsonValue:
    return distribution.at(units[name])
