"""What the page of sweeps shows: the list of sweeps, and one of them."""

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.steering.asking import waiting_again
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.objective import Best
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RESUMED
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..insight.panel import insight_context
from ..live.feed import Feed
from ..runs import entries as rows
from ..series.readers import LogReaders
from ..serving.sse import encode_json
from ..tables.query import link, parse_table_query, without_window
from ..tables.sweep_table import sweep_table
from .buttons import Said, sweep_buttons
from .drawn_runs import DrawnRuns, drawn_runs
from .experiments import catalog_place, run_data
from .origin import repeat_context
from .summary import summarize

ALL_METRICS = "*"

Context = dict[str, Any]


def sweeps_context(
    catalog: Catalog,
    sweep_id: str | None,
    query: QueryParams,
    feed: Feed,
    readers: LogReaders,
) -> Context | None:
    """The sweep of this id, or else the newest; None where no sweep has this id."""
    is_archive = query.get("archived") == "1"
    if sweep_id is None:
        sweep = next(iter(_shown(catalog, is_archive=is_archive)), None)
    elif (sweep := catalog.sweeps.get(sweep_id)) is None:
        return None
    else:
        is_archive = sweep.annotations.own.is_archived
    shown = _shown(catalog, is_archive=is_archive)
    context: Context = {
        "section": "sweeps",
        "n_total": len(shown),
        "n_experiments": len(catalog.experiments),
        "n_archived": len(_shown(catalog, is_archive=True)),
        "is_archive": is_archive,
        "listed": [_list_entry(one, one is sweep) for one in shown],
        "unreadable": [str(error) for error in catalog.unreadable],
        "sweep": None,
        "page_data": {"view": "none", "follow": {"catalog": catalog_place(catalog)}},
    }
    if sweep is not None:
        context.update(_sweep_context(catalog, sweep, query, feed.live_bests(sweep.id), readers))
    return context


def _shown(catalog: Catalog, *, is_archive: bool) -> list[Sweep]:
    """The sweeps that are archived, or the others."""
    return [
        sweep
        for sweep in catalog.sweeps.values()
        if sweep.annotations.own.is_archived == is_archive
    ]


def _list_entry(sweep: Sweep, is_current: bool) -> Context:
    return {
        "id": sweep.id,
        "name": sweep.name,
        "href": sweep_href(sweep.id),
        "label": sweep.annotations.own.name,
        "status": sweep.record.state,
        "is_paused": sweep.record.is_paused,
        "is_current": is_current,
        "started_at": sweep.started_at,
        **_counts(sweep),
    }


def sweep_href(sweep_id: str) -> str:
    return "/sweeps/" + quote(sweep_id)


def _counts(sweep: Sweep) -> Context:
    counts = sweep.record.counts
    return {
        "counts": counts,
        "n_planned": rows.n_planned(sweep, sum(counts.values())),
        "n_ended": sum(n for status, n in counts.items() if status in ENDS),
    }


def _sweep_context(
    catalog: Catalog,
    sweep: Sweep,
    query: QueryParams,
    live: Mapping[int, Best],
    readers: LogReaders,
) -> Context:
    metric = sweep.optimization_metric
    asked, query = parse_table_query(query), without_window(query)
    view = sweep_table(sweep, asked, live, readers)
    every, found = view.runs.every, view.runs.rows
    best = every.best
    best_index = None if best is None else best["index"]
    drawn = drawn_runs(len(every.started), found, view.drawn, view.n_selected > 0, query)
    is_over = _is_over(sweep)
    return {
        "sweep": {
            "id": sweep.id,
            "name": sweep.name,
            "href": sweep_href(sweep.id),
            "status": sweep.record.state,
            "is_paused": sweep.record.is_paused,
            "label": sweep.annotations.own.name,
            "is_archived": sweep.annotations.own.is_archived,
            "said": Said("sweep", {"sweep": sweep.id}, sweep.annotations.own),
            "buttons": sweep_buttons(sweep),
            "notices": _notices(sweep),
            "resume": _resume_command(sweep),
            "reason": sweep.record.reason,
            "warnings": sweep.record.warnings[-3:],
            "started_at": sweep.record.started_at,
            "ended_at": sweep.record.ended_at,
            "metric": metric,
            "goal": sweep.optimization_goal,
            "is_over": is_over,
            "summary": encode_json(rows.sweep_summary(sweep, live)).decode(),
            "best": best,
            "history": every.history,
            **_counts(sweep),
        },
        "summary": summarize(
            sweep.description, sweep.config, sweep.record.n_workers, sweep.record.max_runs
        ),
        **repeat_context(sweep, best_index, catalog.logdir, query),
        "insight": insight_context(sweep, every, query, readers),
        "metric": query.get("metric") or metric,
        "table": view.table,
        "controls": view.controls,
        "n_selected": view.n_selected,
        "n_unread": view.runs.n_unread,
        "unselect_href": link(asked.pairs, run=None),
        "drawn": drawn,
        "best_index": best_index,
        "page_data": {
            **_page_data(catalog, sweep, drawn, query.get("metric") or metric),
            "groups": every.groupings,
            "is_over": is_over,
            "is_partial": view.runs.n_unread > 0,
        },
    }


def _notices(sweep: Sweep) -> list[str]:
    """What waits for somebody to resume the sweep."""
    if sweep.is_at_work:
        return []
    if not (indices := waiting_again(sweep)):
        return []
    runs = f"run{'' if len(indices) == 1 else 's'} {', '.join(map(str, indices))}"
    return [
        f"To run again when the sweep is resumed: {runs}. "
        f"ml-tracking-ops sweep --resume {sweep.path}"
    ]


def _resume_command(sweep: Sweep) -> str | None:
    """How to go on with a sweep that was ended or broke off; the whole path works from anywhere."""
    if sweep.is_legacy or sweep.is_at_work or sweep.record.state not in RESUMED:
        return None
    return f"ml-tracking-ops sweep --resume {shlex.quote(str(sweep.path))}"


def _is_over(sweep: Sweep) -> bool:
    """Whether nothing more will be logged."""
    return sweep.record.state in ENDS and not any(
        run.state == "running" for run in sweep.record.runs.values()
    )


def _page_data(catalog: Catalog, sweep: Sweep, drawn: DrawnRuns, metric: str | None) -> Context:
    return {
        "view": "sweep",
        "sweep": sweep.id,
        "runs": [run_data({**row, "name": f"run {row['index']}"}) for row in drawn.rows],
        "metric": None if metric == ALL_METRICS else metric,
        "follow": {
            "catalog": catalog_place(catalog),
            f"sweep={sweep.id}": rows.sweep_cursor(sweep),
        },
    }
