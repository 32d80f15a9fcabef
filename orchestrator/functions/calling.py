"""Call a function with its hyperparameters: by name, or all in one mapping."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def calling_problem(function: Callable[..., Any], names: Sequence[str]) -> str | None:
    """Explain why a function cannot be called with hyperparameters of these names, or return
    None."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # a builtin: it raises when it is called
    parameters = signature.parameters
    if _takes_all(parameters, names) or _takes_mapping(parameters, names):
        return None
    what = getattr(function, "__name__", "the function")
    return (
        f"{what}{signature} can be called neither with the hyperparameters ({', '.join(names)}) by "
        "their names, nor with one mapping of them: give it a parameter for each, **settings, or a "
        "single parameter"
    )


def call(function: Callable[..., Any], values: Mapping[str, Any]) -> object:
    """Call a function with hyperparameters in the form it accepts."""
    try:
        parameters: Mapping[str, inspect.Parameter] = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return function(dict(values))
    if _takes_all(parameters, list(values)):
        return function(**values)
    return function(dict(values))


def _takes_all(parameters: Mapping[str, inspect.Parameter], names: Sequence[str]) -> bool:
    """Return whether it takes each hyperparameter by its name, and needs nothing else."""
    has_rest = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    by_name = {name for name, one in parameters.items() if one.kind in _BY_NAME}
    if not has_rest and not set(names) <= by_name:
        return False
    return all(_is_optional(one) for name, one in parameters.items() if name not in names)


def _takes_mapping(parameters: Mapping[str, inspect.Parameter], names: Sequence[str]) -> bool:
    """Return whether it takes a single argument that is not a hyperparameter."""
    rest = list(parameters.values())
    if not rest or rest[0].kind not in (*_BY_NAME[:1], inspect.Parameter.POSITIONAL_ONLY):
        return False
    return rest[0].name not in names and all(_is_optional(one) for one in rest[1:])


def _is_optional(parameter: inspect.Parameter) -> bool:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.kind in kinds or parameter.default is not inspect.Parameter.empty
