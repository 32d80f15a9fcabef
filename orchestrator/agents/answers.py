"""The shapes of what the tools answer, from which clients get a JSON Schema.

The keys are those of `reports.shapes`, and mean the same. Where `total=False`, keys without a value
are left out.
"""

from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..reports.event_fields import BestRun
from ..reports.shapes import (
    CombinationEntry,
    FileEntry,
    MediaCount,
    MetricEntry,
    ObjectiveEntry,
    SamplerEntry,
    VerdictReport,
)
from ..store.objective import Goal
from ..store.run_states import RunState, SweepState


class ShownAnnotations(TypedDict, total=False):
    """Something with a user's name for it, tags and note."""

    label: str
    tags: list[str]
    note: str


class RunListEntry(ShownAnnotations, total=False):
    """An experiment or a sweep in a list."""

    name: str
    kind: Literal["experiment", "sweep"]
    path: str
    state: RunState
    started_at: float
    ended_at: float
    config: dict[str, Any]
    environment: dict[str, Any]
    counts: dict[RunState, int]
    best: str
    best_value: float
    best_state: RunState
    best_combination: CombinationEntry
    objectives: list[str]
    front: list[str]
    is_paused: bool


class RunList(TypedDict):
    """The newest experiments and sweeps."""

    logdir: str
    entries: list[RunListEntry]


class ShownRun(ShownAnnotations, total=False):
    """A run of a sweep, or an experiment."""

    name: str
    sweep: str
    index: int
    state: RunState
    reason: str
    hyperparameters: dict[str, Any]
    config: dict[str, Any]
    environment: dict[str, Any]
    best_value: float
    best_step: int
    values: dict[str, float]
    is_feasible: bool
    is_on_front: bool
    is_confirming: bool
    started_at: float
    queued_at: float
    ended_at: float
    exit_code: int
    attempt: int
    slot: int
    job: str
    node: str
    gpus: list[str]
    rerun: str
    path: str
    metrics: dict[str, MetricEntry]
    other_tags: dict[str, list[str]]
    n_damaged_records: int
    run_dir: str
    files: list[FileEntry]
    media: list[MediaCount]


class Report(ShownRun, total=False):
    """A sweep with its runs, or one run or experiment."""

    optimization_metric: str
    optimization_goal: Goal
    objectives: list[ObjectiveEntry]
    where: list[str]
    sampler: SamplerEntry
    seed: int
    max_runs: int
    is_paused: bool
    counts: dict[RunState, int]
    best: str
    best_that_counts: str
    front: list[str]
    hypervolume: float
    verdict: VerdictReport
    runs: list[ShownRun]
    combinations: list[CombinationEntry]
    best_combination: int


class Comparison(TypedDict):
    """Runs to compare."""

    runs: list[ShownRun]


class Output(TypedDict):
    """The last lines of an output."""

    lines: list[str]


class Waited(TypedDict, total=False):
    """How waiting ended, and the sweep at that moment."""

    outcome: Literal["met", "ended", "timed_out"]
    state: SweepState
    reason: str
    is_paused: bool
    counts: dict[RunState, int]
    metric: str
    goal: Goal
    best: BestRun
    front: list[int]


class StartedSweep(TypedDict, total=False):
    """A sweep that runs in the background."""

    event: Literal["sweep"]
    name: str
    folder: str
    n_runs: int
    n_workers: int
    seed: int
    metric: str
    goal: Goal
    pid: int


class Answers(TypedDict):
    """What the sweep answered to each request."""

    answers: list[str]
