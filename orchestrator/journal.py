"""What happened in a sweep: an append-only file of JSON lines with one writer.

The state of a sweep is what folding its journal gives (`SweepState.apply`) and is held nowhere
else, so that any process can rebuild it at any time. Events, each with `event` and `time`
(seconds since the epoch):

    sweep_started   n_workers, max_runs, pid, process_identity, host; again with every resume
    known           hyperparameters, status, best_value, sweep (of an earlier one)
    sampled         index, hyperparameters; combination and repeat, where combinations are
                    repeated; n_known, how many ends a sampler that learns knew of
    started         index, name, attempt, pid, process_identity, slot, gpus
    stopped_early   index, rule, metric, step, value, threshold, reason
    ended           index, status, exit_code, duration_s, best_value, best_step, n_values,
                    reason, output_tail; will_retry, where it is tried again
    retrying        index, attempt, delay_s
    stopping        rule, metric, step, value, threshold, reason: why the sweep as a whole ends
    requested       id, action, by, asked_at, index, n_workers, outcome (done, refused), message:
                    what a user asked for and what became of it; reason for stop, or taken_back
                    where that takes back a requeue; attempt for requeue
    warning         message
    sweep_ended     status, reason
"""

import contextlib
import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from ml_tracking_ops.logger.locks import hold_exclusive

from . import fields
from .history import Ended, HistoryEvent, Known, Sampled
from .history import RunStatus as RunStatus
from .objective import Goal, is_better

SweepStatus = Literal["pending", "running", "finished", "failed", "killed", "lost"]
RUN_STATUSES: tuple[RunStatus, ...] = (
    "pending", "running", "finished", "early_stopped", "failed", "killed", "lost",
)  # fmt: skip
_ENDED = frozenset(("finished", "early_stopped", "failed", "killed", "lost"))
_SWEEP_ENDED = frozenset(("finished", "failed", "killed"))

# opening a FIFO must not wait for a writer, and a link must not lead out of the sweep's folder
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)

Event = dict[str, Any]
BEAT_S = 10.0
_BLOCK_BYTES = 1 << 20
_LONGEST_LINE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Before:
    """What a run was when it was put back to run again."""

    status: RunStatus
    reason: str | None
    attempt: int
    stopped_by_hand: str | None


@dataclass(slots=True)
class RunState:
    """One run of a sweep. Times are seconds since the epoch.

    `exit_code` is negative where a signal ended the process, as in `subprocess`.
    """

    index: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    status: RunStatus = "pending"
    reason: str | None = None
    best_value: float | None = None
    best_step: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    attempt: int = 1
    previous_names: list[str] = field(default_factory=list)
    before: Before | None = None
    stopped_by: dict[str, Any] | None = None
    stopped_by_hand: str | None = None
    """Why it was stopped, where a user asked for that; it is then not run again by a resume."""
    slot: int | None = None
    pid: int | None = None
    process_identity: str | None = None
    output_tail: list[str] = field(default_factory=list)
    combination: int | None = None
    repeat: int = 1

    @property
    def has_ended(self) -> bool:
        return self.status in _ENDED

    @property
    def waits_again(self) -> bool:
        """Whether a user put it back to run again, and it has not started yet."""
        return self.status == "pending" and self.before is not None

    def put_back(self, attempt: int) -> None:
        """Let it wait to run again, as this attempt."""
        if self.status != "pending":
            self.before = Before(self.status, self.reason, self.attempt, self.stopped_by_hand)
        self.attempt, self.status = attempt, "pending"
        self.stopped_by_hand = self.reason = None

    def take_back(self) -> None:
        """Make it what it was before `put_back`."""
        if (was := self.before) is not None:
            self.status, self.reason, self.attempt = was.status, was.reason, was.attempt
            self.stopped_by_hand, self.before = was.stopped_by_hand, None


