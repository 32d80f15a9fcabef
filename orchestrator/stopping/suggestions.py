"""Find the rule, with its settings, that would have saved most without losing the winner. Pure.

Each candidate is replayed over all finished sweeps, in the order in which their runs started and in
some others: a rule that keeps the winner in one order alone was lucky.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from pydantic import TypeAdapter

from ..store.histories.run_history import RunHistory
from ..store.objective import Goal
from . import StoppingRules
from .replay import replay_rules as replay_rule
from .settings import RuleSettings

MOST_ORDERS = 5
_MOST_WORK = 4_000_000
_FACTORS = (2, 3, 4)


@dataclass(frozen=True)
class FinishedSweep:
    """The data for replays: the runs, the metric and its goal."""

    name: str
    runs: Sequence[RunHistory]
    metric: str
    goal: Goal


@dataclass(frozen=True)
class Suggestion:
    """The results of a rule over all replays.

    Attributes:
        share: of the time of all runs that it saves.
        n_kept: in how many of `n_replays` replays the best value was kept.
        regret: how much worse the best remaining value is, at most.
    """

    rule: RuleSettings
    share: float
    n_kept: int
    n_replays: int
    regret: float

    @property
    def keeps_the_best(self) -> bool:
        return self.n_kept == self.n_replays


def suggest_rules(sweeps: Sequence[FinishedSweep]) -> list[Suggestion]:
    """Return all candidates: those that always keep the best first, then by what they save."""
    rules = list(candidates(sweeps))
    n_values = sum(run.n_values(one.metric) for one in sweeps for run in one.runs)
    n_orders = max(1, min(MOST_ORDERS, _MOST_WORK // max(1, n_values * len(rules))))
    orders = [replace(one, runs=runs) for one in sweeps for runs in _orders(one.runs, n_orders)]
    found = [_try(rule, orders) for rule in rules]
    return sorted(found, key=lambda one: (-one.n_kept, -one.share))


def candidates(sweeps: Sequence[FinishedSweep]) -> Iterator[RuleSettings]:
    """Yield rules to try, by how many values the longest runs logged."""
    length = max((run.n_values(one.metric) for one in sweeps for run in one.runs), default=0)
    firsts = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if 2 * n < length]
    for first in firsts:
        for factor in _FACTORS:
            yield _rule(rule="asha", min_resource=first, reduction_factor=factor)
    for factor in _FACTORS:
        if firsts:
            yield _rule(rule="hyperband", max_resource=length, reduction_factor=factor)
    for warmup in dict.fromkeys((0, length // 8, length // 4)):
        for min_runs in (3, 5, 10):
            yield _rule(rule="median", warmup=warmup, min_runs=min_runs)
    for patience in (2, 3, 5, 10, 20, 50):
        if 2 * patience < length:
            yield _rule(rule="patience", patience=patience)


_ADAPTER: TypeAdapter[RuleSettings] = TypeAdapter(RuleSettings)


def _rule(**settings: Any) -> RuleSettings:
    return _ADAPTER.validate_python({**settings, "resource": "values"})


def _orders(runs: Sequence[RunHistory], n_orders: int) -> Iterator[list[RunHistory]]:
    """Yield the runs in their order, then as if they had started in another order."""
    yield list(runs)
    for number in range(1, n_orders):
        starts = [run.started_at for run in runs]
        Random(number).shuffle(starts)
        pairs = zip(runs, starts, strict=True)
        yield [_moved(run, start - run.started_at) for run, start in pairs]


def _moved(run: RunHistory, by_s: float) -> RunHistory:
    series = {
        name: replace(one, wall_time=one.wall_time + by_s) for name, one in run.series.items()
    }
    return replace(
        run, series=series, started_at=run.started_at + by_s, ended_at=run.ended_at + by_s
    )


def _try(rule: RuleSettings, sweeps: Sequence[FinishedSweep]) -> Suggestion:
    saved = total = regret = 0.0
    n_kept = 0
    for one in sweeps:
        rules = StoppingRules([rule.build(one.metric, one.goal)])
        outcome = replay_rule(one.runs, rules, one.metric, one.goal)
        saved += outcome.saved_s
        total += sum(run.ended_at - run.started_at for run in one.runs)
        worse = float("inf") if outcome.regret is None else outcome.regret
        regret = max(regret, worse)
        n_kept += worse == 0.0
    return Suggestion(rule, saved / total if total > 0 else 0.0, n_kept, len(sweeps), regret)
