"""A sampler that learns from runs of every length: those that a rule stopped, and whole ones."""

import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random

import numpy as np
from pydantic import JsonValue

from ....store.histories.history import RunEnded, WarmStartRun
from ....store.objective import Goal
from ...space import Combination, Space
from .gaussian_process import Array, GaussianProcess, Observations, fit_parameters
from .improvement import expected_improvement, squeezed
from .model_based import Feasibility, ModelSampler, is_whole, n_fitted

_SHARE_BY_CHANCE, _SHARE_UNDER_A_RULE = 0.15, 2 / 3
_MOST_OBSERVED = 250
_MOST_FITTED = 150
_MOST_COMPARED = 1_000
_N_LEADERS = 5
_FEWEST_WHOLE = 3
_WHOLE = math.inf


class CurveSampler(ModelSampler):
    """A Gaussian process over hyperparameters and training, which proposes the best whole runs.

    As MOBSTER (Klein et al. 2020, arXiv:2003.10865): each run is seen at every milestone that it
    reached, and expected improvement is that of a whole run. A running run counts with the value
    that the model expects of it. Under a rule that compares runs two of three combinations are
    drawn by chance. Most of them are stopped early, so they take a small part of the training, and
    they keep the model from settling where short runs look best.

    A run that failed, or misses a constraint on outcomes, counts as the worst whole run.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        goal: Goal,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        *,
        n_startup: int | None = None,
        is_deterministic: bool = False,
        has_rule: bool = True,
    ) -> None:
        """Args:
        n_startup: how many runs must have ended before it learns.
        is_deterministic: whether the same combination always has the same value.
        has_rule: whether a rule compares runs, and stops most of them early.
        """
        share = _SHARE_UNDER_A_RULE if has_rule else _SHARE_BY_CHANCE
        super().__init__(space, seed, taken, n_startup=n_startup, share_by_chance=share)
        self._sign = 1.0 if goal == "max" else -1.0
        self._is_deterministic = is_deterministic
        self._curves: dict[int, dict[float, float | None]] = {}
        self._fitted: tuple[int, Array] | None = None
        self._violations: dict[int, tuple[float, ...]] = {}
        self._feasibility = Feasibility(self._encoding.groups, is_deterministic=is_deterministic)
        self._n_constrained = 0

    @property
    def _n_seen(self) -> int:
        return len(self._curves)

    def _know(self, key: int, event: WarmStartRun) -> None:
        self._see(key, _WHOLE, event.value)
        self._learn_violations(key, event)

    def _learn_violations(self, key: int, event: RunEnded | WarmStartRun) -> None:
        if event.violations and key in self._curves:
            self._violations[key] = event.violations

    def _end(self, event: RunEnded) -> None:
        """Take in how far a run got."""
        key = event.index
        if event.state == "failed" or (event.state == "finished" and event.violations is None):
            self._curves[key] = {_WHOLE: None}
            return
        if _WHOLE in self._curves.get(key, {}):
            del self._curves[key]  # it was run again
        for progress, value in event.curve[: -1 if is_whole(event) else None]:
            self._see(key, progress, value)
        if is_whole(event):
            self._see(key, _WHOLE, event.value)
            self._learn_violations(key, event)

    def _see(self, key: int, progress: float, value: float | None) -> None:
        if value is not None and math.isfinite(value):
            self._curves.setdefault(key, {})[progress] = self._sign * value

    def _propose(self, random: Random) -> Combination | None:
        """Return the unseen combination with the largest expected improvement among the
        candidates."""
        keys = list(self._curves)
        model = GaussianProcess(self._observed(keys, _MOST_OBSERVED), self._parameters(keys))
        if self._running:
            model = model.expecting(self._rows_of(self._running))
        recent = self._feasible(keys)[-_MOST_COMPARED:]
        means, _ = model.predict(self._rows_of(recent))
        best = float(means.max())
        order = np.argsort(-means, kind="stable")[:_N_LEADERS]
        leaders = [self._combinations[recent[n]] for n in order]
        self._model_constraints()

        def gains(rows: Array) -> Array:
            improvement = expected_improvement(*model.predict(rows), best)
            return improvement * self._feasibility.probability(rows)

        return self._most_promising(gains, leaders, random)

    def _feasible(self, keys: Sequence[int]) -> list[int]:
        """Return the runs that are not known to violate a constraint, or all if none is left."""
        violating = {key for key, missed in self._violations.items() if max(missed) > 0}
        return [key for key in keys if key not in violating] or [*keys]

    def _model_constraints(self) -> None:
        """Fit the constraints to the whole runs, of which a rule may leave few."""
        known = list(self._violations)
        if len(known) < _FEWEST_WHOLE:
            return
        if self._n_constrained != (count := n_fitted(len(known), _FEWEST_WHOLE)):
            first = known[:count][-_MOST_FITTED:]
            self._feasibility.fit(self._rows_of(first), [self._violations[k] for k in first])
            self._n_constrained = count
        last = known[-_MOST_OBSERVED:]
        self._feasibility.see(self._rows_of(last), [self._violations[k] for k in last])

    def _parameters(self, keys: Sequence[int]) -> Array:
        """Return those of the model, which depend on the runs that had ended by then alone."""
        count = n_fitted(len(keys), self._n_startup)
        if self._fitted is None or self._fitted[0] != count:
            seen = self._observed(keys[:count], _MOST_FITTED)
            parameters = fit_parameters(seen, is_deterministic=self._is_deterministic)
            self._fitted = count, parameters
        return self._fitted[1]

    def _observed(self, keys: Sequence[int], most: int) -> Observations:
        """Return the observations of some runs. If there are too many, those after most
        training."""
        curves = [(place, key, self._curves[key]) for place, key in enumerate(keys)]
        known = [(progress, place, key) for place, key, curve in curves for progress in curve]
        known.sort(reverse=True)
        known = known[:most]
        finite = [progress for progress, _, _ in known if progress < _WHOLE]
        longest = math.log(max(finite, default=2.0)) or 1.0
        values = [self._curves[key][progress] for progress, _, key in known]
        worst = min((value for value in values if value is not None), default=0.0)
        return Observations(
            self._rows_of(key for _, _, key in known),
            self._encoding.groups,
            np.array([min(1.0, math.log(max(one, 1.0)) / longest) for one, _, _ in known]),
            squeezed(np.array([worst if value is None else value for value in values])),
        )
