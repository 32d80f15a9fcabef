"""The search space: what can be sampled, and how it stands in `experiment_cfg.json`."""

import math
from random import Random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Uniform(BaseModel):
    """A continuous hyperparameter: every value in [min, max) is equally likely."""

    model_config = _STRICT
    type: Literal["uniform"]
    min: float
    max: float

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "Uniform":
        if not self.min < self.max:
            raise ValueError(f"min must be less than max, got min={self.min:g}, max={self.max:g}")
        if math.isinf(self.max - self.min):
            raise ValueError("the range is too large for a floating-point number")
        return self

    def sample(self, random: Random) -> float:
        return min(self.min + (self.max - self.min) * random.random(), self.max)

    def describe(self) -> str:
        return f"uniform from {self.min:g} to {self.max:g}"


class Choice(BaseModel):
    """A discrete hyperparameter: every candidate is equally likely."""

    model_config = _STRICT
    type: Literal["choice"]
    candidates: Annotated[list[JsonValue], Field(min_length=1)]

    def sample(self, random: Random) -> JsonValue:
        return self.candidates[int(random.random() * len(self.candidates))]

    def describe(self) -> str:
        return "one of " + ", ".join(str(candidate) for candidate in self.candidates)


Hyperparameter = Annotated[Uniform | Choice, Field(discriminator="type")]
SearchSpace = dict[str, Hyperparameter]
