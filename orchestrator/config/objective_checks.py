"""Check the objectives of a sweep, and the constraints on its results."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import ConfigProblem, UsageError, did_you_mean
from ..expressions.expression import ExpressionError
from ..search.samplers.descriptions import objectives_text, supporting_text
from ..search.samplers.registry import most_objectives
from ..store.outcomes.aims import OutcomeConstraint
from .value_checks import show_value

_NOT_BESIDE = {
    "optimization_metric": "cannot be combined with objectives. Keep one of the two",
    "optimization_goal": "cannot be combined with objectives, which have their own goals",
    "target": "is a value of one metric. A sweep with objectives has no single best value",
    "stop_at_target": "cannot be combined with objectives, which have no target",
    "max_runs_without_improvement": "needs one metric. With objectives use max_runs or max_hours",
    "repeats": "compares means of one metric. With objectives run each combination once",
    "confirm": "compares the leaders by one metric. A sweep with objectives has a front instead",
}


def objective_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    """Yield mistakes in `objectives` and `where`, each well-formed, and in keys that conflict with
    them.

    Args:
        reported: the keys that already have a mistake.
    """
    given = source.get("objectives")
    if isinstance(given, list):
        names = [one.get("metric") for one in given if isinstance(one, Mapping)]
        yield from _repeated(names)
        yield from _beside(source, reported)
        yield from _rules_of_several(source, [name for name in names if isinstance(name, str)])
    elif given is None:
        yield from _rules_of_one(source)
    yield from _where_problems(source)


def _repeated(names: list[object]) -> Iterator[ConfigProblem]:
    for position, name in enumerate(names):
        if isinstance(name, str) and name in names[:position]:
            yield ConfigProblem(
                f"objectives.{position}.metric", f"{show_value(name)} is already an objective"
            )


def _beside(source: Mapping[str, Any], reported: set[str]) -> Iterator[ConfigProblem]:
    for key, why in _NOT_BESIDE.items():
        if source.get(key) not in (None, False) and key not in reported:
            yield ConfigProblem(key, why)
    if source.get("early_stopping") is True:
        yield ConfigProblem(
            "early_stopping",
            "uses one metric. With objectives set it to false and write stopping_rules, such "
            'as {"rule": "patience", "metric": "accuracy", "patience": 5}',
        )
    sampler = source.get("sampler")
    name = sampler.get("type") if isinstance(sampler, Mapping) else sampler
    most = _most_objectives(name)
    n_objectives = len(source["objectives"])
    if most is not None and n_objectives > most:
        yield ConfigProblem(
            "sampler",
            f"{name} supports {objectives_text(most)}. Use {supporting_text(n_objectives)}",
        )


def _most_objectives(name: object) -> int | None:
    """Return how many objectives a sampler supports, or None for any number."""
    try:
        return most_objectives(name) if isinstance(name, str) else None
    except UsageError:
        return None  # reported for the key itself


def _rules_of_several(source: Mapping[str, Any], names: list[str]) -> Iterator[ConfigProblem]:
    """Yield rules that neither name their objective nor are `asha`, which can judge by all of them.

    A threshold may use any metric.
    """
    for key, rule in _rules(source):
        metric = rule.get("metric")
        if metric is None and rule.get("rule") == "asha":
            continue
        if metric is None:
            of_asha = ". Only asha judges by all of them"
            yield ConfigProblem(
                key,
                "is missing. With objectives a rule must name one of them: "
                f"{', '.join(names)}{of_asha}",
            )
        elif rule.get("rule") != "threshold" and metric not in names:
            known = did_you_mean(str(metric), names) or f". Known: {', '.join(names)}"
            yield ConfigProblem(key, f"no such objective{known}")


def _rules_of_one(source: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    own = source.get("optimization_metric")
    for key, rule in _rules(source):
        metric = rule.get("metric")
        if rule.get("rule") != "threshold" and metric not in (None, own):
            yield ConfigProblem(key, "must be optimization_metric, or one of objectives")


def _rules(source: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = source.get("stopping_rules")
    for position, rule in enumerate(given if isinstance(given, list) else ()):
        if isinstance(rule, Mapping):
            yield f"stopping_rules.{position}.metric", rule


def _where_problems(source: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    given = source.get("where")
    if not isinstance(given, list) or not given:
        return
    if source.get("objectives") is None and source.get("optimization_metric") is None:
        yield ConfigProblem("where", "needs optimization_metric or objectives")
    for position, text in enumerate(given):
        if isinstance(text, str) and text:
            yield from _constraint_problems(f"where.{position}", text)


def _constraint_problems(key: str, text: str) -> Iterator[ConfigProblem]:
    try:
        constraint = OutcomeConstraint(text)
        constraint.check_truth()
        constraint.violation(dict.fromkeys(constraint.names, 1.0))
    except ExpressionError as error:
        yield ConfigProblem(key, f"{show_value(text)} {error}")
        return
    if not constraint.names:
        yield ConfigProblem(key, f"{show_value(text)} names no metric")
