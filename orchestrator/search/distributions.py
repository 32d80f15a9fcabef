"""The possible values of one hyperparameter, as `experiment_cfg.json` describes them.

Each kind maps a number from [0, 1) to a value (`at`, its quantile function), so that any sampler
that spreads numbers can draw it. If a kind has finitely many values, `count` is their number and
`values` returns them in order.
"""

import functools
import math
from collections.abc import Hashable, Iterator
from random import Random
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from ..setting_types import Allowed, Positive
from ..store.files.fields import is_number

if TYPE_CHECKING:
    from statistics import NormalDist

_ALMOST_0 = 1e-12
MOST_STEPS = 2**53  # beyond, floating-point numbers cannot distinguish neighbours
_A_LITTLE_MORE = 1 + 1e-12  # so that 0.3 is three steps of 0.1
Conditions = Annotated[
    dict[str, JsonValue],
    Field(min_length=1),
    Allowed('an object such as {"optimizer": "sgd"}'),
]
StepSize = Annotated[float, Field(gt=0)]

TYPE = Field(description="The kind of distribution.")


class Distribution(BaseModel):
    """Base of all distributions. `when` names the hyperparameters that it depends on."""

    # built with the whole configuration, not kind by kind: this starts sooner
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )
    when: Conditions | None = Field(
        default=None,
        description="The hyperparameter exists only if every hyperparameter named here has the "
        "given value, or one of the given values.",
    )

    def at(self, unit: float) -> JsonValue:
        """Return the value at a quantile from [0, 1)."""
        raise NotImplementedError

    @property
    def count(self) -> int | None:
        """The number of possible values, or `None` if it is infinite."""
        return None

    def nth(self, position: int) -> JsonValue:
        """Return the possible value at a position, counted from 0 in order."""
        raise NotImplementedError

    def values(self) -> Iterator[JsonValue]:
        """Return all possible values in order, if their number is finite."""
        return map(self.nth, range(self.count or 0))

    def holds(self, value: JsonValue) -> bool:
        """Return whether the value is possible."""
        return any(same(value, possible) for possible in self.values())

    def as_listed(self, value: JsonValue) -> JsonValue:
        """Return a possible value as a draw would return it: the 1 of a list for 1.0."""
        return value

    def sample(self, random: Random) -> JsonValue:
        return self.at(random.random())


class _Range(Distribution):
    """Real values between two bounds."""

    min: float = Field(description="The lower bound of the values.")
    max: float = Field(description="The upper bound of the values.")
    step: StepSize | None = Field(
        default=None,
        description="Every value is a multiple of it (for uniform: min plus a multiple of it).",
    )

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "_Range":
        if not self.min < self.max:
            raise ValueError(f"min must be less than max, got min={self.min:g}, max={self.max:g}")
        if math.isinf(self.max - self.min):
            raise ValueError("the range is too large for a floating-point number")
        if self.step is not None and self.step > self.max - self.min:
            raise ValueError(f"step {self.step:g} is larger than the range from min to max")
        if self.step is not None and (self.max - self.min) / self.step > MOST_STEPS:
            raise ValueError(f"step {self.step:g} is too small for the range from min to max")
        return self

    def holds(self, value: JsonValue) -> bool:
        if not is_number(value) or not self.min <= value <= self.max:
            return False
        return self.step is None or math.isclose(value, self._nearest(value), rel_tol=1e-9)

    def _nearest(self, value: float) -> float:
        """Return the nearest value that `step` allows."""
        raise NotImplementedError


class Uniform(_Range):
    """All values in [min, max) are equally likely. With `step`: min, min + step, … up to max.

    If min and step are whole numbers, so are the values.
    """

    type: Literal["uniform"] = TYPE

    def at(self, unit: float) -> float:
        count = self.count
        if count is not None:
            return self.nth(int(unit * count))
        return min(self.min + (self.max - self.min) * unit, self.max)

    @property
    def count(self) -> int | None:
        if self.step is None:
            return None
        return math.floor((self.max - self.min) / self.step * _A_LITTLE_MORE) + 1

    def nth(self, position: int) -> float:
        # in decimal, so that 0.1 + 2 * 0.1 is 0.3, as it was meant
        from decimal import Decimal  # takes 2 ms, and few ranges have steps

        value = Decimal(repr(self.min)) + position * Decimal(repr(self.step))
        is_whole = self.min.is_integer() and (self.step or 0.5).is_integer()
        return int(value) if is_whole else float(value)

    def _nearest(self, value: float) -> float:
        return self.nth(round((value - self.min) / (self.step or math.inf)))


class LogUniform(_Range):
    """The logarithm is uniform. The bounds are values, not exponents.

    With `step`, values are rounded to its multiples: whole numbers if the step is one.
    """

    type: Literal["loguniform"] = TYPE

    @model_validator(mode="after")
    def _bounds_positive(self) -> "LogUniform":
        if self.min <= 0:
            raise ValueError(f"min must be greater than 0, got {self.min:g}{self._exponent_hint()}")
        return self

    def _exponent_hint(self) -> str:
        if not (-30 <= self.min < 0 and self.max <= 30):
            return ""
        return (
            ". loguniform takes the bounds themselves, not exponents: for 10^"
            f"{self.min:g} to 10^{self.max:g} write min {10**self.min:g}, max {10**self.max:g}"
        )

    def at(self, unit: float) -> float:
        low, high = math.log(self.min), math.log(self.max)
        value = min(max(math.exp(low + (high - low) * unit), self.min), self.max)
        if self.step is None:
            return value
        return self._nearest(value)

    @property
    def count(self) -> int | None:
        if self.step is None:
            return None
        return max(math.floor(self.max / self.step * _A_LITTLE_MORE) - self._first + 1, 0)

    def nth(self, position: int) -> float:
        return multiple(self._first + position, self.step or math.inf)

    def _nearest(self, value: float) -> float:
        position = round(value / (self.step or math.inf)) - self._first
        return self.nth(min(max(position, 0), (self.count or 1) - 1))

    @property
    def _first(self) -> int:
        """The smallest multiple of `step` within the bounds, in steps."""
        return math.ceil(self.min / (self.step or math.inf) / _A_LITTLE_MORE)


