"""A sampler that enlarges a Pareto front, with a Gaussian process for each objective."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

import numpy as np
from pydantic import JsonValue

from ....stopping.non_domination import epsilon_net
from ....store.histories.history import RunEnded, WarmStartRun
from ....store.outcomes.aims import Aims, losses_of
from ....store.outcomes.pareto import Losses, front_of
from ...space import Combination, Space
from .gaussian_process import Array, GaussianProcess, Observations, fit_parameters
from .improvement import (
    boxes_beyond,
    expected_hypervolume_improvement,
    squeezed,
)
from .model_based import Feasibility, ModelSampler, is_whole, n_fitted

_SHARE_BY_CHANCE = 0.15
_MOST_OBSERVED = 250
_MOST_FITTED = 150
_MOST_ON_FRONT = 40
_MARGIN = 0.1


class FrontSampler(ModelSampler):
    """Proposes what is expected to enlarge the dominated volume most, and to meet constraints.

    Expected hypervolume improvement (Emmerich, Giannakoglou and Naujoks 2006), times the
    probability that constraints on outcomes are met (Gardner et al. 2014). Each objective and each
    constraint has a Gaussian process of its own. Running runs count as what these expect of them.

    Whole runs with a value of every objective count. From what failed, or was stopped by a rule
    that compares runs, it learns nothing.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        aims: Aims,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        *,
        n_startup: int | None = None,
        is_deterministic: bool = False,
    ) -> None:
        """Args:
        aims: two or three objectives.
        n_startup: how many runs must have a result before it learns.
        is_deterministic: whether the same combination always has the same values.
        """
        super().__init__(space, seed, taken, n_startup=n_startup, share_by_chance=_SHARE_BY_CHANCE)
        self._objectives = aims.objectives
        self._is_deterministic = is_deterministic
        self._losses: dict[int, Losses] = {}
        self._violations: dict[int, tuple[float, ...]] = {}
        self._feasibility = Feasibility(self._encoding.groups, is_deterministic=is_deterministic)
        self._fitted: tuple[int, list[Array]] | None = None

    @property
    def _n_seen(self) -> int:
        return len(self._losses)

    def _know(self, key: int, event: WarmStartRun) -> None:
        self._take(key, event)

    def _end(self, event: RunEnded) -> None:
        if is_whole(event):
            self._take(event.index, event)

    def _take(self, key: int, event: RunEnded | WarmStartRun) -> None:
        if event.result is not None and event.violations is not None:
            self._losses[key] = losses_of(self._objectives, event.result)
            self._violations[key] = event.violations

    def _propose(self, random: Random) -> Combination | None:
        leading = self._leading()
        keys = list(dict.fromkeys([*leading, *list(self._losses)[-_MOST_OBSERVED:]]))
        columns = self._columns(keys)
        models = [
            GaussianProcess(self._observed(keys, column), parameters)
            for column, parameters in zip(columns, self._parameters(), strict=True)
        ]
        self._feasibility.see(self._rows_of(keys), [self._violations[key] for key in keys])
        points = [tuple(map(float, row)) for row in zip(*columns, strict=True)]
        front = points[: len(leading)]
        if self._running:
            at = self._rows_of(self._running)
            models = [model.expecting(at) for model in models]
            expected = [model.predict(at)[0] for model in models]
            front += [tuple(map(float, row)) for row in zip(*expected, strict=True)]
        boxes = boxes_beyond(_thinned(front), _beyond_all(points))

        def gains(rows: Array) -> Array:
            predicted = [model.predict(rows) for model in models]
            means = np.stack([mean for mean, _ in predicted], axis=1)
            deviations = np.stack([deviation for _, deviation in predicted], axis=1)
            found = expected_hypervolume_improvement(means, deviations, boxes)
            return found * self._feasibility.probability(rows)

        leaders = [self._combinations[key] for key in leading or keys]
        random.shuffle(leaders)
        return self._most_promising(gains, leaders, random)

    def _leading(self) -> list[int]:
        """Return the runs on the front."""
        feasible = [key for key, missed in self._violations.items() if max(missed, default=0) <= 0]
        return [feasible[one] for one in front_of([self._losses[key] for key in feasible])]

    def _columns(self, keys: Sequence[int]) -> list[Array]:
        """Return the losses of each objective, `(n,)` each."""
        objectives = zip(*(self._losses[key] for key in keys), strict=True)
        return [-squeezed(-np.array(column)) for column in objectives]

    def _observed(self, keys: Sequence[int], values: Array) -> Observations:
        whole = np.ones(len(keys))
        return Observations(self._rows_of(keys), self._encoding.groups, whole, values)

    def _parameters(self) -> list[Array]:
        """Return those of each model, which depend on the runs that had ended by then alone."""
        count = n_fitted(self._n_seen, self._n_startup)
        if self._fitted is None or self._fitted[0] != count:
            keys = list(self._losses)[:count][-_MOST_FITTED:]
            found = [
                fit_parameters(
                    self._observed(keys, column), is_deterministic=self._is_deterministic
                )
                for column in self._columns(keys)
            ]
            self._feasibility.fit(self._rows_of(keys), [self._violations[key] for key in keys])
            self._fitted = count, found
        return self._fitted[1]


def _beyond_all(points: Sequence[Losses]) -> Losses:
    """Return a point that is worse than all others in each objective, by a part of their range."""
    spans = [(min(column), max(column)) for column in zip(*points, strict=True)]
    return tuple(high + _MARGIN * (high - low or 1.0) for low, high in spans)


def _thinned(front: Sequence[Losses]) -> list[Losses]:
    """Return the points that no other dominates. Of many, those that are far apart."""
    kept = [front[place] for place in front_of(front)]
    if len(kept) <= _MOST_ON_FRONT:
        return kept
    return [kept[place] for place in epsilon_net(kept)[:_MOST_ON_FRONT]]
