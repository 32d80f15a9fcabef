"""Read what is new in a log since the last call: `LogTail`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import FileIO

import numpy as np

from .. import os_files
from ..records import KIND_MASK, KIND_NAME, RECORD_SIZE, is_intact, unnamed
from .bounded_reading import BoundedReading, next_data
from .branches import are_kept
from .checksums import as_rows
from .columns import CHUNK_BYTES, Decoder, Series
from .legacy import read_legacy
from .source import identify_log, open_descriptor

_NOT_WRITTEN = bytes(8)
"""Bytes that no record begins with, but a part of a file that was never written."""


@dataclass(frozen=True, slots=True)
class TailBatch:
    """The result of one read.

    Attributes:
        series: the new values by metric name. Metrics without new values are left out.
        was_reset: discard earlier batches, this one begins again: the file was truncated, replaced
            or deleted, or the training continued from an earlier step.
        offset: bytes consumed up to here. A later `LogTail` may continue from it.
        has_more: `max_bytes` ended the batch before the end of the file.
        is_closed: the last record marks that a process finished writing.
        ended_with_error: … and that it was by an exception.
    """

    series: dict[str, Series]
    was_reset: bool
    offset: int
    has_more: bool
    is_closed: bool
    ended_with_error: bool


class LogTail:
    """Reads what is new in a log since the last read. Any split into reads gives the same values.

    The work is in proportion to the new bytes. Between reads no file is kept open: opening one
    takes a few microseconds, while a process that tails thousands would run out of descriptors.

    A log of the original tool is rewritten by its writer, not appended to. It is read as a whole
    after every change, with `was_reset`.

    Attributes:
        offset: bytes consumed so far: 0, or the header and whole records.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        offset: int = 0,
        *,
        follow_link: bool = True,
        before: Callable[[str], Mapping[str, Series]] | None = None,
    ) -> None:
        """Open nothing yet. The file need not exist yet.

        Args:
            path: a `.dat` file.
            offset: where to continue: the `offset` of an earlier tail.
            follow_link: as in `read_log`.
            before: returns what a run of a sweep logged in earlier attempts, given the path of this
                log (`history_before`). The first batch then begins with the part of it that counts.

        Raises:
            ValueError: no tail can have had this offset.
        """
        if offset < 0:
            raise ValueError(f"offset must be the offset of an earlier tail, not {offset}")
        self.path = os.fspath(path)
        self._follow_link = follow_link
        self._read_before = before if offset == 0 else None
        self._known_before: Mapping[str, Series] | None = None
        self._owes_earlier = False
        self._identity: tuple[int, int, bytes] | None
        self._legacy_version: tuple[int, int] | None
        self._scanned_to: int
        self._decoder: Decoder
        self._owes_reset = False
        self._has_given = False
        self._n_reopened = 0
        self._awaited: dict[str, int]
        """Metrics that the latest session has not logged → their highest step before it."""
        self._forget()
        self.offset = self._first_offset = offset

    @property
    def n_skipped(self) -> int:
        """How many damaged records and contradictory names there were since the last reset."""
        return self._n_damaged + self._decoder.n_skipped

    def close(self) -> None:
        """Do nothing: no file is kept open. For symmetry with files."""

    def __enter__(self) -> "LogTail":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, max_bytes: int = 4 << 20) -> TailBatch:
        """Read what is new, at most `max_bytes` of it. A partially written last record waits.

        Raises:
            LogFormatError: the file is no log, or a newer version wrote it.
            OSError: the file is there but cannot be read.
        """
        try:
            fd, found = open_descriptor(self.path, follow_link=self._follow_link)
        except (FileNotFoundError, NotADirectoryError):
            self._reset()
            return self._batch({})
        try:
            return self._read(fd, found, max_bytes)
        finally:
            os.close(fd)

    def _read(self, fd: int, found: os.stat_result, max_bytes: int) -> TailBatch:
        identity = *os_files.file_of(found), os_files.pread(fd, RECORD_SIZE, 0)
        if self._identity not in (None, identity) or found.st_size < self.offset:
            self._reset()
        if self._identity is None:
            with FileIO(fd, closefd=False) as file:
                origin = identify_log(file, self.path)
            if not origin.has_header:
                return self._batch({})
            self._identity = identity
            self._is_legacy = origin.is_legacy
            if not origin.is_legacy:
                self._begin(is_header_damaged=origin.created_at is None)
        if self._is_legacy:
            return self._batch(self._read_legacy(fd, (found.st_size, found.st_mtime_ns)))
        n_new = max(0, found.st_size - self.offset)  # it may have grown since it was opened
        series = self._read_records(fd, min(n_new, max(max_bytes, RECORD_SIZE)))
        has_more = found.st_size - self.offset >= RECORD_SIZE
        return self._batch(series, has_more=has_more)

    def _begin(self, *, is_header_damaged: bool) -> None:
        """Skip the header, unless this tail continues where an earlier one ended."""
        if self.offset % RECORD_SIZE:  # no tail of this content can have had this offset
            self._owes_reset = True
            self.offset = 0
        if self.offset == 0:
            self.offset = self._first_offset = RECORD_SIZE
            self._n_damaged = int(is_header_damaged)

    def _read_records(self, fd: int, n_bytes: int) -> dict[str, Series]:
        n_bytes = n_bytes // RECORD_SIZE * RECORD_SIZE
        data = os_files.pread(fd, n_bytes, self.offset)
        if data.startswith(_NOT_WRITTEN) and self._step_over_hole(fd):
            data = os_files.pread(fd, n_bytes, self.offset)
        data = data[: len(data) // RECORD_SIZE * RECORD_SIZE]
        by_id = self._decoder.decode(data)
        self.offset += len(data)
        names = self._decoder.names.names
        if self._scanned_to < self._first_offset:
            self._find_names(fd, {identifier for identifier in by_id if identifier not in names})
        by_name: dict[str, list[Series]] = {}
        for identifier, series in by_id.items():
            by_name.setdefault(names.get(identifier) or unnamed(identifier), []).append(series)
        found = {name: Series.joined(parts) for name, parts in by_name.items()}
        return self._read_again(fd) if self._is_abandoning(found) else found

    def _is_abandoning(self, found: dict[str, Series]) -> bool:
        """Return whether these values may abandon values of earlier batches."""
        is_reopened = self._decoder.n_reopened > self._n_reopened
        if is_reopened or self._owes_earlier:
            self._n_reopened, self._owes_earlier = self._decoder.n_reopened, False
            return True
        latest = {name: self._awaited.pop(name) for name in found if name in self._awaited}
        return any(int(found[name].step[0]) <= step for name, step in latest.items())

    def _read_again(self, fd: int) -> dict[str, Series]:
        """Read all values up to here that count, those of earlier attempts included."""
        decoder = Decoder()
        start = RECORD_SIZE
        while (
            start := next_data(fd, start, self.offset) // RECORD_SIZE * RECORD_SIZE
        ) < self.offset:
            data = os_files.pread(fd, min(CHUNK_BYTES, self.offset - start), start)
            if len(data) < RECORD_SIZE:
                break
            decoder.feed(data[: len(data) // RECORD_SIZE * RECORD_SIZE], self.offset - start)
            start += len(data) // RECORD_SIZE * RECORD_SIZE
        columns = decoder.finish()
        self._owes_reset |= self._has_given or self._first_offset > RECORD_SIZE
        parts: dict[str, list[Series]] = {name: [one] for name, one in self._before().items()}
        starts: dict[str, list[int]] = {name: [len(one[0])] for name, one in parts.items()}
        for identifier in columns.ranges:
            name = decoder.names.names.get(identifier) or unnamed(identifier)
            n_before = sum(len(part) for part in parts.get(name, []))
            own = [n_before + start for start in columns.starts_of(identifier)]
            starts[name] = [*starts.get(name, []), *own]
            parts.setdefault(name, []).append(columns.of(identifier))
        joined = {name: Series.joined(found) for name, found in parts.items()}
        self._awaited = {
            name: int(series.step.max())
            for name, series in joined.items()
            if starts[name][-1:] == [len(series)]
        }
        return {
            name: series.among(are_kept(series.step, starts[name]))
            for name, series in joined.items()
        }

    def _before(self) -> Mapping[str, Series]:
        """Return what earlier attempts logged, read once."""
        if self._known_before is None:
            self._known_before = self._read_before(self.path) if self._read_before else {}
        return self._known_before

    def _step_over_hole(self, fd: int) -> bool:
        """Continue where something was written. Return whether that is another place."""
        data_at = next_data(fd, self.offset, os.fstat(fd).st_size) // RECORD_SIZE * RECORD_SIZE
        if data_at > self.offset:
            self._n_damaged += (data_at - self.offset) // RECORD_SIZE
            self.offset = data_at
            return True
        return False

    def _find_names(self, fd: int, wanted: set[int]) -> None:
        """Find declarations before the offset where this tail began. Each stretch is read only
        once."""
        reading = BoundedReading(self.path)
        while wanted and self._scanned_to < self._first_offset:
            data_at = next_data(fd, self._scanned_to, self._first_offset)
            data_at = min(data_at, self._first_offset) // RECORD_SIZE * RECORD_SIZE
            self._scanned_to = max(self._scanned_to, data_at)
            n_bytes = min(CHUNK_BYTES, self._first_offset - self._scanned_to)
            rows = as_rows(os_files.pread(fd, n_bytes, self._scanned_to))
            if not len(rows):
                return
            reading.note(rows.nbytes)
            self._scanned_to += rows.nbytes
            for row in rows[(rows[:, 0] & np.uint64(KIND_MASK)) == KIND_NAME]:
                record = row.tobytes()
                if is_intact(record):
                    self._decoder.names.add(record)
            wanted -= self._decoder.names.names.keys()

    def _read_legacy(self, fd: int, version: tuple[int, int]) -> dict[str, Series]:
        """Read all values, unless this very version (size, time of change) was read before."""
        is_known = self._legacy_version is None and self.offset == version[0]
        if is_known or self._legacy_version == version:
            self._legacy_version = version
            return {}
        self._owes_reset |= self.offset > 0
        with FileIO(fd, closefd=False) as file:
            series, self._n_damaged = read_legacy(file, self.path)
        self._legacy_version = version
        self.offset = version[0]
        return series

    def _reset(self) -> None:
        self._owes_reset |= self.offset > 0
        self._forget()

    def _forget(self) -> None:
        self.offset = self._first_offset = 0
        self._scanned_to = RECORD_SIZE
        self._decoder = Decoder()
        self._identity = None
        self._is_legacy = False
        self._legacy_version = None
        self._n_damaged = 0
        self._n_reopened = 0
        self._has_given = False
        self._owes_earlier = bool(self._before())
        self._awaited = {}

    def _batch(self, series: dict[str, Series], *, has_more: bool = False) -> TailBatch:
        was_reset, self._owes_reset = self._owes_reset, False
        self._has_given |= bool(series)
        decoder = self._decoder
        return TailBatch(
            series, was_reset, self.offset, has_more, decoder.is_closed, decoder.ended_with_error
        )
