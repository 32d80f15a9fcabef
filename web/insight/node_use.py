"""The nodes on which an engine with a queue ran the runs, and their jobs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ml_tracking_ops.orchestrator.store.pool_record import AttemptSpan, PoolRecord
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import RunState

from ..runs.links import run_href

_MOST_JOBS = 100


@dataclass(frozen=True, slots=True)
class NodeUse:
    """What one node did: attempts at runs, those running there now, and their time together."""

    node: str
    n_attempts: int = 0
    n_running: int = 0
    busy_s: float = 0.0
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobLine:
    """One current or past attempt in its engine.

    Attributes:
        ran_s: how long its process has run, or None while it has none.
    """

    index: int
    attempt: int
    href: str | None
    label: str
    node: str
    gpus: tuple[str, ...]
    state: RunState
    reason: str | None
    queued_s: float
    ran_s: float | None


def measure_nodes(pool: PoolRecord, now: float) -> list[NodeUse]:
    """Return each node by its name, or empty if the engine has no queue."""
    found: dict[str, NodeUse] = {}
    for span in pool.spans:
        if span.place is not None:
            name = span.place.node or "unknown"
            found[name] = _with_span(found.get(name, NodeUse(name)), span, now)
    return sorted(found.values(), key=lambda use: use.node)


def _with_span(use: NodeUse, span: AttemptSpan, now: float) -> NodeUse:
    gpus = () if span.place is None else span.place.gpus
    return replace(
        use,
        n_attempts=use.n_attempts + 1,
        n_running=use.n_running + (span.ended_at is None),
        busy_s=use.busy_s + (now if span.ended_at is None else span.ended_at) - span.started_at,
        gpus=tuple(sorted({*use.gpus, *gpus})),
    )


def list_jobs(sweep_id: str, runs: Iterable[RunRecord], now: float) -> list[JobLine]:
    """Return the newest jobs: waiting ones first, then running ones, then ended ones."""
    attempts = [one for run in runs for one in (*run.earlier, run) if one.queued_at is not None]
    attempts.sort(key=lambda one: (one.has_ended, one.state != "queued", -(one.queued_at or 0.0)))
    return [_line(sweep_id, one, now) for one in attempts[:_MOST_JOBS]]


def _line(sweep_id: str, run: RunRecord, now: float) -> JobLine:
    queued_at = run.queued_at or now
    over_at = run.ended_at if run.ended_at is not None else now
    left_queue_at = run.started_at if run.started_at is not None else over_at
    return JobLine(
        run.index,
        run.attempt,
        None if run.name is None else run_href(f"{sweep_id}/{run.name}"),
        "" if run.ref is None else run.ref.label,
        run.node or "",
        run.gpus,
        run.state,
        run.reason,
        max(0.0, left_queue_at - queued_at),
        None if run.started_at is None else max(0.0, over_at - run.started_at),
    )
