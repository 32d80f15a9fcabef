"""The common part of samplers that fit Gaussian processes of this package to earlier runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from statistics import fmean
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from ....store.histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from ....store.run_record import COMPARING_RULES
from ....store.run_states import RESULTS_THAT_COUNT
from ...choices import Choice
from ...distributions import Distribution
from ...space import Combination, Space
from ..base import SeenCombinations
from ..quantiles import quantile_of
from ..random import MOST_DRAWS, draw_unseen
from .encoding import Encoding
from .gaussian_process import Array, GaussianProcess, Observations, fit_parameters
from .improvement import normal_share

_STARTUP = 10
_FIT_AGAIN = 1.25
_N_RANDOM, _N_NEAR, _N_REFINED = 200, 100, 60
_N_KEPT = 20
_WIDTHS = (0.02, 0.1, 0.3)
_LARGEST = 1e100

Gains = Callable[[Array], Array]
"""The expected gain of each combination: from `(n, n_columns)` to `(n,)`."""


class ModelSampler:
    """Proposes the combination with the largest expected gain, by a model of the known runs.

    Its proposals are a function of the seed, the number and the history: it has no other state.
    """

    learns: ClassVar[bool] = True

    def __init__(
        self,
        space: Space,
        seed: int,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        *,
        n_startup: int | None,
        share_by_chance: float,
    ) -> None:
        """Args:
        n_startup: how many runs must have ended before it learns.
        share_by_chance: how many of the later combinations are drawn at random, from 0 to 1.
        """
        self._space = space
        self._seed = seed
        self._unseen = SeenCombinations(space, taken, draws_copies=True)
        self._encoding = Encoding(space)
        self._n_startup = max(2, _STARTUP if n_startup is None else n_startup)
        self._share = share_by_chance
        self._n_read = 0
        self._n_known = 0
        self._combinations: dict[int, Combination] = {}
        self._rows: dict[int, list[float]] = {}
        self._running: dict[int, None] = {}
        self.trouble: str | None = None

    @property
    def why_exhausted(self) -> str:
        return self._unseen.why_exhausted(MOST_DRAWS)

    @property
    def _n_seen(self) -> int:
        """How many runs the model can learn from."""
        raise NotImplementedError

    def _end(self, event: RunEnded) -> None:
        """Take in how a run ended that the sampler knows."""
        raise NotImplementedError

    def _know(self, key: int, event: WarmStartRun) -> None:
        """Take in a whole run of an earlier sweep, under a key of its own."""
        raise NotImplementedError

    def _propose(self, random: Random) -> Combination | None:
        """Return the unseen combination that promises most, or None if there is none.

        Raises:
            LinAlgError: the numbers do not allow a model.
        """
        raise NotImplementedError

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """Return the next combination to try, given all that is known."""
        for event in history[self._n_read :]:
            self._follow(event)
        self._n_read = len(history)
        random = Random(f"{self._seed}/{number}/model")
        if self._n_seen < self._n_startup or random.random() < self._share:
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
                if is_whole(event):
                    self._n_known -= 1  # runs are counted from 1
                    self._learn_combination(self._n_known, event.hyperparameters)
                    self._know(self._n_known, event)
            case RunEnded():
                # a lost run runs again, and counts as running
                if event.index in self._combinations and event.state != "lost":
                    self._running.pop(event.index, None)
                    self._end(event)

    def _learn_combination(self, key: int, combination: Combination) -> None:
        self._combinations[key] = combination
        self._rows[key] = self._encoding.row(combination)

    def _rows_of(self, keys: Iterable[int]) -> Array:
        """Return the combinations of runs, `(n, n_columns)`."""
        return np.array([self._rows[key] for key in keys])

    def _draw(self, number: int) -> Combination | None:
        return draw_unseen(self._space, self._unseen, self._seed, number)

    def _most_promising(
        self, gains: Gains, leaders: Sequence[Combination], random: Random
    ) -> Combination | None:
        """Return the best unseen combination of those drawn by chance, near the leaders, and near
        both."""
        candidates = self._candidates(leaders, random)
        if not candidates:
            return None
        first = self._sorted(gains, candidates)
        refined = [self._near(first[n % min(3, len(first))], random) for n in range(_N_REFINED)]
        second = [*first[:_N_KEPT], *filter(self._space.allows, refined)]
        return next((one for one in self._sorted(gains, second) if self._unseen.take(one)), None)

    def _candidates(self, leaders: Sequence[Combination], random: Random) -> list[Combination]:
        """Return combinations by chance, and near the best ones."""
        by_chance = [
            self._space.build(lambda name, kind: kind.at(random.random())) for _ in range(_N_RANDOM)
        ]
        near = [self._near(leaders[n % len(leaders)], random) for n in range(_N_NEAR)]
        return [one for one in (*by_chance, *near) if self._space.allows(one)]

    def _sorted(self, gains: Gains, candidates: Sequence[Combination]) -> list[Combination]:
        found = gains(self._encoding.rows(candidates))
        return [candidates[n] for n in np.argsort(-found, kind="stable")]

    def _near(self, combination: Combination, random: Random) -> Combination:
        """Return a combination that differs from this one in some hyperparameters, mostly by a
        little."""
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


def is_whole(event: RunEnded | WarmStartRun) -> bool:
    """Return whether a run has a result, and no rule that compares runs stopped it before."""
    return event.state in RESULTS_THAT_COUNT and event.stopped_by not in COMPARING_RULES


def n_fitted(n_seen: int, first: int) -> int:
    """Return to how many runs a model is fitted: `first`, and then a quarter more each time.

    It depends on the number of known runs alone, so a resumed sweep has the same model.
    """
    count = first
    while (more := int(count * _FIT_AGAIN) + 1) <= n_seen:
        count = more
    return count


class Feasibility:
    """A Gaussian process for each constraint (Gardner et al. 2014, section 3.2).

    Args:
        groups: which hyperparameter each column belongs to, `(n_columns,)`.
    """

    def __init__(self, groups: npt.NDArray[np.intp], *, is_deterministic: bool) -> None:
        self._groups = groups
        self._is_deterministic = is_deterministic
        self._parameters: list[Array] = []
        self._models: list[GaussianProcess] = []

    def fit(self, at: Array, violations: Sequence[tuple[float, ...]]) -> None:
        """Fit the parameters.

        Args:
            at: whole runs, `(n, n_columns)`.
            violations: by how much each of them misses each constraint.
        """
        self._parameters = [
            fit_parameters(seen, is_deterministic=self._is_deterministic)
            for seen in self._observed(at, violations)
        ]

    def see(self, at: Array, violations: Sequence[tuple[float, ...]]) -> None:
        """Take in what is known, with the parameters that were fitted.

        Raises:
            LinAlgError: the numbers do not allow it.
        """
        self._models = [
            GaussianProcess(seen, parameters)
            for seen, parameters in zip(
                self._observed(at, violations), self._parameters, strict=True
            )
        ]

    def probability(self, rows: Array) -> Array:
        """Return the probability that each combination meets all constraints, `(n,)`."""
        found = np.ones(len(rows))
        for model in self._models:
            means, deviations = model.predict(rows)
            found *= normal_share(means / deviations)
        return found

    def _observed(self, at: Array, violations: Sequence[tuple[float, ...]]) -> list[Observations]:
        columns = zip(*violations, strict=True)
        whole = np.ones(len(at))
        return [
            Observations(at, self._groups, whole, _margins(np.array(column))) for column in columns
        ]


def _margins(violations: Array) -> Array:
    """Return how well a constraint is met: above 0 if it is, on a scale without outliers."""
    violations = np.clip(violations, -_LARGEST, _LARGEST)
    width = float(np.median(np.abs(violations))) or fmean(map(abs, violations)) or 1.0
    found: Array = -np.sign(violations) * np.log1p(np.abs(violations) / width)
    return found
