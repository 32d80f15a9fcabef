"""The record of a sweep's workers: which slot ran which attempt, and when.

It is a part of `SweepRecord`, whose fold calls it. Times are seconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .run_states import RunState


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an engine with a queue ran an attempt, and how long it waited before."""

    label: str
    node: str | None
    gpus: tuple[str, ...]
    queued_s: float


@dataclass(slots=True)
class AttemptSpan:
    """One attempt at a run in its slot. `ended_at` is None while the attempt is running.

    `place` is None if the engine has no queue.
    """

    index: int
    attempt: int
    slot: int
    started_at: float
    ended_at: float | None = None
    state: RunState = "running"
    place: Placement | None = None


@dataclass(slots=True)
class OrchestratorSession:
    """From one start of the orchestrator to its end. `sizes`: the number of slots, and from when
    on."""

    started_at: float
    ended_at: float | None = None
    sizes: list[tuple[float, int]] = field(default_factory=list)


class EndState(Protocol):
    """How a run ended, as a `RunRecord` knows it."""

    state: RunState
    ended_at: float | None

    @property
    def has_ended(self) -> bool: ...


@dataclass(slots=True)
class PoolRecord:
    """Spans and sessions. Spans keep their order and their place.

    `latest_at` is the time of the latest event.
    """

    spans: list[AttemptSpan] = field(default_factory=list)
    sessions: list[OrchestratorSession] = field(default_factory=list)
    latest_at: float = 0.0
    _open: dict[int, AttemptSpan] = field(default_factory=dict)

    @property
    def first_open(self) -> int:
        """The place of the first span that may still change."""
        running = set(map(id, self._open.values()))
        return next((n for n, s in enumerate(self.spans) if id(s) in running), len(self.spans))

    def begin_session(self, time: float, n_workers: int | None) -> None:
        self.end_session(self.latest_at)
        self.sessions.append(
            OrchestratorSession(time, None, [] if n_workers is None else [(time, n_workers)])
        )

    def end_session(self, time: float) -> None:
        if self.sessions and self.sessions[-1].ended_at is None:
            self.sessions[-1].ended_at = time

    def resize(self, time: float, n_workers: int) -> None:
        if self.sessions:
            self.sessions[-1].sizes.append((time, n_workers))

    def start(
        self,
        time: float,
        index: int,
        attempt: int,
        slot: int | None,
        place: Placement | None = None,
    ) -> None:
        if (before := self._open.pop(index, None)) is not None:
            before.ended_at, before.state = min(time, self.latest_at), "lost"
        span = AttemptSpan(index, attempt, self._slot(slot), time, place=place)
        self.spans.append(span)
        self._open[index] = span

    def _slot(self, slot: int | None) -> int:
        """Return the named slot, or else the first free one."""
        if slot is not None and slot >= 0:
            return slot
        taken = {span.slot for span in self._open.values()}
        return next(n for n in range(len(taken) + 1) if n not in taken)

    def end(self, time: float, index: int, state: RunState) -> None:
        if (span := self._open.pop(index, None)) is not None:
            span.ended_at, span.state = max(time, span.started_at), state

    def settle(self, runs: Mapping[int, EndState], *, is_lost: bool) -> None:
        """Take in what the catalog found out about runs whose end no orchestrator recorded.

        Args:
            is_lost: the orchestrator stopped unexpectedly. Its session ends with its last event.
        """
        for index in list(self._open):
            run = runs.get(index)
            if run is not None and run.has_ended:
                self.end(self.latest_at if run.ended_at is None else run.ended_at, index, run.state)
        if is_lost:
            self.end_session(self.latest_at)
