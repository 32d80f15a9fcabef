"""The importance of hyperparameters by PED-ANOVA, in a process of its own.

    python -m ml_tracking_ops.web.insight.importance.ped_anova < questions.json > answers.json

PED-ANOVA: S. Watanabe, A. Bansal, F. Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter
Importance in Arbitrary Subspaces", IJCAI 2023, arXiv:2304.10255. For hyperparameters that only some
runs have, as condPED-ANOVA extends it, arXiv:2601.20800. Computed by Optuna, whose memory and
start-up time the dashboard need not bear: the process ends with its answer.

The input is a list of questions, each with `goal`, `values` (one for each run), `quantile` (the
share of the best runs, with which all are compared), and `hyperparameters`: name to `scale` (as
`Axis` has it), `low`, `high`, `n_categories` and `column`, with null for runs without it. Each
answer: `shares`, name to a share of 1, and `version`, Optuna's.
"""

import json
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class HyperparameterColumn(TypedDict):
    """A hyperparameter. `column` has null for runs without it."""

    scale: str
    low: float | None
    high: float | None
    n_categories: int
    column: list[float | int | None]


class ImportanceRequest(TypedDict):
    goal: str | None
    values: list[float]
    quantile: float
    hyperparameters: dict[str, HyperparameterColumn]


class ImportanceShares(TypedDict):
    shares: dict[str, float]
    version: str


def compute_shares(question: ImportanceRequest) -> ImportanceShares:
    """Return the shares of the hyperparameters that vary."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # experimental, and too few runs in some regime: the page explains it
    warnings.simplefilter("ignore")
    asked = question["hyperparameters"]
    distributions = {name: distribution_of(asked[name]) for name in asked}
    known = {name: one for name, one in distributions.items() if one is not None}
    study = optuna.create_study(direction="minimize" if question["goal"] == "min" else "maximize")
    study.add_trials(
        [
            optuna.trial.create_trial(
                params=params, distributions={name: known[name] for name in params}, value=value
            )
            for value, params in zip(question["values"], _params(asked, known), strict=True)
        ]
    )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=question["quantile"])
    shares = (
        optuna.importance.get_param_importances(study, evaluator=evaluator, params=list(known))
        if known
        else {}
    )
    return {"shares": shares, "version": optuna.__version__}


def distribution_of(asked: HyperparameterColumn) -> "BaseDistribution | None":
    """Return Optuna's distribution of a hyperparameter, or None if it has only one value."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    column = [value for value in asked["column"] if value is not None]
    if len(set(column)) < 2:
        return None
    if asked["scale"] == "category":
        return CategoricalDistribution(tuple(range(asked["n_categories"])))
    low, high, is_log = asked["low"], asked["high"], asked["scale"] == "log"
    assert low is not None  # an axis of numbers has bounds
    assert high is not None
    is_whole = all(isinstance(value, int) for value in column)
    if is_whole and isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=is_log)
    return FloatDistribution(low, high, log=is_log)


def _params(
    asked: Mapping[str, HyperparameterColumn], known: Iterable[str]
) -> list[dict[str, float | int]]:
    """Return the hyperparameters of each run."""
    columns = {name: asked[name]["column"] for name in known}
    n_runs = max((len(one["column"]) for one in asked.values()), default=0)
    return [
        {name: value for name, column in columns.items() if (value := column[n]) is not None}
        for n in range(n_runs)
    ]


if __name__ == "__main__":
    json.dump([compute_shares(question) for question in json.load(sys.stdin)], sys.stdout)
