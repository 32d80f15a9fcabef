"""How a log ended, from its header and its last records alone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO

from .. import os_files
from ..records import (
    FAILED,
    FINISHED,
    KIND_END,
    KIND_MASK,
    KIND_SCALAR,
    OPENED_AGAIN,
    RECORD_SIZE,
    decode_header,
    is_intact,
    unpack_record,
)
from ..tensorboard.event_names import is_event_file
from .event_log import peek_events
from .source import identify_log, open_descriptor

_ENDING_BYTES = 128 * RECORD_SIZE
_MAX_ENDING_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Ending:
    """How a log ends, as far as the log itself shows.

    Attributes:
        is_closed: the last record marks that a process finished writing.
        ended_with_error: … and that it failed.
        exit_is_unknown: … and that its exit code is not known.
        created_at: when the file was made, seconds since the epoch, or None if not recorded.
        last_wall_time: of the last intact record, seconds since the epoch, or None without one.
        is_legacy: written by the original tool, which records nothing of this.
        is_event_log: TensorBoard's, which records how a run ended only if hparams are used.
    """

    is_closed: bool = False
    ended_with_error: bool = False
    created_at: float | None = None
    last_wall_time: float | None = None
    is_legacy: bool = False
    exit_is_unknown: bool = False
    is_event_log: bool = False


def read_ending(path: str | os.PathLike[str], *, follow_link: bool = True) -> Ending:
    """Find how a log ended, from its header and its last records alone, however long it is.

    Args:
        follow_link: as in `read_log`.

    Raises:
        FileNotFoundError: there is no such file.
        LogFormatError: the file is no log, or a newer version wrote it.
        OSError: it cannot be opened or read.
    """
    if is_event_file(path):
        return _ending_of_events(os.fspath(path))
    fd, found = open_descriptor(path, follow_link=follow_link)
    try:
        # a file object would take as long as all the rest, and most logs are short
        beginning = os_files.pread(fd, _ENDING_BYTES, 0)
        created_at = decode_header(beginning[:RECORD_SIZE], os.fspath(path))
        if created_at is None:
            with FileIO(fd, closefd=False) as file:
                origin = identify_log(file, os.fspath(path))
            if origin.is_legacy:
                return Ending(is_legacy=True)
        return _ending_of_records(created_at, _last_records(fd, found.st_size, beginning))
    finally:
        os.close(fd)


def _ending_of_records(
    created_at: float | None, last_first: Iterator[tuple[int, int, float]]
) -> Ending:
    outcomes: set[int] = set()
    last_wall_time = None
    for kind, outcome, wall_time in last_first:
        if last_wall_time is None:
            last_wall_time = wall_time
        if kind != KIND_END or outcome == OPENED_AGAIN:
            break
        outcomes.add(outcome)
    return Ending(
        bool(outcomes),
        FAILED in outcomes,
        created_at,
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


def _last_records(fd: int, size_bytes: int, beginning: bytes) -> Iterator[tuple[int, int, float]]:
    """Yield kind, step and wall time of the intact values and ends, the last one first."""
    stop = size_bytes // RECORD_SIZE * RECORD_SIZE
    lowest = max(RECORD_SIZE, stop - _MAX_ENDING_BYTES)
    while stop > lowest:
        start = max(lowest, stop - _ENDING_BYTES)
        if stop <= len(beginning):
            data = beginning[start:stop]
        else:
            data = os_files.pread(fd, stop - start, start)
        for begin in range(len(data) // RECORD_SIZE * RECORD_SIZE - RECORD_SIZE, -1, -RECORD_SIZE):
            record = data[begin : begin + RECORD_SIZE]
            if is_intact(record):
                head, step, wall_time, _ = unpack_record(record)
                if head & KIND_MASK in (KIND_SCALAR, KIND_END):
                    yield head & KIND_MASK, step, wall_time
        stop = start
