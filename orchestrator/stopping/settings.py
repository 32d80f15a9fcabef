"""The keys of `experiment_cfg.json` for the end of a run, or of the sweep."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import ConfigProblem
from ..setting_types import AboveZero, Allowed, MetricName, Natural, NonNegative, Positive
from ..store.objective import Goal
from .decision import Resource, Rule
from .halving import Asha, Hyperband
from .median import Comparison, Median
from .non_domination import NonDominationAsha
from .patience import Patience
from .promotion import PromotionAsha
from .threshold import Threshold
from .wandb_hyperband import WandbHyperband, brackets_from, brackets_up_to

_STRICT = ConfigDict(
    extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
)
_Warmup = Annotated[Natural, Field(description="The rule stops no run before this progress.")]
_ResourceKey = Annotated[
    Resource,
    Allowed('"step" (as logged) or "values" (how many were logged)'),
    Field(description="The measure of progress: the logged step, or the number of logged values."),
]
_Metric = Annotated[
    MetricName | None,
    Field(description="The objective that the rule uses, in a sweep with several objectives."),
]
_ReductionFactor = Annotated[
    int,
    Field(ge=2, description="At each comparison, one in this many runs continues."),
]


class PatienceRule(BaseModel):
    """Stops a run that has not improved for a number of logged values in a row."""

    model_config = _STRICT
    rule: Literal["patience"] = Field(description="The name of the rule.")
    metric: _Metric = None
    patience: Positive = Field(
        description="The number of logged values in a row without improvement after which a run "
        "is stopped."
    )
    min_delta: NonNegative = Field(default=0.0, description="A smaller improvement does not count.")
    warmup: _Warmup = 0
    resource: _ResourceKey = "step"

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
    """Stops a run that is worse than the median of the finished runs."""

    model_config = _STRICT
    rule: Literal["median"] = Field(description="The name of the rule.")
    metric: _Metric = None
    warmup: _Warmup = 0
    min_runs: Positive = Field(
        default=5,
        description="The number of finished runs that must have got as far before a run is "
        "stopped.",
    )
    interval: Positive = Field(
        default=1, description="The progress between two comparisons of a run."
    )
    compare_with: Comparison = Field(
        default="running_average",
        description="What a run is compared with: the average of each finished run's values up to "
        "the same point, or its value at that point.",
    )
    resource: _ResourceKey = "step"

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
    """Stops a run that is not among the best where it is compared (successive halving)."""

    model_config = _STRICT
    rule: Literal["asha"] = Field(description="The name of the rule.")
    metric: MetricName | None = Field(
        default=None,
        description="The objective that the rule uses, in a sweep with several objectives. Without "
        "it the rule uses all of them, by non-domination.",
    )
    min_resource: Positive = Field(
        default=1, description="The progress at which runs are first compared."
    )
    reduction_factor: _ReductionFactor = 3
    max_resource: Positive | None = Field(
        default=None,
        description="The last comparison is before this progress. By default there is no last "
        "comparison.",
    )
    resource: _ResourceKey = "step"
    resume: bool = Field(
        default=False,
        description="Pause runs instead of stopping them. The best ones continue later from a "
        "checkpoint in their run folder.",
    )

    @model_validator(mode="after")
    def _resources_in_order(self) -> "AshaRule":
        _check_order(self.min_resource, self.max_resource)
        return self

    def build(self, metric: str, goal: Goal) -> Rule:
        if self.resume:
            (rule,) = self.build_for_all({metric: goal})
            return rule
        return Asha(
            metric,
            goal,
            min_resource=self.min_resource,
            max_resource=self.max_resource,
            reduction_factor=self.reduction_factor,
            resource=self.resource,
        )

    def build_for_all(self, goals: Mapping[str, Goal]) -> Iterable[Rule]:
        """Return the rule by all objectives at once: one for each, which share what they know."""
        return (PromotionAsha if self.resume else NonDominationAsha)(
            goals,
            min_resource=self.min_resource,
            max_resource=self.max_resource,
            reduction_factor=self.reduction_factor,
            resource=self.resource,
        ).parts


class HyperbandRule(BaseModel):
    """Successive halving in several brackets, which first compare runs at different points."""

    model_config = _STRICT
    rule: Literal["hyperband"] = Field(description="The name of the rule.")
    metric: _Metric = None
    max_resource: Positive = Field(description="The last comparison comes before this point.")
    min_resource: Positive = Field(
        default=1, description="The progress at which runs are first compared."
    )
    reduction_factor: _ReductionFactor = 3
    resource: _ResourceKey = "step"

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


class WandbHyperbandRule(BaseModel):
    """W&B's `early_terminate: hyperband`, which stops the same runs as W&B."""

    model_config = _STRICT
    rule: Literal["wandb_hyperband"] = Field(description="The name of the rule.")
    metric: _Metric = None
    min_iter: Positive | None = Field(
        default=None,
        description="The number of logged values at the first comparison, if max_iter is not "
        "given. Each further comparison is eta times later.",
    )
    max_iter: Positive | None = Field(
        default=None,
        description="Runs are compared after max_iter / eta, max_iter / eta^2, … values.",
    )
    s: Positive | None = Field(
        default=None, description="The number of comparisons, counted back from max_iter."
    )
    eta: Annotated[float, Field(gt=1, description="One in eta runs continues.")] = 3.0
    strict: bool = Field(
        default=True,
        description="Compare the value at the comparison. Otherwise the best value so far.",
    )

    @model_validator(mode="after")
    def _has_brackets(self) -> "WandbHyperbandRule":
        if self.max_iter is None and self.min_iter is None:
            raise ValueError("needs min_iter, or max_iter and s")
        if self.max_iter is not None and self.s is None:
            raise ValueError("max_iter needs s, the number of comparisons")
        if not self.brackets:
            raise ValueError(
                f"max_iter {self.max_iter} is less than eta {self.eta:g}: no run is ever compared"
            )
        return self

    @property
    def brackets(self) -> list[int]:
        """After how many values runs are compared."""
        if self.max_iter is not None and self.s is not None:
            return brackets_up_to(self.max_iter, self.s, self.eta)
        return brackets_from(self.min_iter or 1, self.eta)

    def build(self, metric: str, goal: Goal) -> Rule:
        return WandbHyperband(
            metric, goal, brackets=self.brackets, eta=self.eta, strict=self.strict
        )


