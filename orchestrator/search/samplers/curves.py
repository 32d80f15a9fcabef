"""A sampler that learns from runs of every length: those that a rule stopped, and whole ones."""

import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from statistics import NormalDist
from typing import ClassVar

import numpy as np
from pydantic import JsonValue

from ...store.histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from ...store.objective import Goal
from ...store.run_record import COMPARING_RULES
from ...store.run_states import RESULTS_THAT_COUNT
from ..choices import Choice
from ..distributions import Distribution
from ..space import Combination, Space
from .base import SeenCombinations
from .encoding import Encoding
from .gaussian_process import Array, GaussianProcess, Observations, fit_parameters
from .quantiles import quantile_of
from .random import draw_combination

_STARTUP = 10
_SHARE_BY_CHANCE, _SHARE_UNDER_A_RULE = 0.15, 2 / 3
_MOST_ABOVE = 5.0
_MOST_OBSERVED = 250
_MOST_FITTED = 150
_MOST_COMPARED = 1_000
_FIT_AGAIN = 1.25
_N_RANDOM, _N_NEAR, _N_REFINED = 200, 100, 60
_N_LEADERS, _N_KEPT = 5, 20
_WIDTHS = (0.02, 0.1, 0.3)
_MOST_DRAWS = 10_000
_WHOLE = math.inf
_NORMAL = NormalDist()


