"""What pydantic finds wrong in a configuration, in the words of this package."""

import difflib
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..commands.settings import ALLOWED as RUN_ALLOWED
from ..errors import ConfigProblem
from ..search.settings import ALLOWED as SEARCH_ALLOWED
from ..search.settings import Repeats
from ..search.space import KINDS
from ..stopping import settings as rule_settings
from ..stopping.settings import RULES
from .model import SweepConfig
from .value_checks import show_value

_KINDS: Mapping[str, type[BaseModel]] = KINDS
_TAGGED: dict[str, Mapping[str, type[BaseModel]]] = {
    "hyperparameters": _KINDS,
    "stopping_rules": RULES,
}
"""Keys that hold things of several kinds."""
_ALLOWED = {**SEARCH_ALLOWED, **rule_settings.ALLOWED, **RUN_ALLOWED}


def explain_errors(error: ValidationError) -> list[ConfigProblem]:
    """What pydantic found wrong, in the words of this package: each with key, value, allowed."""
    return [_problem(details) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails) -> ConfigProblem:
    location = list(details["loc"])
    if not location:  # the one mistake that is of no key: a key that is no text
        return ConfigProblem("", "has a key that holds half of a surrogate pair")
    if location[0] in _TAGGED and len(location) > 2 and location[2] in _TAGGED[str(location[0])]:
        del location[2]  # the kind, which pydantic inserts; it is no key of the file
    key = ".".join(str(part) for part in location)
    return ConfigProblem(key, _explain(details, location))


def _explain(details: ErrorDetails, location: list[int | str]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    match kind:
        case "missing":
            return f"is missing; it must be {allowed_text(location)}"
        case "extra_forbidden":
            return _unknown_key(details, location)
        case "union_tag_not_found":
            return f"needs a {_tag(location)}: one of {_join(_TAGGED[str(location[0])])}"
        case "union_tag_invalid":
            return _unknown_tag(context.get("tag", value), location)
        case "int_type" | "int_from_float" if location[:1] == ["hyperparameters"]:
            return f"must be a whole number, got {show_value(value)}"
        case "value_error":
            return str(context.get("error", details["msg"]))
        case "too_short":
            return f"must not be empty, got {show_value(value)}"
        case "greater_than" | "greater_than_equal" if location[:1] == ["hyperparameters"]:
            return f"{details['msg'].replace('Input should', 'must')}, got {show_value(value)}"
        case _:
            return f"must be {allowed_text(location)}, got {show_value(value)}"


def _tag(location: list[int | str]) -> str:
    return "type" if location[0] == "hyperparameters" else "rule"


def _unknown_tag(given: object, location: list[int | str]) -> str:
    known = _TAGGED[str(location[0])]
    return (
        f"unknown {_tag(location)} {show_value(given)}{_nearest(str(given), known)}; "
        f"allowed: {_join(known)}"
    )


def allowed_text(location: list[int | str]) -> str:
    key = ".".join(str(part) for part in location)
    if key in _ALLOWED:
        return _ALLOWED[key]
    match location:
        case ["stopping_rules", _]:
            return f"an object with a rule ({_join(RULES)})"
        case ["stopping_rules", _, str(key)] if key in rule_settings.RULE_ALLOWED:
            return rule_settings.RULE_ALLOWED[key]
        case ["main_script_name"]:
            return "the file name of a training script"
        case ["hyperparameters"]:
            return "an object of hyperparameters, each with a type"
        case ["hyperparameters", _]:
            return f"an object with a type ({_join(_KINDS)})"
        case ["hyperparameters", _, "min" | "max" | "step" | "mu" | "sigma"]:
            return "a finite number"
        case ["hyperparameters", _, "when"]:
            return 'an object such as {"optimizer": "sgd"}'
        case ["hyperparameters", _, "probabilities", *_]:
            return "a list of numbers, 0 or more, that add up to 1"
        case ["hyperparameters", _, "ordered"]:
            return "true or false"
        case ["hyperparameters", _, "to"]:
            return "the name of another hyperparameter"
        case ["hyperparameters", _, "candidates"]:
            return "a non-empty list of values"
        case ["hyperparameters", *_]:
            return "a JSON value"
        case ["max_runs" | "early_stopping_patience"]:
            return "a whole number, 1 or more"
        case ["seed"]:
            return "a whole number, 0 or more"
        case ["early_stopping"]:
            return "true or false"
        case ["optimization_goal"]:
            return '"max" or "min"'
        case ["optimization_metric"]:
            return "the name of a metric that the script logs"
        case _:
            return "a text"


def _unknown_key(details: ErrorDetails, location: list[int | str]) -> str:
    if location[0] in _TAGGED and len(location) > 2:
        model = _TAGGED[str(location[0])][str(details["loc"][2])]
        known = [*model.model_fields]
    elif location[:1] == ["repeats"]:
        known = [*Repeats.model_fields]
    else:
        known = [field.alias or name for name, field in SweepConfig.model_fields.items()]
        known.remove("$schema")
    return f"unknown key{_nearest(str(location[-1]), known)}; known: {_join(known)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else ""


def _join(names: Iterable[str]) -> str:
    return ", ".join(names)
