"""The events of a sweep's journal, and the schema of all that `sweep --json` prints.

One class for each event. Its docstring describes what happened, and its fields give the details.
The JSON Schema and the reference page are made from them. The shapes are stable: fields and events
are added, never renamed, so a reader ignores what it does not know. Times are seconds since the
epoch. Numbers that JSON cannot represent are the strings `"nan"`, `"inf"` and `"-inf"`.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.run_states import SweepEnd
from .event_fields import (
    Attempt,
    BestStep,
    CombinationField,
    EndState,
    Index,
    Metric,
    Number,
    NWorkers,
    Reason,
    Ref,
    RefOrNone,
    RunName,
    SlotNumber,
    Values,
    WarningKind,
)
from .printed_events import (
    ImprovedEvent,
    OpenedEvent,
    PlannedEvent,
    SummaryEvent,
    TroubleEvent,
)


class TimedEvent(TypedDict):
    """What every event of the journal has."""

    time: Annotated[float, Field(description="when it happened")]


class SweepStartedEvent(TimedEvent):
    """An orchestrator has begun to work on the sweep. Each resume writes it again."""

    event: Literal["sweep_started"]
    n_workers: NWorkers
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
    state: EndState
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
    """The sampler that `auto`, or `tpe` under a rule that compares runs, stands for. A resume uses
    it too."""

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
    combination: Annotated[int, Field(description="the number of its combination")]
    repeat: Annotated[int, Field(description="after which seed, from 1")]
    reason: Annotated[str, Field(description="why, in words")]


class SubmittingEvent(TimedEvent):
    """A run is about to be submitted to an engine with a queue."""

    event: Literal["submitting"]
    index: Index
    name: RunName
    attempt: Attempt
    slot: SlotNumber


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
    name: RunName
    attempt: Attempt
    slot: SlotNumber
    ref: NotRequired[RefOrNone]
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
    name: RunName
    ref: Ref


class DecisionEvent(TimedEvent):
    """What a stopping rule saw, and what it compared that with."""

    rule: Annotated[str, Field(description="the name of the rule or limit")]
    metric: Annotated[str | None, Field(description="the metric that it looked at")]
    step: Annotated[int | None, Field(description="the step at which it decided")]
    value: Annotated[Number | None, Field(description="the value that it saw")]
    threshold: Annotated[Number | None, Field(description="what it compared the value with")]
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
    values: Annotated[dict[str, float], Field(description="by metric, unless NaN or infinite")]
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
    state: EndState
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
    attempt: Annotated[int, Field(description="the number of the next attempt")]
    delay_s: Annotated[float, Field(description="after how many seconds it may start")]


class FailingEvent(TimedEvent):
    """Too many runs failed in a row, so no more start."""

    event: Literal["failing"]
    indices: Annotated[list[int], Field(description="the runs that failed")]
    reason: Reason


class RequestedEvent(TimedEvent):
    """A user made a request, and this is its outcome."""

    event: Literal["requested"]
    id: Annotated[str, Field(description="identifies the request")]
    action: NotRequired[
        Annotated[
            Literal["stop", "pause", "continue", "requeue", "workers"],
            Field(description="what was asked for"),
        ]
    ]
    by: NotRequired[Annotated[str, Field(description="who asked, such as `mia@box`")]]
    asked_at: NotRequired[Annotated[float, Field(description="when it was made")]]
    index: NotRequired[Index]
    n_workers: NotRequired[NWorkers]
    outcome: Annotated[Literal["done", "refused"], Field(description="whether it was done")]
    message: Annotated[str, Field(description="the answer, in words")]
    reason: NotRequired[Reason]
    attempt: NotRequired[Annotated[int, Field(description="for a requeue: the next attempt")]]
    taken_back: NotRequired[Annotated[bool, Field(description="a stop took back a requeue")]]


class WarnedEvent(TimedEvent):
    """Something that the user should know. A warning with a `kind` can be withdrawn later."""

    event: Literal["warning"]
    message: Annotated[str, Field(description="the warning, in words")]
    kind: NotRequired[WarningKind]


class WarningOverEvent(TimedEvent):
    """The warning of this kind no longer applies."""

    event: Literal["warning_over"]
    kind: WarningKind
    message: Annotated[str, Field(description="why it no longer applies")]


class SweepEndedEvent(TimedEvent):
    """The orchestrator has finished its work on the sweep."""

    event: Literal["sweep_ended"]
    state: Annotated[SweepEnd, Field(description="how the sweep ended")]
    reason: NotRequired[Reason]


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
    """Return the JSON Schema of one line."""
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[PrintedEvent, Field(discriminator="event")])
    schema = adapter.json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of ml-tracking-ops sweep --json, attach --json or a sweep's journal",
        **schema,
    }
