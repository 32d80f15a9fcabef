"""One row of a table: a run of a sweep, or an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.media.track import MediaKey

from ..media.last import LastMedia
from ..runs.entries import RunEntry
from ..runs.formats import format_mean
from ..runs.links import run_href
from ..series.sparkline import Sparkline
from ..series.summaries import MetricSummary

_NOTHING: Mapping[Any, Any] = {}
"""The value of most rows: a dictionary for each would take as much memory as the row."""


def _nothing() -> Mapping[Any, Any]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class CombinationMean:
    """Over the repeats of a combination: mean and standard deviation of `n_values` best values.

    `n_left_out`: runs with a value that is no result, such as those that were stopped early.
    `is_full`: no combination of the sweep has more results. Only those compare.
    """

    mean: float | None
    spread: float | None
    n_values: int
    number: int = 0
    n_runs: int = 0
    n_left_out: int = 0
    is_full: bool = True

    @property
    def text(self) -> str:
        """``0.912 ± 0.013``, with the number of values if other combinations have more."""
        if self.mean is None:
            return "–"
        few = "" if self.is_full else f" (n = {self.n_values})"
        return format_mean(self.mean, self.spread) + few


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The group that a row represents: its name, and how many runs it has."""

    name: str
    n_runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(RunEntry):
    """A row of a table: a run, an experiment (`index` is 0), or a combination.

    Attributes:
        dat_path: the log of an experiment.
        metrics: the summaries of its metrics, as far as its log was read.
        combination: None in a sweep without repeats.
        runs: those of a combination or a group that pass the filters, if the row is of one. `index`
            is its number then, and `best_value` the mean.
        group: for a row that represents a group. `member_of`: for a run, the number of its group,
            from 1.
        is_open: whether they are listed below it.
        curve: the small curve of the optimization metric, if the table shows it.
        is_confirming: whether it runs a leader of the search again, with another seed.
        log_error: why its log cannot be read, if that was requested.
        config: what the script of a sweep's run logged besides its hyperparameters.
        media: the last image or text of a name, as far as the table shows any.
        values: for a run that has ended, those of several objectives and of constraints.
        can_win: whether it meets the constraints on outcomes, if there are any.
        is_on_front: whether no other dominates it in several objectives.
        is_provisional: whether `values` and `can_win` are those of a run that is still running.
    """

    color: int = 0
    dat_path: Path | None = None
    metrics: Mapping[str, MetricSummary] = field(default_factory=_nothing)
    combination: CombinationMean | None = None
    runs: tuple["Row", ...] = ()
    is_open: bool = False
    curve: Sparkline | None = None
    is_confirming: bool = False
    log_error: str | None = None
    config: Mapping[str, Any] = field(default_factory=_nothing)
    media: Mapping[MediaKey, LastMedia] = field(default_factory=_nothing)
    group: RowGroup | None = None
    member_of: int = 0
    values: Mapping[str, float] = field(default_factory=_nothing)
    can_win: bool = True
    is_on_front: bool = False
    is_provisional: bool = False

    @property
    def href(self) -> str | None:
        """The address of its page, or None before it has started."""
        return None if self.id is None else run_href(self.id)

    @property
    def ids(self) -> list[str]:
        """The ids of its runs that have started, or its own."""
        return [run.id for run in (self.runs or (self,)) if run.id is not None]

    def has_setting(self, name: str) -> bool:
        """Return whether it has a hyperparameter, or a key of its configuration, of this name."""
        return name in self.hyperparameters or name in self.config

    def setting(self, name: str) -> Any:
        """Return its value: the sweep's choice, or else the logged one. None if it has none."""
        chosen = self.hyperparameters
        return chosen[name] if name in chosen else self.config.get(name)
