"""Reading logs: a whole file at once (`read_log`), how it ended (`read_ending`), or, from `tail`,
what is new.

Readers report damage and skip it. They raise `LogFormatError` for a file that is no log at all or
of a newer version, and the usual `OSError` where a file cannot be opened.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from typing import Any

import numpy as np

from ..paths import DAT_SUFFIX, is_run_log
from ..process_end import FAILED, FINISHED
from ..records import (
    KIND_END,
    KIND_MASK,
    KIND_SCALAR,
    OPENED_AGAIN,
    RECORD_SIZE,
    LogFormatError,
    is_intact,
    metric_id,
    unnamed,
    unpack_record,
)
from ..tensorboard.event_names import in_order, is_event_file
from .attempts import earlier_logs
from .bounded_reading import Progress, TooLongError, next_data
from .branches import are_kept
from .columns import CHUNK_BYTES, Columns, Decoder, Series
from .event_log import peek_events, read_events
from .legacy import read_legacy
from .source import Origin, identify, open_regular
from .tail import LogTail, TailBatch

__all__ = [
    "Ending",
    "LogFormatError",
    "LogTail",
    "RunLog",
    "Series",
    "TailBatch",
    "history_before",
    "read_ending",
    "read_log",
    "read_run_log",
]

_ENDING_BYTES = 128 * RECORD_SIZE
_MAX_ENDING_BYTES = 1 << 20


class RunLog(Mapping[str, Series]):
    """The metrics of a run by name, in the order of declaration; each a `Series`.

    A log that was opened again by a training which continued from an earlier step holds values
    that were abandoned. The series hold those that count; `abandoned` gives the others.

    Attributes:
        n_skipped: damaged records, torn ones included, and names that contradict an earlier one.
        is_closed: the last record says that a process finished writing.
        ended_with_error: … and that it was by an exception.
        is_legacy: written by the original tool, which does not say how a run ended.
        created_at: when the file was made, seconds since the epoch; None where it does not say.
        size_bytes: the end of what was read: where a `LogTail` may go on.
        n_left_out: how many metrics there are besides, where not all were asked for.
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
        """The values of a metric that do not count any more, in the order of the file, or None."""
        series = self._series
        return (
            series.abandoned(name)
            if isinstance(series, _LazySeries | _History | _EventSeries)
            else None
        )

    def continuing(self, earlier: "Sequence[RunLog]") -> "RunLog":
        """This log as the continuation of earlier ones, oldest first."""
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


def read_log(
    path: str | os.PathLike[str],
    *,
    follow_link: bool = True,
    max_metrics: int | None = None,
    always: Iterable[str] = (),
    is_whole: bool = False,
) -> RunLog:
    """Read a whole log.

    Args:
        path: a `.dat` file, a folder that holds exactly one, or one of event files; one event
            file stands for all of its folder.
        follow_link: whether a link in place of the `.dat` may lead to a file elsewhere.
        max_metrics: of how many metrics, in the order of declaration; without it all.
        always: metrics that are read besides, wherever they were declared.
        is_whole: whether limits that a program has set do not count (`bounded_reading`).

    Raises:
        FileNotFoundError: there is no such file, or none in the folder.
        LogFormatError: the file is no log, or a newer version wrote it.
        ValueError: the folder holds several.
        OSError: it cannot be opened or read.
    """
    dat_path = _dat_path(os.fspath(path))
    if is_event_file(dat_path):
        return _read_event_log(
            dat_path,
            follow_link=follow_link,
            max_metrics=max_metrics,
            always=always,
            is_whole=is_whole,
        )
    with open_regular(dat_path, follow_link=follow_link) as file:
        origin = identify(file, dat_path)
        if origin.is_legacy:
            return _read_whole_legacy(file, dat_path)
        decoder = Decoder(max_metrics, map(metric_id, always))
        progress = Progress(dat_path, is_bounded=not is_whole)
        return _read_records(file, progress, origin, decoder)


def read_run_log(
    path: str | os.PathLike[str],
    *,
    max_metrics: int | None = None,
    always: Iterable[str] = (),
    is_whole: bool = False,
) -> RunLog:
    """The history of a run of a sweep up to this attempt: earlier attempts belong to it.

    They count up to the step at which a later attempt begins, for each metric. A run by hand, and
    one that had no earlier attempt, is read as `read_log` does; links are not followed.

    Raises:
        as `read_log`; earlier logs that cannot be read are left out.
    """
    names = list(always)
    options: dict[str, Any] = {"max_metrics": max_metrics, "is_whole": is_whole}
    log = read_log(path, follow_link=False, always=names, **options)
    earlier: list[RunLog] = []
    for other in earlier_logs(path):
        with suppress(OSError, LogFormatError):
            earlier.append(read_log(other, follow_link=False, always=names, **options))
    return log.continuing(earlier) if earlier else log


