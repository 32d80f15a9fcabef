"""Replay other rules on a sweep that has ended. Pure.

The rules are the very ones that stop runs in a sweep, and receive the same: every value, in the
order in which it was logged, and the end of each run that finished.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..store.histories.run_history import RunHistory
from ..store.objective import Goal, is_better
from . import StopDecision, StoppingRules


class LoggedValue(NamedTuple):
    """A value as the rules receive it. `metric` is None if the run has finished."""

    time: float
    run: RunHistory
    metric: str | None
    position: int


@dataclass(frozen=True)
class ReplayedStop:
    """A decision, and what the run did afterwards."""

    run: RunHistory
    decision: StopDecision
    saved_values: int
    saved_steps: int
    saved_s: float
    best_then: float | None
    best_later: float | None


@dataclass(frozen=True)
class ReplayOutcome:
    """The result for a sweep. `regret` is how much worse its best value is than without rules."""

    stops: tuple[ReplayedStop, ...]
    best_value: float | None
    best_run: RunHistory | None
    regret: float | None

    @property
    def saved_values(self) -> int:
        return sum(stop.saved_values for stop in self.stops)

    @property
    def saved_steps(self) -> int:
        return sum(stop.saved_steps for stop in self.stops)

    @property
    def saved_s(self) -> float:
        return sum(stop.saved_s for stop in self.stops)

    def lost(self, goal: Goal) -> list[ReplayedStop]:
        """Return the stopped runs that continued to a better value than the best remaining one."""
        return [
            stop
            for stop in self.stops
            if stop.best_later is not None and is_better(stop.best_later, self.best_value, goal)
        ]


def replay_rules(
    runs: Sequence[RunHistory], rules: StoppingRules, metric: str, goal: Goal
) -> ReplayOutcome:
    """Replay a sweep to rules without any history, and return the outcome."""
    stops = {
        logged.run.index: _stop(logged, decision, metric, goal)
        for logged, decision in decisions(runs, rules)
    }
    full = {run.index: run.best(metric, goal) for run in runs}
    left = {**full, **{index: stop.best_then for index, stop in stops.items()}}
    best_run = _best_run(runs, left, goal)
    best_value = None if best_run is None else left[best_run.index]
    without = _best_run(runs, full, goal)
    return ReplayOutcome(
        stops=tuple(stops[index] for index in sorted(stops)),
        best_value=best_value,
        best_run=best_run,
        regret=_regret(best_value, None if without is None else full[without.index], goal),
    )


def decisions(
    runs: Sequence[RunHistory], rules: StoppingRules
) -> Iterator[tuple[LoggedValue, StopDecision]]:
    """Yield each decision of the rules, with the value that causes it."""
    stopped: set[int] = set()
    for logged in logged_in_order(runs, rules.metrics):
        index, series = logged.run.index, logged.run.series
        if index in stopped:
            continue
        if logged.metric is None:
            rules.complete(index)
            continue
        column, at = series[logged.metric], slice(logged.position, logged.position + 1)
        steps, values = column.step[at].tolist(), column.value[at].tolist()
        if (decision := rules.update(index, logged.metric, steps, values)) is not None:
            stopped.add(index)
            yield logged, decision


def logged_in_order(runs: Sequence[RunHistory], metrics: frozenset[str]) -> Iterator[LoggedValue]:
    """Yield the logged values of some metrics of all runs, and their ends, in the order of time.

    Within a run the order is that of its log, even if its clock jumped.
    """
    parts = [part for run in runs for part in _columns(run, metrics)]
    if not parts:
        return
    times = np.concatenate([part[0] for part in parts])
    owners = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    positions = np.concatenate([np.arange(len(part[0])) for part in parts])
    order = np.argsort(times, kind="stable")
    for time, owner, position in zip(
        times[order].tolist(), owners[order].tolist(), positions[order].tolist(), strict=True
    ):
        _, run, metric = parts[owner]
        yield LoggedValue(time, run, metric, position)


def _columns(
    run: RunHistory, metrics: frozenset[str]
) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.float64]], RunHistory, str | None]]:
    end = run.ended_at
    for metric in sorted(metrics & run.series.keys()):
        times = np.maximum.accumulate(run.series[metric].wall_time)
        end = max(end, float(times[-1])) if len(times) else end
        yield times, run, metric
    if run.state == "finished":
        yield np.array([end]), run, None


def _stop(logged: LoggedValue, decision: StopDecision, metric: str, goal: Goal) -> ReplayedStop:
    run = logged.run
    n_seen = logged.position + 1
    if logged.metric != metric:
        series = run.series.get(metric)
        n_seen = 0 if series is None else int((series.wall_time <= logged.time).sum())
    return ReplayedStop(
        run,
        decision,
        saved_values=run.n_values(metric) - n_seen,
        saved_steps=max(0, run.last_step - (decision.step or 0)),
        saved_s=max(0.0, run.ended_at - logged.time),
        best_then=run.best(metric, goal, n_seen),
        best_later=run.best(metric, goal),
    )


def _best_run(
    runs: Sequence[RunHistory], values: Mapping[int, float | None], goal: Goal
) -> RunHistory | None:
    """Return the run with the best value, the earliest of equals."""
    best: RunHistory | None = None
    for run in runs:
        value, best_value = values[run.index], None if best is None else values[best.index]
        if value is not None and is_better(value, best_value, goal):
            best = run
    return best


def _regret(value: float | None, without: float | None, goal: Goal) -> float | None:
    if value is None or without is None:
        return None
    return abs(without - value) if is_better(without, value, goal) else 0.0
