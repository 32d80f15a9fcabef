"""The life of an attempt, derived from its record and from Slurm's answers. Pure.

The record decides about the end. Slurm's answer only explains why there is none. A query that
failed changes nothing: what was known before stays true until Slurm answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..base import Cause, RunEnd, end_by_exit_code, was_killed, was_terminated
from ..runner_record import RunnerRecord
from .queue import PENDING, SUSPENDED, Job, reason_text

RECORD_WITHIN_S = 60.0
"""How long it may take until what a node has written can be seen here."""
_RECORD_SOON_S = 5.0
_LOOKS = 2

_CAUSE_BY_STATE: Mapping[str, Cause] = {
    "CANCELLED": "cancelled",
    "TIMEOUT": "time_limit",
    "DEADLINE": "time_limit",
    "OUT_OF_MEMORY": "out_of_memory",
    "PREEMPTED": "preempted",
    "NODE_FAIL": "node_failed",
    "BOOT_FAIL": "node_failed",
    "REVOKED": "cancelled",
}
_CAUSE_BY_WHY: Mapping[str, Cause] = {
    "stop": "cancelled",
    "time_limit": "time_limit",
    "preempted": "preempted",
}
_WITHOUT_ANSWER: Mapping[str, Cause] = {"terminated": "cancelled", "warned": "time_limit"}

Phase = Literal["waiting", "started", "ended"]


@dataclass(frozen=True)
class AttemptEvidence:
    """What is known of an attempt.

    Attributes:
        record: what its runner has recorded.
        job: as Slurm listed it last, or None if it did not, or has not answered yet.
        n_absent: how many answers in a row have not listed it.
        submitted_for_s: seconds since it was submitted, or looked for first.
        changed_for_s: since Slurm's answer for it last changed.
        silent_for_s: since the last sign of life of its runner, by the file server's clock.
        exited_for_s: since its exit code was seen.
        leftovers_within_s: how long processes left running may take to end.
    """

    record: RunnerRecord
    job: Job | None = None
    n_absent: int = 0
    submitted_for_s: float = 0.0
    changed_for_s: float = 0.0
    silent_for_s: float = 0.0
    exited_for_s: float = 0.0
    leftovers_within_s: float = 15.0


@dataclass(frozen=True)
class AttemptState:
    """The current state of an attempt.

    Attributes:
        reason: why it waits, or what is special about it.
        end: of one that has ended.
        asks: Slurm's answer would help, and should not wait for its turn.
    """

    phase: Phase
    reason: str | None = None
    end: RunEnd | None = None
    asks: bool = False


def judge(seen: AttemptEvidence) -> AttemptState:
    """Return the current state of an attempt."""
    record = seen.record
    if record.exit_code is not None:
        return _exited(seen, record.exit_code)
    if record.not_started is not None:
        return _ended("never_started", record.not_started)
    if record.started_at is not None:
        return _started(seen)
    return _not_started(seen)


def _ended(cause: Cause, detail: str | None = None) -> AttemptState:
    return AttemptState("ended", None, RunEnd(None, cause, None, detail))


def _exited(seen: AttemptEvidence, exit_code: int) -> AttemptState:
    """Return the state when the exit code is recorded and final, even if Slurm disagrees.

    The cause may still be open. Slurm signals the processes of a job one after another: a run may
    have ended, and be recorded, before its runner learns of it.
    """
    record = seen.record
    is_clear = record.is_over or (seen.job is not None and seen.job.is_over)
    if not is_clear and seen.exited_for_s < seen.leftovers_within_s:
        return AttemptState("started")
    cause = _CAUSE_BY_WHY.get(record.why or "")
    if record.why is None and record.n_memory_kills > 0 and was_killed(exit_code):
        cause = "out_of_memory"
    if cause is None and (record.why is not None or was_terminated(exit_code)):
        cause = _cause_of_job(seen.job)
        may_come = seen.job is None or not seen.job.is_over
        if cause is None and may_come and seen.exited_for_s < RECORD_WITHIN_S:
            return AttemptState("started", asks=True)
        if cause is None and record.why is not None:
            cause = _WITHOUT_ANSWER.get(record.why, "cancelled")
    by_code = end_by_exit_code(exit_code, record.left_running)
    cause = cause or by_code.cause
    return AttemptState(
        "ended", None, RunEnd(exit_code, cause, record.ended_at, None, by_code.left_running)
    )


def _cause_of_job(job: Job | None) -> Cause | None:
    if job is None:
        return None
    return "preempted" if job.state in PENDING else _CAUSE_BY_STATE.get(job.state)


def _started(seen: AttemptEvidence) -> AttemptState:
    """Return the state when the process has started and no end is recorded."""
    job = seen.job
    if job is None:
        is_gone = seen.n_absent >= _LOOKS and seen.silent_for_s >= RECORD_WITHIN_S
        if is_gone:
            return _ended("unknown", "Slurm no longer knows its job")
        return AttemptState(
            "started", asks=seen.n_absent > 0 or seen.silent_for_s >= RECORD_WITHIN_S / 2
        )
    cause = _cause_of_job(job)
    if cause == "node_failed":
        return _ended(cause, job.nodes or seen.record.node)
    if cause is not None:
        return _after(seen, _RECORD_SOON_S, cause)
    if job.is_over:
        return _after(seen, RECORD_WITHIN_S, "unknown", f"Slurm reports {job.state}")
    if job.state in SUSPENDED:
        return AttemptState("started", "suspended")
    return AttemptState("started", asks=seen.silent_for_s >= RECORD_WITHIN_S / 2)


def _after(
    seen: AttemptEvidence, within_s: float, cause: Cause, detail: str | None = None
) -> AttemptState:
    """Return the end that Slurm reports, once the record has had time to arrive."""
    if seen.changed_for_s < within_s:
        return AttemptState(
            "started" if seen.record.started_at is not None else "waiting", asks=True
        )
    return _ended(cause, detail)


def _not_started(seen: AttemptEvidence) -> AttemptState:
    job = seen.job
    if job is None:
        if seen.n_absent >= _LOOKS and seen.submitted_for_s >= RECORD_WITHIN_S:
            return _ended("unknown", "Slurm does not know its job")
        return AttemptState("waiting", asks=seen.n_absent > 0)
    if job.state in PENDING:
        return AttemptState("waiting", reason_text(job))
    if job.is_over:
        return _over_before_start(seen, job)
    if not seen.record.began and seen.changed_for_s >= RECORD_WITHIN_S:
        return _ended(
            "never_started",
            f"job {job.id} runs on {job.nodes}, but nothing that it writes can be seen here: the "
            "sweep's folder must be on a file system that all nodes share",
        )
    return AttemptState("waiting", f"starting on {job.nodes}" if job.nodes else "starting")


def _over_before_start(seen: AttemptEvidence, job: Job) -> AttemptState:
    cause = _CAUSE_BY_STATE.get(job.state)
    if cause is not None:
        return _ended(cause) if cause == "cancelled" else _after(seen, _RECORD_SOON_S, cause)
    within_s = _RECORD_SOON_S if seen.record.began else RECORD_WITHIN_S
    is_launch = job.reason == "JobLaunchFailure" or job.state == "LAUNCH_FAILED"
    if job.state == "FAILED" or is_launch or seen.record.setup_exit_code is not None:
        return _after(seen, _RECORD_SOON_S if is_launch else within_s, "never_started")
    return _after(seen, within_s, "unknown", f"Slurm reports {job.state}, and nothing was started")
