"""Derived metrics by name: ``gap := loss/val - loss/train``. Pure.

Such a name can be used wherever a metric's can, so that its meaning goes with it: in addresses,
named views and requests. The part before ``:=`` is for people.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ml_tracking_ops.orchestrator.errors import did_you_mean
from ml_tracking_ops.orchestrator.expressions.columns import evaluate_columns
from ml_tracking_ops.orchestrator.expressions.expression import Expression, ExpressionError

from ..thinning import Float64s, Int64s, Points

SIGN = ":="
LONGEST_NAME = 100
_WITH_SLASH = re.compile(r"(?<![\w./])[^\W\d][\w.-]*(?:/[\w.-]+)+")


def is_derived(name: str) -> bool:
    return f" {SIGN} " in name


def title_of(name: str) -> str:
    """Return the title of a metric: for a derived one the part before its expression."""
    return name.partition(f" {SIGN} ")[0] if is_derived(name) else name


@dataclass(frozen=True)
class Definition:
    """A derived metric whose expression is understood. `names` are the metrics in it."""

    expression: Expression
    names: tuple[str, ...]

    def compute(self, metrics: Mapping[str, Points]) -> Points:
        """Return its points, from those of the metrics in it, which are sorted by step.

        It has points where the metric that was logged least often has them. The others are
        interpolated linearly between two of their steps. Before the first and after the last step
        there is no value.
        """
        base = min((metrics[name] for name in self.names), key=len)
        values = {name: values_at(metrics[name], base.step) for name in self.names}
        is_known = np.logical_and.reduce([~is_outside for _, is_outside in values.values()])
        columns = {name: column[is_known] for name, (column, _) in values.items()}
        kept = base.take(np.flatnonzero(is_known))
        found = evaluate_columns(self.expression, columns, len(kept))
        return Points(kept.step.copy(), kept.wall_time.copy(), found)


def values_at(points: Points, steps: Int64s) -> tuple[Float64s, npt.NDArray[np.bool_]]:
    """Return the values at some steps, and which of the steps are before the first or after the
    last."""
    if not len(points):
        return np.full(len(steps), np.nan), np.ones(len(steps), np.bool_)
    at = np.minimum(np.searchsorted(points.step, steps), len(points) - 1)
    is_own = points.step[at] == steps
    between = np.interp(steps.astype(np.float64), points.step.astype(np.float64), points.value)
    is_outside = (steps < points.step[0]) | (steps > points.step[-1])
    return np.where(is_own, points.value[at], between), is_outside


@lru_cache(maxsize=256)
def define(name: str, known: frozenset[str]) -> Definition:
    """Return the definition of a name for a run with these metrics.

    Raises:
        ExpressionError: it is not understood, or the run lacks one of its metrics.
    """
    text = name.partition(f" {SIGN} ")[2]
    expression = Expression(text, known)
    names = tuple(sorted(expression.names))
    if not names:
        raise ExpressionError("names no metric")
    missing = [one for one in names if one not in known]
    if missing:
        raise ExpressionError(f"no metric is called {_listed(_meant(text, missing, known), known)}")
    evaluate_columns(expression, {one: np.ones(1) for one in names}, 1)
    return Definition(expression, names)


def _meant(text: str, missing: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the names as they are written: of a misspelt ``loss/val`` only parts are names."""
    written = [one for one in _WITH_SLASH.findall(text) if one not in known]
    of_written = {part for one in written for part in one.split("/")}
    return [*dict.fromkeys(written), *(one for one in missing if one not in of_written)]


def _listed(missing: Iterable[str], known: Collection[str]) -> str:
    return ", or ".join(name + did_you_mean(name, sorted(known)) for name in missing)


def metric_name_problem(name: str) -> str | None:
    """Explain why a metric cannot have this name, or return None if it can."""
    if not name.strip():
        return "give it a name"
    if len(name) > LONGEST_NAME:
        return f"the name is longer than {LONGEST_NAME} characters"
    return f"the name must not contain {SIGN}" if SIGN in name else None
