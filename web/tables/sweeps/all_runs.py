"""All runs of a sweep at one moment, and results over all of them.

What depends on every run, but not on a page's query, is computed on demand and kept until a run
changes: a click in a table of ten thousand runs goes through them only for its own answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from ml_tracking_ops.orchestrator.store.combinations import seed_name_of
from ml_tracking_ops.orchestrator.store.objective import is_better
from ml_tracking_ops.orchestrator.store.run_states import UNCOUNTED
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ...groups.naming import groupings, label_groupings
from ...runs.entries import n_planned
from ...series.best_history import BestHistory, draw_history
from ..grouping.combination_rows import combination_rows
from ..hyperparameters import Hyperparameter
from ..rows import CombinationMean, Row

T = TypeVar("T")

NOTHING_LOGGED: Mapping[str, Hyperparameter] = {}


class AllRuns:
    """The rows of all runs, in the order of their numbers. Nobody may change them.

    Args:
        sweep: only used at once, for its description and the number of planned runs.
        archive: the archived runs, if there are any.
        logged: the values of the settings that runs logged besides hyperparameters.
    """

    def __init__(
        self,
        rows: list[Row],
        sweep: Sweep,
        logged: Mapping[str, Hyperparameter] = NOTHING_LOGGED,
        archive: "AllRuns | None" = None,
    ) -> None:
        self.rows = rows
        self.logged = logged
        self.archive = archive
        self._goal = sweep.optimization_goal
        self._remembered: dict[object, Any] = {}
        self.seed_name = seed_name_of(sweep.config) or ""
        self.n_planned = n_planned(sweep, len(self.searched))

    def remember(self, key: object, compute: Callable[[], T]) -> T:
        """Return the result of `compute`, kept as long as these runs are."""
        if key not in self._remembered:
            self._remembered[key] = compute()
        found: T = self._remembered[key]
        return found

    @property
    def has_combinations(self) -> bool:
        """Whether the sweep has repeats, so that combinations are compared, not runs."""
        return bool(self.rows) and self.rows[0].combination is not None

    @cached_property
    def combinations(self) -> list[Row]:
        """The combinations of a sweep with repeats, in the order of their numbers."""
        found = combination_rows(self.rows, self.seed_name)
        return sorted(found, key=lambda row: row.index)

    def compared(self, are_apart: bool) -> list[Row]:
        """Return what drawings compare: the combinations of a sweep with repeats, or its runs."""
        return self.combinations if self.has_combinations and not are_apart else self.searched

    @cached_property
    def searched(self) -> list[Row]:
        """The runs of the search: those that confirm its leaders are no samples of the space."""
        return [row for row in self.rows if not row.is_confirming]

    @cached_property
    def best(self) -> Row | None:
        """The best run of the search, the earliest of equals, or None if none has a value."""
        return self._best_of(self.searched)

    @cached_property
    def best_that_counts(self) -> Row | None:
        """If the best run failed, was killed or lost: the best of the others."""
        if self.best is None or self.best.state not in UNCOUNTED:
            return None
        return self._best_of(row for row in self.searched if row.state not in UNCOUNTED)

    def _best_of(self, rows: Iterable[Row]) -> Row | None:
        best: Row | None = None
        for row in rows:
            value, so_far = row.best_value, None if best is None else best.best_value
            if (
                self._goal is not None
                and row.can_win
                and value is not None
                and is_better(value, so_far, self._goal)
            ):
                best = row
        return best

    @cached_property
    def front(self) -> list[Row]:
        """The runs on the Pareto front of several objectives."""
        return [row for row in self.rows if row.is_on_front]

    @cached_property
    def starred(self) -> frozenset[int]:
        """The numbers of the runs of the best combination, or the best run of a sweep without
        repeats, or those on the front of several objectives. As in `best_combination`, only
        combinations with the most results compare."""
        if self.front:
            return frozenset(row.index for row in self.front)
        repeated = [(row, one) for row in self.rows if (one := row.combination) is not None]
        if not repeated:
            return frozenset(() if self.best is None else (self.best.index,))
        best: CombinationMean | None = None
        for _, one in repeated:
            if not one.is_full or one.mean is None or self._goal is None:
                continue
            if is_better(one.mean, None if best is None else best.mean, self._goal):
                best = one
        return frozenset(row.index for row, one in repeated if one is best)

    @cached_property
    def history(self) -> BestHistory | None:
        if not self.has_combinations:
            can_win = [row for row in self.searched if row.can_win]
            return draw_history(can_win, self._goal, self.n_planned)
        full = [row for row in self.combinations if row.combination and row.combination.is_full]
        return draw_history(full, self._goal, len(full))

    @cached_property
    def groupings(self) -> list[dict[str, str]]:
        """The ways to group the runs that have started."""
        logged = [name for name, one in self.logged.items() if one.differs]
        runs = (row.hyperparameters for row in self.started)
        named = label_groupings(
            has_tags="tags" in self.annotated, has_names="label" in self.annotated
        )
        return groupings(runs, self.seed_name or None, logged) + named

    @cached_property
    def started(self) -> Sequence[Row]:
        return [row for row in self.rows if row.id]

    @cached_property
    def n_by_state(self) -> Counter[str]:
        return Counter(row.state for row in self.rows)

    @cached_property
    def annotated(self) -> frozenset[str]:
        """Which of ``label`` and ``tags`` any run has."""
        return frozenset(
            key for key in ("label", "tags") if any(getattr(row, key) for row in self.rows)
        )
