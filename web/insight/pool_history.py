"""What the workers of a sweep did, from its journal: which slot ran which attempt, and when.

`PoolHistory` folds the journal's events; what is asked of it is pure. Times are seconds since the
epoch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_tracking_ops.orchestrator.store.journal import Event
from ml_tracking_ops.orchestrator.store.states import RunRecord


@dataclass(slots=True)
class Span:
    """One attempt at a run in its slot; `ended_at` is None while it goes on."""

    index: int
    attempt: int
    slot: int
    started_at: float
    ended_at: float | None = None
    status: str = "running"


@dataclass(slots=True)
class Session:
    """From one start of the orchestrator to its end; `sizes`: from when on how many slots."""

    started_at: float
    ended_at: float | None = None
    sizes: list[tuple[float, int]] = field(default_factory=list)


class PoolHistory:
    """Events in, spans out; spans keep their order and their place."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.sessions: list[Session] = []
        self.latest_at = 0.0
        self._open: dict[int, Span] = {}

    @property
    def first_open(self) -> int:
        """The place of the first span that may still change."""
        going_on = set(map(id, self._open.values()))
        return next((n for n, s in enumerate(self.spans) if id(s) in going_on), len(self.spans))

    def apply(self, event: Event) -> None:
        """An event of another kind, or of an unexpected shape, changes nothing."""
        fold = getattr(self, f"_on_{event.get('event')}", None)
        time = event.get("time")
        if not isinstance(time, int | float) or isinstance(time, bool):
            return
        if fold is not None:
            fold(float(time), event)
        self.latest_at = max(self.latest_at, float(time))

    def _on_sweep_started(self, time: float, event: Event) -> None:
        if self.sessions and self.sessions[-1].ended_at is None:
            self.sessions[-1].ended_at = self.latest_at
        n_workers = event.get("n_workers")
        sizes = [(time, n_workers)] if isinstance(n_workers, int) else []
        self.sessions.append(Session(time, None, sizes))

    def _on_requested(self, time: float, event: Event) -> None:
        n_workers = event.get("n_workers")
        is_new_size = event.get("action") == "workers" and event.get("outcome") == "done"
        if is_new_size and isinstance(n_workers, int) and self.sessions:
            self.sessions[-1].sizes.append((time, n_workers))

    def _on_started(self, time: float, event: Event) -> None:
        index, slot, attempt = event.get("index"), event.get("slot"), event.get("attempt", 1)
        if not isinstance(index, int):
            return
        if (before := self._open.pop(index, None)) is not None:
            before.ended_at, before.status = min(time, self.latest_at), "lost"
        span = Span(index, attempt if isinstance(attempt, int) else 1, self._slot(slot), time)
        self.spans.append(span)
        self._open[index] = span

    def _slot(self, slot: object) -> int:
        """The one that is named, or else the first that is free."""
        if isinstance(slot, int) and slot >= 0:
            return slot
        taken = {span.slot for span in self._open.values()}
        return next(n for n in range(len(taken) + 1) if n not in taken)

    def _on_ended(self, time: float, event: Event) -> None:
        index = event.get("index")
        span = self._open.pop(index, None) if isinstance(index, int) else None
        if span is not None:
            span.ended_at, span.status = max(time, span.started_at), str(event.get("status"))

    def _on_sweep_ended(self, time: float, event: Event) -> None:
        if self.sessions:
            self.sessions[-1].ended_at = time

    def settle(self, runs: Mapping[int, RunRecord]) -> None:
        """Take in what the catalog found out of runs whose end no orchestrator wrote down."""
        for index, span in list(self._open.items()):
            run = runs.get(index)
            if run is not None and run.has_ended:
                ended_at = run.ended_at if run.ended_at is not None else self.latest_at
                span.ended_at, span.status = max(ended_at, span.started_at), run.status
                del self._open[index]


@dataclass(frozen=True, slots=True)
class SlotUse:
    """What one slot did. `idle_s` is the rest of the time in which it was there."""

    slot: int
    n_spans: int
    busy_s: float
    idle_s: float

    @property
    def share(self) -> float | None:
        whole = self.busy_s + self.idle_s
        return self.busy_s / whole if whole > 0 else None


@dataclass(frozen=True)
class PoolUse:
    """How well the workers were used. `by_status`: the busy time by how the attempts ended.

    `fewest` to `most`: how many slots there were at once.
    """

    slots: tuple[SlotUse, ...]
    fewest: int
    most: int
    wall_s: float
    busy_s: float
    capacity_s: float
    by_status: Mapping[str, float]

    @property
    def share(self) -> float | None:
        return min(1.0, self.busy_s / self.capacity_s) if self.capacity_s > 0 else None


def measure_use(history: PoolHistory, now: float) -> PoolUse:
    """Busy time against slots × wall time, over all sessions, up to `now` where one goes on.

    A run that outlived its orchestrator counts as busy only while there was one.
    """
    there = _time_there(history.sessions, now)
    busy: dict[int, float] = {}
    counts: dict[int, int] = {}
    by_status: dict[str, float] = {}
    for span in history.spans:
        seconds = _within(span, history.sessions, now)
        busy[span.slot] = busy.get(span.slot, 0.0) + seconds
        counts[span.slot] = counts.get(span.slot, 0) + 1
        by_status[span.status] = by_status.get(span.status, 0.0) + seconds
    slots = tuple(
        SlotUse(
            n, counts.get(n, 0), busy.get(n, 0.0), max(0.0, there.get(n, 0.0) - busy.get(n, 0.0))
        )
        for n in sorted({*there, *busy})
    )
    wall_s = sum(_end(session, now) - session.started_at for session in history.sessions)
    sizes = [size for size, seconds in _sizes(history.sessions, now) if seconds > 0] or [0]
    return PoolUse(
        slots, min(sizes), max(sizes), wall_s, sum(busy.values()), sum(there.values()), by_status
    )


def _sizes(sessions: Iterable[Session], now: float) -> Iterable[tuple[int, float]]:
    """How many slots there were, and for how many seconds, one after the other."""
    for session in sessions:
        ends = [time for time, _ in session.sizes[1:]] + [_end(session, now)]
        for (time, size), end in zip(session.sizes, ends, strict=True) if session.sizes else ():
            yield size, max(0.0, end - time)


def _time_there(sessions: Iterable[Session], now: float) -> dict[int, float]:
    """For each slot the seconds in which the pool had it."""
    there: dict[int, float] = {}
    for size, seconds in _sizes(sessions, now):
        for slot in range(size):
            there[slot] = there.get(slot, 0.0) + seconds
    return there


def _within(span: Span, sessions: Iterable[Session], now: float) -> float:
    end = now if span.ended_at is None else span.ended_at
    return sum(
        max(0.0, min(end, _end(session, now)) - max(span.started_at, session.started_at))
        for session in sessions
    )


def _end(session: Session, now: float) -> float:
    return max(session.started_at, now if session.ended_at is None else session.ended_at)


def describe_spans(history: PoolHistory, first: int, statuses: tuple[str, ...]) -> dict[str, Any]:
    """Spans from a place on, as columns; times since the sweep began."""
    spans = history.spans[first:]
    start = history.sessions[0].started_at if history.sessions else 0.0
    return {
        "index": [span.index for span in spans],
        "attempt": [span.attempt for span in spans],
        "slot": [span.slot for span in spans],
        "started": [round(span.started_at - start, 3) for span in spans],
        "ended": [None if s.ended_at is None else round(s.ended_at - start, 3) for s in spans],
        "status": [statuses.index(s.status) if s.status in statuses else -1 for s in spans],
    }
