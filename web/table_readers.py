"""Where tables get what only logs hold."""

from dataclasses import dataclass, field

from .metric_summaries import MetricSummaries
from .series_store import SeriesStore


@dataclass(frozen=True)
class TableReaders:
    """`series`: curves, kept for those that are drawn; `summaries`: some numbers of every log."""

    series: SeriesStore
    summaries: MetricSummaries = field(default_factory=MetricSummaries)
