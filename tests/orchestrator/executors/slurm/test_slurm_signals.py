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
    run.see_jobs([])  # whatever has number 7 now has another name
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
    run.told.changed_at -= 3600
    run.see_record(STARTED)
    assert run.verdict.phase == "started"
    run.see_jobs([waits], asked_at)  # an answer that was on its way
    run.told.changed_at -= 3600
    run.see_record(replace(STARTED, why="terminated", exit_code=-15, is_over=True))
    assert run.verdict.phase == "started"
    run.see_jobs([Job("7", NAME, "CANCELLED", "None", "n1")], time.monotonic())
    assert run.verdict.end is not None
    assert run.verdict.end.cause == "cancelled"


def test_job_that_waits_again_after_it_started_was_preempted() -> None:
    run = run_of(Asked(), is_own=True)
    run.see_record(STARTED)
    run.see_jobs([Job("7", NAME, "PENDING", "BeginTime")], time.monotonic())
    run.told.changed_at -= 3600
    run.look()
    assert run.verdict.end is not None
    assert run.verdict.end.cause == "preempted"


def test_second_job_of_a_name_is_told_from_the_one_that_runs() -> None:
    asked = Asked()
    run = run_of(asked, is_own=True)
    run.see_record(STARTED)
    first, second = Job("7", NAME, "RUNNING"), Job("8", NAME, "PENDING")
    assert run.see_jobs([first, second]) == [second]
    assert run.job_id == "7"


def test_job_whose_number_nobody_wrote_down_is_found_by_its_name() -> None:
    run = SlurmRun("run", NAME, None, Asked(), 5.0, str, is_own=False)
    run.see_jobs([Job("9", NAME, "PENDING", "Priority")])
    assert run.ref.label == "job 9"
    assert run.verdict.reason == "waiting behind jobs of higher priority"
