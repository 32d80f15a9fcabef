"""How stopping rules stand in `experiment_cfg.json`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import ConfigProblem
from ..store.objective import Goal
from .decision import Resource, Rule
from .halving import Asha, Hyperband
from .median import Comparison, Median
from .patience import Patience
from .threshold import Threshold

_STRICT = ConfigDict(
    extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
)
_Positive = Annotated[int, Field(ge=1)]
_Natural = Annotated[int, Field(ge=0)]
_NonNegative = Annotated[float, Field(ge=0)]


class PatienceRule(BaseModel):
    """So many logged values in a row without improvement."""

    model_config = _STRICT
    rule: Literal["patience"]
    patience: _Positive
    min_delta: _NonNegative = 0.0
    warmup: _Natural = 0
    resource: Resource = "step"

    def build(self, metric: str, goal: Goal) -> Rule:
        return Patience(
            metric,
            goal,
            self.patience,
            min_delta=self.min_delta,
            warmup=self.warmup,
            resource=self.resource,
        )


class MedianRule(BaseModel):
    """Worse than the median of the finished runs."""

    model_config = _STRICT
    rule: Literal["median"]
    warmup: _Natural = 0
    min_runs: _Positive = 5
    interval: _Positive = 1
    compare_with: Comparison = "running_average"
    resource: Resource = "step"

    def build(self, metric: str, goal: Goal) -> Rule:
        return Median(
            metric,
            goal,
            warmup=self.warmup,
            min_runs=self.min_runs,
            interval=self.interval,
            compare_with=self.compare_with,
            resource=self.resource,
        )


class AshaRule(BaseModel):
    """Asynchronous successive halving: not among the best at a rung."""

    model_config = _STRICT
    rule: Literal["asha"]
    min_resource: _Positive = 1
    reduction_factor: Annotated[int, Field(ge=2)] = 3
    max_resource: _Positive | None = None
    resource: Resource = "step"

    @model_validator(mode="after")
    def _resources_in_order(self) -> "AshaRule":
        _check_order(self.min_resource, self.max_resource)
        return self

    def build(self, metric: str, goal: Goal) -> Rule:
        return Asha(
            metric,
            goal,
            min_resource=self.min_resource,
            max_resource=self.max_resource,
            reduction_factor=self.reduction_factor,
            resource=self.resource,
        )


class HyperbandRule(BaseModel):
    """Successive halving with several starting points."""

    model_config = _STRICT
    rule: Literal["hyperband"]
    max_resource: _Positive
    min_resource: _Positive = 1
    reduction_factor: Annotated[int, Field(ge=2)] = 3
    resource: Resource = "step"

    @model_validator(mode="after")
    def _resources_in_order(self) -> "HyperbandRule":
        _check_order(self.min_resource, self.max_resource)
        return self

    def build(self, metric: str, goal: Goal) -> Rule:
        return Hyperband(
            metric,
            goal,
            min_resource=self.min_resource,
            resource=self.resource,
            max_resource=self.max_resource,
            reduction_factor=self.reduction_factor,
        )


class ThresholdRule(BaseModel):
    """A value above or below a limit; of any metric."""

    model_config = _STRICT
    rule: Literal["threshold"]
    metric: Annotated[str, Field(min_length=1)] | None = None
    above: float | None = None
    below: float | None = None
    check_finite: bool = True

    @model_validator(mode="after")
    def _has_something_to_check(self) -> "ThresholdRule":
        if self.above is None and self.below is None and not self.check_finite:
            raise ValueError("needs above, below or check_finite: there is nothing to stop at")
        if self.above is not None and self.below is not None and self.above < self.below:
            raise ValueError(
                f"stops every run: above={self.above:g} is less than below={self.below:g}"
            )
        return self

    def build(self, metric: str, goal: Goal) -> Rule:
        return Threshold(
            self.metric or metric,
            above=self.above,
            below=self.below,
            check_finite=self.check_finite,
        )


def _check_order(min_resource: int, max_resource: int | None) -> None:
    if max_resource is not None and min_resource >= max_resource:
        raise ValueError(
            "min_resource must be less than max_resource, got "
            f"min_resource={min_resource}, max_resource={max_resource}"
        )


RuleSettings = Annotated[
    PatienceRule | MedianRule | AshaRule | HyperbandRule | ThresholdRule,
    Field(discriminator="rule"),
]
RULES: dict[str, type[BaseModel]] = {
    "patience": PatienceRule,
    "median": MedianRule,
    "asha": AshaRule,
    "hyperband": HyperbandRule,
    "threshold": ThresholdRule,
}


class StoppingSettings(BaseModel):
    """The keys of `experiment_cfg.json` that say when a run, or the sweep, is over."""

    model_config = ConfigDict(defer_build=True)

    stopping_rules: tuple[RuleSettings, ...] = Field(
        default=(),
        strict=False,
        description="Rules that stop a run; the first to decide does. early_stopping adds the "
        "patience rule to them.",
    )
    check_finite: bool = Field(
        default=True,
        description="Whether a run is stopped when its optimization_metric is NaN or infinite.",
    )
    target: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The sweep ends when a run reaches this value of optimization_metric.",
    )
    max_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="The sweep ends after so many hours."
    )
    max_runs_without_improvement: _Positive | None = Field(
        default=None,
        description="The sweep ends when so many runs in a row have not improved the best value.",
    )


ALLOWED: dict[str, str] = {
    "stopping_rules": f"a list of objects with a rule ({', '.join(RULES)})",
    "check_finite": "true or false",
    "target": "a finite number",
    "max_hours": "a number of hours above 0",
    "max_runs_without_improvement": "a whole number, 1 or more",
}
RULE_ALLOWED: dict[str, str] = {
    "patience": "a whole number, 1 or more",
    "min_delta": "a number, 0 or more",
    "warmup": "a whole number, 0 or more",
    "min_runs": "a whole number, 1 or more",
    "interval": "a whole number, 1 or more",
    "compare_with": '"running_average" or "value"',
    "min_resource": "a whole number, 1 or more",
    "max_resource": "a whole number, 1 or more",
    "reduction_factor": "a whole number, 2 or more",
    "resource": '"step" (as logged) or "values" (how many were logged)',
    "metric": "the name of a metric that the script logs",
    "above": "a finite number",
    "below": "a finite number",
    "check_finite": "true or false",
}
_NEEDED = ("optimization_metric", "optimization_goal")


def stopping_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    """Keys that rules need and that are missing."""
    rules = source.get("stopping_rules")
    asking = [key for key in ("target", "max_runs_without_improvement") if key in source]
    if isinstance(rules, list) and any(map(_needs_objective, rules)):
        asking.append("stopping_rules")
    for key in _NEEDED if asking and source.get("early_stopping") is not True else ():
        has_been_told = key == "optimization_goal" and source.get("optimization_metric") is not None
        if source.get(key) is None and key not in reported and not has_been_told:
            yield ConfigProblem(key, f"is missing; {asking[0]} needs it")


def _needs_objective(rule: object) -> bool:
    return isinstance(rule, Mapping) and not (
        rule.get("rule") == "threshold" and rule.get("metric") is not None
    )
