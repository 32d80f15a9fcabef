"""The repeats of a combination as one row of the table, which opens to its runs. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ml_tracking_ops.orchestrator.store.run_states import ENDS, RUN_STATES, STATES, RunState

from ...runs.links import sweep_run_color
from ..column import Column
from ..query import Order
from ..rows import Row
from ..selection import sort_rows


def _urgency(state: RunState) -> tuple[bool, bool, bool]:
    return STATES[state].is_end, STATES[state].result_counts, state == "pending"


FIRST_OF = sorted(RUN_STATES, key=_urgency)
"""The state of a combination is the first of these that any of its runs is in: running ones, then
failures."""


def combination_rows(runs: Sequence[Row], seed_name: str) -> list[Row]:
    """Return a row for each combination of these runs, in the order of first occurrence.

    The mean is of all runs of the combination, even if only some are passed. A row holds what its
    runs share: their hyperparameters without the seed.
    """
    found: dict[int, list[Row]] = {}
    for run in runs:
        if run.combination is not None:
            found.setdefault(run.combination.number, []).append(run)
    return [_combination_row(number, tuple(of), seed_name) for number, of in found.items()]


def _combination_row(number: int, runs: tuple[Row, ...], seed_name: str) -> Row:
    first, mean = runs[0], runs[0].combination
    has_ended = all(run.state in ENDS for run in runs)
    states = {run.state for run in runs}
    starts = [run.started_at for run in runs if run.started_at is not None]
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    return Row(
        id=None,
        name=None,
        index=number,
        state=next(state for state in FIRST_OF if state in states),
        hyperparameters={k: v for k, v in first.hyperparameters.items() if k != seed_name},
        best_value=None if mean is None else mean.mean,
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None) if has_ended else None,
        tags=tuple(dict.fromkeys(tag for run in runs for tag in run.tags)),
        color=sweep_run_color(first.index),
        combination=mean,
        runs=runs,
        config=shared_settings([run.config for run in runs]),
    )


def shared_settings(settings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the settings that some runs share."""
    first, *others = settings
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }


def sort_combinations(rows: Sequence[Row], column: Column, order: Order) -> list[Row]:
    """Return combinations in the requested order. By their means, those with fewer values come
    last.

    The first of them has the star.
    """
    found = sort_rows(rows, column, order)
    if column.is_mean_of_combination:
        found.sort(key=lambda row: row.combination is None or not row.combination.is_full)
    return found


def opened(rows: Sequence[Row], numbers: Iterable[int]) -> Sequence[Row]:
    """Return the rows, each of these combinations followed by its runs."""
    is_open = frozenset(numbers)
    if not is_open:
        return rows
    found: list[Row] = []
    for row in rows:
        if row.runs and row.index in is_open:
            found += [replace(row, is_open=True), *row.runs]
        else:
            found.append(row)
    return found


def runs_of(rows: Iterable[Row]) -> list[Row]:
    """Return the runs of these rows: those of combinations, and runs themselves. Each once."""
    found = {(run.index, run.id): run for row in rows for run in (row.runs or (row,))}
    return list(found.values())