class ThresholdRule(BaseModel):
    """Stops a run when a metric is above or below a limit, or is NaN or infinite."""

    model_config = _STRICT
    rule: Literal["threshold"] = Field(description="The name of the rule.")
    metric: MetricName | None = Field(
        default=None, description="The metric. Default: optimization_metric."
    )
    above: float | None = Field(default=None, description="A value above this stops the run.")
    below: float | None = Field(default=None, description="A value below this stops the run.")
    check_finite: bool = Field(default=True, description="Stop the run at NaN and infinite values.")

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
    PatienceRule | MedianRule | AshaRule | HyperbandRule | WandbHyperbandRule | ThresholdRule,
    Field(discriminator="rule"),
]
RULES: dict[str, type[BaseModel]] = {
    "patience": PatienceRule,
    "median": MedianRule,
    "asha": AshaRule,
    "hyperband": HyperbandRule,
    "wandb_hyperband": WandbHyperbandRule,
    "threshold": ThresholdRule,
}


class StoppingSettings(BaseModel):
    """When runs are stopped, and when the sweep ends."""

    model_config = ConfigDict(defer_build=True)

    stopping_rules: Annotated[
        tuple[RuleSettings, ...],
        Allowed(f"a list of objects with a rule ({', '.join(RULES)})"),
    ] = Field(
        default=(),
        strict=False,
        description="Rules that stop runs. The first rule to decide stops the run. early_stopping "
        "adds the rule patience.",
    )
    check_finite: bool = Field(
        default=True,
        description="Stop a run when its optimization_metric is NaN or infinite.",
    )
    target: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="When a run reaches this value of optimization_metric, no new runs start. "
        "Running runs continue to their end.",
    )
    stop_at_target: bool = Field(
        default=False,
        description="Stop the running runs when the target is reached.",
    )
    max_hours: Annotated[AboveZero, Allowed("a number of hours above 0")] | None = Field(
        default=None, description="The sweep ends after this many hours."
    )
    max_runs_without_improvement: Positive | None = Field(
        default=None,
        description="The sweep ends when this many runs in a row have not improved the best value.",
    )
    max_consecutive_failures: Natural | None = Field(
        default=None,
        description="The sweep pauses after this many failed runs in a row. 0 turns this off. "
        "Default: 3 until a run has succeeded, then 10.",
    )


_NEEDED = ("optimization_metric", "optimization_goal")


def stopping_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    """Yield keys that rules need and that are missing."""
    if source.get("objectives") is not None:
        return
    rules = source.get("stopping_rules")
    asking = [key for key in ("target", "max_runs_without_improvement") if key in source]
    if isinstance(rules, list) and any(map(_needs_objective, rules)):
        asking.append("stopping_rules")
    yield from _resume_problems(source, rules)
    for key in _NEEDED if asking and source.get("early_stopping") is not True else ():
        is_reported = key == "optimization_goal" and source.get("optimization_metric") is not None
        if source.get(key) is None and key not in reported and not is_reported:
            yield ConfigProblem(key, f"is missing. {asking[0]} needs it")


def _resume_problems(source: Mapping[str, Any], rules: object) -> Iterable[ConfigProblem]:
    """Yield settings that conflict with runs that pause and continue."""
    given = [
        position
        for position, rule in enumerate(rules if isinstance(rules, list | tuple) else ())
        if isinstance(rule, Mapping) and rule.get("resume") is True
    ]
    for position in given[1:]:
        yield ConfigProblem(f"stopping_rules.{position}.resume", "only one rule can resume runs")
    if given and source.get("repeats") is not None:
        yield ConfigProblem(
            f"stopping_rules.{given[0]}.resume",
            "cannot be combined with repeats, which waits for the end of a combination's first "
            "run. Use confirm to run the best combinations again",
        )


def _needs_objective(rule: object) -> bool:
    return isinstance(rule, Mapping) and not (
        rule.get("rule") == "threshold" and rule.get("metric") is not None
    )
