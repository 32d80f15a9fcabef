"""The shapes of the output of `list`, `show` and `replay --json`.

They are stable: keys are added, never renamed. Times are seconds since the epoch. NaN and infinity
are null.
"""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, final

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from ..store.objective import Goal
from ..store.outcomes.aims import Take
from ..store.run_states import RunState, SweepState


class AnnotatedEntry(TypedDict):
    """A user's annotations of something. `label` is the given name."""

    label: str | None
    tags: list[str]
    note: str | None


class ListedExperiment(AnnotatedEntry):
    """An experiment in a list."""

    name: str
    kind: Literal["experiment"]
    path: str
    state: RunState
    started_at: float
    config: dict[str, Any]
    environment: dict[str, Any]


class CombinationEntry(TypedDict):
    """The runs of one combination of a sweep with `repeats`."""

    combination: int
    hyperparameters: dict[str, Any]
    runs: list[str | None]
    n_values: int
    mean: float | None
    spread: float | None


class ListedSweep(AnnotatedEntry):
    """A sweep in a list. The best combination only of one with `repeats`."""

    name: str
    kind: Literal["sweep"]
    path: str
    state: SweepState
    started_at: float
    ended_at: float | None
    counts: Mapping[RunState, int]
    best: str | None
    best_value: float | None
    best_state: RunState | None
    best_combination: NotRequired[CombinationEntry | None]
    objectives: list[str]
    front: list[str]
    is_paused: bool


Listed = ListedExperiment | ListedSweep


class ReportedRun(TypedDict):
    """A run of a sweep.

    `job`, `node` and `queued_at` are null, and `gpus` may be empty, if an engine has no queue.
    """

    name: str | None
    index: int
    state: RunState
    reason: str | None
    hyperparameters: dict[str, Any]
    best_value: float | None
    best_step: int | None
    started_at: float | None
    ended_at: float | None
    exit_code: int | None
    attempt: int
    slot: int | None
    job: str | None
    node: str | None
    gpus: list[str]
    queued_at: float | None
    is_confirming: bool


class RunOutcome(TypedDict):
    """The result of a run in a sweep with several objectives or constraints on outcomes.

    `values` is empty, `is_feasible` or `is_on_front` null if the sweep has none.
    """

    values: Mapping[str, float]
    is_feasible: bool | None
    is_on_front: bool | None


class AnnotatedRun(ReportedRun, AnnotatedEntry, RunOutcome):
    """A run of a sweep, with its logged configuration and a user's annotations."""

    config: dict[str, Any]


class ObjectiveEntry(TypedDict):
    """One of several objectives. `reference` is the bound of the hypervolume in it."""

    metric: str
    goal: Goal
    take: Take
    reference: float | None


class LeaderEntry(TypedDict):
    """A combination that ran with several seeds.

    `probability` is that it is the best of all, `beats` that it is better than another. Its true
    value is between `low` and `high` with a probability of 90 %. These, `corrected` and `beats` are
    not known if the seed changes nothing.
    """

    run: str
    combination: int
    hyperparameters: dict[str, Any]
    probability: float | None
    mean: float
    std: float | None
    n: int
    corrected: float | None
    low: float | None
    high: float | None
    beats: dict[str, float]


class VerdictReport(TypedDict):
    """The combination that won. `winner` is null if none did.

    The other fields describe the first of `leaders`: the winner, or the best candidate.
    `is_seed_unused` is true if the runs of each combination have exactly the same value.
    """

    winner: str | None
    probability: float | None
    mean: float
    std: float | None
    n: int
    corrected: float | None
    n_candidates: int
    noise: float
    is_seed_unused: bool
    text: str
    leaders: list[LeaderEntry]


class SamplerEntry(TypedDict):
    """The sampler of combinations. `reason` explains why, if another one is used than the named
    one."""

    name: str | None
    reason: str | None


