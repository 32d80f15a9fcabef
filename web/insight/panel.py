"""The panel that explains a sweep, between its chart and its table: one view of several."""

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.run_states import ENDS, RUN_STATES
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import has_value
from ..runs.formats import whole_percents
from ..series.readers import LogReaders
from ..series.summaries import goal_by_name
from ..tables.all_runs import AllRuns
from ..tables.query import STATISTICS, split_statistic
from ..tables.sweep_rows import with_summaries
from .axes import Axis, axes_of
from .columns import asked_value, number_of
from .importance_results import importance_context
from .pool_history import measure_use, pool_of
from .words import best_runs, improvements, relation, values_of

PANELS = {
    "summary": "Summary",
    "history": "History",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "importance": "Importance",
    "workers": "Workers",
}
_MOST_IMPROVEMENTS = 100
_N_NEWEST = 25
_READING_S = 0.25
_WORDS = {"best": "best", "last": "last", "min": "lowest", "max": "highest"}

Context = dict[str, Any]
Row = dict[str, Any]


def insight_context(
    sweep: Sweep, runs: AllRuns, query: QueryParams, readers: LogReaders
) -> Context:
    """What the panel named in the address shows; by default, and for unknown names, the summary."""
    panel = query.get("panel", "summary")
    panel = panel if panel in PANELS else "summary"
    build = _BUILDERS.get(panel)
    with_values = runs.n_values_by_status
    context: Context = {
        "panel": panel,
        "tabs": [
            {"label": label, "href": _link(query, panel=key), "is_current": key == panel}
            for key, label in PANELS.items()
        ],
        "n_planned": runs.n_planned,
        "metric": sweep.optimization_metric,
        "goal": sweep.optimization_goal,
        "n_values": with_values.total(),
        "n_runs": len(runs.rows),
        "key_statuses": [status for status in RUN_STATES if status in with_values],
        "why_empty": _why_empty(sweep, runs.rows),
    }
    return {**context, **(build(sweep, runs.rows, query, readers) if build is not None else {})}


def _link(query: QueryParams, **changes: str | None) -> str:
    kept = [(key, value) for key, value in query.multi_items() if key not in changes]
    return "?" + urlencode(kept + [(k, v) for k, v in changes.items() if v is not None])


def _why_empty(sweep: Sweep, rows: Sequence[Row]) -> str | None:
    """Why nothing can be drawn of the metric, and what to do; None where something can."""
    if any(map(has_value, rows)):
        return None
    if sweep.optimization_metric is None or sweep.optimization_goal is None:
        return (
            "This sweep optimises no metric. Name one as optimization_metric in "
            "experiment_cfg.json, with its optimization_goal, and the next sweep is explained here."
        )
    if not rows:
        return "The first run has not started yet."
    metric = sweep.optimization_metric
    if sweep.record.state not in ENDS:
        return f"No run has logged {metric} yet: this fills as soon as one does."
    return (
        f"No run logged {metric}. Log it by this very name in the training script, or name in "
        "optimization_metric what it logs."
    )


def _history(sweep: Sweep, rows: Sequence[Row], query: QueryParams, readers: LogReaders) -> Context:
    started_at = sweep.record.started_at or sweep.started_at
    found = improvements(rows, sweep.optimization_goal, started_at)
    has_times = any(row["ended_at"] is not None for row in rows)
    by = "time" if query.get("history") == "time" and has_times else "runs"
    return {
        "by": by,
        "switches": [
            {"label": "by runs", "href": _link(query, history=None), "is_current": by == "runs"},
            {"label": "by time", "href": _link(query, history="time"), "is_current": by == "time"},
        ]
        if has_times
        else [],
        "improvements": found[-_MOST_IMPROVEMENTS:],
        "last": found[-1] if found else None,
        "n_improvements": len(found),
    }


