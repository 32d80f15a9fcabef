"""The repeated runs in a sweep's record: leaders of the search, and candidates to judge."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..store.objective import Goal
from ..store.run_record import RunRecord
from ..store.run_states import RESULTS_THAT_COUNT
from ..store.sweep_record import SweepRecord
from .race import Value
from .verdicts import Candidate, Verdict, verdict_of

_LARGEST = 1e100
"""Larger numbers are no results: their squares would be infinite."""


def sweep_verdict(record: SweepRecord) -> Verdict | None:
    """Return the verdict of a sweep's repeated runs, or None if there are too few, or no goal."""
    if record.goal is None:
        return None
    return verdict_of(candidates_of(record), record.goal)


def candidates_of(record: SweepRecord) -> list[Candidate]:
    """Return the combinations that ran with several seeds: confirmed ones, or those of `repeats`.

    The value of a confirmed combination in the search is no evidence: it is a leader because of it.
    """
    runs = sorted(record.runs.values(), key=lambda run: run.index)
    chosen = [run for run in runs if run.is_confirming]
    if not chosen:
        chosen = runs if any(run.repeat > 1 for run in runs) else []
    first: dict[int, RunRecord] = {}
    for run in runs:
        first.setdefault(combination_of(run), run)
    varying = _varying(chosen)
    return [
        Candidate(number, first[number].name, _without(first[number], varying), values)
        for number, values in _values(chosen).items()
    ]


def combination_of(run: RunRecord) -> int:
    return run.index if run.combination is None else run.combination


def leaders_of(runs: Iterable[RunRecord], goal: Goal, top: int) -> list[int]:
    """Return the best combinations of a search, the best first.

    Runs that were stopped since others were better are included only if fewer than two are left.
    """
    ended = [run for run in runs if not run.is_confirming and _value(run) is not None]
    whole = [run for run in ended if not run.was_outdone]
    sign = -1.0 if goal == "max" else 1.0
    order = sorted(
        whole if len(whole) > 1 else ended, key=lambda run: (sign * (_value(run) or 0.0), run.index)
    )
    return [combination_of(run) for run in order[:top]]


def race_values(
    record: SweepRecord, leaders: Sequence[int], is_over: Callable[[RunRecord], bool]
) -> dict[int, dict[int, Value]]:
    """Return the confirming runs of the leaders, as `race.next_step` needs them."""
    sign = 1.0 if record.goal == "max" else -1.0
    found: dict[int, dict[int, Value]] = {leader: {} for leader in leaders}
    for run in record.runs.values():
        number = combination_of(run)
        if run.is_confirming and number in found:
            value = _value(run)
            ended: Value = None if value is None else sign * value
            found[number][run.repeat] = ended if is_over(run) else "running"
    return found


def _value(run: RunRecord) -> float | None:
    """Return the value of a run that counts as a result."""
    if run.state not in RESULTS_THAT_COUNT or run.best_value is None or not run.is_feasible:
        return None
    return run.best_value if abs(run.best_value) <= _LARGEST else None  # not NaN


def _values(runs: Iterable[RunRecord]) -> dict[int, dict[int, float]]:
    """Return values by combination and repeat."""
    found: dict[int, dict[int, float]] = {}
    for run in runs:
        value = _value(run)
        if value is not None and not run.was_outdone:
            found.setdefault(combination_of(run), {})[run.repeat] = value
    return found


def _varying(runs: Sequence[RunRecord]) -> set[str]:
    """Return the hyperparameters in which the runs of one combination differ: their seed."""
    seen: dict[int, Mapping[str, object]] = {}
    found: set[str] = set()
    for run in runs:
        before = seen.setdefault(combination_of(run), run.hyperparameters)
        found |= {name for name, value in run.hyperparameters.items() if before.get(name) != value}
    return found


def _without(run: RunRecord, names: set[str]) -> dict[str, object]:
    return {name: value for name, value in run.hyperparameters.items() if name not in names}
