"""Explain pydantic's errors about a configuration in the words of this package."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigProblem, did_you_mean
from ..setting_types import Kinds, allowed_text, kinds_of
from .places import KeyPlace, field_keys, find_place
from .value_checks import show_value


def explain_errors(error: ValidationError, model: type[BaseModel]) -> list[ConfigProblem]:
    """Return every mistake, each with its key, the value and what is allowed.

    Args:
        model: the model that was validated.
    """
    return [_problem(details, model) for details in error.errors(include_url=False)]


def key_text(model: type[BaseModel], key: str) -> str:
    """Return a description of what a top-level key may hold."""
    return allowed_text(field_keys(model)[key])


def _problem(details: ErrorDetails, model: type[BaseModel]) -> ConfigProblem:
    if not details["loc"]:  # the only mistake without a key: a key that is not a string
        return ConfigProblem("", "has a key with half of a surrogate pair")
    place = find_place(model, details["loc"])
    return ConfigProblem(place.key, _explain(details, place))


def _explain(details: ErrorDetails, place: KeyPlace) -> str:
    value, context = details["input"], details.get("ctx", {})
    kinds = kinds_of(place.kind)
    match details["type"]:
        case "missing":
            return f"is missing. It must be {allowed_text(place.kind)}"
        case "extra_forbidden":
            return _unknown_key(place)
        case "union_tag_not_found" if kinds is not None:
            return f"needs a {kinds.tag}: one of {', '.join(kinds.models)}{_other_tool(value)}"
        case "union_tag_invalid" if kinds is not None:
            return _unknown_kind(context.get("tag", value), kinds)
        case "value_error":
            return str(context.get("error", details["msg"]))
        case "too_short" if context.get("min_length", 1) == 1:
            return f"must not be empty, got {show_value(value)}"
        case _:
            allowed = allowed_text(place.kind)
            return f"must be {allowed}, got {show_value(value)}{_hint(value, allowed)}"


_OTHER_WORDS = {"minimize": "min", "minimise": "min", "maximize": "max", "maximise": "max"}


def _hint(value: object, allowed: str) -> str:
    """Guess what a value of the wrong kind was meant to be."""
    if isinstance(value, list) and allowed.startswith("an object with a type"):
        return '. A list of values is {"type": "choice", "candidates": [...]}'
    if not isinstance(value, str):
        return ""
    if value.lower() in _OTHER_WORDS:
        return f', did you mean "{_OTHER_WORDS[value.lower()]}"?'
    plain = value.strip().lower()
    is_number = re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", plain) is not None
    is_meant = ("number" in allowed and is_number) or (
        "true" in allowed and plain in ("true", "false")
    )
    return ". Write it without quotes" if is_meant else ""


def _unknown_kind(given: object, kinds: Kinds) -> str:
    hint = did_you_mean(str(given), kinds.models)
    known = ", ".join(kinds.models)
    return f"unknown {kinds.tag} {show_value(given)}{hint} (allowed: {known})"


def _other_tool(given: object) -> str:
    """Explain how a value from a W&B sweep file is written here."""
    if isinstance(given, Mapping) and "values" in given:
        return '. W&B\'s values are {"type": "choice", "candidates": [...]}'
    return ""


def _unknown_key(place: KeyPlace) -> str:
    name = place.key.rpartition(".")[2]
    ours = _OTHER_NAMES.get(name)
    if ours in place.siblings:
        return f"unknown key, did you mean {ours}?"
    hint = did_you_mean(name, place.siblings)
    if hint:
        return f"unknown key{hint}"
    if len(place.siblings) > _MOST_LISTED:
        return "unknown key. ml-tracking-ops schema prints all keys"
    return f"unknown key. Known: {', '.join(place.siblings)}"


_MOST_LISTED = 10
_OTHER_NAMES = {
    "values": "candidates",
    "value": "candidates",
    "choices": "candidates",
    "options": "candidates",
    "distribution": "type",
    "low": "min",
    "high": "max",
    "q": "step",
    "parameters": "hyperparameters",
    "params": "hyperparameters",
    "search_space": "hyperparameters",
    "program": "main_script_name",
    "script": "main_script_name",
    "method": "sampler",
    "metric": "optimization_metric",
    "goal": "optimization_goal",
    "direction": "optimization_goal",
    "run_cap": "max_runs",
    "n_trials": "max_runs",
    "num_samples": "max_runs",
    "early_terminate": "stopping_rules",
    "patience": "early_stopping_patience",
    "timeout": "timeout_s",
    "env": "environment",
}
"""Keys of other tools' sweep files, and their counterparts here."""
