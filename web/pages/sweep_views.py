"""The content of the pages of sweeps, in the form for their templates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.run_states import (
    RunState,
    SweepState,
)

from ..insight.front.view import FrontView
from ..insight.outlook import SweepOutlook
from ..insight.panel import InsightPanel
from ..insight.verdict import VerdictView
from ..rendering import Page
from ..series.best_history import BestHistory
from ..tables.controls import Controls
from ..tables.rows import Row
from ..tables.table import TablePage
from .buttons import AnnotationView, Button
from .drawn_runs import DrawnRuns
from .files.code_files import CodeFile
from .origin import RerunForm
from .resuming import ResumeView
from .summary import SweepFacts


@dataclass(frozen=True)
class SweepProgress:
    """How many runs are in each state, how many there will be, and how many have ended."""

    counts: Mapping[RunState, int]
    n_planned: int
    n_ended: int


@dataclass(frozen=True, kw_only=True)
class SweepListItem:
    """A line of the list of sweeps."""

    id: str
    name: str
    href: str
    label: str | None
    state: SweepState
    is_paused: bool
    is_current: bool
    started_at: float
    progress: SweepProgress


@dataclass(frozen=True)
class BestMean:
    """The best combination of a sweep with repeats: mean ± standard deviation as `text`."""

    number: int
    text: str
    n_values: int
    has_spread: bool
    hyperparameters: Mapping[str, Any]


@dataclass(frozen=True)
class RepeatsView:
    """How many runs pass the filters, and the combinations of a sweep with repeats.

    `switch_href` lists the runs separately, or by combination again, or None without repeats.
    """

    n_runs: int
    n_combinations: int
    switch_href: str | None


@dataclass(frozen=True)
class ArchiveView:
    """How many runs are archived. `href` links to them, or from them to the others."""

    n_runs: int
    is_shown: bool
    href: str


@dataclass(frozen=True, kw_only=True)
class SweepView:
    """The fields of the sweep on its page.

    Attributes:
        resume: how it continues, if it was ended, stopped unexpectedly, or has runs that wait for
            that.
        is_over: whether nothing more will be logged.
        summary: its `SweepSummary` as JSON, which the page's script compares with updates.
    """

    id: str
    name: str
    href: str
    state: SweepState
    is_paused: bool
    label: str | None
    is_archived: bool
    annotation_view: AnnotationView
    buttons: Sequence[Button]
    resume: ResumeView | None
    reason: str | None
    warnings: Sequence[str]
    started_at: float | None
    ended_at: float | None
    metric: str | None
    goal: Goal | None
    is_over: bool
    summary: str
    best: Row | None
    best_that_counts: Row | None
    best_has_files: bool
    best_mean: BestMean | None
    verdict: VerdictView | None
    history: BestHistory | None
    front: FrontView | None
    progress: SweepProgress
    outlook: SweepOutlook | None


@dataclass(frozen=True, kw_only=True)
class SweepsPage(Page):
    """The list of sweeps. `SweepPage` shows one of them beside it."""

    n_total: int
    n_experiments: int
    n_archived: int
    is_archive: bool
    listed: Sequence[SweepListItem]
    unreadable: Sequence[str]
    sweep: SweepView | None = None


@dataclass(frozen=True, kw_only=True)
class SweepPage(SweepsPage):
    """`metric` is the metric of the chart."""

    summary: SweepFacts
    code: Sequence[CodeFile]
    rerun: RerunForm | None
    insight: InsightPanel
    metric: str | None
    table: TablePage
    controls: Controls
    n_selected: int
    n_unread: int
    unselect_href: str
    selected_buttons: Sequence[Button]
    compare_href: str | None
    drawn: DrawnRuns
    repeats: RepeatsView
    archive: ArchiveView
    starred: Collection[int]