@dataclass(slots=True)
class SweepState:
    """What folding a journal gives. `runs` is keyed by the run's index, counted from 1.

    `history` is what a sampler may learn from, in the order in which it happened.
    """

    goal: Goal | None = None
    runs: dict[int, RunState] = field(default_factory=dict, repr=False)
    status: SweepStatus = "pending"
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    n_workers: int | None = None
    max_runs: int | None = None
    pid: int | None = None
    process_identity: str | None = None
    host: str | None = None
    warnings: list[str] = field(default_factory=list)
    paused_at: float | None = None
    paused_by: str | None = None
    n_workers_asked: int | None = None
    """How many runs at once a user asked for while the sweep went on; a resume keeps to it."""
    requests: set[str] = field(default_factory=set)
    """The requests that were decided on."""
    n_skipped: int = 0
    history: list[HistoryEvent] = field(default_factory=list, repr=False)

    @property
    def is_paused(self) -> bool:
        """Whether nothing new is started until a user says so."""
        return self.paused_at is not None and self.status == "running"

    @property
    def counts(self) -> dict[RunStatus, int]:
        """How many runs are in each state; states without a run are left out."""
        found = Counter(run.status for run in self.runs.values())
        return {status: found[status] for status in RUN_STATUSES if found[status]}

    @property
    def best(self) -> RunState | None:
        """The run with the best value; the earliest of equals; `None` where no value is known."""
        best: RunState | None = None
        for run in self.runs.values():
            if self.goal is None or run.best_value is None:
                continue
            if best is None or is_better(run.best_value, best.best_value, self.goal):
                best = run
        return best

    def apply(self, event: Event) -> int | None:
        """Fold one event in; return the index of the run it concerns, if any.

        An event of an unknown kind changes nothing; one whose fields are missing or of the
        wrong type is counted in `n_skipped`.
        """
        fold = _FOLDS.get(str(event.get("event")))
        if fold is None:
            return None
        try:
            return fold(self, event)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self.n_skipped += 1
            return None

    def run(self, event: Event) -> RunState:
        index = fields.whole(event["index"])
        return self.runs.setdefault(index, RunState(index))


def _sweep_started(state: SweepState, event: Event) -> None:
    started_at, n_workers = fields.time_of(event["time"]), event.get("n_workers")
    pid, host = fields.whole_or_none(event.get("pid")), fields.text_or_none(event.get("host"))
    identity = fields.text_or_none(event.get("process_identity"))
    max_runs = fields.whole_or_none(event.get("max_runs", state.max_runs))
    state.n_workers = fields.whole_or_none(n_workers)
    state.started_at = started_at if state.started_at is None else state.started_at
    state.status, state.reason, state.ended_at = "running", None, None
    state.pid, state.host, state.process_identity = pid, host, identity
    state.max_runs = max_runs
    state.paused_at, state.paused_by = None, None
    if state.n_workers != state.n_workers_asked:
        state.n_workers_asked = None


def _sampled(state: SweepState, event: Event) -> int:
    hyperparameters = fields.named(event["hyperparameters"])
    repeat = fields.whole(event.get("repeat", 1))
    n_known = fields.whole_or_none(event.get("n_known"))
    combination = fields.whole(event.get("combination", event["index"]))
    run = state.run(event)
    run.hyperparameters, run.repeat, run.combination = hyperparameters, repeat, combination
    state.history.append(Sampled(run.index, hyperparameters, combination, repeat, n_known))
    return run.index


def _known(state: SweepState, event: Event) -> None:
    hyperparameters, status = fields.named(event["hyperparameters"]), event["status"]
    value = fields.number_or_none(event.get("best_value"))
    state.history.append(Known(hyperparameters, status, value))


def _started(state: SweepState, event: Event) -> int:
    name, started_at = fields.file_stem(event["name"]), fields.time_of(event["time"])
    attempt = fields.whole(event.get("attempt", 1))
    slot, pid = fields.whole_or_none(event.get("slot")), fields.whole_or_none(event.get("pid"))
    identity = fields.text_or_none(event.get("process_identity"))
    run = state.run(event)
    if run.name not in (None, name):
        run.previous_names.append(str(run.name))
    run.name, run.started_at, run.status, run.stopped_by = name, started_at, "running", None
    run.stopped_by_hand = run.before = None
    run.attempt, run.slot, run.pid, run.process_identity = attempt, slot, pid, identity
    run.reason, run.ended_at, run.exit_code, run.output_tail = None, None, None, []
    run.best_value, run.best_step = None, None
    return run.index


def _stopped_early(state: SweepState, event: Event) -> int:
    reason = fields.text(event["reason"])
    run = state.run(event)
    run.reason, run.stopped_by = reason, dict(event)
    return run.index


def _ended(state: SweepState, event: Event) -> int:
    status, ended_at = event["status"], fields.time_of(event["time"])
    if status not in _ENDED:
        raise ValueError(status)
    best_value = fields.number_or_none(event.get("best_value"))
    best_step = fields.whole_or_none(event.get("best_step"))
    exit_code = fields.whole_or_none(event.get("exit_code"))
    reason = fields.text_or_none(event.get("reason"))
    output_tail = fields.texts(event.get("output_tail", []))
    run = state.run(event)
    run.status, run.ended_at, run.exit_code = status, ended_at, exit_code
    run.best_value, run.best_step = best_value, best_step
    run.reason = reason or run.reason
    run.output_tail = output_tail
    if not event.get("will_retry"):
        state.history.append(Ended(run.index, status, best_value))
    return run.index


def _retrying(state: SweepState, event: Event) -> int:
    attempt = fields.whole(event["attempt"])
    run = state.run(event)
    run.status, run.attempt = "pending", attempt
    return run.index


