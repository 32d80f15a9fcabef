"""Groups of hyperparameters: written nested, searched under dotted names. Pure.

`{"optimizer": {"type": "group", "parameters": {"lr": …}}}` is the hyperparameter `optimizer.lr`.
`${args_json}` has it as `lr` in the object `optimizer`. W&B's form, without a `type`, is understood
too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from ..errors import ConfigProblem
from ..setting_types import Allowed
from .distributions import TYPE, Distribution

_DEEPEST = 20


class Group(Distribution):
    """Hyperparameters under a common name: `lr` in the group `optimizer` is `optimizer.lr`.

    Conditions, constraints and first runs name them with the dot. A condition of the group is one
    of each hyperparameter in it.
    """

    type: Literal["group"] = TYPE
    parameters: Annotated[
        dict[str, JsonValue],
        Field(min_length=1),
        Allowed("an object of hyperparameters, each with a type"),
    ] = Field(description="The hyperparameters of the group. They can be groups too.")


@dataclass
class FlatConfig:
    """A configuration without groups.

    Attributes:
        source: the configuration. Its key `groups` has the names of the groups.
        places: where the hyperparameters of groups are in the file.
        problems: mistakes in the groups themselves.
    """

    source: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)

    def at_home(self, problem: ConfigProblem) -> ConfigProblem:
        """Return a problem under its key in the file."""
        for name in sorted(self.places, key=len, reverse=True):
            flat = f"hyperparameters.{name}"
            if problem.key == flat or problem.key.startswith(f"{flat}."):
                return ConfigProblem(self.places[name] + problem.key[len(flat) :], problem.message)
        return problem


def is_group(definition: object) -> bool:
    """Return whether a definition is a group that can be flattened."""
    if not isinstance(definition, Mapping) or not isinstance(definition.get("parameters"), Mapping):
        return False
    return bool(definition["parameters"]) and definition.get("type", "group") == "group"


def without_groups(source: Mapping[str, Any]) -> FlatConfig:
    """Return the configuration with dotted names in place of groups."""
    given = source.get("hyperparameters")
    if not isinstance(given, Mapping) or not any(map(is_group, given.values())):
        return FlatConfig(dict(source))
    flat = FlatConfig(dict(source))
    found: dict[str, Any] = {}
    groups: list[str] = []
    for name, definition, place, conditions in _walk(given, "", "hyperparameters", {}, groups):
        if name in found:
            flat.problems.append(ConfigProblem(place, f"{name} already exists. Rename one"))
            continue
        found[name] = _with_conditions(definition, conditions)
        if "." in name:
            flat.places[name] = place
    known = source.get("groups")
    flat.source["hyperparameters"] = found
    flat.source["groups"] = list(
        dict.fromkeys([*(known if isinstance(known, list) else ()), *groups])
    )
    if isinstance(first := source.get("first_runs"), list):
        flat.source["first_runs"] = [_flat_values(one, groups) for one in first]
    flat.problems += _unknown_keys(given, "hyperparameters")
    return flat


def _walk(
    given: Mapping[str, Any],
    prefix: str,
    place: str,
    conditions: Mapping[str, Any],
    groups: list[str],
) -> Iterator[tuple[str, Any, str, Mapping[str, Any]]]:
    """Yield name, definition, place in the file and inherited conditions of each hyperparameter."""
    for name, definition in given.items():
        full, here = f"{prefix}{name}", f"{place}.{name}"
        if not is_group(definition) or full.count(".") > _DEEPEST:
            yield full, definition, here, conditions
            continue
        groups.append(full)
        own = definition.get("when")
        inherited = {**conditions, **own} if isinstance(own, Mapping) else conditions
        inner = definition["parameters"]
        yield from _walk(inner, f"{full}.", f"{here}.parameters", inherited, groups)


def _with_conditions(definition: Any, conditions: Mapping[str, Any]) -> Any:
    if not conditions or not isinstance(definition, Mapping):
        return definition
    own = definition.get("when", {})
    return {**definition, "when": {**conditions, **own}} if isinstance(own, Mapping) else definition


def _flat_values(values: Any, groups: list[str], prefix: str = "") -> Any:
    """Return a first run with dotted names. Its values may be nested as well."""
    if not isinstance(values, Mapping):
        return values
    found: dict[str, Any] = {}
    for name, value in values.items():
        full = f"{prefix}{name}"
        if full in groups and isinstance(value, Mapping):
            found |= _flat_values(value, groups, f"{full}.")
        else:
            found[full] = value
    return found


def _unknown_keys(given: Mapping[str, Any], place: str) -> Iterator[ConfigProblem]:
    for name, definition in given.items():
        if not is_group(definition):
            continue
        here = f"{place}.{name}"
        for key in definition.keys() - {"type", "parameters", "when"}:
            yield ConfigProblem(f"{here}.{key}", "unknown key. A group has type, parameters, when")
        yield from _unknown_keys(definition["parameters"], f"{here}.parameters")
