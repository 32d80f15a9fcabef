"""Combinations that are run several times: the mean of their runs, and the spread."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .objective import Goal, is_better
from .run_record import RunRecord
from .run_states import RESULTS_THAT_COUNT

if TYPE_CHECKING:
    from .sweep_folder import Sweep

_MOST_CONFIRMING = 100_000


@dataclass(frozen=True)
class RepeatedCombination:
    """The runs of one combination, and the values that count for it.

    Results of different lengths of training do not mix: the best value so far of a run that was
    stopped since others were better, or that failed, is left out if other runs have a result.

    `spread` is the standard deviation of the values (of a sample), `None` below two and if it is
    not finite.
    """

    number: int
    hyperparameters: dict[str, Any]
    runs: list[RunRecord]

    @property
    def values(self) -> list[float]:
        return [value for rank, value in self._ranked if rank == self.rank]

    @property
    def rank(self) -> int:
        """How reliable the values are: 2 for results, 1 if no run has one but some stopped early or
        still run, 0 if all failed or were killed, -1 without values."""
        return max((rank for rank, _ in self._ranked), default=-1)

    @property
    def n_left_out(self) -> int:
        """How many runs have a value that does not count."""
        return len(self._ranked) - len(self.values)

    @property
    def weight(self) -> tuple[int, int]:
        """Combinations compare only with those of the same weight. More is better evidence."""
        return self.rank, len(self.values)

    @property
    def _ranked(self) -> list[tuple[int, float]]:
        """The rank without runs that miss the constraints on outcomes: they have no result."""
        known = (run for run in self.runs if run.is_feasible)
        return [(_rank(run), run.best_value) for run in known if run.best_value is not None]

    @property
    def mean(self) -> float | None:
        return statistics.mean(self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        return spread_of(self.values)


def _rank(run: RunRecord) -> int:
    if run.state in RESULTS_THAT_COUNT and not run.was_outdone:
        return 2
    return 1 if run.was_outdone or not run.has_ended else 0


def spread_of(values: Sequence[float]) -> float | None:
    """Return the standard deviation of a sample."""
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return None
    try:
        return statistics.stdev(values)
    except OverflowError:  # of values at both ends of the range of floats
        return None


def rounded_mean(mean: float, spread: float) -> tuple[str, str]:
    """Round both to the second significant digit of the standard deviation: ``("0.871",
    "0.012")``."""
    if not (math.isfinite(mean) and 1e-8 < spread < 1e6 and abs(mean) < 1e6):
        return f"{mean:.6g}", f"{spread:.2g}"
    decimals = 1 - math.floor(math.log10(float(f"{spread:.1e}")))
    mean, spread = round(mean, decimals), round(spread, decimals)
    return f"{mean:.{max(0, decimals)}f}", f"{spread:.{max(0, decimals)}f}"


def mean_text(mean: float, spread: float | None) -> str:
    """Return ``0.871 ± 0.012``."""
    return f"{mean:.6g}" if spread is None else " ± ".join(rounded_mean(mean, spread))


def repeated_combinations(runs: Iterable[RunRecord], seed_name: str) -> list[RepeatedCombination]:
    """Return the combinations of a sweep with `repeats`, in the order in which they were begun."""
    found: dict[int, RepeatedCombination] = {}
    for run in runs:
        number = run.index if run.combination is None else run.combination
        if number not in found:
            shared = {n: v for n, v in run.hyperparameters.items() if n != seed_name}
            found[number] = RepeatedCombination(number, shared, [])
        found[number].runs.append(run)
    return [found[number] for number in sorted(found)]


def seed_name_of(config: Mapping[str, Any]) -> str | None:
    """Return the hyperparameter in which the runs of a combination differ, if a sweep has
    repeats."""
    repeats = config.get("repeats")
    name = repeats.get("seed_name") if isinstance(repeats, Mapping) else None
    return name if isinstance(name, str) else None


def confirming_runs_of(config: Mapping[str, Any]) -> int:
    """Return the largest number of runs that confirm the leaders of a sweep's search."""
    confirm = config.get("confirm")
    if not isinstance(confirm, Mapping):
        return 0
    top, seeds = confirm.get("top", 5), confirm.get("seeds", 5)
    is_known = isinstance(top, int) and isinstance(seeds, int)
    return top * seeds if is_known and 0 < top * seeds < _MOST_CONFIRMING else 0


def best_repeated(sweep: "Sweep") -> RepeatedCombination | None:
    """Return the best combination of a sweep, or None if it has no repeats or no value yet."""
    return None if seed_name_of(sweep.config) is None else sweep.kept(_best_repeated)


def _best_repeated(sweep: "Sweep") -> RepeatedCombination | None:
    seed_name = seed_name_of(sweep.config)
    if seed_name is None:
        return None
    found = repeated_combinations(sweep.results, seed_name)
    return best_combination(found, sweep.optimization_goal)


def best_combination(
    combinations: Iterable[RepeatedCombination], goal: Goal | None
) -> RepeatedCombination | None:
    """Return the one with the best mean among those of the most weight.

    A combination that was not repeated, since its first run failed or was stopped, has less
    evidence.
    """
    known = [one for one in combinations if one.mean is not None]
    most = max((one.weight for one in known), default=(0, 0))
    best: RepeatedCombination | None = None
    for one in known:
        if one.weight < most or goal is None or one.mean is None:
            continue
        if best is None or is_better(one.mean, best.mean, goal):
            best = one
    return best
