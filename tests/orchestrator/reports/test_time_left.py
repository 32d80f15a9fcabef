"""How long a sweep will take yet."""

from ml_tracking_ops.orchestrator.reports.time_left import seconds_left
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


def record_of(ended: list[float], running: list[float], now: float) -> SweepRecord:
    """Runs that took so long, and some that have been running for so long."""
    record = SweepRecord(goal="max")
    record.apply({"event": "sweep_started", "time": 0.0, "n_workers": 2})
    for index, length in enumerate([*ended, *running], start=1):
        start = 1.0 if index <= len(ended) else now - length
        record.apply({"event": "sampled", "time": start, "index": index, "hyperparameters": {}})
        record.apply({"event": "started", "time": start, "index": index, "name": f"r{index}"})
        if index <= len(ended):
            end = {"event": "ended", "index": index, "state": "finished", "time": start + length}
            record.apply(end)
    return record


def test_runs_of_equal_length_give_the_rest_of_their_work() -> None:
    assert seconds_left(record_of([10, 10], [5, 5], 20.0), 6, 20.0) == (4 * 10 - 10) / 2


def test_runs_that_are_longer_than_those_that_ended_count() -> None:
    found = seconds_left(record_of([2, 2], [100, 100], 200.0), 6, 200.0)
    assert found == (100 * 4 - 200) / 2


def test_nothing_is_known_before_a_run_has_ended() -> None:
    assert seconds_left(record_of([], [5], 20.0), 6, 20.0) is None
