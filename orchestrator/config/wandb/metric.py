"""`metric` of a W&B sweep file."""

from collections.abc import Mapping
from typing import Any

from ...errors import did_you_mean
from ...store.files.fields import is_number
from ..value_checks import show_value
from .conversion import Conversion

_GOALS = {"minimize": "min", "maximize": "max"}
_IMPUTE = ("latest", "best", "worst")


def convert_metric(found: Conversion) -> None:
    if "metric" not in found.given:
        return
    metric = found.given["metric"]
    if not isinstance(metric, Mapping):
        found.refuse("metric", f"must be an object with a name and a goal, got {metric!r}")
        return
    known = ("name", "goal", "target", "impute", "impute_while_running")
    for key in metric:
        if key not in known:
            found.refuse(f"metric.{key}", f"is not a key of W&B's metric{did_you_mean(key, known)}")
    name, goal = metric.get("name"), metric.get("goal", "minimize")
    if not isinstance(name, str) or not name:
        what = f"must be a string, got {show_value(name)}" if "name" in metric else "is missing"
        found.refuse("metric.name", what)
    if not isinstance(goal, str) or goal not in _GOALS:
        hint = did_you_mean(str(goal), _GOALS)
        found.refuse("metric.goal", f"must be minimize or maximize, got {show_value(goal)}{hint}")
        return
    found.config["optimization_metric"] = name
    found.config["optimization_goal"] = _GOALS[goal]
    _target(found, metric)
    _impute(found, metric)


def _target(found: Conversion, metric: Mapping[str, Any]) -> None:
    if "target" not in metric:
        return
    target = metric["target"]
    if is_number(target):
        found.config["target"] = float(target)
    else:
        found.refuse("metric.target", f"must be a number, got {show_value(target)}")


def _impute(found: Conversion, metric: Mapping[str, Any]) -> None:
    """Convert the value that W&B's Gaussian process assumes for runs without one."""
    for key, values in (("impute", _IMPUTE), ("impute_while_running", (*_IMPUTE, "false"))):
        if key not in metric:
            continue
        if metric[key] not in values:
            found.refuse(
                f"metric.{key}",
                f"must be one of {', '.join(values)}, got {show_value(metric[key])}",
            )
        elif found.given.get("method") == "bayes":
            found.notes.append(f"metric.{key}: ignored, the sampler tpe needs no such value")
