"""The life table: the state of an attempt, from the records and from Slurm."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.executors.base import RunEnd
from ml_tracking_ops.orchestrator.executors.runner_record import RunnerRecord
from ml_tracking_ops.orchestrator.executors.slurm.life import AttemptEvidence, AttemptState, judge
from ml_tracking_ops.orchestrator.executors.slurm.queue import Job

NOTHING = RunnerRecord()
BEGAN = RunnerRecord(began=True)
STARTED = RunnerRecord(began=True, job="7", node="node1", started_at=100.0)


def job(state: str, reason: str = "", nodes: str = "node1") -> Job:
    return Job("7", "mlto-1-run", state, reason, nodes)


def exited(exit_code: int, **facts: Any) -> RunnerRecord:
    known = {"ended_at": 110.0, "is_over": True, **facts}
    return RunnerRecord(True, "7", "node1", (), 100.0, exit_code=exit_code, **known)


def end_of(verdict: AttemptState) -> RunEnd:
    assert verdict.phase == "ended"
    assert verdict.end is not None
    return verdict.end


@pytest.mark.parametrize(
    ("seen", "phase", "reason"),
    [
        (AttemptEvidence(NOTHING), "waiting", None),
        (AttemptEvidence(NOTHING, n_absent=3, submitted_for_s=59), "waiting", None),
        (AttemptEvidence(NOTHING, n_absent=1, submitted_for_s=900), "waiting", None),
        (
            AttemptEvidence(NOTHING, job("PENDING", "Resources", "")),
            "waiting",
            "waiting for resources",
        ),
        (AttemptEvidence(NOTHING, job("PENDING", "Odd", "")), "waiting", "waiting: Odd"),
        (AttemptEvidence(NOTHING, job("CONFIGURING")), "waiting", "starting on node1"),
        (
            AttemptEvidence(NOTHING, job("RUNNING"), changed_for_s=59),
            "waiting",
            "starting on node1",
        ),
        (AttemptEvidence(BEGAN, job("RUNNING"), changed_for_s=900), "waiting", "starting on node1"),
        (AttemptEvidence(NOTHING, job("COMPLETED"), changed_for_s=59), "waiting", None),
        (AttemptEvidence(STARTED, silent_for_s=900), "started", None),
        (AttemptEvidence(STARTED, job("RUNNING")), "started", None),
        (AttemptEvidence(STARTED, job("RUNNING"), silent_for_s=900), "started", None),
        (AttemptEvidence(STARTED, job("SUSPENDED")), "started", "suspended"),
        (AttemptEvidence(STARTED, job("COMPLETING")), "started", None),
        (AttemptEvidence(STARTED, n_absent=2, silent_for_s=59), "started", None),
        (AttemptEvidence(STARTED, job("CANCELLED"), changed_for_s=4), "started", None),
        (AttemptEvidence(STARTED, job("COMPLETED"), changed_for_s=59), "started", None),
        (AttemptEvidence(exited(0, is_over=False), exited_for_s=1), "started", None),
        (AttemptEvidence(exited(-15, why="terminated"), exited_for_s=1), "started", None),
        (AttemptEvidence(exited(-15), job("RUNNING"), exited_for_s=59), "started", None),
        (AttemptEvidence(exited(-9), exited_for_s=59), "started", None),
        (AttemptEvidence(exited(143), exited_for_s=59), "started", None),
    ],
)
def test_attempt_that_may_be_alive_has_not_ended(
    seen: AttemptEvidence, phase: str, reason: str | None
) -> None:
    verdict = judge(seen)
    assert (verdict.phase, verdict.reason) == (phase, reason)


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (AttemptEvidence(NOTHING, n_absent=2, submitted_for_s=60), "unknown"),
        (AttemptEvidence(NOTHING, job("RUNNING"), changed_for_s=60), "never_started"),
        (
            AttemptEvidence(NOTHING, job("FAILED", "JobLaunchFailure"), changed_for_s=5),
            "never_started",
        ),
        (
            AttemptEvidence(BEGAN, job("FAILED", "NonZeroExitCode"), changed_for_s=5),
            "never_started",
        ),
        (
            AttemptEvidence(
                RunnerRecord(began=True, setup_exit_code=0), job("COMPLETED"), changed_for_s=5
            ),
            "never_started",
        ),
        (AttemptEvidence(NOTHING, job("COMPLETED"), changed_for_s=60), "unknown"),
        (AttemptEvidence(NOTHING, job("CANCELLED")), "cancelled"),
        (AttemptEvidence(NOTHING, job("NODE_FAIL"), changed_for_s=5), "node_failed"),
        (AttemptEvidence(STARTED, n_absent=2, silent_for_s=60), "unknown"),
        (AttemptEvidence(STARTED, job("CANCELLED"), changed_for_s=5), "cancelled"),
        (AttemptEvidence(STARTED, job("TIMEOUT"), changed_for_s=5), "time_limit"),
        (AttemptEvidence(STARTED, job("DEADLINE"), changed_for_s=5), "time_limit"),
        (AttemptEvidence(STARTED, job("OUT_OF_MEMORY"), changed_for_s=5), "out_of_memory"),
        (AttemptEvidence(STARTED, job("PREEMPTED"), changed_for_s=5), "preempted"),
        (AttemptEvidence(STARTED, job("PENDING", "BeginTime"), changed_for_s=5), "preempted"),
        (AttemptEvidence(STARTED, job("NODE_FAIL")), "node_failed"),
        (AttemptEvidence(STARTED, job("BOOT_FAIL")), "node_failed"),
        (AttemptEvidence(STARTED, job("COMPLETED"), changed_for_s=60), "unknown"),
        (AttemptEvidence(RunnerRecord(began=True, not_started="no such file")), "never_started"),
    ],
)
def test_end_without_an_exit_code_has_slurms_cause(seen: AttemptEvidence, cause: str) -> None:
    end = end_of(judge(seen))
    assert (end.cause, end.exit_code) == (cause, None)


@pytest.mark.parametrize(
    ("record", "message", "cause"),
    [
        (exited(0), None, "exited"),
        (exited(3), job("NODE_FAIL"), "exited"),
        (exited(-11), job("RUNNING"), "signalled"),
        (exited(-9, n_memory_kills=1), None, "out_of_memory"),
        (exited(3, n_memory_kills=1), None, "exited"),
        (exited(-15, why="stop"), None, "cancelled"),
        (exited(0, why="time_limit"), None, "time_limit"),
        (exited(-15, why="preempted"), None, "preempted"),
        (exited(-15, why="terminated"), job("CANCELLED"), "cancelled"),
        (exited(-15, why="terminated"), job("TIMEOUT"), "time_limit"),
        (exited(-15, why="terminated"), job("PREEMPTED"), "preempted"),
        (exited(-15, why="terminated"), job("PENDING"), "preempted"),
        (exited(-15, why="terminated"), job("FAILED"), "cancelled"),
        (exited(-15, why="warned"), job("FAILED"), "time_limit"),
    ],
)
def test_end_on_record_is_final(record: RunnerRecord, message: Job | None, cause: str) -> None:
    end = end_of(judge(AttemptEvidence(record, message)))
    assert (end.cause, end.exit_code, end.at) == (cause, record.exit_code, 110.0)


@pytest.mark.parametrize("exit_code", [-15, -9, 128 + 15, 128 + 9])
@pytest.mark.parametrize(
    ("state", "cause"),
    [("PENDING", "preempted"), ("TIMEOUT", "time_limit"), ("CANCELLED", "cancelled")],
)
def test_run_that_slurm_ended_before_its_runner_noticed_has_slurms_cause(
    exit_code: int, state: str, cause: str
) -> None:
    end = end_of(judge(AttemptEvidence(exited(exit_code), job(state))))
    assert (end.cause, end.exit_code) == (cause, exit_code)


@pytest.mark.parametrize(("exit_code", "cause"), [(-15, "signalled"), (143, "exited")])
@pytest.mark.parametrize("message", [job("FAILED"), job("RUNNING"), None])
def test_run_that_a_signal_ended_without_slurm_keeps_its_own_end(
    exit_code: int, cause: str, message: Job | None
) -> None:
    end = end_of(judge(AttemptEvidence(exited(exit_code), message, exited_for_s=60)))
    assert (end.cause, end.exit_code) == (cause, exit_code)


def test_end_by_slurm_has_a_cause_also_where_slurm_has_forgotten_it() -> None:
    end = end_of(judge(AttemptEvidence(exited(-15, why="terminated"), exited_for_s=60)))
    assert end.cause == "cancelled"


def test_processes_that_were_left_running_are_waited_for_within_bounds() -> None:
    record = exited(0, is_over=False)
    assert judge(AttemptEvidence(record, exited_for_s=14.9)).phase == "started"
    assert judge(AttemptEvidence(record, exited_for_s=15)).phase == "ended"
    assert judge(AttemptEvidence(record, job("COMPLETED"))).phase == "ended"


@pytest.mark.parametrize(
    "seen",
    [
        AttemptEvidence(STARTED, job("RUNNING"), silent_for_s=30),
        AttemptEvidence(STARTED, silent_for_s=30),
        AttemptEvidence(STARTED, n_absent=1),
        AttemptEvidence(NOTHING, n_absent=1),
        AttemptEvidence(exited(-15, why="terminated")),
        AttemptEvidence(exited(-15)),
    ],
)
def test_doubt_asks_slurm_before_its_turn(seen: AttemptEvidence) -> None:
    assert judge(seen).asks


def test_folder_that_nodes_do_not_share_is_named_as_the_reason() -> None:
    end = end_of(judge(AttemptEvidence(NOTHING, job("RUNNING"), changed_for_s=60)))
    assert "must be on a file system that all nodes share" in str(end.detail)
