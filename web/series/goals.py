"""Which values of a metric are good: the lowest, the highest, or not known. Pure.

The goal of a sweep decides for its optimization metric. For any other metric a user may have chosen
it, the script may have set it (`higher_is_better`), or the name of the metric may suggest it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ml_tracking_ops.orchestrator.store.objective import Goal

from .derived.definition import title_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LESS = frozenset(
    [
        "loss",
        "losses",
        "error",
        "errors",
        "err",
        "mse",
        "rmse",
        "mae",
        "mape",
        "rmsle",
        "smape",
        "msle",
        "perplexity",
        "ppl",
        "nll",
        "bce",
        "wer",
        "cer",
        "ter",
        "fid",
        "kid",
        "lpips",
        "ece",
        "brier",
        "regret",
        "divergence",
        "kl",
        "eer",
        "deviance",
        "logloss",
        "fpr",
        "fnr",
        "fdr",
        "bpc",
        "bpb",
        "latency",
        "seconds",
        "duration",
        "runtime",
    ]
)
_MORE = frozenset(
    [
        "accuracy",
        "acc",
        "f1",
        "auc",
        "auroc",
        "auprc",
        "aucpr",
        "roc",
        "precision",
        "recall",
        "ndcg",
        "map",
        "mrr",
        "bleu",
        "rouge",
        "meteor",
        "r2",
        "iou",
        "miou",
        "dice",
        "psnr",
        "ssim",
        "mcc",
        "kappa",
        "throughput",
        "tpr",
        "elo",
    ]
)
_SPLIT = re.compile("^(train|training|val|valid|validation|test|eval|dev)(?=.)")
_LESS_NAMES = (re.compile(r"(^|[^a-z])grad(ient)?s?_?norm([^a-z]|$)", re.IGNORECASE),)


@dataclass(frozen=True)
class Goals:
    """The sources of the goals of metrics in one table, the strongest first.

    Attributes:
        own: that of the optimization metric of a sweep.
        chosen: a user's choices for this log folder.
        logged: those set by the scripts.
    """

    own: Mapping[str, Goal] = field(default_factory=dict)
    chosen: Mapping[str, Goal] = field(default_factory=dict)
    logged: Mapping[str, Goal] = field(default_factory=dict)

    def of(self, metric: str) -> Goal | None:
        """Return the goal of a metric, or None if it is not known."""
        for known in (self.own, self.chosen, self.logged):
            if metric in known:
                return known[metric]
        return goal_by_name(metric)

    def is_fixed(self, metric: str) -> bool:
        """Return whether the sweep decides it, so that no user can change it."""
        return metric in self.own


def goal_by_name(metric: str) -> Goal | None:
    """Return what the name of a metric suggests, or None if it suggests nothing, or both."""
    metric = title_of(metric)
    if any(pattern.search(metric) for pattern in _LESS_NAMES):
        return "min"
    words = [_SPLIT.sub("", word.casefold()) for word in _WORD.findall(metric)]  # trainloss
    every = {*words, *(a + b for a, b in pairwise(words))}  # F1, R2
    is_less, is_more = bool(every & _LESS), bool(every & _MORE)
    if is_less == is_more:
        return None
    return "min" if is_less else "max"


def goals_of_record(record: Mapping[str, object]) -> dict[str, Goal]:
    """Return the goals that a script set with `higher_is_better`. Anything but such a mapping is
    ignored."""
    given = record.get("higher_is_better")
    if not isinstance(given, Mapping):
        return {}
    return {
        str(metric): "max" if is_higher else "min"
        for metric, is_higher in given.items()
        if isinstance(is_higher, bool)
    }
