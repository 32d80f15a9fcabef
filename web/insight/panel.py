"""The panel that explains a sweep, or a selection of experiments: one view of several."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES, STATES, RunState

from ..runs.entries import has_value
from ..tables.rows import Row
from ..tables.sweeps.all_runs import AllRuns
from ..tables.table import Direction
from .experiments import ExplainedExperiments
from .front.objective import OBJECTIVE, by_objective
from .front.provisional import with_values_so_far
from .importance.results import importance_address
from .subject import Subject, at_once
from .views import InsightView, Panel, ViewLink, panel_link, panels_of, why_empty

FAILURES = tuple(state for state in RUN_STATES if STATES[state].is_failure)


@dataclass(frozen=True)
class InsightPanel:
    """The open view, named `panel`, and the fields that all views share.

    `key_states` are those of runs with a value, for the legend. `why_empty` explains why there is
    nothing to draw. `n_failed_unseen`: how many failed before they had a value. All are numbers of
    `noun`: runs, experiments, or the combinations of a sweep with repeats.

    Attributes:
        sweep_id: empty for experiments.
        setting: what hyperparameters are called.
        importance_part: the address of the table of importances.
        metrics, direction: for experiments, the metrics to compare by, and which values are good.
        objectives: those of a sweep, if the view shows one of several.
        close_href: the page without the panel.
        n_unread: how many logs have not been read for the values yet.
    """

    sweep_id: str
    setting: str
    importance_part: str

    panel: str
    tabs: Sequence[ViewLink]
    view: InsightView | None
    n_planned: int
    metric: str | None
    goal: Goal | None
    n_values: int
    n_runs: int
    noun: str
    n_failed: int
    n_failed_unseen: int
    failed_href: str
    importance_href: str
    open_href: str
    key_states: Sequence[str]
    why_empty: str | None
    metrics: Sequence[str] = ()
    objectives: Sequence[str] = ()
    direction: Direction | None = None
    close_href: str = ""
    kept: Sequence[tuple[str, str]] = ()
    n_unread: int = 0


def insight_panel(subject: Subject, runs: AllRuns, query: QueryParams) -> InsightPanel:
    """Return the panel that the address names, by default the first, for a sweep."""
    compared = runs.compared(query.get("repeats") == "apart")
    rows: Sequence[Row] = compared
    is_of_runs = rows is runs.searched
    noun, n_planned = ("run", runs.n_planned) if is_of_runs else ("combination", len(rows))
    n_unread = 0
    if is_of_runs and subject.sweep is not None:
        rows, n_unread = with_values_so_far(subject.sweep.aims, rows, subject.add_metrics)
    if rows is compared:
        subject = replace(subject, remember=runs.remember)
    panel = _panel(subject, rows, query, noun, n_planned)
    return replace(panel, n_unread=n_unread)


def experiments_panel(found: ExplainedExperiments, query: QueryParams) -> InsightPanel:
    """Return the panel for experiments, with the choice of the metric."""
    subject, rows = found.subject, found.rows
    panel = _panel(subject, rows, query, subject.noun, len(rows))
    metric = subject.metric
    return replace(
        panel,
        metrics=list(dict.fromkeys([*found.metrics, *filter(None, [metric])])),
        direction=None if metric is None else Direction(metric, subject.goal),
        close_href=panel_link(query, panel=None, **{OBJECTIVE: None}),
        kept=[pair for pair in query.multi_items() if pair[0] != OBJECTIVE],
        n_unread=found.n_unread,
    )


def _panel(
    subject: Subject, rows: Sequence[Row], query: QueryParams, noun: str, n_planned: int
) -> InsightPanel:
    asked = query.get("panel", "")
    panels = panels_of(subject, rows)
    first = next(iter(panels))
    name = asked if asked in panels else "summary" if "rerun" in query else first
    panel = panels[name]
    objectives: Sequence[str] = ()
    if panel.is_of_one_metric and subject.sweep is not None:
        objectives = subject.sweep.aims.objective_names
        every = rows
        subject, rows = by_objective(subject, rows, query.get(OBJECTIVE))
        if rows is not every:
            subject = replace(subject, remember=at_once)
    view = None if panel.build is None else panel.build(subject, rows, query)
    n_by_state, with_values = subject.remember(("states", id(rows)), lambda: _count_states(rows))
    n_failed = sum(n_by_state[state] for state in FAILURES)
    return InsightPanel(
        panel=name,
        tabs=[
            ViewLink(one.label, panel_link(query, panel=key), key == name)
            for key, one in panels.items()
        ],
        view=view,
        n_planned=n_planned,
        sweep_id=subject.id,
        setting=subject.setting,
        importance_part=importance_address(subject, query),
        metric=subject.metric,
        goal=subject.goal,
        n_values=with_values.total(),
        n_runs=len(rows),
        noun=noun,
        n_failed=n_failed,
        n_failed_unseen=n_failed - sum(with_values[state] for state in FAILURES),
        failed_href=panel_link(query, state="failed", page=None),
        importance_href=panel_link(query, panel="importance"),
        open_href=panel_link(query, open=None) + "&open=",
        key_states=[state for state in RUN_STATES if state in with_values],
        why_empty=_why_empty(subject, rows, panel),
        objectives=objectives,
        kept=[pair for pair in query.multi_items() if pair[0] != OBJECTIVE] if objectives else (),
    )


def _count_states(rows: Sequence[Row]) -> tuple[Counter[RunState], Counter[RunState]]:
    """Count how many of all, and of those with a value, are in each state."""
    return Counter(row.state for row in rows), Counter(row.state for row in rows if has_value(row))


def _why_empty(subject: Subject, rows: Sequence[Row], panel: Panel) -> str | None:
    reason = why_empty(subject, rows) if panel.needs_values else None
    if reason is None and panel.needs_goal and subject.goal is None:
        return f"First choose whether higher or lower values of {subject.metric} are better."
    return reason
