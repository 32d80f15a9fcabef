"""Read whole logs (`read_log`). `ending` finds how a log ended, `tail` what is new.

Readers report damage and skip it. They raise `LogFormatError` for a file that is no log at all or
of a newer version, and the usual `OSError` if a file cannot be opened.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import FileIO
from typing import Any

from ..paths import DAT_SUFFIX, is_run_log
from ..records import (
    RECORD_SIZE,
    LogFormatError,
    metric_id,
    unnamed,
)
from ..tensorboard.event_names import event_files_in_order, is_event_file
from .attempts import earlier_logs
from .bounded_reading import BoundedReading, TooLongError, next_data
from .columns import CHUNK_BYTES, Decoder, Series
from .ending import Ending, read_ending
from .event_log import read_events
from .legacy import read_legacy
from .run_log import EventFileMetrics, LazySeries, RunLog
from .source import Origin, identify_log, open_regular
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
        path: a `.dat` file, a folder that holds exactly one, or one of event files. One event file
            represents all of its folder.
        follow_link: whether a link in place of the `.dat` may lead to a file elsewhere.
        max_metrics: read only this many metrics, in the order of declaration, by default all.
        always: metrics that are read in addition, wherever they were declared.
        is_whole: ignore the limits that a program has set (`bounded_reading`).

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
        origin = identify_log(file, dat_path)
        if origin.is_legacy:
            return _read_whole_legacy(file, dat_path)
        decoder = Decoder(max_metrics, map(metric_id, always))
        reading = BoundedReading(dat_path, is_bounded=not is_whole)
        return _read_records(file, reading, origin, decoder)


def read_run_log(
    path: str | os.PathLike[str],
    *,
    max_metrics: int | None = None,
    always: Iterable[str] = (),
    is_whole: bool = False,
) -> RunLog:
    """Return the history of a run of a sweep up to this attempt, earlier attempts included.

    Of each metric, an earlier attempt counts up to the step at which a later one begins. A run
    started by hand, and one that had no earlier attempt, is read as `read_log` does. Links are not
    followed.

    Raises:
        as `read_log`. Earlier logs that cannot be read are left out.
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
    """Return what counts of the earlier attempts, as if this attempt had logged nothing.

    Empty for a first attempt, for a run started by hand, and if no earlier log can be read.
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
    event_names = [] if names else event_files_in_order(os.listdir(path))
    if event_names:
        return os.path.join(path, event_names[-1])
    if not names:
        raise FileNotFoundError(f"the folder {path} holds no {DAT_SUFFIX} file")
    if len(names) > 1:
        raise ValueError(
            f"the folder {path} holds {len(names)} {DAT_SUFFIX} files. Pass the path of one, as in "
            f"{os.path.join(path, names[0])}"
        )
    return os.path.join(path, names[0])


def _read_event_log(path: str, **options: Any) -> RunLog:
    found = read_events(path, **options)
    return RunLog(
        EventFileMetrics(found.series, found.abandoned),
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


def _read_records(
    file: FileIO, reading: BoundedReading, origin: Origin, decoder: Decoder
) -> RunLog:
    size_bytes = RECORD_SIZE if origin.has_header else 0
    file.seek(size_bytes)
    expected_bytes = os.fstat(file.fileno()).st_size
    buffer = memoryview(bytearray(min(CHUNK_BYTES, expected_bytes + 2 * RECORD_SIZE)))
    n_left_over = 0
    is_sparse = _is_sparse(file)
    while True:
        if is_sparse and not n_left_over:
            data_at = _step_over_hole(file, size_bytes)
            decoder.n_damaged += (data_at - size_bytes) // RECORD_SIZE
            size_bytes = data_at
        n_read = file.readinto(buffer[n_left_over:])
        if not n_read:
            reading.end()
            break
        try:
            reading.note(n_read)
        except TooLongError:  # what has been read so far counts (see `given_up`)
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
    """Go to the next record that was ever written, and return its place."""
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
    return LazySeries(columns, ids)
