"""The views of the panel that explains a sweep: what each shows besides its drawing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..runs.entries import finite_values, has_value
from ..runs.formats import whole_percents
from ..tables.query import STATISTICS, split_statistic
from ..tables.rows import Row
from .axes import Axis, axes_of
from .columns import asked_value, number_of
from .importance.results import ImportanceView, importance_view
from .node_use import JobLine, NodeUse, list_jobs, measure_nodes
from .pool_history import PoolUse, measure_use, pool_of
from .subject import Subject
from .words import BestValues, Improvement, Relation, best_runs, improvements, relation, values_of

_MOST_IMPROVEMENTS = 100
_N_NEWEST = 25
_WORDS = {"best": "best", "last": "last", "min": "lowest", "max": "highest"}


@dataclass(frozen=True)
class Choice:
    """One of several links, of which one is current."""

    label: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class HistoryView:
    """The runs that were the best when they ended; `by`: what the horizontal axis counts.

    `n_noise` improvements are smaller than the spread between seeds, and so are none.
    """

    by: str
    switches: tuple[Choice, ...]
    improvements: Sequence[Improvement]
    last: Improvement | None
    n_improvements: int
    n_noise: int
    spread: str | None


@dataclass(frozen=True)
class ParallelView:
    """`ends`: the worst and the best value, as the colours show them."""

    ends: tuple[float, float] | None
    n_axes: int
    n_best: int
    best_values: Sequence[BestValues]


@dataclass(frozen=True)
class ScatterView:
    """A hyperparameter (`across`) against a metric (`up`), of which `of` says which value.

    `is_own`: not the best value of the optimisation metric, but what the reader chose. `kept`:
    what its form carries along.
    """

    across: str | None
    choices: Sequence[str]
    up: str
    of: str
    metrics: Sequence[str]
    is_own: bool
    goal: Goal | None
    what: str
    n_unread: int
    why_empty: str | None
    relation: Relation | None
    kept: Sequence[tuple[str, str]]
    statistics: Sequence[str] = STATISTICS


@dataclass(frozen=True)
class WorkersView:
    """`shares`: the busy time by how the attempts ended, in per cent. `nodes` and `jobs` are of
    engines that have a queue."""

    use: PoolUse
    n_spans: int
    n_sessions: int
    n_slots: int
    size: str
    shares: Sequence[tuple[str, int]]
    nodes: Sequence[NodeUse]
    jobs: Sequence[JobLine]
    is_legacy: bool


View = HistoryView | ParallelView | ScatterView | ImportanceView | WorkersView


def panel_link(query: QueryParams, **changes: str | None) -> str:
    """The address of this page with some parameters replaced; None takes one out."""
    kept = [(key, value) for key, value in query.multi_items() if key not in changes]
    return "?" + urlencode(kept + [(k, v) for k, v in changes.items() if v is not None])


def why_empty(subject: Subject, rows: Sequence[Row]) -> str | None:
    """Why nothing can be drawn of the metric, and what to do; None if something can."""
    if any(map(has_value, rows)):
        return None
    if subject.sweep is None:
        return _why_no_experiment(subject, rows)
    if subject.metric is None or subject.goal is None:
        return (
            "This sweep optimises no metric. Name one as optimization_metric in "
            "experiment_cfg.json, with its optimization_goal, and the next sweep is explained here."
        )
    if not rows:
        return "The first run has not started yet."
    metric = subject.metric
    if not subject.has_ended:
        return f"No run has logged {metric} yet: this fills as soon as one does."
    return (
        f"No run logged {metric}. Log it under exactly this name in the training script, or "
        "set optimization_metric to a name that it logs."
    )


def _why_no_experiment(subject: Subject, rows: Sequence[Row]) -> str:
    if not rows:
        return "No experiment is chosen."
    if subject.metric is None:
        return "No experiment has logged a metric yet."
    return f"None of these experiments has logged {subject.metric}."


def _history(subject: Subject, rows: Sequence[Row], query: QueryParams) -> HistoryView:
    spread = subject.spread
    found = improvements(rows, subject.goal, subject.started_at, spread)
    has_times = any(row.ended_at is not None for row in rows)
    by = "time" if query.get("history") == "time" and has_times else "runs"
    switches = (
        Choice("by runs", panel_link(query, history=None), by == "runs"),
        Choice("by time", panel_link(query, history="time"), by == "time"),
    )
    return HistoryView(
        by=by,
        switches=switches if has_times else (),
        improvements=found[-_MOST_IMPROVEMENTS:],
        last=found[-1] if found else None,
        n_improvements=len(found),
        n_noise=sum(one.is_noise for one in found),
        spread=None if spread is None else f"{spread:.2g}",
    )


def _parallel(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ParallelView:
    axes = axes_of(subject.config, rows)
    best = best_runs(rows, subject.goal)
    known = finite_values(rows)
    ends = (min(known), max(known)) if known else None
    if ends is not None and subject.goal == "min":
        ends = ends[::-1]
    return ParallelView(
        ends=ends,
        n_axes=len(axes),
        n_best=len(best),
        best_values=[values_of(best, axis) for axis in axes] if best else [],
    )


def _scatter(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ScatterView:
    axes = axes_of(subject.config, rows)
    axis = next((one for one in axes if one.name == query.get("across")), axes[0] if axes else None)
    metrics = _metrics(subject, rows)
    up = asked_value(query, subject.metric)
    if up is None and subject.metric is None and metrics:
        up = f"best.{metrics[0]}"
    statistic, name = split_statistic(up or "") or ("best", subject.metric or "")
    goals = subject.goals(rows)
    goal, n_unread = goals.of(name), 0
    if up is not None:
        rows, n_unread = subject.add_metrics(rows)
        rows = [replace(row, best_value=number_of(row, up, goals)) for row in rows]
    return ScatterView(
        across=None if axis is None else axis.name,
        choices=[one.name for one in axes],
        up=name,
        of=statistic,
        metrics=list(dict.fromkeys([*metrics, *filter(None, [name])])),
        is_own=up is not None,
        goal=goal,
        what=f"{_WORDS['last' if statistic == 'best' and goal is None else statistic]} {name}",
        n_unread=n_unread,
        why_empty=_why_no_scatter(subject, rows, axes, name),
        relation=None if axis is None else relation(rows, axis, goal),
        kept=[(k, v) for k, v in query.multi_items() if k not in ("across", "up", "of")],
    )


def _metrics(subject: Subject, rows: Sequence[Row]) -> list[str]:
    """The optimisation metric, and those of the newest runs."""
    newest = [row for row in rows if row.name is not None][-_N_NEWEST:]
    known, _ = subject.add_metrics(newest)
    own = [subject.metric] if subject.metric is not None else []
    logged = [name for row in known for name in row.metrics]
    return list(dict.fromkeys([*own, *logged]))


def _why_no_scatter(
    subject: Subject, rows: Sequence[Row], axes: Sequence[Axis], name: str
) -> str | None:
    if not axes:
        return _same_settings(subject) if rows else "No run has started yet."
    if any(map(has_value, rows)) or not name:
        return None if name else why_empty(subject, rows)
    return None if name != subject.metric else why_empty(subject, rows)


def _same_settings(subject: Subject) -> str:
    if subject.sweep is None:
        return (
            "These experiments have no setting in which they differ. Log a configuration, as in "
            "ExperimentLogger(config={...}), and experiments can be compared by it."
        )
    return "No hyperparameter varies in this sweep."


def _importance(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ImportanceView:
    return importance_view(subject, rows, query)


def _workers(subject: Subject, rows: Sequence[Row], query: QueryParams) -> WorkersView:
    sweep = subject.sweep
    assert sweep is not None  # `panels_of` offers this view for sweeps alone
    pool = pool_of(sweep)
    now = pool.latest_at if subject.has_ended else time.time()
    use = measure_use(pool, now)
    states = [state for state in RUN_STATES if use.by_state.get(state)]
    percents = whole_percents([use.by_state[state] for state in states])
    return WorkersView(
        use=use,
        n_spans=len(pool.spans),
        n_sessions=len(pool.sessions),
        n_slots=len(use.slots),
        size="short" if len(use.slots) <= 4 else "tall" if len(use.slots) > 16 else "middle",
        shares=list(zip(states, percents, strict=True)),
        nodes=measure_nodes(pool, now),
        jobs=list_jobs(sweep.id, sweep.record.runs.values(), now),
        is_legacy=sweep.is_legacy,
    )


Build = Callable[[Subject, Sequence[Row], QueryParams], View]


@dataclass(frozen=True)
class Panel:
    """One view of a sweep.

    Args:
        label: the text of its tab.
        build: what its template gets as `view`; None if it needs nothing.
        needs_values: whether the page says why it is empty while no run has a value; the
            template of any other says so itself.
        needs_goal: whether it says nothing while nobody knows which values are better.
    """

    label: str
    build: Build | None = None
    needs_values: bool = True
    needs_goal: bool = False


PANELS = {
    "summary": Panel("Summary", needs_values=False),
    "history": Panel("History", _history),
    "parallel": Panel("Parallel coordinates", _parallel),
    "scatter": Panel("Scatter", _scatter, needs_values=False),
    "importance": Panel("Importance", _importance),
    "workers": Panel("Workers", _workers, needs_values=False),
}
"""The views in the order of their tabs while a sweep runs, the first by default.

A new view is an entry here, its template `insight/_insight_NAME.html` and, if that has a
`figure("NAME", …)`, the module `static/insight/NAME.js` with a class `View` that draws it.
"""


OF_EXPERIMENTS = {
    name: replace(panel, needs_goal=name in ("history", "importance"))
    for name, panel in PANELS.items()
    if name not in ("summary", "workers")
}


def panels_of(subject: Subject, rows: Sequence[Row]) -> dict[str, Panel]:
    """The views in the order of their tabs: once a sweep is over its history comes first."""
    if subject.sweep is None:
        return OF_EXPERIMENTS
    if not subject.is_over or why_empty(subject, rows) is not None:
        return PANELS
    others = {name: panel for name, panel in PANELS.items() if name != "summary"}
    return {"history": PANELS["history"], **others, "summary": PANELS["summary"]}