def _requested(state: SweepState, event: Event) -> int | None:
    identity, action = fields.text(event["id"]), event.get("action")
    at, by = fields.time_of(event["time"]), fields.text_or_none(event.get("by"))
    state.requests.add(identity)
    if event["outcome"] != "done":
        return None
    if event.get("index") is not None:
        run = state.run(event)
        if action == "stop" and event.get("taken_back"):
            run.take_back()
        elif action == "stop":
            run.stopped_by_hand = run.reason = fields.text(event["reason"])
        elif action == "requeue":
            run.put_back(fields.whole(event["attempt"]))
        return run.index
    if action == "pause":
        state.paused_at, state.paused_by = at, by or ""
    elif action == "continue":
        state.paused_at, state.paused_by = None, None
    elif action == "workers":
        state.n_workers = state.n_workers_asked = fields.whole(event["n_workers"])
    return None


def _warning(state: SweepState, event: Event) -> None:
    state.warnings.append(fields.text(event["message"]))


def _sweep_ended(state: SweepState, event: Event) -> None:
    status, ended_at = event["status"], fields.time_of(event["time"])
    if status not in _SWEEP_ENDED:
        raise ValueError(status)
    reason = fields.text_or_none(event.get("reason"))
    state.status, state.ended_at, state.reason = status, ended_at, reason


_FOLDS: dict[str, Callable[[SweepState, Event], int | None]] = {
    "sweep_started": _sweep_started,
    "known": _known,
    "sampled": _sampled,
    "started": _started,
    "stopped_early": _stopped_early,
    "ended": _ended,
    "retrying": _retrying,
    "requested": _requested,
    "warning": _warning,
    "sweep_ended": _sweep_ended,
}


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def encode(event: Event) -> bytes:
    """One line of the journal. Non-finite floats become strings, so that it stays plain JSON."""
    try:
        text = _encode(event)
    except ValueError:
        text = _encode({key: _plain(value) for key, value in event.items()})
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: object) -> object:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


class Journal:
    """The one writer of a sweep's journal; it holds the file's lock while it is open.

    What cannot be written (a full disk) stays in memory and is written with the next event:
    `on_trouble` is told once when that begins.

    Attributes:
        trouble: why not all is written yet; None where it is.
    """

    def __init__(self, path: Path, on_trouble: Callable[[str], None]) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._unwritten = b""
        self._on_trouble = on_trouble
        self.trouble: OSError | None = None
        self._beat_at = 0.0
        self.path = path
        self.is_locked = hold_exclusive(self._fd)
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            self._unwritten = b"\n"  # seals a line that a crash left half-written

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
                    f"cannot write {self.path}: {error.strerror}; kept in memory and tried again"
                )

    @property
    def folder(self) -> Path:
        """The folder that holds the journal, also where it was moved meanwhile (Linux)."""
        try:
            now = Path(f"/proc/self/fd/{self._fd}").readlink()
        except OSError:
            return self.path.parent
        return now.parent if now.exists() else self.path.parent

    def beat(self) -> None:
        """Say that the writer is alive, for other machines: the file's time of change says it."""
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_S
            with contextlib.suppress(OSError):
                os.utime(self._fd)

    def close(self) -> None:
        self.flush()
        with contextlib.suppress(OSError):
            os.close(self._fd)


class JournalTail:
    """Reads what is new in a journal; lines that are no JSON object are counted, not raised.

    A half-written last line waits until it is whole. A line longer than 4 MiB is skipped
    without being held in memory. A journal that was replaced or cut is read anew, with
    `was_reset` set by that `read`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.n_skipped = 0
        self.was_reset = False
        self._identity: tuple[int, int] | None = None
        self._partial = b""
        self._is_discarding = False

    def read(self) -> list[Event]:
        """The events that were completed since the last call; empty where there is no file."""
        self.was_reset = False
        try:
            fd = os.open(self.path, _READ)
        except OSError:
            return []
        try:
            self._notice_replacement(os.fstat(fd))
            return self._read_from(fd)
        except OSError:
            return []
        finally:
            os.close(fd)

    def _notice_replacement(self, status: os.stat_result) -> None:
        identity = (status.st_dev, status.st_ino)
        if self._identity not in (None, identity) or status.st_size < self.offset:
            self.offset, self._partial, self._is_discarding = 0, b"", False
            self.was_reset = True
        self._identity = identity

    def _read_from(self, fd: int) -> list[Event]:
        events: list[Event] = []
        while block := os.pread(fd, _BLOCK_BYTES, self.offset):
            self.offset += len(block)
            *lines, rest = (self._partial + block).split(b"\n")
            if lines and self._is_discarding:
                lines, self._is_discarding = lines[1:], False
            events += [event for line in lines if (event := self._decode(line)) is not None]
            self._partial = b"" if self._is_discarding else rest
            if len(rest) > _LONGEST_LINE_BYTES and not self._is_discarding:
                self.n_skipped += 1
                self._partial, self._is_discarding = b"", True
        return events

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
