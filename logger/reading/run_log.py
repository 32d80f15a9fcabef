"""The metrics of a run by name, cut out of the columns on access."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from .branches import are_kept
from .columns import Columns, Series


class RunLog(Mapping[str, Series]):
    """The metrics of a run by name, in the order of declaration, each a `Series`.

    A log that was opened again by a training which continued from an earlier step holds abandoned
    values. The series hold the values that count. `abandoned` returns the others.

    Attributes:
        n_skipped: damaged records, torn ones included, and names that contradict an earlier one.
        is_closed: the last record marks that a process finished writing.
        ended_with_error: … and that it was by an exception.
        is_legacy: written by the original tool, which does not record how a run ended.
        created_at: when the file was made, seconds since the epoch, or None if not recorded.
        size_bytes: the end of what was read, where a `LogTail` may continue.
        n_left_out: how many other metrics there are, if not all were requested.
        others: in TensorBoard's event files, tags of what is no scalar, and their kinds.
    """

    def __init__(
        self,
        series: Mapping[str, Series],
        *,
        n_skipped: int,
        size_bytes: int,
        is_closed: bool = False,
        ended_with_error: bool = False,
        is_legacy: bool = False,
        created_at: float | None = None,
        n_left_out: int = 0,
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._series = series
        self.others = others or {}
        self.n_skipped = n_skipped
        self.size_bytes = size_bytes
        self.is_closed = is_closed
        self.ended_with_error = ended_with_error
        self.is_legacy = is_legacy
        self.created_at = created_at
        self.n_left_out = n_left_out

    def __getitem__(self, name: str) -> Series:
        return self._series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def abandoned(self, name: str) -> Series | None:
        """Return the values of a metric that no longer count, in the order of the file, or None."""
        series = self._series
        return (
            series.abandoned(name)
            if isinstance(series, LazySeries | _History | EventFileMetrics)
            else None
        )

    def continuing(self, earlier: "Sequence[RunLog]") -> "RunLog":
        """Return this log as the continuation of earlier ones, oldest first."""
        return RunLog(
            _History([*earlier, self]),
            n_skipped=self.n_skipped,
            size_bytes=self.size_bytes,
            is_closed=self.is_closed,
            ended_with_error=self.ended_with_error,
            is_legacy=self.is_legacy,
            created_at=self.created_at,
            n_left_out=self.n_left_out,
        )

    def __repr__(self) -> str:
        return f"<RunLog of {len(self)} metrics, {self.n_skipped} records skipped>"


class LazySeries(Mapping[str, Series]):
    """Series that are cut out on access: a log may hold a million metrics."""

    def __init__(self, columns: Columns, ids: dict[str, list[int]]) -> None:
        self._columns = columns
        self._ids = ids

    def __getitem__(self, name: str) -> Series:
        series = self._whole(name)
        starts = self._starts(name)
        return series.among(are_kept(series.step, starts)) if starts else series

    def abandoned(self, name: str) -> Series | None:
        """Return the abandoned values of a metric, or None if there are none."""
        starts = self._starts(name)
        if not starts:
            return None
        series = self._whole(name)
        is_abandoned = ~are_kept(series.step, starts)
        return series.among(is_abandoned) if is_abandoned.any() else None

    def _whole(self, name: str) -> Series:
        return Series.joined([self._columns.of(identifier) for identifier in self._ids[name]])

    def _starts(self, name: str) -> list[int]:
        ids = self._ids[name]
        return self._columns.starts_of(ids[0]) if len(ids) == 1 else []

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class EventFileMetrics(Mapping[str, Series]):
    """The metrics of event files."""

    def __init__(self, kept: Mapping[str, Series], void: Mapping[str, Series]) -> None:
        self._kept = kept
        self._void = void

    def __getitem__(self, name: str) -> Series:
        return self._kept[name]

    def abandoned(self, name: str) -> Series | None:
        return self._void.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


class _History(Mapping[str, Series]):
    """The metrics of several logs, each the continuation of the one before."""

    def __init__(self, logs: "Sequence[RunLog]") -> None:
        self._logs = logs
        self._names = dict.fromkeys(name for log in logs for name in log)

    def __getitem__(self, name: str) -> Series:
        series, starts = self._joined(name)
        return series.among(are_kept(series.step, starts))

    def abandoned(self, name: str) -> Series | None:
        series, starts = self._joined(name)
        is_abandoned = ~are_kept(series.step, starts)
        logs = [log for log in self._logs if name in log]
        parts = [part for log in logs if (part := log.abandoned(name)) is not None]
        if is_abandoned.any():
            parts.append(series.among(is_abandoned))
        return Series.joined(parts) if parts else None

    def _joined(self, name: str) -> tuple[Series, list[int]]:
        if name not in self._names:
            raise KeyError(name)
        parts = [log[name] for log in self._logs if name in log]
        return Series.joined(parts), np.cumsum([len(part) for part in parts])[:-1].tolist()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
