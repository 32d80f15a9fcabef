"""The place of a run among the runs of its sweep, and how it differs from the best. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml_tracking_ops.orchestrator.store.objective import Goal, is_better
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import STATES, RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import has_value
from ..tables.rows import Row


@dataclass(frozen=True)
class Difference:
    """A hyperparameter in which two runs differ. `has_own`, `has_best`: whether they have it."""

    name: str
    own: object
    best: object
    has_own: bool
    has_best: bool


@dataclass(frozen=True)
class RunStanding:
    """The place of a run by its best value among the runs that have one and did not fail.

    Attributes:
        place: from 1. Equal values share a place.
        ordinal: the place in words: ``1st``.
        n_values: how many runs are compared, this one included.
        why_unranked: the state of a run that failed, was killed or lost: its place is the one that
            it would have. None for others.
        n_left_out: the other runs with a value, which failed, were killed or lost.
        best: the best of the runs that are compared.
        differences: from the best run, or none if it is the best itself.
        behind: how far its value is from the best.
    """

    place: int
    ordinal: str
    n_values: int
    why_unranked: str | None
    n_left_out: int
    best: Row
    differences: Sequence[Difference]
    behind: float


def run_standing(name: str | None, rows: Sequence[Row], goal: Goal | None) -> RunStanding | None:
    """Return the standing of the run whose latest attempt has this name.

    None if it has no value, no run is comparable, or the sweep optimises nothing.
    """
    own = next((row for row in rows if row.name == name), None)
    if own is None or goal is None or not has_value(own) or not own.can_win:
        return None
    values = {row.index: row.best_value or 0.0 for row in rows if has_value(row) and row.can_win}
    compared = [row for row in rows if row.index in values and _is_comparable(row.state)]
    if not compared:
        return None
    ranked = sorted(compared, key=lambda row: values[row.index], reverse=goal == "max")
    best, own_value = ranked[0], values[own.index]
    place = 1 + sum(is_better(values[row.index], own_value, goal) for row in compared)
    is_ranked = own in compared
    return RunStanding(
        place=place,
        ordinal=ordinal(place),
        n_values=len(compared) + (not is_ranked),
        why_unranked=None if is_ranked else STATES[own.state].word,
        n_left_out=len(values) - len(compared) - (not is_ranked),
        best=best,
        differences=[] if own is best else differing(own.hyperparameters, best.hyperparameters),
        behind=abs(own_value - values[best.index]) if place > 1 else 0.0,
    )


def _is_comparable(state: RunState) -> bool:
    facts = STATES[state]
    return facts.result_counts or not facts.is_end


def differing(own: Mapping[str, object], best: Mapping[str, object]) -> list[Difference]:
    """Return the hyperparameters in which two runs differ, in the order of the first."""
    names = dict.fromkeys([*own, *best])
    return [
        Difference(name, own.get(name), best.get(name), name in own, name in best)
        for name in names
        if (name in own) != (name in best) or own.get(name) != best.get(name)
    ]


def ordinal(place: int) -> str:
    """Return ``1st``, ``2nd``, ``3rd``, ``11th``, ``101st``."""
    is_teen = place % 100 in (11, 12, 13)
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"


@dataclass(frozen=True)
class ObjectiveResult:
    """A value of a run. `goal` is None for a metric that is only constrained."""

    metric: str
    goal: Goal | None
    value: float


def objective_results(sweep: Sweep, run: RunRecord) -> list[ObjectiveResult]:
    """Return the values of a run that has ended, objectives first."""
    goals = {one.metric: one.goal for one in sweep.aims.objectives}
    return [
        ObjectiveResult(name, goals.get(name), run.values[name])
        for name in sweep.aims.columns
        if name in run.values
    ]


def text_of_standing(sweep: Sweep, run: RunRecord) -> str | None:
    """Return a sentence on the place of an ended run by all objectives, or None if there is
    none."""
    aims, record = sweep.aims, sweep.record
    if not aims.metrics or not run.has_ended:
        return None
    if not run.is_feasible:
        missed = [one.text for one in aims.where if not _is_met(one.violation(run.values))]
        return f"Does not count: it misses {' and '.join(missed)}"
    if not aims.objectives or record.result_of(run) is None:
        return None
    front = sweep.front
    if run in front:
        return f"On the Pareto front, with {len(front) - 1} other{'' if len(front) == 2 else 's'}"
    return "Not on the Pareto front: another run is as good in every objective and better in one"


def _is_met(violation: float | None) -> bool:
    return violation is not None and violation <= 0
