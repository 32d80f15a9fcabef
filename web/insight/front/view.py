"""The Pareto front of a sweep with several objectives: in words, and as a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.outcomes.aims import Objective
from ml_tracking_ops.orchestrator.store.outcomes.front_measure import FrontMeasure
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...runs.formats import format_number
from ...tables.rows import Row
from ..subject import Subject
from .provisional import provisional_front

_MOST_ROWS = 100


@dataclass(frozen=True)
class FrontView:
    """The front, by its first objective, the best first.

    Attributes:
        across, up: the objectives on the axes, and `across_goal`, `up_goal` theirs.
        n_results: how many runs have a value for every objective and meet the constraints.
        n_infeasible: how many ended and do not meet them.
        n_provisional: how many running runs have a value for every objective so far.
            `n_would_be_on_front` of them would be on the front if they ended now.
        volume: the hypervolume, or None without results, or with more than three objectives.
        reference: the reference point, in words.
        kept: the hidden fields of its form.
    """

    objectives: Sequence[Objective]
    across: str
    up: str
    across_goal: Goal
    up_goal: Goal
    rows: Sequence[Row]
    n_on_front: int
    n_results: int
    n_infeasible: int
    where: Sequence[str]
    volume: float | None
    reference: str
    kept: Sequence[tuple[str, str]] = ()
    n_provisional: int = 0
    n_would_be_on_front: int = 0


class FrontColumns(TypedDict):
    """The runs on the front by index, and the hypervolume at each change: the number of results,
    the seconds, and the volume. `provisional`: the running runs that would be on the front if they
    ended now."""

    runs: list[int]
    provisional: list[int]
    n_results: int
    volumes: list[tuple[int, float, float]]


def front_view(subject: Subject, rows: Sequence[Row], query: QueryParams) -> FrontView:
    """Return the view of the panel. The address may name the objectives of both axes.

    Only for a sweep.
    """
    assert subject.sweep is not None
    sweep = subject.sweep
    goals = {one.metric: one.goal for one in sweep.aims.objectives}
    across, up = _axes([*goals], query)
    kept = [(key, value) for key, value in query.multi_items() if key not in ("fx", "fy")]
    view = front_of_sweep(sweep, rows, across, up, goals, kept)
    return replace(
        view,
        n_provisional=sum(
            row.is_provisional and sweep.aims.result(row.values) is not None for row in rows
        ),
        n_would_be_on_front=len(provisional_front(sweep.aims, rows, _results(sweep))),
    )


def _results(sweep: Sweep) -> list[int]:
    """Return the runs that have ended with a result."""
    record = sweep.record
    return [run.index for run in record.runs.values() if record.result_of(run) is not None]


def _axes(names: Sequence[str], query: QueryParams) -> tuple[str, str]:
    """Return the axes: by default the second objective across and the first one up."""
    across, up = query.get("fx", names[1]), query.get("fy", names[0])
    across = across if across in names else names[1]
    up = up if up in names and up != across else next(one for one in names if one != across)
    return across, up


def front_of_sweep(
    sweep: Sweep,
    rows: Sequence[Row],
    across: str,
    up: str,
    goals: Mapping[str, Goal],
    kept: Sequence[tuple[str, str]] = (),
) -> FrontView:
    objectives = sweep.aims.objectives
    first = objectives[0]
    front = [row for row in rows if row.is_on_front]
    front.sort(key=lambda row: first.loss(row.values[first.metric]))
    measured = sweep.measure_front()
    return FrontView(
        objectives=objectives,
        across=across,
        up=up,
        across_goal=goals[across],
        up_goal=goals[up],
        rows=front[:_MOST_ROWS],
        n_on_front=len(front),
        n_results=len(_results(sweep)),
        n_infeasible=sum(row.ended_at is not None and not row.can_win for row in rows),
        where=[one.text for one in sweep.aims.where],
        volume=None if measured is None else measured.volumes[-1],
        reference="" if measured is None else _reference(objectives, measured),
        kept=kept,
    )


def _reference(objectives: Sequence[Objective], measured: FrontMeasure) -> str:
    found = zip(objectives, measured.reference, strict=True)
    return ", ".join(f"{one.metric} {format_number(value)}" for one, value in found)


def summary_of_front(sweep: Sweep, rows: Sequence[Row]) -> FrontView | None:
    """Return the summary at the top of the page, or None for a sweep with one metric."""
    goals = {one.metric: one.goal for one in sweep.aims.objectives}
    if not goals:
        return None
    first, second, *_ = goals
    return front_of_sweep(sweep, rows, second, first, goals)


def describe_front(sweep: Sweep, rows: Sequence[Row], started_at: float) -> FrontColumns:
    """Return the data of the drawing.

    Args:
        rows: with the values so far of running runs.
    """
    measured = sweep.measure_front()
    volumes: list[tuple[int, float, float]] = []
    if measured is not None:
        found = zip(measured.runs, measured.volumes, strict=True)
        for place, (run, volume) in enumerate(found, start=1):
            if not volumes or volume != volumes[-1][2]:
                volumes.append((place, round((run.ended_at or started_at) - started_at, 3), volume))
    return {
        "runs": [run.index for run in sweep.front],
        "provisional": provisional_front(sweep.aims, rows, _results(sweep)),
        "n_results": 0 if measured is None else len(measured.runs),
        "volumes": volumes,
    }
