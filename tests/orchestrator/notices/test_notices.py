"""Messages about a sweep: which events cause one, and its text."""

import pytest

from ml_tracking_ops.orchestrator.notices.messages import (
    FAILURE_EVERY_S,
    NEW_BEST_EVERY_S,
    NoticeWriter,
)
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


@pytest.fixture
def writer():
    record = SweepRecord()
    record.goal = "max"
    return NoticeWriter("digits", record, "accuracy")


def started(index, **hyperparameters):
    """The events of a run that starts."""
    sampled = {"event": "sampled", "index": index, "hyperparameters": hyperparameters}
    begun = {"event": "started", "index": index, "name": f"run_{index:04}", "time": 1.0}
    return sampled, begun


def improved(index, value):
    return {"event": "improved", "index": index, "best_value": value, "best_step": 3}


def ended(index, state, **fields):
    return {"event": "ended", "index": index, "state": state, "time": 2.0, **fields}


def take_in(writer, *events, now_s=0.0):
    return [notice for event in events for notice in writer.take_in(event, now_s)]


def test_first_value_sends_no_message_and_better_ones_rarely(writer):
    assert take_in(writer, *started(1, lr=0.1), improved(1, 0.5)) == []
    assert take_in(writer, improved(1, 0.6), now_s=1) == []
    [notice] = take_in(writer, improved(1, 0.7), now_s=NEW_BEST_EVERY_S)
    assert notice.title == "digits: new best"
    assert notice.body == "accuracy = 0.7 at step 3, run 1: lr = 0.1"
    assert take_in(writer, improved(1, 0.8), now_s=NEW_BEST_EVERY_S + 1) == []


def test_improvement_within_the_spread_between_seeds_is_reported_as_noise(writer):
    for index, value in enumerate((0.5, 0.6, 0.55, 0.65), 1):
        sampled, begun = started(index, lr=0.1)
        repeated = {**sampled, "combination": (index + 1) // 2, "repeat": 2 - index % 2}
        take_in(writer, repeated, begun, ended(index, "finished", best_value=value, best_step=3))
    [notice] = take_in(writer, *started(5), improved(5, 0.68), now_s=NEW_BEST_EVERY_S)
    assert notice.title == "digits: new best"
    later = 2 * NEW_BEST_EVERY_S
    [notice] = take_in(writer, *started(6), improved(6, 0.7), now_s=later)
    assert notice.title == "digits: no improvement"
    assert "is no improvement on 0.68" in notice.body
    assert "the spread between seeds, 0.071" in notice.body
    assert take_in(writer, improved(6, 0.71), now_s=3 * NEW_BEST_EVERY_S) == []
    [notice] = take_in(writer, improved(6, 0.9), now_s=4 * NEW_BEST_EVERY_S)
    assert notice.title == "digits: new best"


def test_failed_runs_are_gathered(writer):
    for index in range(1, 5):
        take_in(writer, *started(index))
    failed = [ended(index, "failed", reason="out of memory") for index in range(1, 5)]
    [first] = take_in(writer, *failed[:3])
    assert (first.title, first.body) == ("digits: run 1 failed", "out of memory")
    assert first.kind == "warning"
    [later] = take_in(writer, failed[3], now_s=FAILURE_EVERY_S)
    assert later.title == "digits: run 4 failed, and 2 more since the last message"


def test_sweep_that_starts_no_more_runs_says_why(writer):
    event = {"event": "failing", "indices": [1, 2], "reason": "2 runs in a row failed", "time": 3.0}
    [notice] = take_in(writer, event)
    assert (notice.title, notice.kind) == ("digits: no more runs start", "failure")
    assert notice.body == "2 runs in a row failed"


def test_end_of_a_sweep_counts_its_runs_and_names_the_best(writer):
    take_in(writer, *started(1, lr=0.1), *started(2, lr=0.2000012345, layers=100_000))
    take_in(writer, improved(2, 0.9))
    take_in(
        writer, ended(1, "failed", reason="x"), ended(2, "finished", best_value=0.9, best_step=3)
    )
    end = {"event": "sweep_ended", "state": "finished", "reason": None, "time": 9.0}
    [notice] = take_in(writer, end)
    assert (notice.title, notice.kind) == ("digits: finished", "success")
    assert "1 finished, 1 failed" in notice.body
    assert "accuracy = 0.9" in notice.body
    assert "run 2: lr = 0.2, layers = 100000" in notice.body