class _WholeRange(Distribution):
    """Whole numbers between two bounds, both included."""

    min: int = Field(description="The lowest value.")
    max: int = Field(description="The highest value.")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "_WholeRange":
        if not self.min <= self.max:
            raise ValueError(f"min must not exceed max, got min={self.min}, max={self.max}")
        if max(abs(self.min), abs(self.max)) > MOST_STEPS:
            raise ValueError("the bounds are too large: whole numbers of up to 2^53 are possible")
        return self

    @property
    def count(self) -> int:
        return len(self._range)

    def nth(self, position: int) -> int:
        return self._range[position]

    def holds(self, value: JsonValue) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value in self._range

    @property
    def _range(self) -> range:
        return range(self.min, self.max + 1)


class Int(_WholeRange):
    """Whole numbers from min to max, both included. With `step`: every step-th of them."""

    type: Literal["int"] = TYPE
    step: Positive = Field(default=1, description="The distance between neighbouring values.")

    def at(self, unit: float) -> int:
        return self.nth(min(int(unit * self.count), self.count - 1))

    @property
    def _range(self) -> range:
        return range(self.min, self.max + 1, self.step)


class LogInt(_WholeRange):
    """Whole numbers from min to max, both included, whose logarithm is nearly uniform."""

    type: Literal["logint"] = TYPE

    @model_validator(mode="after")
    def _bounds_positive(self) -> "LogInt":
        if self.min < 1:
            raise ValueError(f"min must be 1 or more, got {self.min}")
        return self

    def at(self, unit: float) -> int:
        low, high = math.log(self.min - 0.5), math.log(self.max + 0.5)
        return min(max(round(math.exp(low + (high - low) * unit)), self.min), self.max)


class _Bell(Distribution):
    """Shaped by a normal distribution."""

    mu: float = Field(description="The mean. For lognormal: the mean of the natural logarithm.")
    sigma: Annotated[float, Field(gt=0)] = Field(
        description="The standard deviation. For lognormal: that of the natural logarithm."
    )
    step: StepSize | None = Field(default=None, description="Every value is a multiple of it.")

    def _normal(self, unit: float) -> float:
        return self.mu + self.sigma * _standard_normal().inv_cdf(_open(unit))

    def _check_step(self, largest: float) -> None:
        if self.step is not None and math.isinf(largest / self.step):
            raise ValueError(f"step {self.step:g} is too small for values of up to {largest:g}")

    def _rounded(self, value: float) -> float:
        return value if self.step is None else multiple(round(value / self.step), self.step)

    def holds(self, value: JsonValue) -> bool:
        if not is_number(value):
            return False
        try:
            return math.isfinite(value) and math.isclose(self._rounded(value), value)
        except OverflowError:  # a whole number that no float holds, or this many steps
            return False


class Normal(_Bell):
    """A normal distribution. `step` rounds to multiples."""

    type: Literal["normal"] = TYPE

    @model_validator(mode="after")
    def _not_too_large(self) -> "Normal":
        largest = abs(self.mu) + 8 * self.sigma
        if math.isinf(largest):
            raise ValueError("mu and sigma are too large for a floating-point number")
        self._check_step(largest)
        return self

    def at(self, unit: float) -> float:
        return self._rounded(self._normal(unit))


class LogNormal(_Bell):
    """The natural logarithm has a normal distribution."""

    type: Literal["lognormal"] = TYPE

    @model_validator(mode="after")
    def _not_too_large(self) -> "LogNormal":
        if self.mu + 8 * self.sigma > 700:
            raise ValueError(
                "mu and sigma describe the natural logarithm of the value. These overflow"
            )
        self._check_step(math.exp(self.mu + 8 * self.sigma))
        return self

    def at(self, unit: float) -> float:
        return self._rounded(math.exp(self._normal(unit)))

    def holds(self, value: JsonValue) -> bool:
        return is_number(value) and value >= 0 and super().holds(value)


def multiple(count: int, step: float) -> float:
    """Return this many steps: a whole number if the step is one."""
    if step.is_integer():
        return count * int(step)
    from decimal import Decimal

    return float(count * Decimal(repr(step)))


@functools.cache
def _standard_normal() -> "NormalDist":
    from statistics import NormalDist  # takes 4 ms

    return NormalDist()


def _open(unit: float) -> float:
    """Clip away from the ends, where a bell's quantiles are infinite."""
    return min(max(unit, _ALMOST_0), 1 - _ALMOST_0)


def identity(value: JsonValue) -> Hashable:
    """Return a key that is equal for two values of a JSON file that are the `same`."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list):
        return list, tuple(map(identity, value))
    if isinstance(value, dict):
        return dict, frozenset((key, identity(one)) for key, one in value.items())
    return value


def same(left: JsonValue, right: JsonValue) -> bool:
    """Return whether two values of a JSON file are the same: `true` is not 1, but 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right
