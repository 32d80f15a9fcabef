"""The axis of a hyperparameter: linear, logarithmic or by category. Pure.

It follows from the search space if that has it, and otherwise from the runs' values (the original
tool's sweeps, hyperparameters that came with a later configuration).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ml_tracking_ops.orchestrator.store.files.fields import is_finite_number

from ..runs.entries import RunEntry

Scale = Literal["linear", "log", "category"]
MOST_CATEGORIES = 24
_DECADES = 100
_LOGARITHMIC = frozenset(("loguniform", "logint", "lognormal", "qloguniform"))
_BOUNDED = frozenset(("uniform", "loguniform", "int", "logint"))
_LEGACY_BOUNDS = re.compile(r"Uniform\(\s*([^,\s]+)\s*,\s*([^)\s]+)\s*\)")


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter. `values` are the categories, in order, as they are in the runs.

    `is_conditional`: some runs do not have it.
    """

    name: str
    scale: Scale
    low: float | None = None
    high: float | None = None
    values: tuple[Any, ...] = ()
    is_conditional: bool = False

    @property
    def is_ordered(self) -> bool:
        """Whether the values are ordered: a rank means something."""
        return self.scale != "category" or all(is_finite_number(value) for value in self.values)

    def place(self, value: object) -> float | int | None:
        """Return a value as it is sent: a number, or the position of its category."""
        if self.scale != "category":
            return value if is_finite_number(value) else None
        return next((n for n, one in enumerate(self.values) if _same(one, value)), None)


def build_axes(
    config: Mapping[str, Any], combinations: Sequence[Mapping[str, Any]]
) -> tuple[Axis, ...]:
    """Return the axes of all hyperparameters that vary, in the order of the search space.

    Args:
        combinations: the hyperparameters of each run.
    """
    space = config.get("hyperparameters")
    known: Mapping[str, Any] = space if isinstance(space, Mapping) else {}
    names = dict.fromkeys([*known, *(name for one in combinations for name in one)])
    axes = (_axis(name, known.get(name), combinations) for name in map(str, names))
    return tuple(axis for axis in axes if axis is not None)


def axes_of(config: Mapping[str, Any], rows: Iterable[RunEntry]) -> tuple[Axis, ...]:
    """Return `build_axes` for rows, some of which may have no combination yet."""
    return build_axes(config, [row.hyperparameters for row in rows if row.hyperparameters])


def _axis(name: str, definition: object, combinations: Sequence[Mapping[str, Any]]) -> Axis | None:
    found = [one[name] for one in combinations if name in one]
    given = definition if isinstance(definition, Mapping) else {}
    kind = given.get("type") or given.get("hyp_type")
    if kind == "constant":
        return None
    is_conditional = len(found) < len(combinations) or "when" in given
    values = [*_candidates(given), *found] if kind == "choice" else list(found)
    is_numeric = bool(values) and all(is_finite_number(value) for value in values)
    if is_numeric or not values:
        low, high = _bounds(given, kind, values)
        if kind != "choice" or len(set(values)) > MOST_CATEGORIES:
            is_log = kind in _LOGARITHMIC if given else _spans_decades(low, high)
            scale: Scale = "log" if is_log and (low or 0) > 0 else "linear"
            return Axis(name, scale, low, high, (), is_conditional)
    return Axis(name, "category", None, None, _categories(values), is_conditional)


def _spans_decades(low: float | None, high: float | None) -> bool:
    """Return whether the values of a setting without a search space span several decades."""
    return low is not None and high is not None and low > 0 and high / low >= _DECADES


def _candidates(given: Mapping[str, Any]) -> list[Any]:
    candidates = given.get("candidates")
    return candidates if isinstance(candidates, list) else []


def _bounds(
    given: Mapping[str, Any], kind: object, values: Sequence[Any]
) -> tuple[float | None, float | None]:
    """Return the bounds of the space, extended by values outside of them."""
    ends = [given.get("min"), given.get("max")] if kind in _BOUNDED else []
    if (legacy := _LEGACY_BOUNDS.match(str(given.get("hyp_desc", "")))) is not None:
        ends = [_float(text) for text in legacy.groups()]
    numbers = [end for end in [*ends, *values] if is_finite_number(end)]
    return (min(numbers), max(numbers)) if numbers else (None, None)


def _categories(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return each category once: numbers in their order, others in the order of first
    occurrence."""
    found: dict[object, Any] = {}
    for value in values:
        found.setdefault(_key(value), value)
    kept = list(found.values())
    if all(is_finite_number(value) for value in kept):
        kept.sort()
    return tuple(kept)


def _key(value: object) -> tuple[type, object]:
    kind = type(value)
    return (kind, value) if kind in (float, int, str, bool) else (kind, repr(value))


def _same(left: object, right: object) -> bool:
    return _key(left) == _key(right) or (
        is_finite_number(left) and is_finite_number(right) and left == right
    )


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
