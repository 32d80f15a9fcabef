"""The events of a sweep that `--json` prints and that its journal does not hold."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.run_states import RunState, SweepState
from .event_fields import (
    BestRun,
    BestStep,
    CombinationField,
    Folder,
    GoalField,
    Index,
    IsMet,
    Metric,
    MetricName,
    Reason,
    SweepName,
)


class OpenedEvent(TypedDict):
    """The first line of `sweep --json` and `attach --json`: which sweep it is."""

    event: Literal["sweep"]
    name: SweepName
    folder: Folder
    n_runs: Annotated[int, Field(description="how many runs at most")]
    n_workers: Annotated[int | None, Field(description="how many runs at once")]
    seed: Annotated[int | None, Field(description="what determines all combinations")]
    metric: MetricName
    goal: GoalField
    pid: Annotated[int | None, Field(description="the process of its orchestrator")]


class PlannedEvent(TypedDict):
    """A run that `sweep --dry-run --json` would start."""

    event: Literal["planned"]
    index: Index
    hyperparameters: CombinationField
    command: Annotated[list[str], Field(description="the command that starts it")]


class ImprovedEvent(TypedDict):
    """A running run has logged a better value. It is not in the journal."""

    event: Literal["improved"]
    index: Index
    best_value: Metric
    best_step: BestStep
    n_values: Annotated[int, Field(description="how many values of that metric were logged so far")]


class TroubleEvent(TypedDict):
    """The journal cannot be written at the moment. This event is not in the journal."""

    event: Literal["trouble"]
    message: Annotated[str, Field(description="why not, in words")]


class SummaryEvent(TypedDict):
    """The last line of `sweep --json`, `attach --json` and `wait --json`."""

    event: Literal["summary"]
    name: SweepName
    folder: Folder
    state: Annotated[SweepState, Field(description="the state of the sweep")]
    reason: Reason
    is_paused: Annotated[bool, Field(description="whether it is running but starts no runs")]
    counts: Annotated[dict[RunState, int], Field(description="how many runs are in each state")]
    metric: MetricName
    goal: GoalField
    best: Annotated[BestRun | None, Field(description="the best run so far")]
    objectives: Annotated[list[str], Field(description="the objectives, if there are several")]
    front: Annotated[list[str], Field(description="the runs on the Pareto front")]
    is_met: NotRequired[IsMet]
    exit_code: Annotated[int, Field(description="of the command that prints it")]
