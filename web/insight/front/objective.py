"""One of several objectives, for views of a single metric."""

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from ml_tracking_ops.orchestrator.store.outcomes.aims import Aims, Objective
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...tables.rows import Row
from ..subject import Subject

OBJECTIVE = "objective"


class _Key:
    """A key for a sweep and one of its objectives."""


_keys: WeakKeyDictionary[Sweep, dict[str, _Key]] = WeakKeyDictionary()


def chosen_objective(aims: Aims, asked: str | None) -> Objective | None:
    """Return the objective of this name, or else the first, or None for a sweep with one metric."""
    named = (one for one in aims.objectives if one.metric == asked)
    return next(named, next(iter(aims.objectives), None))


def by_objective(
    subject: Subject, rows: Sequence[Row], asked: str | None
) -> tuple[Subject, Sequence[Row]]:
    """Return a sweep and its runs as if it had optimised only this objective."""
    sweep = subject.sweep
    one = None if sweep is None else chosen_objective(sweep.aims, asked)
    if one is None or sweep is None:
        return subject, rows
    key = _keys.setdefault(sweep, {}).setdefault(one.metric, _Key())
    judged = replace(subject, key=key, metric=one.metric, goal=one.goal, spread=None)
    return judged, judged_by(one.metric, rows)


def judged_by(metric: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with their value of an objective in place of the best value."""
    return [replace(row, best_value=row.values.get(metric), best_step=None) for row in rows]
