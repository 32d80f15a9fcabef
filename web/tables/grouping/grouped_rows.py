"""A row for each group of runs, which opens to them: by tag, setting, name, all but the seed.

The groups are those of the curves (`groups.naming`). A row has the mean of its runs' values, with
the standard deviation, if they are numbers, and otherwise the common value.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ml_tracking_ops.orchestrator.store.run_states import ENDS

from ...groups.naming import (
    ALL_BUT,
    COMBINATION,
    HYPERPARAMETER,
    NAME,
    TAG,
    RunGroup,
    RunLabels,
    group_runs,
)
from ...runs.name_patterns import NamePatternError
from ..cells import mean_of
from ..column import Column
from ..query import Order
from ..rows import Row, RowGroup
from ..selection import sort_rows
from .combination_rows import FIRST_OF, shared_settings

_MOST_GROUPS = 100_000
_N_COLORS = 12


@dataclass(frozen=True)
class GroupedRows:
    """The rows of the table: the groups in their order, and the runs of the open ones.

    `closed` are only the groups. `problem` explains why there are none, and the runs are listed.
    """

    closed: Sequence[Row]
    problem: str | None = None


def grouped_rows(
    rows: Sequence[Row], by: str, seed: str | None, column: Column, order: Order
) -> GroupedRows:
    """Return groups of the rows that pass the filters, both in the requested order.

    Runs that belong to none of the groups come last, as one group.
    """
    labels = [RunLabels(_names(row), row.tags) for row in rows]
    try:
        groups = group_runs(_settings(rows, by), by, seed, labels, most=_MOST_GROUPS)
    except NamePatternError as error:
        return GroupedRows(rows, f"by={by}: {error}")
    if by == NAME:
        return GroupedRows(rows, "Write a regular expression that finds the part of the name.")
    if groups is None and by not in (TAG, COMBINATION) and not by.startswith((ALL_BUT, NAME)):
        name = by.removeprefix(HYPERPARAMETER)
        return (
            GroupedRows(rows, f"by={by}: no run has the setting {name}")
            if rows
            else GroupedRows(rows)
        )
    found = [
        _group_row(number, group.name, [rows[at] for at in sorted(group.members)])
        for number, group in enumerate(groups or [], start=1)
    ]
    ordered = sort_rows(found, column, order)
    rest = _rest(rows, groups or [])
    return GroupedRows([*ordered, *([_group_row(0, _rest_name(by), rest)] if rest else [])])


def count_groups(closed: Sequence[Row]) -> int | None:
    """Return how many groups there are, or None if the rows are not grouped."""
    return len(closed) if closed and closed[0].group is not None else None


def _names(row: Row) -> tuple[str, ...]:
    number = f"run {row.index}" if row.index else ""
    return tuple(filter(None, (row.label, row.name, number, row.id if not row.index else "")))


def _settings(rows: Iterable[Row], by: str) -> list[Mapping[str, Any]]:
    """Return the settings as for the curves: those logged by scripts count if requested alone."""
    if by == COMBINATION or by.startswith(ALL_BUT):
        return [row.hyperparameters for row in rows]
    return [{**row.config, **row.hyperparameters} for row in rows]


def _rest(rows: Sequence[Row], groups: Sequence[RunGroup]) -> list[Row]:
    taken = {at for group in groups for at in group.members}
    return [row for at, row in enumerate(rows) if at not in taken]


def _rest_name(by: str) -> str:
    if by == TAG:
        return "no tag"
    return "other names" if by.startswith(NAME) else "not set"


def _group_row(number: int, name: str, runs: Sequence[Row]) -> Row:
    states = {run.state for run in runs}
    starts = [run.started_at for run in runs if run.started_at is not None]
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    has_ended = all(run.state in ENDS for run in runs)
    members = tuple(replace(run, member_of=number + 1) for run in runs)
    return Row(
        id=None,
        name=name,
        index=number,
        state=next(state for state in FIRST_OF if state in states),
        hyperparameters=shared_settings([run.hyperparameters for run in runs]),
        config=shared_settings([run.config for run in runs]),
        best_value=mean_of(run.best_value for run in runs),
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None) if has_ended else None,
        tags=tuple(dict.fromkeys(tag for run in runs for tag in run.tags)),
        color=(number - 1) % _N_COLORS,
        runs=members,
        group=RowGroup(name, len(runs)),
    )
