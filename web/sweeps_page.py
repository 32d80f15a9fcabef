"""What the page of sweeps shows: the list of sweeps, and one of them."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.catalog import Catalog, Sweep
from ml_tracking_ops.orchestrator.objective import Best, is_better

from . import rows
from .best_history import draw_history
from .chart_params import kept_parameters
from .experiments_page import catalog_place, run_data, run_href
from .feed import Feed
from .repeat_view import repeat_context
from .repeats import add_means
from .run_colors import sweep_run_color
from .runs_table import RunsTable, TableQuery, build_table
from .sweep_summary import summarize

_GOING_ON = ("pending", "running")

Context = dict[str, Any]


def sweeps_context(
    catalog: Catalog, sweep_id: str | None, query: QueryParams, feed: Feed
) -> Context | None:
    """The sweep of this id, or else the newest; None where no sweep has this id."""
    if sweep_id is None:
        sweep = next(iter(catalog.sweeps.values()), None)
    elif (sweep := catalog.sweeps.get(sweep_id)) is None:
        return None
    context: Context = {
        "section": "sweeps",
        "n_total": len(catalog.sweeps),
        "n_experiments": len(catalog.experiments),
        "listed": [_list_entry(one, one is sweep) for one in catalog.sweeps.values()],
        "sweep": None,
        "page_data": {"view": "none", "follow": {"catalog": catalog_place(catalog)}},
    }
    if sweep is not None:
        context.update(_sweep_context(catalog, sweep, query, feed.live_bests(sweep.id)))
    return context


def run_rows(sweep: Sweep, live: Mapping[int, Best]) -> list[rows.Row]:
    """A row for each run, with its address and its colour."""
    found = [
        rows.run_row(sweep.id, run, live.get(run.index), sweep.annotations.run(run.index))
        for run in sweep.state.runs.values()
    ]
    return [
        {
            **row,
            "href": run_href(row["id"]) if row["id"] else None,
            "color": sweep_run_color(row["index"]),
        }
        for row in found
    ]


def _list_entry(sweep: Sweep, is_current: bool) -> Context:
    return {
        "id": sweep.id,
        "name": sweep.name,
        "href": sweep_href(sweep.id),
        "status": sweep.state.status,
        "is_current": is_current,
        "started_at": sweep.started_at,
        **_counts(sweep),
    }


def sweep_href(sweep_id: str) -> str:
    return "/sweeps/" + quote(sweep_id)


def _counts(sweep: Sweep) -> Context:
    counts = sweep.state.counts
    planned = sweep.config.get("max_runs")
    n_runs = sum(counts.values())
    return {
        "counts": counts,
        "n_planned": max(planned, n_runs) if isinstance(planned, int) else n_runs,
        "n_ended": sum(n for status, n in counts.items() if status not in _GOING_ON),
    }


def _sweep_context(
    catalog: Catalog, sweep: Sweep, query: QueryParams, live: Mapping[int, Best]
) -> Context:
    metric = sweep.optimization_metric
    found = add_means(run_rows(sweep, live), sweep)
    best = _best(sweep, found)
    kept = kept_parameters(query)
    best_index = None if best is None else best["index"]
    counts = _counts(sweep)
    table = build_table(found, _table_query(query), metric, best_index, kept)
    return {
        "sweep": {
            "id": sweep.id,
            "name": sweep.name,
            "status": sweep.state.status,
            "reason": sweep.state.reason,
            "warnings": sweep.state.warnings[-3:],
            "started_at": sweep.state.started_at,
            "ended_at": sweep.state.ended_at,
            "metric": metric,
            "goal": sweep.optimization_goal,
            "is_over": _is_over(sweep),
            "best": best,
            "history": draw_history(found, sweep.optimization_goal, counts["n_planned"]),
            **counts,
        },
        "summary": summarize(sweep.description, sweep.config),
        **repeat_context(sweep, best_index, catalog.logdir, query),
        "metric": query.get("metric") or metric,
        "table": table,
        "page_data": _page_data(catalog, sweep, table, query.get("metric") or metric),
    }


def _is_over(sweep: Sweep) -> bool:
    """Whether nothing more will be logged."""
    return sweep.state.status not in _GOING_ON and not sweep.state.counts.get("running")


def _best(sweep: Sweep, found: list[rows.Row]) -> rows.Row | None:
    goal = sweep.optimization_goal
    best: rows.Row | None = None
    for row in found:
        if goal is None or row["best_value"] is None:
            continue
        if is_better(row["best_value"], None if best is None else best["best_value"], goal):
            best = row
    return best


def _page_data(catalog: Catalog, sweep: Sweep, table: RunsTable, metric: str | None) -> Context:
    drawn = [run_data({**row, "name": f"run {row['index']}"}) for row in table.rows if row["id"]]
    return {
        "view": "sweep",
        "runs": drawn,
        "metric": metric,
        "is_over": _is_over(sweep),
        "follow": {
            "catalog": catalog_place(catalog),
            f"sweep={sweep.id}": rows.sweep_cursor(sweep),
        },
    }


def _table_query(query: QueryParams) -> TableQuery:
    order: Literal["asc", "desc"] = "asc" if query.get("order") == "asc" else "desc"
    page = query.get("page", "1")
    n_page = int(page) if page.isdecimal() and len(page) < 10 else 1
    return TableQuery(query.get("sort", "index"), order, n_page)
