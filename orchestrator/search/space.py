"""The search space: hyperparameters that may depend on each other, and the allowed combinations."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field, JsonValue

from .choices import Choice, Constant, Tied
from .constraints import Constraint
from .distributions import Distribution, Int, LogInt, LogNormal, LogUniform, Normal, Uniform, same
from .groups import Group
from .quantized import Beta, QLogUniform, QUniform

Hyperparameter = Annotated[
    Uniform
    | Choice
    | LogUniform
    | Int
    | LogInt
    | Normal
    | LogNormal
    | QUniform
    | QLogUniform
    | Beta
    | Constant
    | Tied
    | Group,
    Field(discriminator="type"),
]
SearchSpace = dict[str, Hyperparameter]
Combination = dict[str, JsonValue]
Draw = Callable[[str, Distribution], JsonValue]
KINDS: dict[str, type[Distribution]] = {
    "uniform": Uniform,
    "choice": Choice,
    "loguniform": LogUniform,
    "int": Int,
    "logint": LogInt,
    "normal": Normal,
    "lognormal": LogNormal,
    "quniform": QUniform,
    "qloguniform": QLogUniform,
    "beta": Beta,
    "constant": Constant,
    "tied": Tied,
    "group": Group,
}


class CycleError(ValueError):
    """Hyperparameters that depend on each other in a circle. `names` are on it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"depend on each other in a circle: {' → '.join(names)}")


class Space:
    """All combinations of a search.

    A hyperparameter whose `when` is not met is absent from a combination. One that is tied to an
    absent one is absent too.

    Raises:
        CycleError, ConstraintError: where `config` has not checked it.
    """

    def __init__(
        self, hyperparameters: Mapping[str, Distribution], constraints: Sequence[str] = ()
    ) -> None:
        self.hyperparameters = dict(hyperparameters)
        self.constraints = tuple(Constraint(text, self.hyperparameters) for text in constraints)
        self.order = _dependencies_first(self.hyperparameters)

    @property
    def sampled(self) -> list[str]:
        """The names that a sampler decides: all but constants and tied ones."""
        return [
            name
            for name in self.order
            if not isinstance(self.hyperparameters[name], Constant | Tied)
        ]

    @property
    def may_repeat(self) -> bool:
        """Whether two draws can be the same: no hyperparameter is always present and continuous."""
        return not any(
            is_continuous(distribution) and distribution.when is None
            for distribution in self.hyperparameters.values()
        )

    @property
    def n_at_most(self) -> int | None:
        """An upper limit on the number of combinations, or `None` if it is infinite."""
        counts = [self.hyperparameters[name].count for name in self.sampled]
        finite = [count for count in counts if count is not None]
        return math.prod(finite) if len(finite) == len(counts) else None

    def build(self, draw: Draw) -> Combination:
        """Build a combination. `draw` returns the value of each name that is present and
        sampled."""
        found: Combination = {}
        for name in self.order:
            distribution = self.hyperparameters[name]
            if not self.is_present(name, found):
                continue
            if isinstance(distribution, Tied):
                found[name] = found[distribution.to]
            elif isinstance(distribution, Constant):
                found[name] = distribution.value
            else:
                found[name] = draw(name, distribution)
        return self._in_given_order(found)

    def is_present(self, name: str, found: Mapping[str, JsonValue]) -> bool:
        """Return whether a hyperparameter belongs to a combination, given those it depends on."""
        distribution = self.hyperparameters[name]
        if isinstance(distribution, Tied) and distribution.to not in found:
            return False
        return all(
            other in found and any(same(found[other], value) for value in condition_values(wanted))
            for other, wanted in (distribution.when or {}).items()
        )

    def allows(self, combination: Mapping[str, JsonValue]) -> bool:
        """Return whether a combination meets every constraint."""
        return all(constraint.allows(combination) for constraint in self.constraints)

    def combinations(self) -> Iterator[Combination]:
        """Yield all allowed combinations, each once. The last name changes fastest.

        Only for finite spaces.
        """
        for found in self._extend({}, 0):
            if self.allows(found):
                yield self._in_given_order(found)

    def _extend(self, found: Combination, position: int) -> Iterator[Combination]:
        if position == len(self.order):
            yield found
            return
        name = self.order[position]
        for value in self._values(name, found):
            yield from self._extend({**found, name: value}, position + 1)
        if not self.is_present(name, found):
            yield from self._extend(found, position + 1)

    def _values(self, name: str, found: Combination) -> Iterator[JsonValue]:
        if not self.is_present(name, found):
            return iter(())
        distribution = self.hyperparameters[name]
        if isinstance(distribution, Tied):
            return iter((found[distribution.to],))
        return distribution.values()

    def _in_given_order(self, found: Combination) -> Combination:
        return {name: found[name] for name in self.hyperparameters if name in found}


def is_continuous(distribution: Distribution) -> bool:
    """Return whether the same value is practically never drawn twice."""
    if isinstance(distribution, Tied):
        return False
    return distribution.count is None and getattr(distribution, "step", None) is None


def condition_values(wanted: JsonValue) -> list[JsonValue]:
    """Return the values that a condition names: one, or a list of them."""
    return wanted if isinstance(wanted, list) else [wanted]


def combination_key(combination: Mapping[str, JsonValue]) -> str:
    """Return a text that is the same for the same combination."""
    return json.dumps(combination, sort_keys=True, ensure_ascii=False)


def _dependencies_first(hyperparameters: Mapping[str, Distribution]) -> list[str]:
    """Return the names, as given, except that each comes after those it depends on."""
    order: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise CycleError((*path[path.index(name) :], name))
        if name in order:
            return
        for other in dependencies(hyperparameters[name]):
            if other in hyperparameters:
                visit(other, (*path, name))
        order[name] = None

    for name in hyperparameters:
        visit(name, ())
    return list(order)


def dependencies(distribution: Distribution) -> list[str]:
    """Return the names that a hyperparameter depends on."""
    tied = [distribution.to] if isinstance(distribution, Tied) else []
    return [*(distribution.when or {}), *tied]
