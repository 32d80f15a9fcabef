"""Check a search: its hyperparameters, constraints and first runs must fit together."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from ..errors import ConfigProblem, did_you_mean
from ..search.choices import Constant, Tied
from ..search.constraints import Constraint, ConstraintError
from ..search.distributions import Distribution, same
from ..search.first_runs import complete_combination, is_complete
from ..search.samplers.random import draw_combination
from ..search.samplers.registry import learns
from ..search.space import (
    KINDS,
    Combination,
    CycleError,
    Space,
    combination_key,
    condition_values,
    dependencies,
    is_continuous,
)
from .value_checks import is_name, reserved_names, show_value
from .warm_start_checks import warm_start_problems

_DRAWS = 10_000


def search_problems(
    source: Mapping[str, Any], folder: Path, reported: set[str]
) -> Iterable[ConfigProblem]:
    """Yield mistakes in keys that are each well-formed.

    Args:
        source: the configuration as given.
        folder: that of the configuration.
        reported: the keys that already have a mistake.
    """
    yield from _sampler_problems(source)
    yield from warm_start_problems(source, folder)
    given = source.get("hyperparameters")
    if not isinstance(given, Mapping):
        return
    found = _parse(given)
    yield from _repeats_problems("repeats", source, given)
    yield from _repeats_problems("confirm", source, given)
    yield from _confirm_problems(source)
    problems = [*_reference_problems(found, given), *_grid_problems(source, found)]
    constraints, constraint_problems = _parse_constraints(source.get("constraints"), given)
    problems += constraint_problems
    yield from problems
    if problems or len(found) < len(given) or not found or "constraints" in reported:
        return
    space = Space(found, constraints)
    problems = [*_feasibility_problems(space)]
    yield from problems or _first_run_problems(space, source.get("first_runs"))


def _parse(given: Mapping[str, Any]) -> dict[str, Distribution]:
    """Return the hyperparameters that are well-formed."""
    found: dict[str, Distribution] = {}
    for name, definition in given.items():
        tag = definition.get("type") if isinstance(definition, Mapping) else None
        kind = KINDS.get(tag) if isinstance(tag, str) else None
        if kind is not None:
            with contextlib.suppress(ValidationError):
                found[name] = kind.model_validate(definition)
    return found


def _sampler_name(source: Mapping[str, Any]) -> object:
    given = source.get("sampler")
    return given.get("type") if isinstance(given, Mapping) else given


def _sampler_problems(source: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    sampler = _sampler_name(source)
    if learns(sampler) and source.get("objectives") is None:
        for key in ("optimization_metric", "optimization_goal"):
            if source.get(key) is None and source.get("early_stopping") is not True:
                yield ConfigProblem(key, f"is missing. The sampler {sampler} learns from it")


def _repeats_problems(
    which: Literal["repeats", "confirm"], source: Mapping[str, Any], names: Mapping[str, Any]
) -> Iterator[ConfigProblem]:
    given, reserved = source.get(which), reserved_names(source)
    name = given.get("seed_name", "seed") if isinstance(given, Mapping) else None
    if not isinstance(name, str):
        return
    key = f"{which}.seed_name"
    if which == "confirm" and _is_constant(names.get(name)):
        return  # of the search. The new seeds replace it
    if name in names:
        yield ConfigProblem(key, f"{show_value(name)} is already a hyperparameter. Name another")
    elif name in reserved or not is_name(name):
        yield ConfigProblem(key, f"{show_value(name)} cannot be passed as --name=value")


def _is_constant(definition: object) -> bool:
    return isinstance(definition, Mapping) and definition.get("type") == "constant"


def _confirm_problems(source: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    if not isinstance(source.get("confirm"), Mapping):
        return
    if source.get("repeats") is not None:
        yield ConfigProblem(
            "confirm",
            "cannot be combined with repeats, which give a verdict by themselves. Keep one",
        )
    if source.get("objectives") is not None:
        return
    for key in ("optimization_metric", "optimization_goal"):
        if source.get(key) is None and source.get("early_stopping") is not True:
            yield ConfigProblem(key, "is missing. confirm compares the leaders by it")


def _reference_problems(
    found: Mapping[str, Distribution], given: Mapping[str, Any]
) -> Iterator[ConfigProblem]:
    """Yield hyperparameters that depend on an unknown one, or on each other in a circle."""
    for name, distribution in found.items():
        key = f"hyperparameters.{name}"
        for other in dependencies(distribution):
            place = f"{key}.to" if isinstance(distribution, Tied) else f"{key}.when.{other}"
            if other not in given:
                known = [n for n in given if n != name]
                yield ConfigProblem(place, f"no such hyperparameter{_nearest(other, known)}")
            elif other == name:
                yield ConfigProblem(place, "cannot depend on itself")
        yield from _condition_problems(key, distribution, found)
    try:
        Space(found)
    except CycleError as error:
        if len(set(error.names)) > 1:
            yield ConfigProblem(f"hyperparameters.{error.names[0]}", str(error))


def _condition_problems(
    key: str, distribution: Distribution, found: Mapping[str, Distribution]
) -> Iterator[ConfigProblem]:
    for other, wanted in (distribution.when or {}).items():
        parent = found.get(other)
        if parent is None or parent is distribution or isinstance(parent, Tied):
            continue
        if is_continuous(parent):
            yield ConfigProblem(
                f"{key}.when.{other}",
                "needs a hyperparameter with values to name, such as a choice. "
                "This one is continuous",
            )
            continue
        for value in condition_values(wanted):
            if not parent.holds(value):
                yield ConfigProblem(
                    f"{key}.when.{other}",
                    f"{other} is never {show_value(value)}{_possible(parent)}",
                )


def _possible(distribution: Distribution) -> str:
    shown = [show_value(value) for value in islice(distribution.values(), 10)]
    more = ", …" if (distribution.count or 0) > 10 else ""
    return f". Possible: {', '.join(shown)}{more}" if shown else ""


def _grid_problems(
    source: Mapping[str, Any], found: Mapping[str, Distribution]
) -> Iterator[ConfigProblem]:
    if _sampler_name(source) != "grid":
        return
    for name, distribution in found.items():
        if distribution.count is None and not isinstance(distribution, Tied):
            steps = "step" in type(distribution).model_fields and hasattr(distribution, "max")
            yield ConfigProblem(
                f"hyperparameters.{name}",
                "the sampler grid needs a finite number of values: "
                f"{'give it a step, or ' if steps else ''}list the values as a choice",
            )


def _parse_constraints(
    given: object, names: Mapping[str, Any]
) -> tuple[list[str], list[ConfigProblem]]:
    texts: list[str] = []
    problems: list[ConfigProblem] = []
    for position, text in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(text, str) or not text:
            continue
        key = f"constraints.{position}"
        try:
            constraint = Constraint(text, names)
            constraint.check_truth([*_flags(names), *(constraint.names - names.keys())])
        except ConstraintError as error:
            problems.append(ConfigProblem(key, f"{show_value(text)} {error}"))
            continue
        unknown = sorted(constraint.names - names.keys())
        problems += [
            ConfigProblem(
                key, f"{show_value(text)}: no hyperparameter {name}{_nearest(name, names)}"
            )
            for name in unknown
        ]
        texts.append(text)
    return texts, problems


def _flags(given: Mapping[str, Any]) -> list[str]:
    """Return the hyperparameters whose values may be true or false. All others are numbers."""
    kinds = {name: one.get("type") for name, one in given.items() if isinstance(one, Mapping)}
    return [name for name, kind in kinds.items() if kind in ("choice", "constant", "tied")]


def _feasibility_problems(space: Space) -> Iterator[ConfigProblem]:
    """Yield constraints that do not fit their values, or that no combination satisfies."""
    if not space.constraints:
        return
    met = [0] * len(space.constraints)
    for attempt in range(_DRAWS):
        combination = draw_combination(space, 0, f"check {attempt}")
        try:
            results = [constraint.allows(combination) for constraint in space.constraints]
        except ConstraintError:
            yield from _misfits(space, combination)
            return
        if all(results):
            return
        met = [count + result for count, result in zip(met, results, strict=True)]
    if (space.n_at_most or _DRAWS + 1) <= _DRAWS and any(True for _ in space.combinations()):
        return
    worst = met.index(min(met))
    yield ConfigProblem(
        "constraints",
        f"no combination met all of them in {_DRAWS:,} draws. The rarest was "
        f"{show_value(space.constraints[worst].text)}, met by {met[worst]:,}",
    )


def _misfits(space: Space, combination: Combination) -> Iterator[ConfigProblem]:
    for position, constraint in enumerate(space.constraints):
        try:
            constraint.allows(combination)
        except ConstraintError as error:
            yield ConfigProblem(f"constraints.{position}", f"{show_value(constraint.text)} {error}")


def _first_run_problems(space: Space, given: object) -> Iterator[ConfigProblem]:
    complete: dict[str, int] = {}
    for position, values in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(values, Mapping):
            continue
        key = f"first_runs.{position}"
        problems = list(_value_problems(space, values, key))
        problems = problems or list(_completion_problems(space, dict(values), key))
        yield from problems
        if not problems and is_complete(space, dict(values)):
            found = complete_combination(space, dict(values), 0, 1)
            earlier = complete.setdefault(combination_key(found), position)
            if earlier != position:
                yield ConfigProblem(key, f"is the same as first_runs.{earlier}. Keep one")


def _value_problems(space: Space, values: Mapping[str, Any], key: str) -> Iterator[ConfigProblem]:
    for name, value in values.items():
        distribution = space.hyperparameters.get(name)
        if distribution is None:
            near = _nearest(name, space.hyperparameters)
            yield ConfigProblem(f"{key}.{name}", f"no such hyperparameter{near}")
        elif isinstance(distribution, Tied):
            if distribution.to in values and not same(values[distribution.to], value):
                yield ConfigProblem(f"{key}.{name}", f"is tied to {distribution.to}")
        elif not distribution.holds(value):
            yield ConfigProblem(
                f"{key}.{name}",
                f"{show_value(value)} is not in the search space{_bounds(distribution)}",
            )


def _bounds(distribution: Distribution) -> str:
    facts = distribution.model_dump(exclude_none=True, exclude={"when", "type"})
    if isinstance(distribution, Constant):
        return f": it is always {show_value(distribution.value)}"
    return ": " + ", ".join(f"{name} {show_value(value)}" for name, value in facts.items())


def _completion_problems(space: Space, values: Combination, key: str) -> Iterator[ConfigProblem]:
    try:
        found = complete_combination(space, values, 0, 1)
    except LookupError:
        yield ConfigProblem(key, "cannot be completed so that it meets the constraints")
        return
    for name in values.keys() - found.keys():
        yield ConfigProblem(
            f"{key}.{name}", "is not allowed here, because its condition is not met"
        )


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return did_you_mean(name, names) or f". Known: {', '.join(names)}"
