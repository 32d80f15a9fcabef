"""Kinds of hyperparameters that W&B, hyperopt and Ray have, and that differ from `uniform` with a
step."""

import math
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from ..setting_types import Allowed
from ..store.files.fields import is_number
from .distributions import MOST_STEPS, TYPE, Distribution, StepSize, multiple
from .incomplete_beta import beta_quantile

Shape = Annotated[float, Field(gt=0, le=1e6), Allowed("a number above 0, at most 1e6")]


class _Quantized(Distribution):
    """Multiples of `step`: a draw from a range is rounded to the nearest, even beyond a bound.

    The lowest and the highest are less likely than the others, if the bounds are multiples.
    """

    min: float = Field(description="The lower bound before rounding.")
    max: float = Field(description="The upper bound before rounding.")
    step: StepSize = Field(description="Every value is a multiple of it.")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "_Quantized":
        if not self.min < self.max:
            raise ValueError(f"min must be less than max, got min={self.min:g}, max={self.max:g}")
        if math.isinf(self.max - self.min):
            raise ValueError("the range is too large for a floating-point number")
        if max(abs(self.min), abs(self.max)) / self.step > MOST_STEPS:
            raise ValueError(f"step {self.step:g} is too small for these bounds")
        return self

    @property
    def _first(self) -> int:
        return round(self.min / self.step)

    @property
    def count(self) -> int:
        return round(self.max / self.step) - self._first + 1

    def nth(self, position: int) -> float:
        return multiple(self._first + position, self.step)

    def holds(self, value: JsonValue) -> bool:
        if not is_number(value):
            return False
        position = round(value / self.step) - self._first if math.isfinite(value) else -1
        return 0 <= position < self.count and math.isclose(
            self.nth(position), value, rel_tol=1e-9, abs_tol=1e-12
        )

    def _rounded(self, value: float) -> float:
        return multiple(round(value / self.step), self.step)


class QUniform(_Quantized):
    """A uniform value between min and max, rounded to a multiple of `step`."""

    type: Literal["quniform"] = TYPE

    def at(self, unit: float) -> float:
        return self._rounded(self.min + (self.max - self.min) * unit)

    def quantile(self, value: float) -> float:
        """Return approximately the quantile of a value, from 0 to 1."""
        return min(max((value - self.min) / (self.max - self.min), 0.0), 1.0)


class QLogUniform(_Quantized):
    """A value between min and max with uniform logarithm, rounded to a multiple of `step`."""

    type: Literal["qloguniform"] = TYPE

    @model_validator(mode="after")
    def _bounds_positive(self) -> "QLogUniform":
        if self.min <= 0:
            raise ValueError(f"min must be greater than 0, got {self.min:g}")
        return self

    def at(self, unit: float) -> float:
        low, high = math.log(self.min), math.log(self.max)
        return self._rounded(math.exp(low + (high - low) * unit))

    def quantile(self, value: float) -> float:
        """Return approximately the quantile of a value, from 0 to 1."""
        low, high = math.log(self.min), math.log(self.max)
        return min(max((math.log(max(value, self.min)) - low) / (high - low), 0.0), 1.0)


class Beta(Distribution):
    """A beta distribution from 0 to 1. `step` rounds to multiples."""

    type: Literal["beta"] = TYPE
    a: Shape = Field(
        description="The first shape parameter. The larger it is, the closer the values are to 1."
    )
    b: Shape = Field(
        description="The second shape parameter. The larger it is, the closer the values are to 0."
    )
    step: StepSize | None = Field(default=None, description="Every value is a multiple of it.")

    @model_validator(mode="after")
    def _step_not_too_small(self) -> "Beta":
        if self.step is not None and 1 / self.step > MOST_STEPS:
            raise ValueError(f"step {self.step:g} is too small for values from 0 to 1")
        return self

    def at(self, unit: float) -> float:
        value = beta_quantile(unit, self.a, self.b)
        return value if self.step is None else multiple(round(value / self.step), self.step)

    @property
    def count(self) -> int | None:
        return None if self.step is None else round(1 / self.step) + 1

    def nth(self, position: int) -> float:
        return multiple(position, self.step or math.inf)

    def holds(self, value: JsonValue) -> bool:
        if not is_number(value) or not -1e-12 <= value < math.inf:
            return False
        if self.step is None:
            return value <= 1
        position = round(value / self.step)
        return position < (self.count or 0) and math.isclose(
            self.nth(position), value, rel_tol=1e-9, abs_tol=1e-12
        )
