"""The result of `replay --suggest`: the rule that would have saved most without losing the
winner."""

from collections.abc import Sequence

from ..errors import UsageError
from ..stopping.suggestions import FinishedSweep, Suggestion, suggest_rules
from ..store.objective import Goal
from ..store.sweep_folder import Sweep
from .entries import finite
from .replays import load_histories, replayed_metric
from .shapes import SuggestionEntry, SuggestionReport

_FEWEST_RUNS = 5


def report_suggestions(
    sweeps: Sequence[Sweep], metric: str | None = None, goal: Goal | None = None
) -> SuggestionReport:
    """Replay many rules over finished sweeps.

    Raises:
        UsageError: a sweep has too few runs that logged the metric, or the metric is not known.
    """
    known = [_finished(sweep, metric, goal) for sweep in sweeps]
    found = suggest_rules(known)
    best = found[0] if found and found[0].keeps_the_best and found[0].share > 0 else None
    runs = [run for one in known for run in one.runs]
    return {
        "sweeps": [sweep.name for sweep in sweeps],
        "n_runs": len(runs),
        "n_cut_short": sum(run.state != "finished" for run in runs),
        "suggested": None if best is None else _entry(best),
        "tried": [_entry(one) for one in found],
    }


def _finished(sweep: Sweep, metric: str | None, goal: Goal | None) -> FinishedSweep:
    metric, goal = replayed_metric(sweep, metric, goal)
    runs = [run for run in load_histories(sweep) if run.n_values(metric)]
    if len(runs) < _FEWEST_RUNS:
        raise UsageError(
            f"{sweep.name}: {len(runs)} of its runs have logged {metric!r}. Comparing rules "
            f"needs {_FEWEST_RUNS} or more"
        )
    return FinishedSweep(sweep.name, runs, metric, goal)


def _entry(one: Suggestion) -> SuggestionEntry:
    return {
        "rule": one.rule.model_dump(exclude_none=True, exclude_defaults=True),
        "share_of_seconds": round(one.share, 4),
        "n_kept": one.n_kept,
        "n_replays": one.n_replays,
        "regret": finite(one.regret),
    }
