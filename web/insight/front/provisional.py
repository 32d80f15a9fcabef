"""The provisional results of running runs, as if they ended now.

Several objectives and constraints on outcomes are judged when a run ends. Until then its values so
far are provisional: they are drawn, and change nothing else.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ml_tracking_ops.orchestrator.store.outcomes.aims import Aims, losses_of
from ml_tracking_ops.orchestrator.store.outcomes.pareto import front_of
from ml_tracking_ops.orchestrator.store.run_states import SUBMITTED

from ...tables.rows import Row

AddMetrics = Callable[[Sequence[Row]], tuple[list[Row], int]]


def with_values_so_far(
    aims: Aims, rows: Sequence[Row], add_metrics: AddMetrics
) -> tuple[Sequence[Row], int]:
    """Return the rows, running runs with their values so far, and how many logs are unread.

    Args:
        add_metrics: reads the summaries of the metrics of some rows.
    """
    if not aims.metrics:
        return rows, 0
    running = [row for row in rows if row.state in SUBMITTED and row.name is not None]
    if not running:
        return rows, 0
    known, n_unread = add_metrics(running)
    found = {row.index: _so_far(aims, row) for row in known}
    return [found.get(row.index, row) for row in rows], n_unread


def _so_far(aims: Aims, row: Row) -> Row:
    bests = {one.metric: one.goal for one in aims.objectives if one.take == "best"}
    values: dict[str, float] = {}
    for name in aims.metrics & row.metrics.keys():
        summary = row.metrics[name]
        best = summary.max if bests.get(name) == "max" else summary.min
        value = best if name in bests else summary.last
        if value is not None and math.isfinite(value):
            values[name] = value
    return replace(row, values=values, can_win=aims.are_met(values), is_provisional=True)


def provisional_front(aims: Aims, rows: Sequence[Row], results: Sequence[int]) -> list[int]:
    """Return the running runs that would be on the front if they ended now.

    Args:
        rows: with the values so far.
        results: the runs that have ended with a result.
    """
    counted = frozenset(results)
    found = [
        (row, losses_of(aims.objectives, result))
        for row in rows
        if (row.is_provisional and row.can_win) or row.index in counted
        if (result := aims.result(row.values)) is not None
    ]
    front = (found[place][0] for place in front_of([losses for _, losses in found]))
    return [row.index for row in front if row.is_provisional]
