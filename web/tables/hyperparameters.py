"""The values of each hyperparameter in the runs of a sweep, and an order for any value. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..runs.entries import RunEntry

_MOST_VALUES, _MOST_NUMBERS = 12, 6  # that are offered one by one
_PLAIN = (float, int, str, bool)
SortKey = tuple[int, Any]


def comparable(value: object) -> SortKey | None:
    """Return a sort key that puts numbers first, for mixed values. NaN is no value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return (0, value) if isinstance(value, int | float) else (1, str(value))


def as_plain(keys: Sequence[SortKey | None]) -> Sequence[Any]:
    """Return the same keys without their kinds if all are of one kind: those sort far faster."""
    if len({key[0] for key in keys if key is not None}) > 1:
        return keys
    return [None if key is None else key[1] for key in keys]


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """The values of a hyperparameter in the runs.

    `low` to `high` are the finite numbers. `values` are all of them, if there are few.
    `is_conditional`: some runs that have others do not have it.
    """

    is_number: bool
    low: float | None
    high: float | None
    values: tuple[object, ...] | None
    is_conditional: bool = False

    @property
    def differs(self) -> bool:
        """Whether it differs between some of the runs."""
        return self.is_conditional or self.values is None or len(self.values) > 1


class SettingsSeen:
    """Collects the settings of runs, one run after the other."""

    def __init__(self) -> None:
        self._values: dict[str, dict[object, object]] = {}
        self._n_with: Counter[str] = Counter()
        self._n_runs = 0

    def add(self, settings: Mapping[str, object]) -> None:
        self._n_runs += bool(settings)
        self._n_with.update(settings.keys())
        for name, value in settings.items():
            kind = type(value)  # 1, 1.0 and True are equal, and lists have no hash
            key = (kind, value) if kind in _PLAIN else (kind, repr(value))
            self._values.setdefault(name, {})[key] = value

    def describe(self) -> dict[str, Hyperparameter]:
        """Return every setting, in the order of first occurrence."""
        return {
            name: _describe(list(values.values()), self._n_with[name] < self._n_runs)
            for name, values in self._values.items()
        }


def describe_hyperparameters(rows: Iterable[RunEntry]) -> dict[str, Hyperparameter]:
    """Return every hyperparameter of the rows, in the order of first occurrence."""
    seen = SettingsSeen()
    for row in rows:
        seen.add(row.hyperparameters)
    return seen.describe()


def _describe(values: list[Any], is_conditional: bool) -> Hyperparameter:
    is_number = all(type(value) in (int, float) for value in values)
    numbers = [value for value in values if is_number and math.isfinite(value)]
    few = len(values) <= (_MOST_NUMBERS if is_number else _MOST_VALUES)
    return Hyperparameter(
        is_number,
        min(numbers) if numbers else None,
        max(numbers) if numbers else None,
        tuple(sorted(values, key=_in_order)) if few else None,
        is_conditional,
    )


def _in_order(value: object) -> SortKey:
    return comparable(value) or (2, str(value))
