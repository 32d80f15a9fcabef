"""The verdict of repeated runs: which combination won, and how sure that is. Pure."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ..store.objective import Goal

if TYPE_CHECKING:
    from .estimates import Estimates, Floats

SURE = 0.95
"""A combination has won if it is the best of all with at least this probability."""
_MOST_SHOWN = 10
_MOST_DRAWN = 100
_MOST_PLACES = 1_000_000


@dataclass(frozen=True)
class Candidate:
    """A combination and the values of its runs, by seed.

    Attributes:
        number: of the combination.
        run: the name of its first run, by which people know it.
    """

    number: int
    run: str | None
    hyperparameters: Mapping[str, object]
    values: Mapping[int, float]


@dataclass(frozen=True)
class Leader:
    """The statistics of one candidate. Without any noise, the last five are not known.

    Attributes:
        std: the standard deviation of its values (of a sample), or None below two.
        probability: that it is the best of all candidates.
        corrected: its mean, corrected for having been picked as the best.
        low, high: its true value is between these with a probability of 90 %.
        beats: the probability that it is better than each other leader, by combination.
    """

    candidate: Candidate
    n: int
    mean: float
    std: float | None
    probability: float | None = None
    corrected: float | None = None
    low: float | None = None
    high: float | None = None
    beats: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The leaders, the likeliest winner first.

    Attributes:
        noise: the standard deviation of a run, without the effect of its seed on all combinations.
        is_seed_unused: the runs of each combination have exactly the same value, so that they say
            nothing of noise.
    """

    leaders: Sequence[Leader]
    n_candidates: int
    noise: float
    is_seed_unused: bool = False

    @property
    def first(self) -> Leader:
        return self.leaders[0]

    @property
    def winner(self) -> Leader | None:
        """The combination that won, or None if none did."""
        chance = self.first.probability
        return self.first if chance is not None and chance >= SURE else None


def verdict_of(candidates: Sequence[Candidate], goal: Goal) -> Verdict | None:
    """Judge candidates. None below two, or if the noise between seeds is not known."""
    known = [one for one in candidates if one.values]
    seeds = sorted({seed for one in known for seed in one.values})
    if len(known) < 2 or len(known) * len(seeds) > _MOST_PLACES:
        return None
    from .estimates import estimate  # imports numpy

    units = _units(known, goal)
    estimates = estimate(_table(known, seeds, units))
    if estimates.n_free < 1:
        return None
    if all(len(set(one.values.values())) == 1 for one in known):
        return _without_chances(known, estimates)
    return _judge(known, estimates, units)


class _Units(NamedTuple):
    """Values on the scale of the model: around 0, at most 1 in size, larger is better."""

    center: float
    size: float

    def seen(self, value: float) -> float:
        return (value - self.center) / self.size

    def meant(self, seen: float) -> float:
        return self.center + self.size * seen


def _units(candidates: Sequence[Candidate], goal: Goal) -> _Units:
    values = [value for one in candidates for value in one.values.values()]
    center = statistics.median(values)
    size = max(abs(value - center) for value in values) or 1.0
    return _Units(center, size if goal == "max" else -size)


def _table(candidates: Sequence[Candidate], seeds: Sequence[int], units: _Units) -> "Floats":
    """Return the input of the model for each candidate with each seed."""
    import numpy as np

    table = np.full((len(candidates), len(seeds)), math.nan)
    places = {seed: place for place, seed in enumerate(seeds)}
    for row, one in zip(table, candidates, strict=True):
        for seed, value in one.values.items():
            row[places[seed]] = units.seen(value)
    return table


def _without_chances(candidates: Sequence[Candidate], estimates: "Estimates") -> Verdict:
    """Return the verdict of runs in which the seed changes nothing: none can win."""
    means = estimates.means.tolist()
    order = sorted(range(len(candidates)), key=lambda place: -means[place])[:_MOST_SHOWN]
    leaders = [_measured(candidates[place]) for place in order]
    return Verdict(leaders, len(candidates), 0.0, is_seed_unused=True)


def _judge(candidates: Sequence[Candidate], estimates: "Estimates", units: _Units) -> Verdict:
    from .posterior import chances_of_best, draw_true_values

    means = estimates.means.tolist()
    drawn = sorted(range(len(candidates)), key=lambda n: -means[n])[:_MOST_DRAWN]
    draws = draw_true_values(estimates, drawn)
    chances = chances_of_best(draws).tolist()
    shown = sorted(range(len(drawn)), key=lambda place: (-chances[place], place))[:_MOST_SHOWN]
    leaders = []
    for place in shown:
        mine = draws[:, place]
        beats = {
            candidates[drawn[other]].number: float((mine > draws[:, other]).mean())
            for other in shown
            if other != place
        }
        leaders.append(_leader(candidates[drawn[place]], mine, chances[place], beats, units))
    return Verdict(leaders, len(candidates), abs(units.size) * estimates.noise)


def _leader(
    candidate: Candidate,
    draws: "Floats",
    chance: float,
    beats: Mapping[int, float],
    units: _Units,
) -> Leader:
    import numpy as np

    low, high = sorted(map(units.meant, np.quantile(draws, (0.05, 0.95)).tolist()))
    return replace(
        _measured(candidate),
        probability=chance,
        corrected=units.meant(float(draws.mean())),
        low=low,
        high=high,
        beats=beats,
    )


def _measured(candidate: Candidate) -> Leader:
    from ..store.combinations import spread_of

    values = list(candidate.values.values())
    return Leader(
        candidate, n=len(values), mean=math.fsum(values) / len(values), std=spread_of(values)
    )
