"""What pydantic finds wrong in a configuration, in the words of this package."""

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigProblem, did_you_mean
from ..setting_types import Kinds, allowed_text, kinds_of
from .places import Place, field_keys, find_place
from .value_checks import show_value


def explain_errors(error: ValidationError, model: type[BaseModel]) -> list[ConfigProblem]:
    """Every mistake, each with its key, the value and what is allowed.

    Args:
        model: what was validated.
    """
    return [_problem(details, model) for details in error.errors(include_url=False)]


def key_text(model: type[BaseModel], key: str) -> str:
    """What a key at the top of a configuration may hold."""
    return allowed_text(field_keys(model)[key])


def _problem(details: ErrorDetails, model: type[BaseModel]) -> ConfigProblem:
    if not details["loc"]:  # the one mistake that is of no key: a key that is no text
        return ConfigProblem("", "has a key that holds half of a surrogate pair")
    place = find_place(model, details["loc"])
    return ConfigProblem(place.key, _explain(details, place))


def _explain(details: ErrorDetails, place: Place) -> str:
    value, context = details["input"], details.get("ctx", {})
    kinds = kinds_of(place.kind)
    match details["type"]:
        case "missing":
            return f"is missing; it must be {allowed_text(place.kind)}"
        case "extra_forbidden":
            return _unknown_key(place)
        case "union_tag_not_found" if kinds is not None:
            return f"needs a {kinds.tag}: one of {', '.join(kinds.models)}"
        case "union_tag_invalid" if kinds is not None:
            return _unknown_kind(context.get("tag", value), kinds)
        case "value_error":
            return str(context.get("error", details["msg"]))
        case "too_short":
            return f"must not be empty, got {show_value(value)}"
        case _:
            return f"must be {allowed_text(place.kind)}, got {show_value(value)}"


def _unknown_kind(given: object, kinds: Kinds) -> str:
    hint = did_you_mean(str(given), kinds.models)
    known = ", ".join(kinds.models)
    return f"unknown {kinds.tag} {show_value(given)}{hint}; allowed: {known}"


def _unknown_key(place: Place) -> str:
    name = place.key.rpartition(".")[2]
    hint = did_you_mean(name, place.siblings)
    return f"unknown key{hint}; known: {', '.join(place.siblings)}"
