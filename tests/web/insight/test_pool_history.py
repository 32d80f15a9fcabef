"""The time line of the workers, from a journal alone."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.store.pool_record import AttemptSpan, PoolRecord
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord
from ml_tracking_ops.web.insight.pool_history import describe_spans, measure_use


def history_of(*events: tuple[float, str, dict[str, Any]]) -> PoolRecord:
    record = SweepRecord()
    for n, (time, event, fields) in enumerate(events):
        record.apply({"event": event, "time": time, "id": str(n), "name": f"run_{n}", **fields})
    return record.pool


def started(time: float, index: int, slot: int | None, attempt: int = 1) -> Any:
    return time, "started", {"index": index, "slot": slot, "attempt": attempt}


def ended(time: float, index: int, state: str = "finished", **fields: Any) -> Any:
    return time, "ended", {"index": index, "state": state, **fields}


SWEEP = (100, "sweep_started", {"n_workers": 2})


def test_spans_are_attempts_in_their_slots() -> None:
    history = history_of(
        SWEEP,
        started(100, 1, 0),
        started(101, 2, 1),
        ended(110, 1, "failed", will_retry=True),
        started(112, 1, 0, 2),
        ended(115, 2, "early_stopped"),
    )
    assert history.spans == [
        AttemptSpan(1, 1, 0, 100, 110, "failed"),
        AttemptSpan(2, 1, 1, 101, 115, "early_stopped"),
        AttemptSpan(1, 2, 0, 112),
    ]
    assert history.first_open == 2
    assert describe_spans(history, 1, RUN_STATES) == {
        "index": [2, 1],
        "attempt": [1, 2],
        "slot": [1, 0],
        "started": [1, 12],
        "ended": [15, None],
        "state": [RUN_STATES.index("early_stopped"), RUN_STATES.index("running")],
    }


def test_use_is_busy_time_against_slots_times_wall_time() -> None:
    history = history_of(
        SWEEP,
        started(100, 1, 0),
        started(105, 2, 1),
        ended(115, 1),
        ended(110, 2, "failed"),
        (120, "sweep_ended", {"state": "finished"}),
    )
    use = measure_use(history, now=1e6)
    assert (use.busy_s, use.capacity_s, use.wall_s, use.share) == (20, 40, 20, 0.5)
    assert (use.fewest, use.most) == (2, 2)
    assert [(one.busy_s, one.idle_s, one.share) for one in use.slots] == [
        (15, 5, 0.75),
        (5, 15, 0.25),
    ]
    assert use.by_state == {"finished": 15, "failed": 5}


def test_added_and_removed_slots_count_while_they_exist() -> None:
    more = {"action": "workers", "outcome": "done", "n_workers": 3}
    refused = {"action": "workers", "outcome": "refused", "n_workers": 99}
    history = history_of(SWEEP, (110, "requested", more), (112, "requested", refused))
    use = measure_use(history, now=120)
    assert (use.fewest, use.most) == (2, 3)
    assert use.capacity_s == 2 * 10 + 3 * 10
    assert [one.idle_s for one in use.slots] == [20, 20, 10]


def test_time_between_a_crash_and_its_resume_counts_for_nothing() -> None:
    history = history_of(
        SWEEP,
        started(100, 1, 0),
        started(101, 2, 1),
        ended(110, 2),
        SWEEP_AGAIN,
        started(1000, 1, 1, 2),
        ended(1010, 1),
        (1010, "sweep_ended", {"state": "finished"}),
    )
    assert [session.ended_at for session in history.sessions] == [110, 1010]
    assert history.spans[0] == AttemptSpan(1, 1, 0, 100, 1000, "lost")
    use = measure_use(history, now=1e6)
    assert (use.wall_s, use.capacity_s, use.busy_s) == (20, 40, 10 + 9 + 10)


SWEEP_AGAIN = (1000, "sweep_started", {"n_workers": 2})


def test_unseen_end_is_derived_by_the_catalog() -> None:
    history = history_of(SWEEP, started(100, 1, 0), started(100, 2, 1))
    history.settle(
        {
            1: RunRecord(1, state="finished", ended_at=130.0),
            2: RunRecord(2, state="running"),
        },
        is_lost=True,
    )
    assert history.sessions[0].ended_at == 100
    assert [(span.ended_at, span.state) for span in history.spans] == [
        (130, "finished"),
        (None, "running"),
    ]


def test_runs_without_a_slot_take_the_first_that_is_free() -> None:
    history = history_of(
        SWEEP, started(100, 1, None), started(100, 2, None), ended(105, 1), started(106, 3, None)
    )
    assert [span.slot for span in history.spans] == [0, 1, 0]


@pytest.mark.parametrize(
    "event",
    [
        {"event": "started", "time": "x", "index": 1},
        {"event": "started", "time": 1, "index": []},
        {"event": "ended", "time": 1, "index": {}},
        {"event": "apply", "time": 1},
        {"time": True},
        {"event": "sweep_started", "time": 1, "n_workers": "many"},
        {"event": [], "time": 1},
        {"event": "requested", "time": 1, "action": "workers", "outcome": "done", "n_workers": 1},
    ],
)
def test_malformed_events_are_harmless(event: dict[str, Any]) -> None:
    record = SweepRecord()
    record.apply(event)
    assert record.pool.spans == []
    assert measure_use(record.pool, 5).share is None
