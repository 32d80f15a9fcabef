"""The value of the runs that a view shows: the optimization metric, or a reader's choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal

from ...tables.query import HYPERPARAMETER, STATISTICS, split_statistic
from ...tables.rows import Row
from ..columns import asked_value, statistic_value
from ..subject import Subject

_N_NEWEST = 25
_WORDS = {"best": "best", "last": "last", "min": "lowest", "max": "highest"}


@dataclass(frozen=True)
class ChosenMetric:
    """The statistic `of` of the metric `up`, which the rows have as their best value.

    A setting may take the place of the metric, as in ``p.lr``.

    Attributes:
        is_own: whether it is not the best value of the optimization metric.
        what: its description: ``last loss``.
        metrics: what else can be chosen.
    """

    up: str
    of: str
    is_own: bool
    goal: Goal | None
    what: str
    metrics: Sequence[str]
    rows: Sequence[Row]
    n_unread: int
    statistics: Sequence[str] = STATISTICS


def chosen_value(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ChosenMetric:
    """Return the value that the address requests, by default the best of the optimization
    metric."""
    metrics = list(dict.fromkeys([*query.getlist("derive"), *choosable_metrics(subject, rows)]))
    up = asked_value(query, subject.metric)
    if up is None and subject.metric is None and metrics:
        up = f"best.{metrics[0]}"
    statistic, name = split_statistic(up or "") or ("best", subject.metric or "")
    goals, is_setting = subject.goals(rows), name.startswith(HYPERPARAMETER)
    goal, n_unread = None if is_setting else goals.of(name), 0
    if up is not None:
        known, n_unread = _with_metrics(subject, rows)
        rows = [replace(row, best_value=statistic_value(row, up, goals)) for row in known]
    return ChosenMetric(
        up=name,
        of=statistic,
        is_own=up is not None,
        goal=goal,
        what=_title(name, "last" if statistic == "best" and goal is None else statistic),
        metrics=list(dict.fromkeys([*metrics, *([] if is_setting else filter(None, [name]))])),
        rows=rows,
        n_unread=n_unread,
    )


def _title(name: str, statistic: str) -> str:
    if name.startswith(HYPERPARAMETER):
        return name.removeprefix(HYPERPARAMETER)
    return f"{_WORDS[statistic]} {name}"


def _with_metrics(subject: Subject, rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Return the rows with their metrics. Combinations get those of their runs."""
    runs = [run for row in rows for run in row.runs] if any(row.runs for row in rows) else rows
    found, n_unread = subject.add_metrics(runs)
    if runs is rows:
        return found, n_unread
    known = {run.index: run for run in found}
    return [
        replace(row, runs=tuple(known[one.index] for one in row.runs)) for row in rows
    ], n_unread


def among(asked: str | None, known: Sequence[str]) -> str | None:
    """Return what the address asks for, or None if it is not one of the known names."""
    return asked if asked in known else None


def choosable_metrics(subject: Subject, rows: Sequence[Row]) -> list[str]:
    """Return the optimization metric, and the metrics of the newest runs."""
    newest = [row for row in rows if row.name is not None][-_N_NEWEST:]
    known, _ = subject.add_metrics(newest)
    own = [subject.metric] if subject.metric is not None else []
    own += [] if subject.sweep is None else subject.sweep.aims.objective_names
    logged = [name for row in known for name in row.metrics]
    return list(dict.fromkeys([*own, *logged]))


def same_settings(subject: Subject) -> str:
    """Explain why there is nothing to draw by settings, and what to do."""
    if subject.sweep is None:
        return (
            "These experiments have no setting in which they differ. Log a configuration, as in "
            "ExperimentLogger(config={...}), and experiments can be compared by it."
        )
    return "No hyperparameter varies in this sweep."
