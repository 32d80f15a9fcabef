"""What makes runs fail: how strongly each hyperparameter is related to failing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ml_tracking_ops.orchestrator.store.run_states import STATES

from ...tables.rows import Row
from ..axes import Axis
from ..words import RunSubset, relation
from .measures import FEWEST_RUNS, Importance, question, rank
from .ped_anova import ImportanceRequest


@dataclass(frozen=True)
class Failures:
    """The most important hyperparameter first. `parts`: the share of failures by its values."""

    n_failed: int
    n_ended: int
    ranking: Sequence[Importance]
    parts: Sequence[RunSubset]


def failures(
    rows: Sequence[Row], axes: Sequence[Axis], shares: Mapping[str, float] | None
) -> Failures | None:
    """Return what is related to failing, or None if no run or every run failed, or there are too
    few.

    Args:
        shares: PED-ANOVA's answer to `failing_question`, or None while not known.
    """
    compared = _compared(rows)
    n_failed = sum(map(did_fail, compared))
    if not axes or len(compared) < FEWEST_RUNS or n_failed in (0, len(compared)):
        return None
    ranking = rank(compared, axes, shares)
    first = next(axis for axis in axes if axis.name == ranking[0].name)
    return Failures(n_failed, len(compared), ranking, relation(compared, first, None).parts)


def failing_question(rows: Sequence[Row], axes: Sequence[Axis]) -> ImportanceRequest:
    """Return the question for `ped_anova`: what distinguishes failed runs from all that ended."""
    compared = _compared(rows)
    n_failed = sum(map(did_fail, compared))
    # Half a run less: equally good ones, the other failed runs, count too. Rounding adds none.
    return question(compared, axes, "max", (n_failed - 0.5) / len(compared))


def _compared(rows: Sequence[Row]) -> list[Row]:
    """Return the runs that failed, with the value 1, and those whose result counts, with 0.

    Runs that were killed are left out: hyperparameters were not the cause.
    """
    ended = [row for row in rows if did_fail(row) or STATES[row.state].result_counts]
    return [replace(row, best_value=float(did_fail(row))) for row in ended]


def did_fail(row: Row) -> bool:
    return STATES[row.state].is_failure
