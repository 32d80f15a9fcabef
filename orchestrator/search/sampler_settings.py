"""The samplers that a configuration can name, each with its settings.

Settings of samplers that learn have the names and the meaning of Optuna's, whose documentation has
more details. Defaults are those of Optuna's own samplers.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ..errors import UsageError
from ..setting_types import Natural, Positive, Text
from .plugins import find_plugin, plugin_names

SamplerName = Literal["random", "grid", "sobol", "tpe", "gp", "bayes", "cma_es", "nsga2", "auto"]
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
_Startup = Annotated[
    Natural | None,
    Field(description="The number of runs that are drawn at random before the sampler learns."),
]


_Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, Field(description="A probability.")]


class RandomSampling(BaseModel):
    """Independent random combinations."""

    model_config = _STRICT
    type: Literal["random"]


class GridSampling(BaseModel):
    """Every combination, one after the other."""

    model_config = _STRICT
    type: Literal["grid"]


class SobolSampling(BaseModel):
    """A scrambled Sobol' sequence."""

    model_config = _STRICT
    type: Literal["sobol"]


class TpeSampling(BaseModel):
    """Optuna's tree-structured Parzen estimator. Under a rule that compares runs see Search."""

    model_config = _STRICT
    type: Literal["tpe"]
    n_startup_trials: _Startup = None
    n_ei_candidates: Positive | None = Field(
        default=None, description="The number of candidates for each decision."
    )
    multivariate: bool | None = Field(
        default=None, description="Model the hyperparameters jointly."
    )
    group: bool | None = Field(
        default=None,
        description="With multivariate: model conditional hyperparameters jointly if they occur "
        "together.",
    )
    constant_liar: bool | None = Field(
        default=None, description="Avoid combinations that are close to running ones."
    )

    @model_validator(mode="after")
    def _group_is_of_several(self) -> "TpeSampling":
        if self.group and not self.multivariate:
            raise ValueError("group needs multivariate: true")
        return self


class GpSampling(BaseModel):
    """Optuna's Gaussian process."""

    model_config = _STRICT
    type: Literal["gp"]
    n_startup_trials: _Startup = None
    deterministic_objective: bool | None = Field(
        default=None, description="Assume that the same combination always gives the same value."
    )


class BayesSampling(BaseModel):
    """A Gaussian process that also learns from runs that a rule stopped, and needs no library."""

    model_config = _STRICT
    type: Literal["bayes"]
    n_startup_trials: _Startup = None
    deterministic_objective: bool | None = Field(
        default=None,
        description="Assume that the same combination always gives the same value.",
    )


