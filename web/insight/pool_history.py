"""The use of a sweep's workers: of slots and wall time, and as a time line. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from ml_tracking_ops.orchestrator.store.pool_record import (
    AttemptSpan,
    OrchestratorSession,
    Placement,
    PoolRecord,
)
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep


def pool_of(sweep: Sweep) -> PoolRecord:
    """Return the activity of the workers up to now. Empty for sweeps of the original tool."""
    record = sweep.record
    record.pool.settle(record.runs, is_lost=record.state == "lost")
    return record.pool


@dataclass(frozen=True, slots=True)
class SlotUse:
    """The activity of one slot. `idle_s` is the rest of the time in which it existed."""

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
    """The use of the workers. `by_state`: the busy time by how the attempts ended.

    `fewest` to `most`: how many slots there were at once.
    """

    slots: tuple[SlotUse, ...]
    fewest: int
    most: int
    wall_s: float
    busy_s: float
    capacity_s: float
    by_state: Mapping[str, float]

    @property
    def share(self) -> float | None:
        return min(1.0, self.busy_s / self.capacity_s) if self.capacity_s > 0 else None


def measure_use(pool: PoolRecord, now: float) -> PoolUse:
    """Compare busy time with slots × wall time, over all sessions, up to `now` if one continues.

    A run that outlived its orchestrator counts as busy only while there was one.
    """
    there = _time_there(pool.sessions, now)
    busy: dict[int, float] = {}
    counts: dict[int, int] = {}
    by_state: dict[str, float] = {}
    for span in pool.spans:
        seconds = _within(span, pool.sessions, now)
        busy[span.slot] = busy.get(span.slot, 0.0) + seconds
        counts[span.slot] = counts.get(span.slot, 0) + 1
        by_state[span.state] = by_state.get(span.state, 0.0) + seconds
    slots = tuple(
        SlotUse(
            n, counts.get(n, 0), busy.get(n, 0.0), max(0.0, there.get(n, 0.0) - busy.get(n, 0.0))
        )
        for n in sorted({*there, *busy})
    )
    wall_s = sum(_end(session, now) - session.started_at for session in pool.sessions)
    sizes = [size for size, seconds in _sizes(pool.sessions, now) if seconds > 0] or [0]
    return PoolUse(
        slots, min(sizes), max(sizes), wall_s, sum(busy.values()), sum(there.values()), by_state
    )


def _sizes(sessions: Iterable[OrchestratorSession], now: float) -> Iterable[tuple[int, float]]:
    """Yield how many slots there were, and for how many seconds, one after the other."""
    for session in sessions:
        ends = [time for time, _ in session.sizes[1:]] + [_end(session, now)]
        for (time, size), end in zip(session.sizes, ends, strict=True) if session.sizes else ():
            yield size, max(0.0, end - time)


def _time_there(sessions: Iterable[OrchestratorSession], now: float) -> dict[int, float]:
    """Return the seconds in which the pool had each slot."""
    there: dict[int, float] = {}
    for size, seconds in _sizes(sessions, now):
        for slot in range(size):
            there[slot] = there.get(slot, 0.0) + seconds
    return there


def _within(span: AttemptSpan, sessions: Iterable[OrchestratorSession], now: float) -> float:
    end = now if span.ended_at is None else span.ended_at
    return sum(
        max(0.0, min(end, _end(session, now)) - max(span.started_at, session.started_at))
        for session in sessions
    )


def _end(session: OrchestratorSession, now: float) -> float:
    return max(session.started_at, now if session.ended_at is None else session.ended_at)


class PlaceEntry(TypedDict):
    """The job of a span, its place, and how long it had waited (seconds)."""

    label: str
    node: str | None
    gpus: list[str]
    queued: float


class SpanColumns(TypedDict):
    """A value for each span. `state` is an index into the states of the answer.

    `place` exists if the engine has a queue.
    """

    index: list[int]
    attempt: list[int]
    slot: list[int]
    started: list[float]
    ended: list[float | None]
    state: list[int]
    place: NotRequired[list[PlaceEntry | None]]


def describe_spans(pool: PoolRecord, first: int, states: tuple[str, ...]) -> SpanColumns:
    """Return spans from a place on, as columns, times since the sweep began."""
    spans = pool.spans[first:]
    start = pool.sessions[0].started_at if pool.sessions else 0.0
    columns: SpanColumns = {
        "index": [span.index for span in spans],
        "attempt": [span.attempt for span in spans],
        "slot": [span.slot for span in spans],
        "started": [round(span.started_at - start, 3) for span in spans],
        "ended": [None if s.ended_at is None else round(s.ended_at - start, 3) for s in spans],
        "state": [states.index(s.state) for s in spans],
    }
    if any(span.place is not None for span in pool.spans):
        columns["place"] = [_place_entry(span.place) for span in spans]
    return columns


def _place_entry(place: Placement | None) -> PlaceEntry | None:
    if place is None:
        return None
    return {
        "label": place.label,
        "node": place.node,
        "gpus": list(place.gpus),
        "queued": round(place.queued_s, 3),
    }
