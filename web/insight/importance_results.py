"""What has been computed of the importance of a sweep's hyperparameters, kept until it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ml_tracking_ops.orchestrator.store.run_states import ENDS
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..groups.naming import seed_name
from ..runs.entries import has_value
from ..tables.combination_rows import combination_rows, runs_of
from ..tables.rows import Row
from .axes import axes_of
from .failures import Failures, failures
from .importance import ENOUGH_RUNS, FEWEST_RUNS, Importance, has_optuna, importance_axes, rank

_MORE = 1.05  # while a sweep goes on, a twentieth more runs are a reason to compute anew


@dataclass(frozen=True)
class Result:
    """PED-ANOVA's answer over `n` runs; `problem` says why there is none."""

    n: int
    shares: Mapping[str, float] | None = None
    version: str = ""
    problem: str | None = None


_results: WeakKeyDictionary[Sweep, Result] = WeakKeyDictionary()


def keep(sweep: Sweep, result: Result) -> None:
    _results[sweep] = result


def known(sweep: Sweep) -> Result | None:
    return _results.get(sweep)


def is_current(sweep: Sweep, n_values: int) -> bool:
    """Whether what is known need not be computed anew."""
    result = known(sweep)
    if result is None or n_values < result.n:
        return False
    is_going_on = sweep.record.state not in ENDS
    return n_values < result.n * _MORE + 1 if is_going_on else n_values == result.n


@dataclass(frozen=True)
class ImportanceView:
    """What is known now of the importance; `must_ask`: there is more to be computed.

    Attributes:
        shares_of: PED-ANOVA's answer, as far as there is one.
        noun: what `n_values` counts: runs, or the combinations of a sweep with repeats.
        fewest: below so many nothing is said; from `enough` on it can be relied on.
    """

    metric: str | None
    ranking: Sequence[Importance]
    shares_of: Result | None
    has_optuna: bool
    must_ask: bool
    n_values: int
    failures: Failures | None
    noun: str = "run"
    fewest: int = FEWEST_RUNS
    enough: int = ENOUGH_RUNS


def compared_rows(sweep: Sweep, rows: Sequence[Row]) -> list[Row]:
    """The combinations of a sweep with repeats: a seed is no choice; otherwise the runs."""
    runs, seed = runs_of(rows), seed_name(sweep.config)
    is_repeated = seed is not None and any(run.combination for run in runs[:1])
    return combination_rows(runs, seed) if is_repeated and seed is not None else runs


def importance_view(sweep: Sweep, given: Sequence[Row]) -> ImportanceView:
    """What is known of these runs, or of these combinations."""
    rows = compared_rows(sweep, given)
    n_values = sum(map(has_value, rows))
    axes = importance_axes(axes_of(sweep.config, rows), sweep.config)
    is_possible = has_optuna() and n_values >= FEWEST_RUNS and bool(axes)
    result = known(sweep) if is_possible else None
    return ImportanceView(
        metric=sweep.optimization_metric,
        ranking=rank(rows, axes, None if result is None else result.shares),
        shares_of=result,
        has_optuna=has_optuna(),
        must_ask=is_possible and not is_current(sweep, n_values),
        n_values=n_values,
        failures=failures(runs_of(given), axes),
        noun="combination" if rows and rows[0].runs else "run",
    )
