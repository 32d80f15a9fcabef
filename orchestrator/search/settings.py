"""The keys of `experiment_cfg.json` for the search."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    TypeAdapter,
    ValidationError,
)

from ..setting_types import Allowed, MetricName, Positive, Text
from ..store.objective import Goal
from ..store.outcomes.aims import Take
from .addresses import shown_address
from .sampler_settings import RandomSampling, SamplerSettings
from .samplers.descriptions import describe_samplers


class Repeats(BaseModel):
    """Several runs of each combination, with different seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    count: Positive = Field(description="The number of runs of each combination.")
    seed_name: Annotated[Text, Allowed("the name under which the script takes its seed")] = Field(
        description="The hyperparameter that passes the number of the repeat to the script: 1, 2, …"
    )


_Several = Annotated[int, Field(ge=2)]


class Confirm(BaseModel):
    """The leaders of a search run again with new seeds, to see which one is really best."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    top: _Several = Field(default=5, description="The number of best combinations that run again.")
    seeds: _Several = Field(
        default=5,
        description="The number of new seeds for each combination. Combinations that can no "
        "longer win are dropped earlier.",
    )
    seed_name: Annotated[Text, Allowed("the name under which the script takes its seed")] = Field(
        default="seed",
        description="The hyperparameter that passes the seed to the script: 1001, 1002, …",
    )

    @property
    def most_runs(self) -> int:
        """The number of runs if no leader is dropped."""
        return self.top * self.seeds


class OptunaStorage(BaseModel):
    """An Optuna study, whose trials the sampler learns from."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    optuna: Text = Field(
        description="Its storage: an address such as `sqlite:///study.db`, or the file of a "
        "journal storage."
    )
    study: Text | None = Field(
        default=None, description="The name of the study, if the storage has several."
    )


_EARLIER = 'the folder of an earlier sweep, or an object such as {"optuna": "study.db"}'


def _earlier(given: object) -> str | OptunaStorage:
    """Return an entry of `warm_start`. Reports one mistake for any kind."""
    try:
        if isinstance(given, Mapping):
            return OptunaStorage.model_validate(given)
        return _TEXT.validate_python(given)
    except ValidationError as error:
        keys = ", ".join(str(one["loc"][0]) for one in error.errors() if one["loc"])
        at = f" ({keys})" if keys else ""
        raise ValueError(f"must be {_EARLIER}{at}, got {_without_passwords(given)!r}") from None


def _without_passwords(given: object) -> object:
    if isinstance(given, Mapping):
        return {key: _without_passwords(one) for key, one in given.items()}
    return shown_address(given) if isinstance(given, str) else given


_TEXT: TypeAdapter[str] = TypeAdapter(Text, config=ConfigDict(strict=True))
_Earlier = Annotated[
    str | OptunaStorage, PlainValidator(_earlier, json_schema_input_type=Text | OptunaStorage)
]


class ObjectiveSettings(BaseModel):
    """One of several metrics that are optimised at once."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )
    metric: MetricName = Field(description="The metric, as the script logs it.")
    goal: Goal = Field(description="Whether to maximise or minimise it.")
    take: Take = Field(
        default="last",
        description="Which value of a run counts: the last one that it logged, or its best one. "
        "The last values of all metrics belong to the same state of the model.",
    )
    reference: float | None = Field(
        default=None,
        description="The reference point of the hypervolume in this objective. Default: the worst "
        "result.",
    )


_Objective = Annotated[
    ObjectiveSettings, Allowed('an object such as {"metric": "accuracy", "goal": "max"}')
]
_FirstRun = Annotated[dict[str, JsonValue], Field(min_length=1)]


class SearchSettings(BaseModel):
    """How the search space is searched."""

    model_config = ConfigDict(defer_build=True)

    sampler: Annotated[
        SamplerSettings,
        Allowed(
            "the name of a sampler or an object with its settings, such as "
            '"tpe" or {"type": "tpe", "n_startup_trials": 20}'
        ),
    ] = Field(
        default=RandomSampling(type="random"),
        description=f"Chooses the combinations. {describe_samplers()}",
    )
    objectives: (
        Annotated[
            list[_Objective],
            Field(min_length=2, max_length=8),
            Allowed('a list of 2 to 8 objects such as {"metric": "accuracy", "goal": "max"}'),
        ]
        | None
    ) = Field(
        default=None,
        description="Several metrics to optimise at once, in place of optimization_metric. The "
        "sweep then has no best run but a Pareto front: the runs that no other run "
        "dominates.",
    )
    where: Annotated[list[Text], Allowed("a list of expressions over metrics")] = Field(
        default=[],
        description='Expressions over metrics that a result must meet, such as "memory_gb <= 24". '
        "They use the last value that a run logged. A run that violates one is never "
        "the best run and never on the front. Samplers learn from violations.",
    )
    constraints: Annotated[list[Text], Allowed("a list of expressions")] = Field(
        default=[],
        description="Expressions that every combination must meet, such as "
        '"batch_size * accumulation <= 512".',
    )
    first_runs: Annotated[
        list[_FirstRun], Allowed("a list of objects, each with values of hyperparameters")
    ] = Field(
        default=[],
        description="Combinations to run first. Hyperparameters that one leaves out are drawn at "
        "random.",
    )
    warm_start: Annotated[
        list[_Earlier],
        Allowed(
            'a list of folders of earlier sweeps, or of objects such as {"optuna": "study.db"}'
        ),
    ] = Field(
        default=[],
        description="Folders of earlier sweeps (relative to the folder of this file) and Optuna "
        "studies. The sampler learns from their runs.",
    )
    repeats: (
        Annotated[Repeats, Allowed('an object such as {"count": 3, "seed_name": "seed"}')] | None
    ) = Field(
        default=None,
        description="Several runs of each combination with different seeds. Samplers get the "
        "mean. A combination whose first run fails or is stopped early is not "
        "repeated.",
    )
    confirm: (
        Annotated[Confirm, Allowed('an object such as {"top": 5, "seeds": 5, "seed_name": "seed"}')]
        | None
    ) = Field(
        default=None,
        description="After the search, the best combinations run again with new seeds, and a "
        "verdict says which one won. These runs do not count for max_runs.",
    )
