"""Hyperparameters whose values are listed, or taken from another one."""

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterator
from functools import cached_property
from itertools import accumulate, repeat
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from ..setting_types import Allowed, Text
from .distributions import TYPE, Distribution, identity, same

_A_LITTLE_LESS = 1 - 1e-12  # so that rounding never reaches past the last candidate


class Choice(Distribution):
    """One of the candidates, all equally likely unless probabilities are given.

    `ordered` means for a sampler that learns that neighbours in the list are similar.
    """

    type: Literal["choice"] = TYPE
    candidates: Annotated[
        list[JsonValue], Field(min_length=1), Allowed("a non-empty list of values")
    ] = Field(description="Numbers, strings, booleans, null or lists.")
    probabilities: (
        Annotated[
            list[Annotated[float, Field(ge=0)]],
            Allowed("a list of numbers, 0 or more, that add up to 1"),
        ]
        | None
    ) = Field(
        default=None,
        description="The probability of each candidate. By default all are equally likely.",
    )
    ordered: bool = Field(
        default=False,
        description="Neighbours in the list are similar (a hint for samplers that learn).",
    )

    @model_validator(mode="after")
    def _probabilities_fit(self) -> "Choice":
        if self.probabilities is None:
            return self
        if len(self.probabilities) != len(self.candidates):
            raise ValueError(
                f"needs one probability for each candidate: {len(self.candidates)}, "
                f"got {len(self.probabilities)}"
            )
        total = math.fsum(self.probabilities)
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(f"probabilities must add up to 1, got {total:g}")
        return self

    def at(self, unit: float) -> JsonValue:
        if self.probabilities is None:
            return self.candidates[int(unit * len(self.candidates))]
        limits = list(accumulate(self.probabilities))
        return self.candidates[bisect_right(limits, unit * limits[-1] * _A_LITTLE_LESS)]

    @cached_property
    def possible(self) -> list[JsonValue]:
        """The candidates that are possible, each once."""
        weights = self.probabilities or repeat(1.0, len(self.candidates))
        found: dict[Hashable, JsonValue] = {}
        for candidate, weight in zip(self.candidates, weights, strict=True):
            if weight > 0:
                found.setdefault(identity(candidate), candidate)
        return list(found.values())

    @property
    def count(self) -> int:
        return len(self.possible)

    def nth(self, position: int) -> JsonValue:
        return self.possible[position]

    def values(self) -> Iterator[JsonValue]:
        return iter(self.possible)

    def as_listed(self, value: JsonValue) -> JsonValue:
        return next(one for one in self.possible if same(one, value))


class Constant(Distribution):
    """Always the same value."""

    type: Literal["constant"] = TYPE
    value: JsonValue = Field(description="The value.")

    def at(self, unit: float) -> JsonValue:
        return self.value

    @property
    def count(self) -> int:
        return 1

    def nth(self, position: int) -> JsonValue:
        return self.value


class Tied(Distribution):
    """The value of another hyperparameter under a second name. Absent if the other is absent."""

    type: Literal["tied"] = TYPE
    to: Annotated[Text, Allowed("the name of another hyperparameter")] = Field(
        description="The hyperparameter whose value is used."
    )
