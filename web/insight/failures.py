"""What makes runs fail: how much each hyperparameter goes with failing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ml_tracking_ops.orchestrator.store.run_states import STATES

from ..tables.rows import Row
from .axes import Axis
from .importance import FEWEST_RUNS, Importance, rank
from .words import Part, relation


@dataclass(frozen=True)
class Failures:
    """The most important hyperparameter first; `parts`: the share of failures by its values."""

    n_failed: int
    n_ended: int
    ranking: Sequence[Importance]
    parts: Sequence[Part]


def failures(rows: Sequence[Row], axes: Sequence[Axis]) -> Failures | None:
    """What goes with failing, or None if no run failed, all did, or there are too few runs.

    Runs that were killed say nothing of their hyperparameters and are left out.
    """
    ended = [row for row in rows if did_fail(row) or STATES[row.state].result_counts]
    n_failed = sum(map(did_fail, ended))
    if not axes or len(ended) < FEWEST_RUNS or n_failed in (0, len(ended)):
        return None
    told = [replace(row, best_value=float(did_fail(row))) for row in ended]
    ranking = rank(told, axes, None)
    first = next(axis for axis in axes if axis.name == ranking[0].name)
    return Failures(n_failed, len(ended), ranking, relation(told, first, None).parts)


def did_fail(row: Row) -> bool:
    return STATES[row.state].is_failure
