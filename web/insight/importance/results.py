"""Computed importances of settings, kept until the runs change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.combinations import seed_name_of

from ...runs.entries import has_value
from ...tables.grouping.combination_rows import combination_rows, runs_of
from ...tables.rows import Row
from ..axes import Axis, axes_of
from ..front.objective import OBJECTIVE
from ..subject import Subject
from .failures import Failures, failing_question, failures
from .measures import (
    ENOUGH_RUNS,
    FEWEST_RUNS,
    Importance,
    has_optuna,
    importance_axes,
    question,
    rank,
)
from .ped_anova import ImportanceRequest

_MORE = 1.05  # while a sweep runs, a twentieth more runs are a reason to compute again


@dataclass(frozen=True)
class ImportanceResult:
    """PED-ANOVA's answer over `n` runs, `n_failed` of them. `problem` explains a missing one."""

    n: int
    shares: Mapping[str, float] | None = None
    version: str = ""
    problem: str | None = None
    n_failed: int = 0

    @property
    def has_shares(self) -> bool:
        return self.shares is not None


@dataclass(frozen=True)
class SweepImportance:
    """The results: what makes runs good, and what makes them fail."""

    best: ImportanceResult | None = None
    failing: ImportanceResult | None = None


_results: WeakKeyDictionary[object, SweepImportance] = WeakKeyDictionary()


def remember_importance(subject: Subject, results: SweepImportance) -> None:
    _results[subject.key] = results


def known_importance(subject: Subject) -> SweepImportance:
    return _results.get(subject.key, SweepImportance())


@dataclass(frozen=True)
class ImportanceView:
    """The current results. `must_ask`: there is more to be computed.

    Attributes:
        shares_of: PED-ANOVA's answer, if there is one. failing_of: that for failing.
        noun: what `n_values` counts: runs, experiments, or combinations of a sweep with repeats.
        setting: what their choices are called. scatter_href: draws a scatter plot of the setting
            whose name is appended.
        fewest: with fewer, there is no result. From `enough` on it is reliable.
    """

    metric: str | None
    ranking: Sequence[Importance]
    shares_of: ImportanceResult | None
    has_optuna: bool
    must_ask: bool
    n_values: int
    failures: Failures | None
    failing_of: ImportanceResult | None
    noun: str = "run"
    setting: str = "hyperparameter"
    scatter_href: str = ""
    fewest: int = FEWEST_RUNS
    enough: int = ENOUGH_RUNS


@dataclass(frozen=True)
class PendingRequests:
    """Requests that are still to be computed."""

    best: ImportanceRequest | None
    failing: ImportanceRequest | None


def importance_address(subject: Subject, query: QueryParams) -> str:
    """Return the part of the page with the table of importances."""
    if subject.id:
        asked = f"?{urlencode({OBJECTIVE: subject.metric})}" if _has_objectives(subject) else ""
        return f"/insight/importance/{quote(subject.id)}{asked}"
    return f"/insight/importance?{urlencode(query.multi_items())}"


def _has_objectives(subject: Subject) -> bool:
    return subject.sweep is not None and bool(subject.sweep.aims.objectives)


def _scatter_href(subject: Subject, query: QueryParams) -> str:
    own = [] if subject.id else query.multi_items()
    if _has_objectives(subject) and subject.metric is not None:
        own = [("up", subject.metric), ("of", "last")]
    kept = [pair for pair in own if pair[0] not in ("panel", "across")]
    return f"?{urlencode([*kept, ('panel', 'scatter'), ('across', '')])}"


def compared_rows(subject: Subject, rows: Sequence[Row]) -> list[Row]:
    """Return the runs, or the combinations of a sweep with repeats: a seed is no choice."""
    runs, seed = runs_of(rows), seed_name_of(subject.config)
    is_repeated = seed is not None and any(run.combination for run in runs[:1])
    return combination_rows(runs, seed) if is_repeated and seed is not None else runs


def importance_view(subject: Subject, given: Sequence[Row], query: QueryParams) -> ImportanceView:
    """Return the current results for these runs, or these combinations."""
    rows = compared_rows(subject, given)
    axes = _axes(subject, rows)
    is_possible = _can_ask_for_best(rows, axes)
    result = known_importance(subject).best if is_possible else None
    failing = known_importance(subject).failing if has_optuna() else None
    asked = questions(subject, given)
    return ImportanceView(
        metric=subject.metric,
        ranking=rank(rows, axes, None if result is None else result.shares),
        shares_of=result,
        has_optuna=has_optuna(),
        must_ask=asked.best is not None or asked.failing is not None,
        n_values=sum(map(has_value, rows)),
        failures=failures(runs_of(given), axes, None if failing is None else failing.shares),
        failing_of=failing,
        noun="combination" if rows and rows[0].runs else subject.noun,
        setting=subject.setting,
        scatter_href=_scatter_href(subject, query),
    )


def questions(subject: Subject, given: Sequence[Row]) -> PendingRequests:
    """Return what is to be computed: it is not known yet, or there are more runs by now."""
    rows, runs = compared_rows(subject, given), runs_of(given)
    axes = _axes(subject, rows)
    results, best, failing = known_importance(subject), None, None
    n_values = sum(map(has_value, rows))
    if _can_ask_for_best(rows, axes) and not _is_current(subject, results.best, n_values):
        best = question(rows, axes, subject.goal)
    found = failures(runs, axes, None) if has_optuna() else None
    if found and not _is_current(subject, results.failing, found.n_ended, found.n_failed):
        failing = failing_question(runs, axes)
    return PendingRequests(best, failing)


def _axes(subject: Subject, rows: Sequence[Row]) -> list[Axis]:
    return importance_axes(axes_of(subject.config, rows), subject.config)


def _can_ask_for_best(rows: Sequence[Row], axes: Sequence[Axis]) -> bool:
    return has_optuna() and bool(axes) and sum(map(has_value, rows)) >= FEWEST_RUNS


def _is_current(
    subject: Subject, result: ImportanceResult | None, n: int, n_failed: int = 0
) -> bool:
    """Return whether a result need not be computed again."""
    if result is None or n < result.n:
        return False
    if not subject.has_ended:
        return n < result.n * _MORE + 1
    return (n, n_failed) == (result.n, result.n_failed)
