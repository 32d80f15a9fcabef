"""The keys of `experiment_cfg.json` that say how the search space is searched."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

SamplerName = Literal["random", "grid", "sobol", "tpe", "gp", "cma_es"]
SAMPLERS: tuple[SamplerName, ...] = ("random", "grid", "sobol", "tpe", "gp", "cma_es")
LEARNING: frozenset[str] = frozenset(("tpe", "gp", "cma_es"))
_Text = Annotated[str, Field(min_length=1)]


class Repeats(BaseModel):
    """Several runs of each combination, with different seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    count: Annotated[int, Field(ge=1)] = Field(description="How many runs of each combination.")
    seed_name: _Text = Field(
        description="The hyperparameter that tells the script which repeat it is: 1, 2, …"
    )


class SearchSettings(BaseModel):
    """How the search space is searched."""

    model_config = ConfigDict(defer_build=True)

    sampler: SamplerName = Field(
        default="random",
        description="random; grid: every combination in turn; sobol: evenly spread (extra sobol); "
        "tpe, gp and cma_es learn from the runs before (extra optuna; gp needs torch too).",
    )
    constraints: list[_Text] = Field(
        default=[],
        description="Expressions that every combination must meet, such as "
        '"batch_size * accumulation <= 512".',
    )
    first_runs: list[Annotated[dict[str, JsonValue], Field(min_length=1)]] = Field(
        default=[],
        description="Combinations to begin with; what one leaves out is drawn by chance.",
    )
    warm_start: list[_Text] = Field(
        default=[],
        description="Folders of earlier sweeps whose runs the sampler learns from, relative to "
        "the folder of this file.",
    )
    repeats: Repeats | None = Field(
        default=None,
        description="Several runs of each combination with different seeds; samplers see the "
        "mean, and combinations whose first run fails or is stopped early are not repeated.",
    )


ALLOWED: dict[str, str] = {
    "sampler": f"one of {', '.join(SAMPLERS)}",
    "constraints": "a list of expressions",
    "first_runs": "a list of objects, each with values of hyperparameters",
    "warm_start": "a list of folders of earlier sweeps",
    "repeats": 'an object such as {"count": 3, "seed_name": "seed"}',
    "repeats.count": "a whole number, 1 or more",
    "repeats.seed_name": "the name under which the script takes its seed",
}
