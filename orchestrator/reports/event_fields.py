"""Types of fields of events, each with its description."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.objective import Goal
from ..store.run_states import RunEndState, RunState

Number = float | Literal["nan", "inf", "-inf"]

IsMet = Annotated[bool, Field(description="for `wait`: whether the condition was met")]
Index = Annotated[int, Field(description="the number of the run in its sweep, from 1")]
RunName = Annotated[str, Field(description="the name of the run's files")]
Attempt = Annotated[int, Field(description="the number of the attempt, from 1")]
SlotNumber = Annotated[
    int | None, Field(description="the place of the run in the worker pool, from 0")
]
EndState = Annotated[RunEndState, Field(description="how the run ended")]
Metric = Annotated[Number | None, Field(description="the best value of the optimization metric")]
BestStep = Annotated[int | None, Field(description="the step of the best value")]
Reason = Annotated[str | None, Field(description="why, in words")]
_FINDS = Field(description="how the engine finds the run: `executor`, `id`, `label`")
Ref = Annotated[dict[str, str], _FINDS]
RefOrNone = Annotated[dict[str, str] | None, _FINDS]
CombinationField = Annotated[dict[str, Any], Field(description="the hyperparameters, by name")]
MetricName = Annotated[str | None, Field(description="the optimization metric")]
GoalField = Annotated[Goal | None, Field(description="whether to maximise or minimise the metric")]
NWorkers = Annotated[int, Field(description="how many runs at once")]
SweepName = Annotated[str, Field(description="the name of the sweep")]
Folder = Annotated[str, Field(description="its absolute path")]
WarningKind = Annotated[str, Field(description="names the warning, so that it can be withdrawn")]

Values = Annotated[
    dict[str, float],
    Field(description="the value of each of several objectives, and of each metric of `where`"),
]


class BestRun(TypedDict):
    """The run with the best value."""

    index: Index
    name: Annotated[str | None, Field(description="the name of the run's files")]
    state: Annotated[RunState, Field(description="the state of the run")]
    best_value: Metric
    best_step: BestStep
    hyperparameters: CombinationField
