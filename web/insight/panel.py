"""The panel that explains a sweep, between its chart and its table: one view of several."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..series.readers import LogReaders
from ..tables.all_runs import AllRuns
from .views import BUILDERS, Choice, ScatterView, View, panel_link, why_empty

PANELS = {
    "summary": "Summary",
    "history": "History",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "importance": "Importance",
    "workers": "Workers",
}


@dataclass(frozen=True)
class InsightPanel:
    """The view that is open, None for the summary; what all views say of the sweep.

    `key_states` are those of runs with a value, for the legend; `why_empty` says why there is
    nothing to draw.
    """

    panel: str
    tabs: Sequence[Choice]
    view: View | None
    n_planned: int
    metric: str | None
    goal: Goal | None
    n_values: int
    n_runs: int
    key_states: Sequence[str]
    why_empty: str | None


def insight_panel(
    sweep: Sweep, runs: AllRuns, query: QueryParams, readers: LogReaders
) -> InsightPanel:
    """What the panel named in the address shows; by default, and for unknown names, the summary."""
    asked = query.get("panel", "summary")
    panel = asked if asked in PANELS else "summary"
    build = BUILDERS.get(panel)
    view = None if build is None else build(sweep, runs.rows, query, readers)
    with_values = runs.n_values_by_state
    return InsightPanel(
        panel=panel,
        tabs=[
            Choice(label, panel_link(query, panel=key), key == panel)
            for key, label in PANELS.items()
        ],
        view=view,
        n_planned=runs.n_planned,
        metric=sweep.optimization_metric,
        goal=sweep.optimization_goal,
        n_values=with_values.total(),
        n_runs=len(runs.rows),
        key_states=[state for state in RUN_STATES if state in with_values],
        why_empty=view.why_empty if isinstance(view, ScatterView) else why_empty(sweep, runs.rows),
    )