class CurveSampler:
    """A Gaussian process over hyperparameters and training, which proposes what may be best whole.

    As MOBSTER (Klein et al. 2020, arXiv:2003.10865): each run is seen at every milestone that it
    reached, and expected improvement is that of a whole run. What runs counts as what the model
    expects of it. Under a rule that compares runs two of three combinations are drawn by chance.
    Most of them are stopped early, so they take a small part of the training, and they keep the
    model from settling where short runs look best.

    What it proposes is a function of the seed, the number and the history: nothing but what is
    computed is kept. A run that failed, or misses a constraint on outcomes, counts as the worst
    whole run.
    """

    learns: ClassVar[bool] = True

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
        self._space = space
        self._seed = seed
        self._sign = 1.0 if goal == "max" else -1.0
        self._unseen = SeenCombinations(space, taken, draws_copies=True)
        self._encoding = Encoding(space)
        self._n_startup = max(2, _STARTUP if n_startup is None else n_startup)
        self._is_deterministic = is_deterministic
        self._share = _SHARE_UNDER_A_RULE if has_rule else _SHARE_BY_CHANCE
        self._n_read = 0
        self._n_known = 0
        self._combinations: dict[int, Combination] = {}
        self._rows: dict[int, list[float]] = {}
        self._curves: dict[int, dict[float, float | None]] = {}
        self._running: dict[int, None] = {}
        self._fitted: tuple[int, Array] | None = None
        self.trouble: str | None = None

    @property
    def why_exhausted(self) -> str:
        return self._unseen.why_exhausted(_MOST_DRAWS)

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """What to try next, given all that is known."""
        for event in history[self._n_read :]:
            self._follow(event)
        self._n_read = len(history)
        random = Random(f"{self._seed}/{number}/model")
        if len(self._curves) < self._n_startup or random.random() < self._share:
            return self._draw(number)
        try:
            found = self._propose(random)
        except np.linalg.LinAlgError as error:
            self.trouble = f"the sampler bayes failed ({error}): a run is drawn at random"
            return self._draw(number)
        return found or self._draw(number)

    def _follow(self, event: HistoryEvent) -> None:
        match event:
            case RunSampled():
                self._unseen.take(event.hyperparameters)
                self._learn_combination(event.index, event.hyperparameters)
                self._running[event.index] = None
            case WarmStartRun():
                if event.state in RESULTS_THAT_COUNT and event.stopped_by not in COMPARING_RULES:
                    self._n_known -= 1  # runs are counted from 1
                    self._learn_combination(self._n_known, event.hyperparameters)
                    self._see(self._n_known, _WHOLE, event.value)
            case RunEnded():
                self._end(event)

    def _learn_combination(self, key: int, combination: Combination) -> None:
        self._combinations[key] = combination
        self._rows[key] = self._encoding.row(combination)

    def _end(self, event: RunEnded) -> None:
        """Take in how far a run got. One that is lost runs again, and counts as running."""
        key = event.index
        if key not in self._combinations or event.state == "lost":
            return
        self._running.pop(key, None)
        is_infeasible = event.violations is None or any(one > 0 for one in event.violations)
        if event.state == "failed" or (event.state == "finished" and is_infeasible):
            self._curves[key] = {_WHOLE: None}
            return
        if _WHOLE in self._curves.get(key, {}):
            del self._curves[key]  # it was run again
        is_whole = event.state in RESULTS_THAT_COUNT and event.stopped_by not in COMPARING_RULES
        for progress, value in event.curve[: -1 if is_whole else None]:
            self._see(key, progress, value)
        if is_whole:
            self._see(key, _WHOLE, event.value)

    def _see(self, key: int, progress: float, value: float | None) -> None:
        if value is not None and math.isfinite(value):
            self._curves.setdefault(key, {})[progress] = self._sign * value

    def _draw(self, number: int) -> Combination | None:
        if self._unseen.is_listable and self._space.may_repeat:
            return self._unseen.take_from_rest(Random(f"{self._seed}/{number}"))
        for attempt in range(_MOST_DRAWS):
            combination = draw_combination(self._space, self._seed, f"{number}+{attempt}")
            if self._unseen.take(combination):
                return combination
        return None

    def _propose(self, random: Random) -> Combination | None:
        """The unseen combination with the largest expected improvement, of those looked at."""
        keys = list(self._curves)
        model = GaussianProcess(self._observed(keys, _MOST_OBSERVED), self._parameters(keys))
        if self._running:
            model = model.expecting(np.array([self._rows[key] for key in self._running]))
        recent = keys[-_MOST_COMPARED:]
        means, _ = model.predict(np.array([self._rows[key] for key in recent]))
        best = float(means.max())
        order = np.argsort(-means, kind="stable")[:_N_LEADERS]
        leaders = [self._combinations[recent[n]] for n in order]
        candidates = self._candidates(leaders, random)
        if not candidates:
            return None
        first = self._by_improvement(model, candidates, best)
        refined = [self._near(first[n % min(3, len(first))], random) for n in range(_N_REFINED)]
        second = [*first[:_N_KEPT], *filter(self._space.allows, refined)]
        ranked = self._by_improvement(model, second, best)
        return next((one for one in ranked if self._unseen.take(one)), None)

    def _candidates(self, leaders: Sequence[Combination], random: Random) -> list[Combination]:
        """Combinations by chance, and near the best ones."""
        by_chance = [
            self._space.build(lambda name, kind: kind.at(random.random())) for _ in range(_N_RANDOM)
        ]
        near = [self._near(leaders[n % len(leaders)], random) for n in range(_N_NEAR)]
        return [one for one in (*by_chance, *near) if self._space.allows(one)]

    def _by_improvement(
        self, model: GaussianProcess, candidates: Sequence[Combination], best: float
    ) -> list[Combination]:
        means, deviations = model.predict(self._encoding.rows(candidates))
        gains = expected_improvement(means, deviations, best)
        return [candidates[n] for n in np.argsort(-gains, kind="stable")]

    def _near(self, combination: Combination, random: Random) -> Combination:
        """A combination that differs from this one in some hyperparameters, mostly by a little."""
        width = random.choice(_WIDTHS)
        names = [name for name in self._space.sampled if name in combination]
        share = max(0.3, 1.5 / len(names))
        chosen = {name for name in names if random.random() < share} or {random.choice(names)}

        def draw(name: str, kind: Distribution) -> JsonValue:
            is_unordered = isinstance(kind, Choice) and not kind.ordered
            if name not in combination or (name in chosen and is_unordered):
                return kind.at(random.random())
            if name not in chosen:
                return combination[name]
            unit = quantile_of(kind, combination[name]) + random.gauss(0, width)
            return kind.at(min(max(unit, 0.0), 1 - 1e-9))

        return self._space.build(draw)

    def _parameters(self, keys: Sequence[int]) -> Array:
        """Those of the model, fitted again whenever there is a quarter more to learn from.

        They depend on the runs that had ended by then alone, so a resumed sweep has the same.
        """
        count = self._n_startup
        while (more := int(count * _FIT_AGAIN) + 1) <= len(keys):
            count = more
        if self._fitted is None or self._fitted[0] != count:
            seen = self._observed(keys[:count], _MOST_FITTED)
            parameters = fit_parameters(seen, is_deterministic=self._is_deterministic)
            self._fitted = count, parameters
        return self._fitted[1]

    def _observed(self, keys: Sequence[int], most: int) -> Observations:
        """What was seen of some runs. If that is too much, what was seen after most training."""
        curves = [(place, key, self._curves[key]) for place, key in enumerate(keys)]
        known = [(progress, place, key) for place, key, curve in curves for progress in curve]
        known.sort(reverse=True)
        known = known[:most]
        finite = [progress for progress, _, _ in known if progress < _WHOLE]
        longest = math.log(max(finite, default=2.0)) or 1.0
        values = [self._curves[key][progress] for progress, _, key in known]
        worst = min((value for value in values if value is not None), default=0.0)
        return Observations(
            np.array([self._rows[key] for _, _, key in known]),
            self._encoding.groups,
            np.array([min(1.0, math.log(max(one, 1.0)) / longest) for one, _, _ in known]),
            squeezed(np.array([worst if value is None else value for value in values])),
        )


def expected_improvement(means: Array, deviations: Array, best: float) -> Array:
    """How much better than the best each is expected to be, `(n,)` (Jones et al. 1998, eq. 15)."""
    distance = (means - best) / deviations
    density = np.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    share = np.array([_NORMAL.cdf(one) for one in distance])
    gains: Array = deviations * (distance * share + density)
    return gains


def squeezed(values: Array) -> Array:
    """The values, of mean 0 and variance 1, with the bad ones closer together.

    Those better than the median are in units of the distance from the median to the best tenth, so
    that a tiny improvement stays one. Those worse are as their logarithm, so that a diverged run
    does not outweigh all others.
    """
    middle, high = np.quantile(values, [0.5, 0.9])
    width = (high - middle) or values.std() or 1.0
    distance = (values - middle) / width
    above = np.clip(distance, 0.0, _MOST_ABOVE)
    scaled = above - np.log1p(np.maximum(-distance, 0.0))
    found: Array = (scaled - scaled.mean()) / (scaled.std() or 1.0)
    return found
