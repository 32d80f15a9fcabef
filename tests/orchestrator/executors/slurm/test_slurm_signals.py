"""Whose job is signalled: never one that only has the number."""

import time
from dataclasses import replace

import anyio
import pytest

from ml_tracking_ops.orchestrator.executors.runner_record import RunnerRecord
from ml_tracking_ops.orchestrator.executors.slurm.queue import Job
from ml_tracking_ops.orchestrator.executors.slurm.run import SlurmRun

NAME = "mlto-1-run"
STARTED = RunnerRecord(began=True, job="7", node="n1", started_at=1.0)


class Asked:
    """Keeps what was asked for which job."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def stop(self, job_id: str) -> None:
        self.asked.append(("stop", job_id))

    def kill(self, job_id: str) -> None:
        self.asked.append(("kill", job_id))

    def cancel(self, job_id: str) -> None:
        self.asked.append(("cancel", job_id))


def run_of(asked: Asked, *, is_own: bool) -> SlurmRun:
    return SlurmRun("run", NAME, "7", asked, 5.0, str, is_own=is_own)


def test_job_that_was_just_submitted_can_be_ended() -> None:
    asked = Asked()
    run_of(asked, is_own=True).kill()
    assert asked.asked == [("cancel", "7")]


@pytest.mark.parametrize("record", [RunnerRecord(), STARTED])
def test_number_in_a_journal_is_not_signalled_before_slurm_names_the_job(
    record: RunnerRecord,
) -> None:
    asked = Asked()
    run = run_of(asked, is_own=False)
    run.see_record(record)
    run.kill()
    assert asked.asked == []
    run.see_jobs([Job("7", NAME, "RUNNING", "None", "n1")])
    assert asked.asked == [("cancel" if record.started_at is None else "kill", "7")]


def test_number_of_a_job_that_slurm_lost_is_not_signalled() -> None:
    asked = Asked()
    run = run_of(asked, is_own=True)
    run.see_jobs([])  # the process that has number 7 now has another name
    run.kill()
    assert asked.asked == []


@pytest.mark.parametrize("ask", ["stop", "kill"])
def test_suspended_job_is_cancelled_as_it_takes_no_signals(ask: str) -> None:
    asked = Asked()
    run = run_of(asked, is_own=True)
    run.see_record(STARTED)
    run.see_jobs([Job("7", NAME, "SUSPENDED", "None", "n1")])

    async def stop() -> None:
        with anyio.move_on_after(0):
            await run.stop(1)

    if ask == "stop":
        anyio.run(stop)
    else:
        run.kill()
    assert asked.asked == [("cancel", "7")]


def test_job_that_starts_after_it_waited_for_long_is_not_taken_for_preempted() -> None:
    run = run_of(Asked(), is_own=True)
    asked_at = time.monotonic()
    waits = Job("7", NAME, "PENDING", "Resources")
    run.see_jobs([waits], asked_at)
    run.history.changed_at -= 3600
    run.see_record(STARTED)
    assert run.verdict.phase == "started"
    run.see_jobs([waits], asked_at)  # an answer that was on its way
    run.history.changed_at -= 3600
    run.see_record(replace(STARTED, why="terminated", exit_code=-15, is_over=True))
    assert run.verdict.phase == "started"
    run.see_jobs([Job("7", NAME, "CANCELLED", "None", "n1")], time.monotonic())
    assert run.verdict.end is not None
    assert run.verdict.end.cause == "cancelled"


def test_job_that_waits_again_after_it_started_was_preempted() -> None:
    run = run_of(Asked(), is_own=True)
    run.see_record(STARTED)
    run.see_jobs([Job("7", NAME, "PENDING", "BeginTime")], time.monotonic())
    run.history.changed_at -= 3600
    run.look()
    assert run.verdict.end is not None
    assert run.verdict.end.cause == "preempted"


def test_second_job_of_a_name_is_distinguished_from_the_running_one() -> None:
    asked = Asked()
    run = run_of(asked, is_own=True)
    run.see_record(STARTED)
    first, second = Job("7", NAME, "RUNNING"), Job("8", NAME, "PENDING")
    assert run.see_jobs([first, second]) == [second]
    assert run.job_id == "7"


def test_job_without_a_recorded_number_is_found_by_its_name() -> None:
    run = SlurmRun("run", NAME, None, Asked(), 5.0, str, is_own=False)
    run.see_jobs([Job("9", NAME, "PENDING", "Priority")])
    assert run.ref.label == "job 9"
    assert run.verdict.reason == "waiting behind jobs of higher priority"


def test_record_that_was_read_before_what_is_known_is_out_of_date() -> None:
    run = run_of(Asked(), is_own=True)
    run.see_record(STARTED, 2.0)
    run.see_record(RunnerRecord(began=True), 1.0)
    assert run.record == STARTED
    run.see_record(replace(STARTED, why="stop"), 3.0)
    assert run.record.is_stopping


@pytest.mark.parametrize(
    ("record", "output", "detail"),
    [
        (RunnerRecord(began=True), "", "Slurm could not start it"),
        (RunnerRecord(began=True), "no module", "the job failed before it started: no module"),
        (
            RunnerRecord(began=True, setup_exit_code=3),
            "",
            "the job ended with exit code 3 before the run started and printed nothing. "
            "Check setup and python in executor",
        ),
        (
            RunnerRecord(began=True, setup_exit_code=3),
            "no module",
            "the job ended with exit code 3 before the run started: no module",
        ),
    ],
)
def test_job_that_ends_before_its_run_says_how(
    record: RunnerRecord, output: str, detail: str
) -> None:
    run = SlurmRun("run", NAME, "7", Asked(), 5.0, lambda: output, is_own=True)
    run.see_record(record)
    run.see_jobs([Job("7", NAME, "FAILED", "NonZeroExitCode", "n1")])
    run.history.changed_at -= 60
    run.look()
    assert run.verdict.end is not None
    assert run.verdict.end.detail == detail
