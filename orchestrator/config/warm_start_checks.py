"""Check what a search begins with: earlier sweeps and studies must have the same goals."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml_tracking_ops.logger import paths

from ..errors import ConfigProblem, UsageError
from ..search.addresses import shown_address
from ..search.settings import OptunaStorage
from ..store.outcomes.aims import Objective, aims_of
from .files import read_text
from .value_checks import show_value


def warm_start_problems(source: Mapping[str, Any], folder: Path) -> Iterator[ConfigProblem]:
    """Yield entries of `warm_start` that the sampler could not learn from.

    Args:
        source: the configuration as given.
        folder: that of the configuration.
    """
    given = source.get("warm_start")
    for position, one in enumerate(given if isinstance(given, list) else ()):
        key = f"warm_start.{position}"
        if isinstance(one, Mapping):
            yield from _storage_problems(key, one, source, folder)
        elif isinstance(one, str):
            yield from _sweep_problems(key, one, source, folder)


def _sweep_problems(
    key: str, text: str, source: Mapping[str, Any], folder: Path
) -> Iterator[ConfigProblem]:
    if not os.path.isfile(folder / text / paths.JOURNAL_NAME):  # noqa: PTH113 (any text)
        hint = '. An Optuna storage is {"optuna": "…"}' if "://" in text else ""
        shown = show_value(shown_address(text))
        yield ConfigProblem(key, f"{shown} is not the folder of a sweep in {folder}{hint}")
        return
    there = _asked(folder / text)
    if source.get("objectives") is not None or there.get("objectives") is not None:
        yield from _objectives_problems(key, source, there)
        return
    for name in ("optimization_metric", "optimization_goal"):
        ours, theirs = source.get(name), there.get(name)
        if ours is not None and theirs is not None and ours != theirs:
            yield ConfigProblem(
                key, f"that sweep has {name} {show_value(theirs)}, this one {show_value(ours)}"
            )


def _objectives_problems(
    key: str, source: Mapping[str, Any], there: Mapping[str, Any]
) -> Iterator[ConfigProblem]:
    """Yield the difference between two sweeps of which at least one has several objectives."""
    ours, theirs = _aims_text(source), _aims_text(there)
    if ours is not None and theirs is not None and ours != theirs:
        yield ConfigProblem(
            key,
            f"that sweep has {theirs}, this one {ours}. Name a sweep with the same metrics, goals "
            "and order",
        )


def _aims_text(source: Mapping[str, Any]) -> str | None:
    """Return what a sweep optimises, or None if it says nothing about that."""
    if source.get("objectives") is not None:
        listed = aims_of(source).objectives
        return f"the objectives {', '.join(map(_objective_text, listed))}" if listed else None
    metric = source.get("optimization_metric")
    return None if metric is None else f"optimization_metric {show_value(metric)}"


def _objective_text(one: Objective) -> str:
    """Return what decides the result of a run. The reference point does not."""
    taken = " (best value)" if one.take == "best" else ""
    return f"{one.goal} {show_value(one.metric)}{taken}"


def _storage_problems(
    key: str, given: Mapping[str, Any], source: Mapping[str, Any], folder: Path
) -> Iterator[ConfigProblem]:
    try:
        storage = OptunaStorage.model_validate(given)
    except ValidationError:
        return  # already reported
    from ..search.warm_start.optuna_storage import open_optuna_study

    try:
        study = open_optuna_study(storage, folder)
    except UsageError as error:
        yield ConfigProblem(key, str(error))
        return
    there = ["max" if one.name == "MAXIMIZE" else "min" for one in study.directions]
    here = _goals(source)
    if (here or len(there) > 1) and here != there:
        yield ConfigProblem(
            key, f"that study has {_goals_text(there)}, this sweep {_goals_text(here)}"
        )


def _goals(source: Mapping[str, Any]) -> list[str]:
    """Return the goal of the metric, or of each objective in their order, or empty if one is
    missing."""
    objectives = source.get("objectives")
    listed = objectives if isinstance(objectives, list) else None
    found = (
        [source.get("optimization_goal")]
        if listed is None
        else [one.get("goal") if isinstance(one, Mapping) else None for one in listed]
    )
    known = [str(goal) for goal in found if goal in ("max", "min")]
    return known if len(known) == len(found) else []


def _goals_text(goals: Sequence[str]) -> str:
    if not goals:
        return "no goal"
    return f"the goal{'' if len(goals) == 1 else 's'} " + ", ".join(map(show_value, goals))


def _asked(sweep: Path) -> Mapping[str, Any]:
    """Return the configuration of the earlier sweep, or empty if it cannot be read."""
    try:
        described = json.loads(read_text(sweep / paths.DESCRIPTION_NAME))
        config = described["config"]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return config if isinstance(config, dict) else {}
