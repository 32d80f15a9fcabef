"""The events of a sweep: an append-only file of JSON lines with one writer.

The state of a sweep is the result of folding its journal (`SweepRecord.apply` in `sweep_record.py`)
and is held nowhere else, so that any process can rebuild it at any time. `reports.events` describes
the events.
"""

import contextlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_guarded
from ml_tracking_ops.logger.locks import hold_exclusive
from ml_tracking_ops.logger.reading.bounded_reading import BoundedReading, TooLongError, next_data

from .files import fields
from .files.identities import identity_of

Event = dict[str, Any]
BEAT_S = 10.0
_BLOCK_BYTES = 1 << 20
_MOST_EVENTS = 1_000_000
_LONGEST_LINE_BYTES = 4 << 20


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def encode(event: Event) -> bytes:
    """Encode one line of the journal. Non-finite floats become strings, so that it remains plain
    JSON."""
    try:
        text = _encode(event)
    except ValueError:
        text = _encode({key: _plain(value) for key, value in event.items()})
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: object) -> object:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


class Journal:
    """The one writer of a sweep's journal. It holds the file's lock while it is open.

    Events that cannot be written (a full disk) stay in memory and are written with the next one:
    `on_trouble` is called once when that begins.

    Attributes:
        trouble: why not all is written yet, or None if it is.
    """

    def __init__(self, path: Path, on_trouble: Callable[[str], None]) -> None:
        self._fd = open_guarded(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        self._unwritten = b""
        self._on_trouble = on_trouble
        self.trouble: OSError | None = None
        self._beat_at = 0.0
        self.path = path
        self.is_locked = hold_exclusive(self._fd)
        size = os.fstat(self._fd).st_size
        if size and os_files.pread(self._fd, 1, size - 1) != b"\n":
            self._unwritten = b"\n"  # seals a line that a crash left unfinished

    def append(self, event: str, **fields: Any) -> Event:
        """Write one event, stamped with the time, and return it as written."""
        record: Event = {"event": event, "time": round(time.time(), 6), **fields}
        self._unwritten += encode(record)
        self.flush()
        return record

    def flush(self) -> None:
        """Try again to write what could not be written."""
        try:
            while self._unwritten:
                written = os.write(self._fd, self._unwritten)
                self._unwritten = self._unwritten[written:]
            self.trouble = None
        except OSError as error:
            is_new, self.trouble = self.trouble is None, error
            if is_new:
                self._on_trouble(
                    f"cannot write {self.path}: {error.strerror}. It is kept in memory "
                    "and written later"
                )

    @property
    def folder(self) -> Path:
        """The folder that holds the journal, even if it was moved meanwhile (Linux)."""
        try:
            now = Path(f"/proc/self/fd/{self._fd}").readlink()
        except OSError:
            return self.path.parent
        return now.parent if now.exists() else self.path.parent

    def beat(self) -> None:
        """Show other machines that the writer is alive, by the file's time of change."""
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_S
            with contextlib.suppress(OSError):
                os.utime(self._fd)

    def close(self) -> None:
        """Write the rest and close the file. A second time does nothing."""
        if self._fd < 0:
            return
        self.flush()
        fd, self._fd = self._fd, -1  # the number may belong to another file by then
        with contextlib.suppress(OSError):
            os.close(fd)


class JournalTail:
    """Reads what is new in a journal. Lines that are no JSON object are counted, not raised.

    A partial last line waits until it is complete. A line longer than 4 MiB is skipped without
    being held in memory. A journal that was replaced or cut is read again, with `was_reset` set by
    that `read`.

    Args:
        max_events: how many events one `read` returns, to within a block of the file.

    Attributes:
        trouble: why not all was read. Then nothing more is read, until the file is replaced.
    """

    def __init__(self, path: Path, *, max_events: int = _MOST_EVENTS) -> None:
        self.path = path
        self._max_events = max_events
        self.offset = 0
        self.n_skipped = 0
        self.was_reset = False
        self.trouble: str | None = None
        self._file: tuple[int, int] | None = None
        self._partial = b""
        self._is_discarding = False

    def read(self) -> list[Event]:
        """Return the events that were completed since the last call, or empty if there is no
        file."""
        return [event for part in self.parts() for event in part]

    def parts(self) -> Iterator[list[Event]]:
        """Yield the same events in parts, so that a long journal is never in memory as a whole.

        The first part, which may be empty, comes once `was_reset` is known.
        """
        self.was_reset = False
        try:
            fd = open_guarded(self.path, READ)
        except OSError:
            return
        try:
            self._notice_replacement(os.fstat(fd))
            yield []
            if not self.trouble:
                yield from self._read_from(fd)
        except OSError:
            return
        finally:
            os.close(fd)

    def _notice_replacement(self, status: os.stat_result) -> None:
        file = identity_of(status).file
        if self._file not in (None, file) or status.st_size < self.offset:
            self.offset, self._partial, self._is_discarding = 0, b"", False
            self.was_reset, self.trouble = True, None
        self._file = file

    def _read_from(self, fd: int) -> Iterator[list[Event]]:
        n_events = 0
        reading = BoundedReading(self.path)
        while True:
            self._step_over_hole(fd)
            block = os_files.pread(fd, _BLOCK_BYTES, self.offset)
            if not block:
                break
            try:
                reading.note(len(block))
            except TooLongError as error:
                self.trouble = str(error)
                break
            self.offset += len(block)
            *lines, rest = (self._partial + block).split(b"\n")
            if lines and self._is_discarding:
                lines, self._is_discarding = lines[1:], False
            events = [event for line in lines if (event := self._decode(line)) is not None]
            self._partial = b"" if self._is_discarding else rest
            if len(rest) > _LONGEST_LINE_BYTES and not self._is_discarding:
                self.n_skipped += 1
                self._partial, self._is_discarding = b"", True
            n_events += len(events)
            if n_events > self._max_events:
                self.trouble = f"{self.path} has over {self._max_events} events. Not all were read"
            yield events
            if self.trouble:
                break

    def _step_over_hole(self, fd: int) -> None:
        """Skip a hole, which was never written. The line in which it begins and ends is damaged."""
        data_at = next_data(fd, self.offset, os.fstat(fd).st_size)
        if data_at > self.offset:
            self.n_skipped += 1
            self.offset, self._partial, self._is_discarding = data_at, b"", True

    def _decode(self, line: bytes) -> Event | None:
        if not line.strip():
            return None
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if isinstance(event, dict):
            has_halves = b"\\ud" in line.lower()  # of surrogate pairs, as JSON writes them
            return cast(Event, fields.printable(event)) if has_halves else event
        self.n_skipped += 1
        return None
