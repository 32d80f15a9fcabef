"""How much each hyperparameter matters for the best value of the metric.

Pure, but for `request_shares`.

Two published measures, each called by its name: PED-ANOVA, which Optuna computes (`ped_anova.py`),
and, at once and without any extra, the rank correlation.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from ml_tracking_ops.orchestrator.store.objective import Goal

from ...runs.entries import RunEntry, finite_values, has_value
from ..axes import Axis
from ..rank_correlation import explained_by_groups, explained_by_order, spearman
from .ped_anova import ImportanceRequest, ImportanceShares

FEWEST_RUNS = 10
ENOUGH_RUNS = 50
BEST_SHARE = 0.1
_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of one hyperparameter.

    Attributes:
        share: PED-ANOVA's, of all hyperparameters together 1, or None while not known.
        explained: the share of the ranks' variance that goes with it, as in `rank_correlation`: for
            numbers ρ² or η² of their tenths, for categories η².
        correlatio
        n: Spearman's ρ, if its values have an order. n: the number of runs that have it, and a
            value.
    """

    name: str
    share: float | None
    explained: float | None
    correlation: float | None
    n: int


class ImportanceError(Exception):
    """Optuna's process gave no answer."""


def has_optuna() -> bool:
    return importlib.util.find_spec("optuna") is not None


def importance_axes(axes: Sequence[Axis], config: Mapping[str, Any]) -> list[Axis]:
    """Return the axes of hyperparameters that a user can choose: not the seed of repeats."""
    repeats = config.get("repeats")
    seed_name = repeats.get("seed_name") if isinstance(repeats, Mapping) else None
    return [axis for axis in axes if axis.name != seed_name]


def rank(
    rows: Sequence[RunEntry], axes: Sequence[Axis], shares: Mapping[str, float] | None
) -> list[Importance]:
    """Return the hyperparameters, most important first: by PED-ANOVA, or by ranks without
    `shares`."""
    known = [row for row in rows if has_value(row)]
    found = [_importance(known, axis, shares) for axis in axes]

    def key(one: Importance) -> float:
        return -((one.explained if shares is None else one.share) or 0.0)

    return sorted(found, key=key)


def _importance(
    rows: Sequence[RunEntry], axis: Axis, shares: Mapping[str, float] | None
) -> Importance:
    places = [axis.place(row.hyperparameters.get(axis.name, _ABSENT)) for row in rows]
    values = finite_values(rows)
    pairs = [(p, value) for p, value in zip(places, values, strict=True) if p is not None]
    share = None if shares is None else shares.get(axis.name, 0.0)
    if len(pairs) < 3:
        return Importance(axis.name, share, None, None, len(pairs))
    left, right = zip(*pairs, strict=True)
    correlation = spearman(left, right) if axis.is_ordered else None
    if axis.scale == "category":
        explained = explained_by_groups(left, right)
    else:
        explained = explained_by_order(left, right)
    return Importance(axis.name, share, explained, correlation, len(pairs))


_ABSENT = object()


def question(
    rows: Sequence[RunEntry],
    axes: Sequence[Axis],
    goal: Goal | None,
    quantile: float = BEST_SHARE,
) -> ImportanceRequest:
    """Return the question for `ped_anova`: what distinguishes the best of the runs with a value.

    Args:
        quantile: the share of the runs that are the best ones. Equally good ones count too.
    """
    known = [row for row in rows if has_value(row)]
    return {
        "goal": goal,
        "values": finite_values(known),
        "quantile": quantile,
        "hyperparameters": {
            axis.name: {
                "scale": axis.scale,
                "low": axis.low,
                "high": axis.high,
                "n_categories": len(axis.values),
                "column": [
                    axis.place(row.hyperparameters.get(axis.name, _ABSENT)) for row in known
                ],
            }
            for axis in axes
        },
    }


async def request_shares(asked: Sequence[ImportanceRequest]) -> list[ImportanceShares]:
    """Return the answers of `ped_anova`, from a separate process.

    Raises:
        ImportanceError: it failed, or took too long.
    """
    command = [sys.executable, "-P", "-m", "ml_tracking_ops.web.insight.importance.ped_anova"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        with anyio.fail_after(_LIMIT_S):
            done = await anyio.run_process(
                command, input=json.dumps(list(asked)).encode(), check=False, env=environment
            )
    except TimeoutError:
        raise ImportanceError(f"it took more than {_LIMIT_S} s") from None
    except OSError as error:
        raise ImportanceError(str(error)) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ImportanceError(lines[-1] if lines else f"exit code {done.returncode}")
    found: list[ImportanceShares] = json.loads(done.stdout)
    return found
