"""Types of fields of events, each with its description."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.run_states import RunState

Number = float | Literal["nan", "inf", "-inf"]

Index = Annotated[int, Field(description="the number of the run in its sweep, from 1")]
Metric = Annotated[Number | None, Field(description="the best value of the optimization metric")]
BestStep = Annotated[int | None, Field(description="the step of the best value")]
Reason = Annotated[str | None, Field(description="why, in words")]
Ref = Annotated[
    dict[str, str], Field(description="how the engine finds the run: `executor`, `id`, `label`")
]
CombinationField = Annotated[dict[str, Any], Field(description="the hyperparameters, by name")]


Values = Annotated[
    dict[str, float],
    Field(description="the value of each of several objectives, and of each metric of `where`"),
]


class BestRun(TypedDict):
    """The run with the best value."""

    index: Index
    name: str | None
    state: RunState
    best_value: Metric
    best_step: BestStep
    hyperparameters: CombinationField
