"""The readers of logs for tables and panels."""

from dataclasses import dataclass, field

from .sparkline import Sparklines
from .store import SeriesStore
from .summaries import MetricSummaries


@dataclass(frozen=True)
class LogReaders:
    """`series`: curves, kept for those that are drawn.

    `summaries`: some numbers of every log. `sparklines`: the small curves of tables.
    """

    series: SeriesStore
    summaries: MetricSummaries = field(default_factory=MetricSummaries)
    sparklines: Sparklines = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sparklines", Sparklines(self.series))
