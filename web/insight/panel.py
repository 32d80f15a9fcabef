"""The panel that explains a sweep, between its chart and its table: one view of several."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES, STATES
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import has_value
from ..series.readers import LogReaders
from ..tables.sweeps.all_runs import AllRuns
from .views import Choice, View, panel_link, panels_of, why_empty

FAILURES = tuple(state for state in RUN_STATES if STATES[state].is_failure)


@dataclass(frozen=True)
class InsightPanel:
    """The view that is open, named `panel`; what all views say of the sweep.

    `key_states` are those of runs with a value, for the legend; `why_empty` says why there is
    nothing to draw. `n_failed_unseen`: how many failed before they had a value. All are numbers
    of what `noun` says: runs, or the combinations of a sweep with repeats.
    """

    panel: str
    tabs: Sequence[Choice]
    view: View | None
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


def insight_panel(
    sweep: Sweep, runs: AllRuns, query: QueryParams, readers: LogReaders
) -> InsightPanel:
    """What the panel named in the address shows; by default, and for unknown names, the first."""
    asked = query.get("panel", "")
    rows = runs.compared(query.get("repeats") == "apart")
    panels = panels_of(sweep, rows)
    name = asked if asked in panels else "summary" if "rerun" in query else next(iter(panels))
    panel = panels[name]
    view = None if panel.build is None else panel.build(sweep, rows, query, readers)
    is_of_runs = rows is runs.searched
    with_values = Counter(row.state for row in rows if has_value(row))
    n_by_state = Counter(row.state for row in rows)
    n_failed = sum(n_by_state[state] for state in FAILURES)
    return InsightPanel(
        panel=name,
        tabs=[
            Choice(one.label, panel_link(query, panel=key), key == name)
            for key, one in panels.items()
        ],
        view=view,
        n_planned=runs.n_planned if is_of_runs else len(rows),
        metric=sweep.optimization_metric,
        goal=sweep.optimization_goal,
        n_values=with_values.total(),
        n_runs=len(rows),
        noun="run" if is_of_runs else "combination",
        n_failed=n_failed,
        n_failed_unseen=n_failed - sum(with_values[state] for state in FAILURES),
        failed_href=panel_link(query, state="failed", page=None),
        importance_href=panel_link(query, panel="importance"),
        open_href=panel_link(query, open=None) + "&open=",
        key_states=[state for state in RUN_STATES if state in with_values],
        why_empty=why_empty(sweep, rows) if panel.needs_values else None,
    )
