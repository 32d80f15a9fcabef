"""The runs of a sweep as rows: all of them, kept between requests, or those that a query requests.

`select_runs` returns the runs of the table, of its exports and of everything that follows them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from starlette.datastructures import QueryParams

from ml_tracking_ops.logger import run_record
from ml_tracking_ops.orchestrator.reports.short_states import state_beside_best
from ml_tracking_ops.orchestrator.store.annotations import Annotations
from ml_tracking_ops.orchestrator.store.combinations import (
    RepeatedCombination,
    repeated_combinations,
)
from ml_tracking_ops.orchestrator.store.objective import BestSoFar, Goal
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import SUBMITTED
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...runs.entries import best_so_far, is_over, run_id
from ...runs.links import sweep_run_color
from ...series.goals import Goals, goals_of_record
from ...series.summaries import LogToRead, MetricSummaries
from ..column import TableColumns
from ..columns import run_columns
from ..filtering.conditions import asked_metrics
from ..grouping.combination_rows import combination_rows, opened, runs_of, sort_combinations
from ..grouping.grouped_rows import count_groups, grouped_rows
from ..hyperparameters import Hyperparameter, describe_hyperparameters
from ..query import TableQuery, parse_table_query
from ..rows import CombinationMean, Row
from ..selection import problems_of, select_rows, sort_rows, states_of
from .all_runs import AllRuns
from .logged_settings import LoggedSettings

_MOST_SELECTIONS = 8
_ASKED_FOR_GOALS = 3
_READING_S = 0.25


@dataclass(frozen=True)
class SelectedRuns:
    """The result of a query, of all runs of a sweep.

    Attributes:
        rows: those that pass, in the requested order.
        lines: the rows of the table: of a sweep with repeats its combinations, and the runs of
            those that are open. Otherwise the same as `rows`.
        n_by_state: how many pass every condition but that on the state, by their state.
        every: all runs of the sweep.
        columns: those of the table of these runs.
        problems: parts of the query that cannot be answered, for people to read.
        are_apart: whether each run has a row of its own, not each combination.
        is_filtered: whether the query has conditions.
        n_unread: how many logs were not read for the requested metrics for lack of time.
        n_groups: how many groups the rows are in, or None if they are not grouped.
    """

    rows: list[Row]
    lines: Sequence[Row]
    n_by_state: Mapping[str, int]
    every: AllRuns
    columns: TableColumns
    problems: list[str]
    n_unread: int
    are_apart: bool = True
    is_filtered: bool = False
    n_groups: int | None = None


@dataclass(frozen=True)
class TableSelection:
    """The runs that pass, in their order, and the rows of a table in which all are closed."""

    rows: list[Row]
    closed: Sequence[Row]
    problem: str | None = None

    @property
    def n_groups(self) -> int | None:
        return count_groups(self.closed)

    @cached_property
    def n_by_state(self) -> Mapping[str, int]:
        return states_of(self.rows)


@dataclass
class _Known:
    """The rows of a sweep as of the first `n_seen` of its changes.

    `every`, `hyperparameters` and `selections` (the rows of the latest queries) belong to the state
    `live`: the best values of running runs, and how many runs there may be.
    """

    changes: list[int | None]
    annotations: Annotations
    n_seen: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    live: object = None
    every: AllRuns | None = None
    hyperparameters: dict[str, Hyperparameter] = field(default_factory=dict)
    logged: LoggedSettings = field(default_factory=LoggedSettings)
    running: frozenset[int] = frozenset()
    selections: OrderedDict[Any, TableSelection] = field(default_factory=OrderedDict)


_known: WeakKeyDictionary[Sweep, _Known] = WeakKeyDictionary()


def all_runs(sweep: Sweep, live: Mapping[int, BestSoFar]) -> AllRuns:
    """Return a row for each run, with its address and its colour.

    Only rows that changed since the last time are made again.
    """
    return _current(sweep, live)[1]


def _current(sweep: Sweep, live: Mapping[int, BestSoFar]) -> tuple[_Known, AllRuns]:
    known = _known.get(sweep)
    is_current = known is not None and known.changes is sweep.changes
    if known is None or not is_current or known.annotations is not sweep.annotations:
        known = _known[sweep] = _Known(sweep.changes, sweep.annotations)
        changed = set(sweep.record.runs)
    else:
        changed = {index for index in sweep.changes[known.n_seen :] if index is not None}
    known.n_seen = len(sweep.changes)
    changed |= known.logged.refresh(sweep, changed | (known.running & sweep.record.runs.keys()))
    bests = tuple((index, best.value, best.step) for index, best in live.items())
    state = (sweep.record.max_runs, bests)
    if known.every is None or changed or state != known.live:
        known.every = _take_in(known, sweep, changed, live)
        known.live = state
    return known, known.every


def _take_in(
    known: _Known, sweep: Sweep, changed: set[int], live: Mapping[int, BestSoFar]
) -> AllRuns:
    """Make the rows of changed runs again, and everything that depends on any of them."""
    is_new = not known.rows.keys() >= changed
    for index in changed:
        known.rows[index] = _row(sweep, known, sweep.record.runs[index], None)
    if is_new:
        known.rows = dict(sorted(known.rows.items()))
    if changed:
        known.hyperparameters = describe_hyperparameters(known.rows.values())
        known.running = frozenset(i for i, row in known.rows.items() if row.state in SUBMITTED)
    current = {index: best for index, best in live.items() if index in known.rows}
    runs = sweep.record.runs
    found = {**known.rows, **{i: _row(sweep, known, runs[i], current[i]) for i in current}}
    for run in sweep.front:
        found[run.index] = replace(found[run.index], is_on_front=True)
    known.selections.clear()
    settings = known.logged.described(known.hyperparameters)
    rows = [row for i, row in found.items() if not sweep.is_deleted(runs[i])]
    shown = [row for row in rows if not sweep.is_archived(runs[row.index])]
    archived = [row for row in rows if sweep.is_archived(runs[row.index])]
    archive = AllRuns(archived, sweep, settings) if archived else None
    return AllRuns(_add_means(shown, sweep), sweep, settings, archive)


def _row(sweep: Sweep, known: _Known, run: RunRecord, live: BestSoFar | None) -> Row:
    identity = run_id(sweep.id, run)
    annotation = sweep.annotations.run(run.index)
    value, step = best_so_far(run, live)
    return Row(
        id=identity,
        name=run.name,
        index=run.index,
        state=run.state,
        reason=run.reason,
        short_state=state_beside_best(run),
        hyperparameters=run.hyperparameters,
        best_value=value,
        best_step=step,
        started_at=run.started_at,
        ended_at=run.ended_at,
        label=annotation.name,
        tags=tuple(annotation.tags),
        note=annotation.note,
        color=sweep_run_color(run.index),
        config=known.logged.of(run.index),
        is_confirming=run.is_confirming,
        values=run.values,
        can_win=sweep.record.can_win(run),
    )


def _add_means(rows: Sequence[Row], sweep: Sweep) -> list[Row]:
    """Return the rows, each with the mean and the spread of its combination if the sweep has
    repeats."""
    repeats = sweep.config.get("repeats")
    if not isinstance(repeats, Mapping):
        return list(rows)
    seed_name, runs = str(repeats.get("seed_name")), sweep.results
    known = repeated_combinations(runs, seed_name)
    most = max((one.weight for one in known), default=(0, 0))
    of_run = {
        run.index: mean  # one object for all runs of a combination
        for one in known
        for mean in (_mean(one, most),)
        for run in one.runs
    }
    return [replace(row, combination=of_run[row.index]) for row in rows]


def _mean(one: RepeatedCombination, most: tuple[int, int]) -> CombinationMean:
    return CombinationMean(
        mean=one.mean,
        spread=one.spread,
        n_values=len(one.values),
        number=one.number,
        n_runs=len(one.runs),
        n_left_out=one.n_left_out,
        is_full=one.weight == most,
    )


def known_runs(
    sweep: Sweep,
    live: Mapping[int, BestSoFar],
    chosen_goals: Mapping[str, Goal],
    is_apart: bool = True,
    is_archive: bool = False,
) -> tuple[AllRuns, TableColumns]:
    """Return every run, and the columns of the table of them.

    Args:
        is_apart: whether each run of a combination has a row of its own.
        is_archive: the archived ones instead.
        chosen_goals: a user's choices for the metrics of the log folder.
    """
    known, every = _current(sweep, live)
    every = every.archive if is_archive and every.archive is not None else every
    goals = sweep_goals(sweep, every.rows, chosen_goals)
    is_of_means = every.has_combinations and not is_apart
    settings = {**known.hyperparameters, **every.logged}
    columns = run_columns(
        sweep.optimization_metric,
        settings,
        goals,
        is_of_means=is_of_means,
        logged=every.logged,
        is_best_first=is_of_means or is_over(sweep),
        aims=sweep.aims,
    )
    return every, columns


def sweep_goals(sweep: Sweep, found: Sequence[Row], chosen: Mapping[str, Goal]) -> Goals:
    """Return which values of the metrics are good, according to the sweep, the user and its first
    runs."""
    metric, goal = sweep.optimization_metric, sweep.optimization_goal
    own: dict[str, Goal] = {} if metric is None or goal is None else {metric: goal}
    own |= {one.metric: one.goal for one in sweep.aims.objectives}
    logged: dict[str, Goal] = {}
    for log in logs_of_runs(sweep, found[:_ASKED_FOR_GOALS]):
        if log is not None:
            logged = {**goals_of_record(run_record.read(str(log.path))), **logged}
    return Goals(own, chosen, logged)


def select_runs(
    sweep: Sweep,
    query: TableQuery,
    live: Mapping[int, BestSoFar],
    summaries: MetricSummaries,
    budget_s: float = float("inf"),
) -> SelectedRuns:
    """Return the runs that a query requests.

    Args:
        live: the best values so far of running runs, as `Feed.live_bests` returns them.
        budget_s: how long logs may be read, if the query needs metrics that only they hold.
    """
    are_apart = query.is_apart or bool(query.by)
    every, columns = known_runs(sweep, live, summaries.chosen_goals(), are_apart, query.is_archive)
    known, metric = _known[sweep], sweep.optimization_metric
    asked = query.metrics | asked_metrics(query, columns)
    needs_logs = bool(asked - {metric}) or query.sort == f"last.{metric}"
    of_any_state = replace(query, states=())
    rows, n_unread = every.rows, 0
    if needs_logs:
        rows, n_unread = with_run_summaries(sweep, every.rows, summaries, budget_s)
        found = _select(every, rows, query, columns)
        others = _select(every, rows, of_any_state, columns) if query.states else found
    else:
        found = _remembered(known, every, query, columns)
        others = _remembered(known, every, of_any_state, columns)
    return SelectedRuns(
        rows=found.rows,
        lines=opened(found.closed, query.opened),
        n_by_state=others.n_by_state,
        every=every,
        columns=columns,
        problems=[
            *problems_of(query, columns, None if n_unread else rows),
            *filter(None, [found.problem]),
        ],
        n_unread=n_unread,
        are_apart=are_apart or not every.has_combinations,
        is_filtered=query.is_filtered,
        n_groups=found.n_groups,
    )


def passing_runs(
    summaries: MetricSummaries, live: Mapping[int, BestSoFar], sweep: Sweep, params: QueryParams
) -> set[int]:
    """Return the numbers of the runs that pass the filters of an address."""
    found = select_runs(sweep, parse_table_query(params), live, summaries, _READING_S)
    return {row.index for row in found.rows}


def _remembered(
    known: _Known, every: AllRuns, query: TableQuery, columns: TableColumns
) -> TableSelection:
    """Return a remembered selection: paging and scrolling a table neither sorts nor filters it
    again."""
    filters = (query.search, query.where, query.states, query.filters)
    key = (
        *filters,
        query.sort,
        query.order,
        query.is_apart,
        query.is_archive,
        query.by,
        columns.default_sort,
    )
    if key not in known.selections:
        known.selections[key] = _select(every, every.rows, query, columns)
        while len(known.selections) > _MOST_SELECTIONS:
            known.selections.popitem(last=False)
    known.selections.move_to_end(key)
    return known.selections[key]


def _select(
    every: AllRuns, rows: list[Row], query: TableQuery, columns: TableColumns
) -> TableSelection:
    column, order = columns.sorted_by(query), columns.order_of(query)
    if query.by:
        found = sort_rows(select_rows(rows, query, columns), column, order)
        grouped = grouped_rows(found, query.by, every.seed_name or None, column, order)
        return TableSelection(found, grouped.closed, grouped.problem)
    if not every.has_combinations or query.is_apart:
        found = sort_rows(select_rows(rows, query, columns), column, order)
        return TableSelection(found, found)
    runs = select_rows(rows, query.of_runs, columns)
    passing = select_rows(combination_rows(runs, every.seed_name), query.of_means, columns)
    closed = sort_combinations(passing, column, order)
    return TableSelection(runs_of(closed), closed)


def with_run_summaries(
    sweep: Sweep, found: list[Row], summaries: MetricSummaries, budget_s: float
) -> tuple[list[Row], int]:
    """Return the rows, each with the summaries of its metrics, and how many are not read yet."""
    logs = logs_of_runs(sweep, found)
    read, n_missing = summaries.read([log for log in logs if log is not None], budget_s)
    rows = [
        row if log is None else replace(row, metrics=read.get(log.path, {}))
        for row, log in zip(found, logs, strict=True)
    ]
    return rows, n_missing


def lines_with_summaries(
    sweep: Sweep, lines: list[Row], summaries: MetricSummaries, budget_s: float
) -> list[Row]:
    """Return the rows of a table, some of which may be combinations, with their summaries."""
    rows, _ = with_run_summaries(sweep, runs_of(lines), summaries, budget_s)
    known = {run.index: run for run in rows}
    return [
        replace(line, runs=tuple(_with_summaries_of(run, known[run.index]) for run in line.runs))
        if line.runs
        else _with_summaries_of(line, known[line.index])
        for line in lines
    ]


def _with_summaries_of(row: Row, known: Row) -> Row:
    return replace(known, member_of=row.member_of) if row.member_of else known


def logs_of_runs(sweep: Sweep, found: Iterable[Row]) -> list[LogToRead | None]:
    """Return the log of each run, or None for one that has none yet."""
    runs = [sweep.record.runs[row.index] for row in found]
    paths = map(sweep.dat_path, runs)
    return [
        None if path is None else LogToRead(path, run.has_ended)
        for run, path in zip(runs, paths, strict=True)
    ]