class SweepReport(AnnotatedEntry):
    """A sweep and its runs. The combinations only of one with `repeats`.

    `front` names the runs that no other dominates. Both it and
    `objectives` are empty, and `hypervolume` is null, without several objectives.
    """

    name: str
    path: str
    state: SweepState
    reason: str | None
    started_at: float
    ended_at: float | None
    optimization_metric: str | None
    optimization_goal: Goal | None
    seed: int | None
    max_runs: int | None
    counts: Mapping[RunState, int]
    best: str | None
    best_that_counts: str | None
    is_paused: bool
    runs: list[AnnotatedRun]
    combinations: NotRequired[list[CombinationEntry]]
    best_combination: NotRequired[int | None]
    sampler: SamplerEntry
    verdict: VerdictReport | None
    objectives: list[ObjectiveEntry]
    front: list[str]
    hypervolume: float | None
    where: list[str]


class MetricEntry(TypedDict):
    """A metric of a run: its count, its ends and its extremes."""

    count: int
    first_step: int | None
    last_step: int | None
    last: float | None
    min: float | None
    max: float | None


class FileEntry(TypedDict):
    """A file in a run's own folder. `path` is relative to it."""

    path: str
    size_bytes: int


class LoggedFiles(TypedDict):
    """The folder for a run's own files, which need not exist, and what is in it."""

    run_dir: str | None
    files: list[FileEntry]


class MediaCount(TypedDict):
    """The images, texts, histograms, tables or sounds of one name."""

    kind: str
    name: str
    count: int
    first_step: int
    last_step: int


class LoggedMedia(TypedDict):
    """The media of a run."""

    media: list[MediaCount]


class LoggedMetrics(TypedDict):
    """The content of a log."""

    path: str
    n_damaged_records: int
    other_tags: dict[str, list[str]]
    metrics: dict[str, MetricEntry]


@final
class FoundRunReport(AnnotatedRun, LoggedMetrics, LoggedFiles, LoggedMedia):
    """A run of a sweep and its metrics. `rerun` is the command that runs it again."""

    environment: dict[str, Any]
    sweep: str
    rerun: str | None


@final
class ExperimentReport(AnnotatedEntry, LoggedMetrics, LoggedFiles, LoggedMedia):
    """An experiment and its metrics."""

    name: str
    state: RunState
    reason: str | None
    exit_code: int | None
    started_at: float
    config: dict[str, Any]
    environment: dict[str, Any]


RunReport = FoundRunReport | ExperimentReport


class RuleSavings(TypedDict):
    """The training that was saved because a rule stopped something."""

    values: int
    steps: int
    seconds: float


class SweepSavings(RuleSavings):
    """The training saved over all runs, and as a share of the time that the sweep took."""

    share_of_seconds: float


class RuleCost(TypedDict):
    """The cost of a rule."""

    best_value: float | None
    best: str | None
    regret: float | None
    lost: list[str]


class StopEntry(TypedDict):
    """A run that a rule would have stopped."""

    name: str
    index: int
    state: RunState
    step: int | None
    value: float | None
    threshold: float | None
    reason: str
    best_then: float | None
    best_value: float | None
    saved: RuleSavings


class ReplayEntry(TypedDict):
    """The effects of one rule. `rule` is as in a configuration."""

    rule: dict[str, Any]
    n_stopped: int
    saved: SweepSavings
    cost: RuleCost
    stopped: list[StopEntry]


class SweepTotals(RuleSavings):
    """A sweep as it was run."""

    n_runs: int
    n_cut_short: int
    best_value: float | None
    best: str | None


class SuggestionEntry(TypedDict):
    """The result of a rule over all replays. `n_kept` of `n_replays` kept the best value."""

    rule: dict[str, Any]
    share_of_seconds: float
    n_kept: int
    n_replays: int
    regret: float | None


class SuggestionReport(TypedDict):
    """The rules that were tried, the best first. `suggested` is null if none is worth it."""

    sweeps: list[str]
    n_runs: int
    n_cut_short: int
    suggested: SuggestionEntry | None
    tried: list[SuggestionEntry]


class ReplayReport(TypedDict):
    """The effects that rules would have had on a sweep."""

    name: str
    path: str
    state: SweepState
    optimization_metric: str
    optimization_goal: Goal
    sweep: SweepTotals
    replays: list[ReplayEntry]
