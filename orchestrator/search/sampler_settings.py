"""The samplers that a configuration can name, each with its settings.

Settings that learn have the names and the meaning of Optuna's, whose documentation says more; what
is not given is what Optuna's own sampler has by default.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ..setting_types import Natural, Positive

SamplerName = Literal["random", "grid", "sobol", "tpe", "gp", "cma_es", "auto"]
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
_Startup = Annotated[
    Natural | None, Field(description="How many runs are drawn at random before it learns.")
]


class RandomSampling(BaseModel):
    """Independent random combinations."""

    model_config = _STRICT
    type: Literal["random"]


class GridSampling(BaseModel):
    """Every combination in turn."""

    model_config = _STRICT
    type: Literal["grid"]


class SobolSampling(BaseModel):
    """A scrambled Sobol' sequence."""

    model_config = _STRICT
    type: Literal["sobol"]


class TpeSampling(BaseModel):
    """Optuna's tree-structured Parzen estimator."""

    model_config = _STRICT
    type: Literal["tpe"]
    n_startup_trials: _Startup = None
    n_ei_candidates: Positive | None = Field(
        default=None, description="How many candidates it draws for each decision."
    )
    multivariate: bool | None = Field(
        default=None, description="Whether it models hyperparameters together."
    )
    group: bool | None = Field(
        default=None,
        description="With multivariate: whether it models those together that occur together, "
        "for conditional hyperparameters.",
    )
    constant_liar: bool | None = Field(
        default=None, description="Whether it keeps away from what runs at the moment."
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
        default=None, description="Whether the same combination always has the same value."
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
        default=None, description="Whether it treats hyperparameters as independent."
    )
    with_margin: bool | None = Field(
        default=None, description="Whether it keeps whole numbers from settling too early."
    )
    lr_adapt: bool | None = Field(
        default=None, description="Whether it adapts its learning rate, for noisy values."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "CmaEsSampling":
        if sum(map(bool, (self.use_separable_cma, self.with_margin, self.lr_adapt))) > 1:
            raise ValueError("of use_separable_cma, with_margin and lr_adapt only one can be true")
        return self


class AutoSampling(BaseModel):
    """Picks one of the others by the search space, the number of runs, the workers and the rules.

    The journal says which one, and why.
    """

    model_config = _STRICT
    type: Literal["auto"]


class _OrItsName:
    """A sampler may be given by its name alone."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_with_type, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"enum": list(get_args(SamplerName))}, handler(schema)]}


def _with_type(given: object) -> object:
    return {"type": given} if isinstance(given, str) else given


SamplerSettings = Annotated[
    Annotated[
        RandomSampling
        | GridSampling
        | SobolSampling
        | TpeSampling
        | GpSampling
        | CmaEsSampling
        | AutoSampling,
        Field(discriminator="type"),
    ],
    _OrItsName(),
]
"""A sampler, by its name or with its settings."""


def sampler_named(name: SamplerName) -> "AnySampling":
    """A sampler with its default settings."""
    return _BY_NAME[name].model_validate({"type": name})


def given_settings(sampler: "AnySampling") -> dict[str, Any]:
    """What was set, by the names that Optuna has for it."""
    return sampler.model_dump(exclude={"type"}, exclude_none=True)


AnySampling = (
    RandomSampling
    | GridSampling
    | SobolSampling
    | TpeSampling
    | GpSampling
    | CmaEsSampling
    | AutoSampling
)
_BY_NAME: dict[str, type[AnySampling]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(AnySampling)
}
