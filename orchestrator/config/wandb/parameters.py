"""Convert all parameters of a W&B sweep file to our hyperparameters."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigProblem
from .distributions import UnsupportedError, WandbParameter, convert_parameter, number_setting

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OF_EXPONENTS = ("log_uniform", "q_log_uniform", "inv_log_uniform")


@dataclass
class Parameters:
    """The parameters of a file. `places` and `objects` have their keys in the file."""

    hyperparameters: dict[str, WandbParameter] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def convert_parameters(given: object, is_grid: bool) -> Parameters:
    """Return all parameters of a file, nested ones under names such as `optimizer.lr`."""
    found = Parameters()
    if not isinstance(given, Mapping) or not given:
        dashes = ". Leave out the dashes" if isinstance(given, list) else ""
        message = f"must be an object of parameters{dashes}"
        found.problems.append(ConfigProblem("parameters", message))
        return found
    _convert_all(found, given, "", "parameters", is_grid)
    found.problems += _mixed_up(found)
    return found


def _mixed_up(found: Parameters) -> Iterator[ConfigProblem]:
    """Yield names that look nested in an object that does not contain them."""
    for name, place in found.places.items():
        for outer, outer_place in found.objects.items():
            is_inside = place.startswith(f"{outer_place}.parameters.")
            if f"{name}.".startswith(f"{outer}.") and not is_inside:
                yield ConfigProblem(
                    place, f"cannot be distinguished from what {outer_place} holds. Rename"
                )


def _convert_all(
    found: Parameters, given: Mapping[Any, Any], prefix: str, place: str, is_grid: bool
) -> None:
    # W&B's grid goes through the names in order, and the last changes fastest
    for name in sorted(given, key=str) if is_grid else given:
        try:
            _convert_one(found, name, given[name], prefix, place, is_grid)
        except UnsupportedError as error:
            key = ".".join(filter(None, (place, str(name), error.key)))
            found.problems.append(ConfigProblem(key, str(error)))


def _convert_one(
    found: Parameters, name: Any, given: Any, prefix: str, place: str, is_grid: bool
) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UnsupportedError(
            "W&B takes names of letters, digits, _ . and - that begin with a letter or _"
        )
    full, here = f"{prefix}{name}", f"{place}.{name}"
    if isinstance(given, Mapping) and "parameters" in given:
        inner = _nested(given)
        found.objects[full] = here
        _convert_all(found, inner, f"{full}.", f"{here}.parameters", is_grid)
        return
    if full in found.places:
        raise UnsupportedError(f"{full} is the name of {found.places[full]} too. Rename one")
    found.hyperparameters[full] = convert_parameter(given, is_grid)
    found.places[full] = here
    found.notes += _exponent_notes(here, given)


def _nested(given: Mapping[str, Any]) -> Mapping[Any, Any]:
    others = [key for key in given if key != "parameters"]
    if others:
        raise UnsupportedError("does not belong beside parameters", str(others[0]))
    inner = given["parameters"]
    if not isinstance(inner, Mapping) or not inner:
        raise UnsupportedError("must be an object of parameters", "parameters")
    return inner


def _exponent_notes(place: str, given: Mapping[str, Any]) -> Iterator[str]:
    kind = given.get("distribution")
    if kind not in _OF_EXPONENTS:
        return
    sign = "-" if kind == "inv_log_uniform" else ""
    low, high = number_setting(given, "min"), number_setting(given, "max")
    ends = sorted(math.exp(-end if sign else end) for end in (low, high))
    first, last = (high, low) if sign else (low, high)
    yield (
        f"{place}: min and max of {kind} are exponents of e, so values are between "
        f"{ends[0]:.4g} (e^{sign}{first:g}) and {ends[1]:.4g} (e^{sign}{last:g}). "
        f"{kind}_values takes the values themselves"
    )
