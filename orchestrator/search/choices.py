"""Hyperparameters whose values are listed, given or taken from another."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from .distributions import Distribution, same

_A_LITTLE_LESS = 1 - 1e-12  # so that rounding never reaches past the last candidate


class Choice(Distribution):
    """One of the candidates, each as likely as its probability says, by default all the same.

    `ordered` tells a sampler that learns that neighbours in the list are alike.
    """

    type: Literal["choice"]
    candidates: Annotated[list[JsonValue], Field(min_length=1)]
    probabilities: list[Annotated[float, Field(ge=0)]] | None = None
    ordered: bool = False

    @model_validator(mode="after")
    def _probabilities_fit(self) -> "Choice":
        if self.probabilities is None:
            return self
        if len(self.probabilities) != len(self.candidates):
            raise ValueError(
                f"probabilities must be as many as candidates: {len(self.candidates)}, "
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

    @property
    def possible(self) -> list[JsonValue]:
        """The candidates that are possible, each once."""
        weights = self.probabilities or [1.0] * len(self.candidates)
        found: list[JsonValue] = []
        for candidate, weight in zip(self.candidates, weights, strict=True):
            if weight > 0 and not any(same(candidate, other) for other in found):
                found.append(candidate)
        return found

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

    type: Literal["constant"]
    value: JsonValue

    def at(self, unit: float) -> JsonValue:
        return self.value

    @property
    def count(self) -> int:
        return 1

    def nth(self, position: int) -> JsonValue:
        return self.value


class Tied(Distribution):
    """Always the value of another hyperparameter, and absent where that one is."""

    type: Literal["tied"]
    to: Annotated[str, Field(min_length=1)]