def _parallel(
    sweep: Sweep, rows: Sequence[Row], query: QueryParams, readers: LogReaders
) -> Context:
    axes = axes_of(sweep.config, rows)
    best = best_runs(rows, sweep.optimization_goal)
    known = [row["best_value"] for row in rows if has_value(row)]
    return {
        "ends": sorted((min(known), max(known)), reverse=sweep.optimization_goal == "min")
        if known
        else None,
        "n_axes": len(axes),
        "n_best": len(best),
        "best_values": [values_of(best, axis) for axis in axes] if best else [],
    }


def _scatter(sweep: Sweep, rows: Sequence[Row], query: QueryParams, readers: LogReaders) -> Context:
    axes = axes_of(sweep.config, rows)
    axis = next((one for one in axes if one.name == query.get("across")), axes[0] if axes else None)
    metrics = _metrics(sweep, rows, readers)
    up = asked_value(query, sweep.optimization_metric)
    if up is None and sweep.optimization_metric is None and metrics:
        up = f"best.{metrics[0]}"
    statistic, name = split_statistic(up or "") or ("best", sweep.optimization_metric or "")
    goal, n_unread = sweep.optimization_goal, 0
    if up is not None:
        rows, n_unread = with_summaries(sweep, list(rows), readers.summaries, _READING_S)
        rows = [{**row, "best_value": number_of(row, up)} for row in rows]
        goal = goal_by_name(name)
    return {
        "across": None if axis is None else axis.name,
        "choices": [one.name for one in axes],
        "up": name,
        "of": statistic,
        "metrics": list(dict.fromkeys([*metrics, *filter(None, [name])])),
        "statistics": STATISTICS,
        "is_own": up is not None,
        "what": f"{_WORDS[statistic]} {name}",
        "n_unread": n_unread,
        "n_values": sum(map(has_value, rows)),
        "why_empty": _why_no_scatter(sweep, rows, axes, name),
        "relation": None if axis is None else relation(rows, axis, goal),
        "kept": [(k, v) for k, v in query.multi_items() if k not in ("across", "up", "of")],
    }


def _metrics(sweep: Sweep, rows: Sequence[Row], readers: LogReaders) -> list[str]:
    """The optimisation metric, and those of the newest runs."""
    newest = [row for row in rows if row["name"] is not None][-_N_NEWEST:]
    known, _ = with_summaries(sweep, newest, readers.summaries, _READING_S)
    own = [sweep.optimization_metric] if sweep.optimization_metric is not None else []
    logged = [name for row in known for name in row.get("metrics", {})]
    return list(dict.fromkeys([*own, *logged]))


def _why_no_scatter(
    sweep: Sweep, rows: Sequence[Row], axes: Sequence[Axis], name: str
) -> str | None:
    if not axes:
        return "No hyperparameter varies in this sweep." if rows else "No run has started yet."
    if any(map(has_value, rows)) or not name:
        return None if name else _why_empty(sweep, rows)
    return None if name != sweep.optimization_metric else _why_empty(sweep, rows)


def _importance(
    sweep: Sweep, rows: Sequence[Row], query: QueryParams, readers: LogReaders
) -> Context:
    return importance_context(sweep, rows)


def _workers(sweep: Sweep, rows: Sequence[Row], query: QueryParams, readers: LogReaders) -> Context:
    pool = pool_of(sweep)
    is_going_on = sweep.record.state not in ENDS
    use = measure_use(pool, time.time() if is_going_on else pool.latest_at)
    statuses = [status for status in RUN_STATES if use.by_state.get(status)]
    percents = whole_percents([use.by_state[status] for status in statuses])
    return {
        "use": use,
        "n_spans": len(pool.spans),
        "n_sessions": len(pool.sessions),
        "n_slots": len(use.slots),
        "size": "short" if len(use.slots) <= 4 else "tall" if len(use.slots) > 16 else "middle",
        "by_status": list(zip(statuses, percents, strict=True)),
        "is_legacy": sweep.is_legacy,
    }


_BUILDERS: dict[str, Callable[[Sweep, Sequence[Row], QueryParams, LogReaders], Context]] = {
    "history": _history,
    "parallel": _parallel,
    "scatter": _scatter,
    "importance": _importance,
    "workers": _workers,
}
