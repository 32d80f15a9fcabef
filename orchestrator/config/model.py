"""The keys of `experiment_cfg.json`: a typed, immutable configuration."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from ..commands.settings import RunSettings
from ..executors.registry import engine_settings
from ..search.groups import without_groups
from ..search.plan import SearchPlan
from ..search.settings import SearchSettings
from ..search.space import SearchSpace
from ..setting_types import Allowed, MetricName, Natural, Positive, Text
from ..stopping.settings import StoppingSettings
from ..store.objective import Goal
from ..store.outcomes.aims import Aims, aims_of


def _add_engines(schema: dict[str, Any]) -> None:
    """Add the keys of this package's engines, by their type."""
    kinds = [_kind_schema(name, model) for name, model in engine_settings().items()]
    schema.update(required=["type"], allOf=kinds)


def _kind_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    keys = model.model_json_schema()["properties"]
    return {
        "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
        "then": {"properties": {"type": {"const": name}, **keys}, "additionalProperties": False},
    }


NEEDED_FOR_EARLY_STOPPING = (
    "early_stopping_patience",
    "optimization_metric",
    "optimization_goal",
)


class SweepConfig(SearchSettings, StoppingSettings, RunSettings):
    """A sweep, as `experiment_cfg.json` describes it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        title="experiment_cfg.json of ML Tracking Ops",
        json_schema_extra={
            "if": {
                "properties": {"early_stopping": {"const": True}},
                "required": ["early_stopping"],
            },
            "then": {"required": list(NEEDED_FOR_EARLY_STOPPING)},
            "dependentRequired": {"optimization_metric": ["optimization_goal"]},
        },
    )

    main_script_name: Annotated[Text, Allowed("the file name of a training script")] = Field(
        description="The training script, relative to the folder of this file."
    )
    hyperparameters: Annotated[
        SearchSpace,
        Field(min_length=1),
        Allowed("an object of hyperparameters, each with a type"),
    ] = Field(description="What to search. Each name is passed to the script as `--name=value`.")
    max_runs: Positive = Field(description="The maximum number of runs.")
    early_stopping: bool = Field(description="Stop runs that no longer improve.")
    early_stopping_patience: Positive | None = Field(
        default=None,
        description="The number of logged values in a row without improvement after which a run "
        "is stopped.",
    )
    optimization_metric: MetricName | None = Field(
        default=None, description="The metric to optimise, as the script logs it."
    )
    optimization_goal: Goal | None = Field(
        default=None, description="Whether to maximise or minimise the metric."
    )
    groups: Annotated[tuple[Text, ...], Allowed("a list of names of groups")] = Field(
        default=(),
        strict=False,
        description="Names of groups. With `optimizer` in this list, `${args_json}` contains the "
        "hyperparameter optimizer.lr as `lr` in the object `optimizer`. "
        "Hyperparameters of the type `group` are added automatically.",
    )
    executor: Annotated[
        dict[str, JsonValue],
        Allowed('an object with the type of an engine, for example {"type": "local"}'),
    ] = Field(
        default={"type": "local"},
        description="The engine that starts and stops runs: `local` (this machine), `slurm` or "
        "`ray`. Installed packages can add engines. The keys of the engine are beside "
        "`type`.",
        json_schema_extra=_add_engines,
    )
    seed: Natural | None = Field(
        default=None,
        description="Determines every combination. If it is not given, a seed is drawn and "
        "recorded.",
    )
    notify: Annotated[list[Text], Allowed("a list of addresses")] = Field(
        default=[],
        description="Addresses for messages about the sweep, in the form of Apprise, such as "
        "`ntfy://topic` or `mailto://user:password@example.org`. `${envvar:NAME}` is "
        "replaced. Addresses are secret and are not written into the sweep's folder.",
    )
    schema_: str | None = Field(
        default=None,
        alias="$schema",
        description="Used by editors. The sweep ignores it.",
        exclude=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_groups(cls, given: Any) -> Any:
        return without_groups(given).source if isinstance(given, Mapping) else given

    @property
    def most_runs(self) -> int:
        """The largest number of runs, those that confirm the leaders included."""
        return self.max_runs + (0 if self.confirm is None else self.confirm.most_runs)

    @property
    def aims(self) -> Aims:
        """The objectives and the constraints on outcomes, if there are several or any."""
        objectives = [one.model_dump() for one in self.objectives or ()]
        return aims_of({"objectives": objectives, "where": list(self.where)})

    @property
    def search_plan(self) -> SearchPlan:
        """What a sampler and the first runs need from the configuration."""
        return SearchPlan(
            hyperparameters=self.hyperparameters,
            constraints=tuple(self.constraints),
            sampler=self.sampler,
            goal=self.optimization_goal or "min",
            max_runs=self.max_runs,
            first_runs=tuple(self.first_runs),
            repeats=self.repeats,
            rules=tuple(rule.rule for rule in self.stopping_rules),
            has_metric=self.optimization_metric is not None or self.objectives is not None,
            aims=self.aims,
        )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `experiment_cfg.json`, for editors."""
    schema = SweepConfig.model_json_schema(by_alias=True)
    inside = schema["$defs"]["Group"]["properties"]["parameters"]
    inside["additionalProperties"] = {"$ref": "#/properties/hyperparameters/additionalProperties"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
