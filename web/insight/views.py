"""The views of the panel that explains a sweep: the content of each besides its drawing."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..runs.entries import finite_values, has_value
from ..runs.formats import whole_percents
from ..series.derived.definition import title_of
from ..tables.query import split_statistic
from ..tables.rows import Row
from .axes import axes_of
from .front.view import FrontView, front_view
from .importance.results import ImportanceView, importance_view
from .node_use import JobLine, NodeUse, list_jobs, measure_nodes
from .plots.chosen import ChosenMetric, among, chosen_value, same_settings
from .plots.views import (
    BarsView,
    ContourView,
    DistributionView,
    bars_view,
    contour_view,
    distribution_view,
)
from .pool_history import PoolUse, measure_use, pool_of
from .subject import Subject
from .words import (
    BestValues,
    Improvement,
    MetricRelation,
    best_runs,
    improvements,
    relation,
    value_range,
)

_MOST_IMPROVEMENTS = 100


@dataclass(frozen=True)
class ViewLink:
    """One of several links. One of them is current."""

    label: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class HistoryView:
    """The runs that were the best when they ended. `by`: what the horizontal axis counts.

    `n_noise` improvements are smaller than the spread between seeds, so they do not count.
    """

    by: str
    switches: tuple[ViewLink, ...]
    improvements: Sequence[Improvement]
    last: Improvement | None
    n_improvements: int
    n_noise: int
    spread: str | None


@dataclass(frozen=True)
class AxisChoice:
    """An axis of the parallel coordinates. `value` is as in the address."""

    value: str
    name: str
    is_shown: bool


@dataclass(frozen=True)
class ParallelView:
    """`ends`: the worst and the best value, as the colours show them.

    `axes`: all possible axes, the chosen ones first and in their order. `asked`: the chosen ones as
    in the address, as JSON. `all_href` shows all of them, None if they are shown.
    """

    ends: tuple[float, float] | None
    n_axes: int
    axes: Sequence[AxisChoice]
    asked: str
    all_href: str | None
    kept: Sequence[tuple[str, str]]
    n_best: int
    best_values: Sequence[BestValues]


@dataclass(frozen=True)
class ScatterView:
    """A setting or another metric (`across`) against the chosen value, coloured by `tint`.

    `numbers`: the settings that are numbers, and may take the place of the metric. `more`: the
    metrics among these, whose values the drawing needs, as JSON. `metrics`: those that can be
    chosen, and `titles` what they are called. `relation` exists for settings only. `kept`: the
    hidden fields of its form.
    """

    across: str | None
    across_title: str | None
    choices: Sequence[str]
    numbers: Sequence[str]
    metrics: Sequence[str]
    titles: Mapping[str, str]
    tint: str | None
    tint_title: str | None
    more: str
    chosen: ChosenMetric
    why_empty: str | None
    relation: MetricRelation | None
    kept: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class WorkersView:
    """`shares`: the busy time by how the attempts ended, in per cent. `nodes` and `jobs` are for
    engines with a queue."""

    use: PoolUse
    n_spans: int
    n_sessions: int
    n_slots: int
    size: str
    shares: Sequence[tuple[str, int]]
    nodes: Sequence[NodeUse]
    jobs: Sequence[JobLine]
    is_legacy: bool


InsightView = (
    FrontView
    | HistoryView
    | ParallelView
    | ScatterView
    | BarsView
    | DistributionView
    | ContourView
    | ImportanceView
    | WorkersView
)


def panel_link(query: QueryParams, **changes: str | None) -> str:
    """Return the address of this page with some parameters replaced. None removes one."""
    kept = [(key, value) for key, value in query.multi_items() if key not in changes]
    return "?" + urlencode(kept + [(k, v) for k, v in changes.items() if v is not None])


def why_empty(subject: Subject, rows: Sequence[Row]) -> str | None:
    """Explain why nothing can be drawn of the metric, and what to do. None if something can."""
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
    found: list[Improvement] = subject.remember(
        ("improvements", id(rows), subject.metric, subject.goal),
        lambda: improvements(rows, subject.goal, subject.started_at, spread),
    )
    has_times = any(row.ended_at is not None for row in rows)
    by = "time" if query.get("history") == "time" and has_times else "runs"
    switches = (
        ViewLink("by runs", panel_link(query, history=None), by == "runs"),
        ViewLink("by time", panel_link(query, history="time"), by == "time"),
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
    asked = query.getlist("axes")
    names = [axis.name for axis in axes] + [one for one in (subject.metric,) if one is not None]
    choices = axis_choices(asked, names)
    if ends is not None and subject.goal == "min":
        ends = ends[::-1]
    return ParallelView(
        ends=ends,
        n_axes=sum(one.is_shown for one in choices),
        axes=choices,
        asked=json.dumps([one.value for one in choices if one.is_shown]) if asked else "[]",
        all_href=panel_link(query, axes=None) if asked else None,
        kept=[pair for pair in query.multi_items() if pair[0] != "axes"],
        n_best=len(best),
        best_values=[value_range(best, axis) for axis in axes] if best else [],
    )


def axis_choices(asked: Sequence[str], names: Sequence[str]) -> list[AxisChoice]:
    """Return the requested axes, as ``NAME`` or, reversed, ``-NAME``, then the others.

    If none is requested all are shown, in their order.
    """
    shown: dict[str, AxisChoice] = {}
    for value in asked:
        name = value if value in names else value.removeprefix("-")
        if name in names:
            shown.setdefault(name, AxisChoice(value, name, is_shown=True))
    others = [AxisChoice(name, name, is_shown=not shown) for name in names if name not in shown]
    return [*shown.values(), *others]


def _scatter(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ScatterView:
    axes = axes_of(subject.config, rows)
    chosen = chosen_value(subject, rows, query)
    names = [axis.name for axis in axes]
    metrics = [f"{one}.{name}" for name in chosen.metrics for one in ("best", "last")]
    across = among(query.get("across"), [*names, *metrics]) or next(iter([*names, *metrics]), None)
    tint = among(query.get("tint"), [*(f"p.{name}" for name in names), *metrics])
    axis = next((one for one in axes if one.name == across), None)
    return ScatterView(
        across=across,
        across_title=_title(across),
        choices=names,
        numbers=[axis.name for axis in axes if axis.is_ordered],
        metrics=metrics,
        titles={key: _title(key) or "" for key in metrics},
        tint=tint,
        tint_title=_title(tint.removeprefix("p.")) if tint else None,
        more=json.dumps([one for one in (across, tint) if one is not None and one in metrics]),
        chosen=chosen,
        why_empty=_why_no_scatter(subject, chosen, across),
        relation=None if axis is None else relation(chosen.rows, axis, chosen.goal),
        kept=[(k, v) for k, v in query.multi_items() if k not in ("across", "up", "of", "tint")],
    )


def _title(key: str | None) -> str | None:
    """Return a quantity in words: ``last loss`` for ``last.loss``."""
    split = split_statistic(key or "")
    return key if split is None else f"{split[0]} {title_of(split[1])}"


def _why_no_scatter(subject: Subject, chosen: ChosenMetric, across: str | None) -> str | None:
    if across is None:
        return same_settings(subject) if chosen.rows else "No run has started yet."
    if any(map(has_value, chosen.rows)) or not chosen.up:
        return None if chosen.up else why_empty(subject, chosen.rows)
    return None if chosen.up != subject.metric else why_empty(subject, chosen.rows)


def _importance(subject: Subject, rows: Sequence[Row], query: QueryParams) -> ImportanceView:
    return importance_view(subject, rows, query)


def _workers(subject: Subject, rows: Sequence[Row], query: QueryParams) -> WorkersView:
    sweep = subject.sweep
    assert sweep is not None  # `panels_of` offers this view for sweeps only
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


BuildView = Callable[[Subject, Sequence[Row], QueryParams], InsightView]


@dataclass(frozen=True)
class Panel:
    """One view of a sweep.

    Args:
        label: the text of its tab.
        build: returns `view` for its template, or None if it needs nothing.
        needs_values: whether the page explains why it is empty while no run has a value. Any other
            template does that itself.
        needs_goal: whether it needs to know which values are better.
        is_of_one_metric: whether a reader chooses one of several objectives for it.
    """

    label: str
    build: BuildView | None = None
    needs_values: bool = True
    needs_goal: bool = False
    is_of_one_metric: bool = False


PANELS = {
    "summary": Panel("Summary", needs_values=False),
    "history": Panel("History", _history, is_of_one_metric=True),
    "parallel": Panel("Parallel coordinates", _parallel, is_of_one_metric=True),
    "scatter": Panel("Scatter", _scatter, needs_values=False),
    "contour": Panel("Contour", contour_view, needs_values=False),
    "bars": Panel("Bars", bars_view, needs_values=False),
    "distribution": Panel("Distribution", distribution_view, needs_values=False),
    "importance": Panel("Importance", _importance, is_of_one_metric=True),
    "workers": Panel("Workers", _workers, needs_values=False),
}
"""The views in the order of their tabs while a sweep runs, the first by default.

A new view is an entry here, its template `insight/_insight_NAME.html` and, if that has a
`figure("NAME", …)`, the module `static/insight/views/NAME.js` with a class `View` that draws it.
"""


OF_EXPERIMENTS = {
    name: replace(panel, needs_goal=name in ("history", "importance"))
    for name, panel in PANELS.items()
    if name not in ("summary", "workers")
}
FRONT = Panel("Pareto front", front_view, needs_values=False)


def panels_of(subject: Subject, rows: Sequence[Row]) -> dict[str, Panel]:
    """Return the views in the order of their tabs: once a sweep is over its history comes first.

    With several objectives the front comes first.
    """
    if subject.sweep is None:
        return OF_EXPERIMENTS
    if subject.sweep.aims.objectives:
        return {"front": FRONT, **PANELS}
    if not subject.is_over or why_empty(subject, rows) is not None:
        return PANELS
    others = {name: panel for name, panel in PANELS.items() if name != "summary"}
    return {"history": PANELS["history"], **others, "summary": PANELS["summary"]}