def history_before(path: str | os.PathLike[str]) -> Mapping[str, Series]:
    """What counts of the attempts before this one, as if this one had logged nothing.

    Empty for a first attempt, for a run by hand, and where no earlier log can be read.
    """
    for earlier in reversed(earlier_logs(path)):
        with suppress(OSError, LogFormatError):
            log = read_run_log(earlier)
            return {name: log[name] for name in log}
    return {}


def _dat_path(path: str) -> str:
    if not os.path.isdir(path):
        return path
    names = sorted(name for name in os.listdir(path) if is_run_log(name))
    event_names = [] if names else in_order(os.listdir(path))
    if event_names:
        return os.path.join(path, event_names[-1])
    if not names:
        raise FileNotFoundError(f"the folder {path} holds no {DAT_SUFFIX} file")
    if len(names) > 1:
        raise ValueError(
            f"the folder {path} holds {len(names)} {DAT_SUFFIX} files; pass the path of one, as in "
            f"{os.path.join(path, names[0])}"
        )
    return os.path.join(path, names[0])


def _read_event_log(path: str, **options: Any) -> RunLog:
    found = read_events(path, **options)
    return RunLog(
        _EventSeries(found.series, found.abandoned),
        n_skipped=found.n_skipped,
        size_bytes=found.size_bytes,
        created_at=found.created_at,
        n_left_out=found.n_left_out,
        others=found.others,
    )


def _read_whole_legacy(file: FileIO, path: str) -> RunLog:
    size_bytes = os.fstat(file.fileno()).st_size
    series, n_skipped = read_legacy(file, path)
    return RunLog(series, n_skipped=n_skipped, size_bytes=size_bytes, is_legacy=True)


def _read_records(file: FileIO, progress: Progress, origin: Origin, decoder: Decoder) -> RunLog:
    size_bytes = RECORD_SIZE if origin.has_header else 0
    file.seek(size_bytes)
    expected_bytes = os.fstat(file.fileno()).st_size
    buffer = memoryview(bytearray(CHUNK_BYTES))
    n_left_over = 0
    is_sparse = _is_sparse(file)
    while True:
        if is_sparse and not n_left_over:
            data_at = _step_over_hole(file, size_bytes)
            decoder.n_damaged += (data_at - size_bytes) // RECORD_SIZE
            size_bytes = data_at
        n_read = file.readinto(buffer[n_left_over:])
        if not n_read:
            progress.end()
            break
        try:
            progress.note(n_read)
        except TooLongError:  # what was read so far counts; `given_up` tells
            n_left_over = 0
            break
        n_left_over += n_read
        n_whole = n_left_over // RECORD_SIZE * RECORD_SIZE
        decoder.feed(buffer[:n_whole], expected_bytes - size_bytes)
        size_bytes += n_whole
        buffer[: n_left_over - n_whole] = buffer[n_whole:n_left_over]
        n_left_over -= n_whole
    is_header_damaged = origin.has_header and origin.created_at is None
    return RunLog(
        _by_name(decoder),
        n_skipped=decoder.n_skipped + is_header_damaged + (n_left_over > 0),
        size_bytes=size_bytes,
        is_closed=decoder.is_closed,
        ended_with_error=decoder.ended_with_error,
        created_at=origin.created_at,
        n_left_out=decoder.metric_limit.n_left_out if decoder.metric_limit else 0,
    )


def _is_sparse(file: FileIO) -> bool:
    status = os.fstat(file.fileno())
    return getattr(status, "st_blocks", status.st_size) * 512 < status.st_size


