"""What a request may do to a run, by the run's state. Pure."""

from typing import Literal

import pytest

from ml_tracking_ops.orchestrator.steering.decisions import why_not, withdrawn_text, workers_text
from ml_tracking_ops.orchestrator.steering.requests import new_request
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import (
    ENDS,
    RUN_STATES,
    STATES,
    SUBMITTED,
    RunState,
)
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


def sweep_with(**run: object) -> SweepRecord:
    """A running sweep with one run, which started as `r_1`."""
    record = SweepRecord(state="running")
    record.runs[1] = RunRecord(**{"index": 1, "name": "r_1", **run})  # type: ignore[arg-type]
    return record


@pytest.mark.parametrize("state", RUN_STATES)
def test_run_can_be_stopped_while_it_is_running_and_requeued_once_it_has_ended(
    state: RunState,
) -> None:
    sweep = sweep_with(state=state)
    assert (why_not(new_request("stop", "me", index=1), sweep) is None) == (state in SUBMITTED)
    assert (why_not(new_request("requeue", "me", index=1), sweep) is None) == (state in ENDS)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_refusal_names_the_state_as_people_read_it(state: RunState) -> None:
    refusal = why_not(new_request("stop", "me", index=1), sweep_with(state=state))
    assert refusal == f"run 1 has already ended: it is {STATES[state].word}"


def test_run_that_is_being_stopped_is_not_stopped_twice() -> None:
    sweep = sweep_with(state="running", stopped_by_hand="stopped by hand (me)")
    refusal = why_not(new_request("stop", "you", index=1), sweep)
    assert refusal == "run 1 is already being stopped"


def test_run_that_waits_again_can_be_taken_back() -> None:
    sweep = sweep_with(state="failed")
    sweep.runs[1].put_back(2)
    assert why_not(new_request("stop", "me", index=1), sweep) is None
    assert withdrawn_text(sweep.runs[1]) == "run 1 is not run again: it stays failed"


@pytest.mark.parametrize("state", ["killed", "lost"])
def test_interrupted_run_taken_back_waits_for_a_resume(state: RunState) -> None:
    sweep = sweep_with(state=state)
    sweep.runs[1].put_back(2)
    assert "A resume runs it again" in withdrawn_text(sweep.runs[1])


@pytest.mark.parametrize(("action", "is_paused"), [("pause", True), ("continue", False)])
def test_redundant_request_is_refused(
    action: Literal["pause", "continue"], is_paused: bool
) -> None:
    sweep = SweepRecord(state="running", paused_at=1.0 if is_paused else None)
    assert why_not(new_request(action, "me"), sweep) is not None
    sweep.paused_at = None if is_paused else 1.0
    assert why_not(new_request(action, "me"), sweep) is None


def test_surplus_runs_finish_and_are_not_replaced() -> None:
    sweep = sweep_with(state="running")
    sweep.runs[2] = RunRecord(2, state="running")
    assert workers_text(1, sweep).endswith(". 1 of the running runs is not replaced")
    assert workers_text(2, sweep) == "2 runs at once from now on"
