"""Where a run stands among the runs of its sweep, and in what it differs from the best. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml_tracking_ops.orchestrator.store.objective import Goal, is_better

from ..runs.entries import finite_values, has_value
from ..tables.rows import Row


@dataclass(frozen=True)
class Difference:
    """A hyperparameter in which two runs differ; `has_own`, `has_best`: whether they have it."""

    name: str
    own: object
    best: object
    has_own: bool
    has_best: bool


@dataclass(frozen=True)
class Standing:
    """The place of a run by its best value among all `n_values` runs that have one.

    Attributes:
        place: from 1; equal values share a place.
        ordinal: the place as people say it: ``1st``.
        best: the best run.
        differences: from the best run; none if it is the best itself.
        behind: how far its value is from the best.
    """

    place: int
    ordinal: str
    n_values: int
    best: Row
    differences: Sequence[Difference]
    behind: float


def standing_of(
    name: str | None, rows: Sequence[Row], best: Row | None, goal: Goal | None
) -> Standing | None:
    """The standing of the run whose latest attempt has this name.

    None if it has no value, or the sweep optimises nothing.
    """
    own = next((row for row in rows if row.name == name), None)
    if own is None or best is None or goal is None or not has_value(own) or not has_value(best):
        return None
    values = finite_values(rows)
    place = 1 + sum(is_better(value, own.best_value, goal) for value in values)
    behind = abs((own.best_value or 0.0) - (best.best_value or 0.0))
    differences = [] if own is best else differing(own.hyperparameters, best.hyperparameters)
    return Standing(place, ordinal(place), len(values), best, differences, behind)


def differing(own: Mapping[str, object], best: Mapping[str, object]) -> list[Difference]:
    """The hyperparameters in which two runs differ, in the order of the first."""
    names = dict.fromkeys([*own, *best])
    return [
        Difference(name, own.get(name), best.get(name), name in own, name in best)
        for name in names
        if (name in own) != (name in best) or own.get(name) != best.get(name)
    ]


def ordinal(place: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``11th``, ``101st``."""
    is_teen = place % 100 in (11, 12, 13)
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"
