"""One row of a table: a run of a sweep, or an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..runs.entries import RunEntry
from ..series.sparkline import Sparkline
from ..series.summaries import MetricSummary


@dataclass(frozen=True, slots=True)
class CombinationMean:
    """Over the repeats of a combination: mean and standard deviation of `n_values` best values."""

    mean: float | None
    spread: float | None
    n_values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(RunEntry):
    """What a table knows of a run, or of an experiment, whose `index` is 0.

    Attributes:
        href: the address of its page; None before it has started.
        dat_path: the log of an experiment.
        metrics: the summaries of its metrics, as far as its log was read.
        combination: None in a sweep without repeats.
        curve: the small curve of the optimisation metric, if the table shows it.
        log_error: why its log cannot be read, if that was asked.
    """

    href: str | None = None
    color: int = 0
    dat_path: Path | None = None
    metrics: Mapping[str, MetricSummary] = field(default_factory=dict)
    combination: CombinationMean | None = None
    curve: Sparkline | None = None
    log_error: str | None = None