class CmaEsSampling(BaseModel):
    """Optuna's CMA-ES."""

    model_config = _STRICT
    type: Literal["cma_es"]
    n_startup_trials: _Startup = None
    popsize: Annotated[int, Field(ge=4)] | None = Field(
        default=None, description="The size of a generation."
    )
    use_separable_cma: bool | None = Field(
        default=None, description="Treat hyperparameters as independent."
    )
    with_margin: bool | None = Field(
        default=None, description="Keep whole numbers from converging too early."
    )
    lr_adapt: bool | None = Field(
        default=None, description="Adapt the learning rate, for noisy values."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "CmaEsSampling":
        if sum(map(bool, (self.use_separable_cma, self.with_margin, self.lr_adapt))) > 1:
            raise ValueError("of use_separable_cma, with_margin and lr_adapt only one can be true")
        return self


class Nsga2Sampling(BaseModel):
    """Optuna's NSGA-II, a genetic algorithm for several objectives."""

    model_config = _STRICT
    type: Literal["nsga2"]
    population_size: Annotated[int, Field(ge=2)] | None = Field(
        default=None,
        description="The number of runs in a generation. Default: 50. The first generation is "
        "drawn at random.",
    )
    mutation_prob: _Share = None
    crossover_prob: _Share = None
    swapping_prob: _Share = None


class OptunaHubSampling(BaseModel):
    """Any sampler of OptunaHub, loaded by Optuna's package optunahub."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, defer_build=True, populate_by_name=True
    )
    type: Literal["optunahub"]
    package: Text = Field(
        description="The package, as hub.optuna.org names it: `samplers/simulated_annealing`."
    )
    class_name: Text | None = Field(
        default=None,
        alias="class",
        description="The class of the sampler, if the package has several.",
    )
    registry: Text | None = Field(
        default=None,
        description="A folder with packages in OptunaHub's layout, or a clone of its registry, "
        "relative to the folder of this file. By default packages are downloaded and "
        "kept.",
    )
    ref: Text | None = Field(
        default=None,
        description="The commit, tag or branch of OptunaHub's registry. Default: main.",
    )
    settings: dict[str, JsonValue] = Field(
        default={}, description="Arguments of the class. The sweep's seed is added."
    )

    @model_validator(mode="after")
    def _ref_is_of_the_network(self) -> "OptunaHubSampling":
        if self.registry is not None and self.ref is not None:
            raise ValueError("ref belongs to the online registry. Keep either ref or registry")
        return self


class OtherSampling(BaseModel):
    """A sampler of another installed package, with the keys beside its type."""

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True)
    type: str
    keys: dict[str, JsonValue] = {}


class AutoSampling(BaseModel):
    """Picks a sampler by the search space, the number of runs, the workers and the rules.

    The journal records which one, and why.
    """

    model_config = _STRICT
    type: Literal["auto"]


class _OrItsName:
    """A sampler may be given by its name alone, and may be that of another package."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_validated, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        names = [*get_args(SamplerName), "optunahub"]
        other = {"type": "string", "not": {"enum": names}}
        plugin = {"type": "object", "properties": {"type": other}, "required": ["type"]}
        return {"anyOf": [{"enum": list(get_args(SamplerName))}, handler(schema), plugin]}


def _validated(given: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    settings = {"type": given} if isinstance(given, str) else given
    name = settings.get("type") if isinstance(settings, dict) else None
    if isinstance(name, str) and name not in _NAMES and name in plugin_names():
        return _of_plugin(name, {key: one for key, one in settings.items() if key != "type"})
    return handler(settings)


def _of_plugin(name: str, keys: dict[str, JsonValue]) -> OtherSampling:
    """Check the settings with the sampler's package."""
    try:
        plugin = find_plugin(name)
    except UsageError as error:
        raise ValueError(str(error)) from None
    problems = [] if plugin is None else [f"{key} {text}" for key, text in plugin.problems(keys)]
    if problems:
        raise ValueError("; ".join(problems))
    return OtherSampling(type=name, keys=keys)


_NAMES = frozenset((*get_args(SamplerName), "optunahub"))


SamplerSettings = Annotated[
    Annotated[
        RandomSampling
        | GridSampling
        | SobolSampling
        | TpeSampling
        | GpSampling
        | BayesSampling
        | CmaEsSampling
        | Nsga2Sampling
        | OptunaHubSampling
        | AutoSampling,
        Field(discriminator="type"),
    ],
    _OrItsName(),
]
"""A sampler, by its name or with its settings."""


def sampler_named(name: SamplerName) -> "AnySampling":
    """Return a sampler with its default settings."""
    return _BY_NAME[name].model_validate({"type": name})


def given_settings(sampler: "AnySampling") -> dict[str, Any]:
    """Return the settings that were set, under Optuna's names."""
    return sampler.model_dump(exclude={"type"}, exclude_none=True)


AnySampling = (
    RandomSampling
    | GridSampling
    | SobolSampling
    | TpeSampling
    | GpSampling
    | BayesSampling
    | CmaEsSampling
    | Nsga2Sampling
    | OptunaHubSampling
    | OtherSampling
    | AutoSampling
)
_BY_NAME: dict[str, type[AnySampling]] = {
    name: kind
    for kind in get_args(AnySampling)
    for name in get_args(kind.model_fields["type"].annotation)
}
