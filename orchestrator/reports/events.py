"""The events of a sweep, as its journal holds them and as `sweep --json` prints them.

One class for each event. Its docstring says what happened, and its fields give the details.
The JSON Schema and the reference page are made from them. The shapes are stable: fields and events
are added, never renamed, so a reader ignores what it does not know. Times are seconds since the
epoch. Numbers that JSON cannot represent are the strings `"nan"`, `"inf"` and `"-inf"`.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.objective import Goal
from ..store.run_states import RunState, SweepState
from .event_fields import (
    BestRun,
    BestStep,
    CombinationField,
    Index,
    Metric,
    Number,
    Reason,
    Ref,
    Values,
)


class TimedEvent(TypedDict):
    """What every event of the journal has."""

    time: Annotated[float, Field(description="when it happened")]


class SweepStartedEvent(TimedEvent):
    """An orchestrator has begun to work on the sweep. Each resume writes it again."""

    event: Literal["sweep_started"]
    n_workers: Annotated[int, Field(description="how many runs at once")]
    max_runs: Annotated[int, Field(description="how many runs at most")]
    pid: Annotated[int, Field(description="the process number of the orchestrator")]
    process_identity: Annotated[
        str | None, Field(description="identifies the process, because numbers are reused")
    ]
    host: Annotated[str, Field(description="the name of its machine")]
    file: Annotated[
        str | None, Field(description="device and inode of the journal, to recognise copies")
    ]


class KnownEvent(TimedEvent):
    """A run of an earlier sweep or study that `warm_start` gives to the sampler."""

    event: Literal["known"]
    hyperparameters: CombinationField
    state: RunState
    best_value: Metric
    sweep: Annotated[str, Field(description="the folder name of the earlier sweep")]
    stopped_by: NotRequired[Annotated[str, Field(description="the rule that stopped the run")]]
    values: NotRequired[Values]


class SampledEvent(TimedEvent):
    """The hyperparameters of a run have been chosen."""

    event: Literal["sampled"]
    index: Index
    hyperparameters: CombinationField
    combination: NotRequired[
        Annotated[int, Field(description="the combination that the run repeats")]
    ]
    repeat: NotRequired[Annotated[int, Field(description="the number of the repeat, from 1")]]
    n_known: NotRequired[Annotated[int, Field(description="how many ended runs the sampler knew")]]
    confirms: NotRequired[
        Annotated[bool, Field(description="whether it repeats a leader of the search")]
    ]


class SamplerPickedEvent(TimedEvent):
    """What `auto`, or `tpe` under a rule that compares runs, stands for. A resume uses it too."""

    event: Literal["sampler_picked"]
    sampler: Annotated[str, Field(description="the name of the sampler")]
    reason: Annotated[str, Field(description="why, in words")]


class ConfirmingEvent(TimedEvent):
    """The search is over, and its leaders run again with new seeds."""

    event: Literal["confirming"]
    combinations: Annotated[list[int], Field(description="the leaders, the best first")]
    n_runs: Annotated[int, Field(description="how many runs the search had")]


class DroppedEvent(TimedEvent):
    """A leader is out of the race."""

    event: Literal["dropped"]
    combination: int
    repeat: Annotated[int, Field(description="after which seed, from 1")]
    reason: Annotated[str, Field(description="why, in words")]


class SubmittingEvent(TimedEvent):
    """A run is about to be submitted to an engine with a queue."""

    event: Literal["submitting"]
    index: Index
    name: Annotated[str, Field(description="the name of the run's files")]
    attempt: int
    slot: int | None


class SubmittedEvent(TimedEvent):
    """The engine has accepted the run into its queue."""

    event: Literal["submitted"]
    index: Index
    ref: Ref


class NotSubmittedEvent(TimedEvent):
    """The engine did not accept the run, or other sweeps hold what it needs. It is tried again."""

    event: Literal["not_submitted"]
    index: Index
    reason: Reason


class QueuedEvent(TimedEvent):
    """The reason why a run waits in the queue of its engine has changed."""

    event: Literal["queued"]
    index: Index
    reason: Reason


class StartedEvent(TimedEvent):
    """The process of a run has started."""

    event: Literal["started"]
    index: Index
    name: Annotated[str, Field(description="the name of the run's files")]
    attempt: Annotated[int, Field(description="the number of the attempt, from 1")]
    slot: int | None
    ref: NotRequired[Ref | None]
    node: NotRequired[Annotated[str | None, Field(description="the machine that runs it")]]
    gpus: NotRequired[Annotated[list[str], Field(description="the GPUs that it may use")]]


class SuspendedEvent(TimedEvent):
    """The engine has suspended a run. Its time limits are suspended too."""

    event: Literal["suspended"]
    index: Index


class ContinuedEvent(TimedEvent):
    """A suspended run continues."""

    event: Literal["continued"]
    index: Index


class AdoptedEvent(TimedEvent):
    """A resumed sweep has found a run that outlived the earlier orchestrator."""

    event: Literal["adopted"]
    index: Index
    name: str
    ref: Ref


class DecisionEvent(TimedEvent):
    """What a stopping rule saw, and what it compared that with."""

    rule: str
    metric: str | None
    step: int | None
    value: Number | None
    threshold: Number | None
    reason: Reason


class StoppedEarlyEvent(DecisionEvent):
    """A stopping rule has decided to stop a run."""

    event: Literal["stopped_early"]
    index: Index


class PausingEvent(DecisionEvent):
    """The rule `asha` with `resume` has decided to pause a run."""

    event: Literal["pausing"]
    index: Index


class ReachedEvent(TimedEvent):
    """A run has reached a rung, where the rule `asha` with `resume` compares runs."""

    event: Literal["reached"]
    index: Index
    rung: Annotated[int, Field(description="the progress at which runs are compared")]
    value: Number
    continues: Annotated[bool, Field(description="whether it continues without a pause")]


class PromotedEvent(TimedEvent):
    """A paused run is to continue from its checkpoint."""

    event: Literal["promoted"]
    index: Index
    rung: Annotated[int, Field(description="where it paused")]
    attempt: Annotated[int, Field(description="the attempt that continues it")]


class StoppingEvent(DecisionEvent):
    """A limit of the whole sweep is reached, so it ends."""

    event: Literal["stopping"]


class EndedEvent(TimedEvent):
    """A run has ended."""

    event: Literal["ended"]
    index: Index
    state: RunState
    exit_code: NotRequired[
        Annotated[int | None, Field(description="negative if a signal ended the process")]
    ]
    cause: Annotated[str | None, Field(description="how the process ended, in one word")]
    duration_s: Annotated[float, Field(description="how long the process ran")]
    best_value: NotRequired[Metric]
    best_step: NotRequired[BestStep]
    n_values: NotRequired[
        Annotated[int, Field(description="how many values of that metric were logged")]
    ]
    values: NotRequired[Values]
    curve: NotRequired[
        Annotated[
            list[list[float]],
            Field(
                description="with a rule that compares runs: progress, and the best value up to "
                "there, at each milestone and at the end"
            ),
        ]
    ]
    reason: NotRequired[Reason]
    output_tail: NotRequired[
        Annotated[list[str], Field(description="the last lines of its output, if it failed")]
    ]
    will_retry: NotRequired[Annotated[bool, Field(description="it is tried again")]]


class RetryingEvent(TimedEvent):
    """A run that failed is tried again after a delay."""

    event: Literal["retrying"]
    index: Index
    attempt: int
    delay_s: float


class FailingEvent(TimedEvent):
    """Too many runs failed in a row, so no more start."""

    event: Literal["failing"]
    indices: Annotated[list[int], Field(description="the runs that failed")]
    reason: Reason


class RequestedEvent(TimedEvent):
    """A user made a request, and this is its outcome."""

    event: Literal["requested"]
    id: str
    action: NotRequired[Literal["stop", "pause", "continue", "requeue", "workers"]]
    by: NotRequired[Annotated[str, Field(description="who asked, such as `mia@box`")]]
    asked_at: NotRequired[float]
    index: NotRequired[Index]
    n_workers: NotRequired[int]
    outcome: Literal["done", "refused"]
    message: str
    reason: NotRequired[Reason]
    attempt: NotRequired[Annotated[int, Field(description="for a requeue: the next attempt")]]
    taken_back: NotRequired[Annotated[bool, Field(description="a stop took back a requeue")]]


class WarnedEvent(TimedEvent):
    """Something that the user should know. A warning with a `kind` can be withdrawn later."""

    event: Literal["warning"]
    message: str
    kind: NotRequired[str]


class WarningOverEvent(TimedEvent):
    """The warning of this kind no longer applies."""

    event: Literal["warning_over"]
    kind: str
    message: str


class SweepEndedEvent(TimedEvent):
    """The orchestrator has finished its work on the sweep."""

    event: Literal["sweep_ended"]
    state: SweepState
    reason: NotRequired[Reason]


class OpenedEvent(TypedDict):
    """The first line of `sweep --json` and `attach --json`: which sweep it is."""

    event: Literal["sweep"]
    name: str
    folder: Annotated[str, Field(description="its absolute path")]
    n_runs: Annotated[int, Field(description="how many runs at most")]
    n_workers: int | None
    seed: int | None
    metric: Annotated[str | None, Field(description="the optimization metric")]
    goal: Goal | None
    pid: Annotated[int | None, Field(description="the process of its orchestrator")]


class PlannedEvent(TypedDict):
    """A run that `sweep --dry-run --json` would start."""

    event: Literal["planned"]
    index: Index
    hyperparameters: CombinationField
    command: list[str]


class ImprovedEvent(TypedDict):
    """A running run has logged a better value. It is not in the journal."""

    event: Literal["improved"]
    index: Index
    best_value: Metric
    best_step: BestStep
    n_values: int


class TroubleEvent(TypedDict):
    """The journal cannot be written at the moment. This event is not in the journal."""

    event: Literal["trouble"]
    message: str


class SummaryEvent(TypedDict):
    """The last line of `sweep --json`, `attach --json` and `wait --json`."""

    event: Literal["summary"]
    name: str
    folder: str
    state: SweepState
    reason: Reason
    counts: Annotated[dict[RunState, int], Field(description="how many runs are in each state")]
    metric: str | None
    goal: Goal | None
    best: BestRun | None
    objectives: Annotated[list[str], Field(description="the objectives, if there are several")]
    front: Annotated[list[str], Field(description="the runs on the Pareto front")]
    is_met: NotRequired[
        Annotated[bool, Field(description="for `wait`: whether the condition was met")]
    ]
    exit_code: Annotated[int, Field(description="of the command that prints it")]


JournalEvent = (
    SweepStartedEvent
    | KnownEvent
    | SampledEvent
    | SamplerPickedEvent
    | ConfirmingEvent
    | DroppedEvent
    | SubmittingEvent
    | SubmittedEvent
    | NotSubmittedEvent
    | QueuedEvent
    | StartedEvent
    | SuspendedEvent
    | ContinuedEvent
    | AdoptedEvent
    | StoppedEarlyEvent
    | PausingEvent
    | ReachedEvent
    | PromotedEvent
    | EndedEvent
    | RetryingEvent
    | StoppingEvent
    | FailingEvent
    | RequestedEvent
    | WarnedEvent
    | WarningOverEvent
    | SweepEndedEvent
)
"""Every event that a journal holds."""

PrintedEvent = (
    JournalEvent | OpenedEvent | PlannedEvent | ImprovedEvent | TroubleEvent | SummaryEvent
)
"""Every line that `--json` prints of a sweep."""


def events_schema() -> dict[str, Any]:
    """The JSON Schema of one line."""
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[PrintedEvent, Field(discriminator="event")])
    schema = adapter.json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of ml-tracking-ops sweep --json, attach --json or a sweep's journal",
        **schema,
    }