def _step_over_hole(file: FileIO, offset: int) -> int:
    """Go to the next record that was ever written; return where that is."""
    fd = file.fileno()
    found = next_data(fd, offset, os.fstat(fd).st_size)
    start = max(offset, found // RECORD_SIZE * RECORD_SIZE)
    file.seek(start)
    return start


def _by_name(decoder: Decoder) -> Mapping[str, Series]:
    columns = decoder.finish()
    ids: dict[str, list[int]] = {}
    for identifier in decoder.ids:
        if identifier in columns.ranges:
            name = decoder.names.names.get(identifier) or unnamed(identifier)
            ids.setdefault(name, []).append(identifier)
    return _LazySeries(columns, ids)


class _LazySeries(Mapping[str, Series]):
    """Series that are cut out when they are asked for: a log may hold a million metrics."""

    def __init__(self, columns: Columns, ids: dict[str, list[int]]) -> None:
        self._columns = columns
        self._ids = ids

    def __getitem__(self, name: str) -> Series:
        series = self._whole(name)
        starts = self._starts(name)
        return series.among(are_kept(series.step, starts)) if starts else series

    def abandoned(self, name: str) -> Series | None:
        """The values that were abandoned, in the order of the file; None without any."""
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


class _EventSeries(Mapping[str, Series]):
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

    def __init__(self, logs: Sequence[RunLog]) -> None:
        self._logs = logs
        self._names = dict.fromkeys(name for log in logs for name in log)

    def __getitem__(self, name: str) -> Series:
        series, starts = self._joined(name)
        return series.among(are_kept(series.step, starts))

    def abandoned(self, name: str) -> Series | None:
        series, starts = self._joined(name)
        is_abandoned = ~are_kept(series.step, starts)
        parts = [part for log in self._logs if (part := log.abandoned(name)) is not None]
        if is_abandoned.any():
            parts.append(series.among(is_abandoned))
        return Series.joined(parts) if parts else None

    def _joined(self, name: str) -> tuple[Series, list[int]]:
        parts = [log[name] for log in self._logs if name in log]
        return Series.joined(parts), np.cumsum([len(part) for part in parts])[:-1].tolist()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a log ends, as far as the log itself says.

    Attributes:
        is_closed: the last record says that a process finished writing.
        ended_with_error: … and that it failed.
        exit_is_unknown: … and that nobody saw with which exit code.
        created_at: when the file was made, seconds since the epoch; None where it does not say.
        last_wall_time: of the last intact record, seconds since the epoch; None without one.
        is_legacy: written by the original tool, which says nothing of all this.
        is_event_log: TensorBoard's, which says how a run ended only where hparams are used.
    """

    is_closed: bool = False
    ended_with_error: bool = False
    created_at: float | None = None
    last_wall_time: float | None = None
    is_legacy: bool = False
    exit_is_unknown: bool = False
    is_event_log: bool = False


def read_ending(path: str | os.PathLike[str], *, follow_link: bool = True) -> Ending:
    """How a log ends, from its header and its last records alone, however long it is.

    Args:
        follow_link: as in `read_log`.

    Raises:
        FileNotFoundError: there is no such file.
        LogFormatError: the file is no log, or a newer version wrote it.
        OSError: it cannot be opened or read.
    """
    if is_event_file(path):
        return _ending_of_events(os.fspath(path))
    with open_regular(path, follow_link=follow_link) as file:
        origin = identify(file, os.fspath(path))
        if origin.is_legacy:
            return Ending(is_legacy=True)
        outcomes: set[int] = set()
        last_wall_time = None
        for kind, status, wall_time in _last_records(file):
            if last_wall_time is None:
                last_wall_time = wall_time
            if kind != KIND_END or status == OPENED_AGAIN:
                break
            outcomes.add(status)
        return Ending(
            bool(outcomes),
            FAILED in outcomes,
            origin.created_at,
            last_wall_time,
            exit_is_unknown=bool(outcomes - {FINISHED, FAILED}) and FAILED not in outcomes,
        )


def _ending_of_events(path: str) -> Ending:
    found = peek_events(path)
    return Ending(
        found.status in ("success", "failure"),
        found.status == "failure",
        found.created_at,
        found.last_wall_time,
        is_event_log=True,
    )


def _last_records(file: FileIO) -> Iterator[tuple[int, int, float]]:
    """Kind, step and wall time of the intact values and ends, the last one first."""
    size_bytes = os.fstat(file.fileno()).st_size
    stop = size_bytes // RECORD_SIZE * RECORD_SIZE
    lowest = max(RECORD_SIZE, stop - _MAX_ENDING_BYTES)
    while stop > lowest:
        start = max(lowest, stop - _ENDING_BYTES)
        file.seek(start)
        data = file.read(stop - start)
        for begin in range(len(data) // RECORD_SIZE * RECORD_SIZE - RECORD_SIZE, -1, -RECORD_SIZE):
            record = data[begin : begin + RECORD_SIZE]
            if is_intact(record):
                head, step, wall_time, _ = unpack_record(record)
                if head & KIND_MASK in (KIND_SCALAR, KIND_END):
                    yield head & KIND_MASK, step, wall_time
        stop = start
