"""What Slurm does to jobs between their submission and their end: holding, suspending, warning."""

import pytest
from cluster_sweep import wait_for
from conftest import FULL, WARNS_PREEMPTED, SlurmSweep, on_clusters


def warnings_of(sweep: SlurmSweep, word: str) -> list[str]:
    return [one for one in sweep.record.warnings if word in one]


def the_job(sweep: SlurmSweep) -> str:
    """The job of the only run, once the journal knows it."""
    sweep.wait_for("the job", lambda: [run.ref for run in sweep.runs if run.ref is not None])
    ref = sweep.runs[0].ref
    assert ref is not None
    return ref.label.removeprefix("job ")


@pytest.mark.parametrize("by", ["JobHeldUser", "DependencyNeverSatisfied"])
def test_job_that_waits_for_ever_gives_one_warning_and_can_be_stopped(
    sweep: SlurmSweep, by: str
) -> None:
    blocker = sweep.cluster.occupy()
    sweep.configure(n_runs=2)
    sweep.start()
    sweep.wait_for("both jobs", lambda: len(sweep.cluster.jobs("pending")) == 2)
    for job in sweep.cluster.jobs("pending"):
        if by == "JobHeldUser":
            sweep.cluster.command("scontrol", "uhold", job)
        else:
            failed = sweep.cluster.failed_job()
            after = f"dependency=afterok:{failed}"
            sweep.cluster.command("scontrol", "update", f"job={job}", after)
    sweep.wait_for("the warning", lambda: warnings_of(sweep, by))
    sweep.wait_for("both reasons", lambda: all(run.reason for run in sweep.runs))
    assert [run.state for run in sweep.runs] == ["queued"] * 2
    assert len(warnings_of(sweep, by)) == 1
    for number in ("1", "2"):
        sweep.ask("stop", number, "--yes")
    sweep.wait_states("killed", "killed")
    sweep.wait_exit()
    sweep.cluster.command("scancel", blocker)
    sweep.check_nothing_is_left()


def test_sweep_is_steered_as_on_one_machine(sweep: SlurmSweep) -> None:
    sweep.configure("waits", n_runs=4, engine={"max_jobs": 2})
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    sweep.ask("workers", "3")
    sweep.wait_states("running", "running", "running")
    sweep.ask("pause")
    sweep.wait_for("the pause", lambda: sweep.record.is_paused)
    sweep.ask("stop", "1", "--yes")
    sweep.wait_states("killed", "running", "running")
    sweep.ask("requeue", "1")
    sweep.release()
    sweep.wait_states("finished", "finished", "pending")
    sweep.ask("continue")
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [
        ("finished", 2),
        *[("finished", 1)] * 3,
    ], sweep.summary
    sweep.check_nothing_is_left()


def test_suspended_run_is_shown_as_suspended_until_it_continues(sweep: SlurmSweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_ready()
    job = the_job(sweep)
    sweep.cluster.command("scontrol", "suspend", job)
    sweep.wait_for("the reason", lambda: sweep.runs[0].reason == "suspended")
    assert sweep.runs[0].suspended_at is not None
    sweep.cluster.command("scontrol", "resume", job)
    sweep.wait_for("its end", lambda: sweep.runs[0].suspended_at is None)
    assert sweep.runs[0].state == "running"
    assert sweep.runs[0].suspended_s > 0
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    sweep.check_nothing_is_left()


def test_suspended_run_can_be_stopped(sweep: SlurmSweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_ready()
    sweep.cluster.command("scontrol", "suspend", the_job(sweep))
    sweep.ask("stop", "1", "--yes")
    sweep.wait_states("killed")
    sweep.wait_exit()
    sweep.check_nothing_is_left()


@on_clusters(FULL)
def test_full_cluster_is_waited_for(sweep: SlurmSweep) -> None:
    sweep.configure(n_runs=8, engine={"max_jobs": 8})
    sweep.start()
    assert sweep.wait_exit(480) == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)] * 8, sweep.summary
    sweep.check_nothing_is_left()


@on_clusters(WARNS_PREEMPTED)
def test_run_warned_of_preemption_ends_cleanly_and_is_tried_again(
    sweep: SlurmSweep,
) -> None:
    sweep.cluster.command("scontrol", "update", "partition=debug", "GraceTime=60")
    sweep.configure("waits", retries=0)
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    blocker = sweep.cluster.ask_for_all("high")
    sweep.wait_for("a second attempt", lambda: sweep.runs[0].attempt >= 2)
    sweep.cluster.command("scancel", blocker)
    sweep.wait_ready(1, "ready, 1 attempts before")
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    (run,) = sweep.runs
    assert run.state == "finished"
    assert all("preempted" in str(attempt.reason) for attempt in run.earlier)
    assert sweep.why_stopped()[0] == "preempted"
    sweep.check_nothing_is_left()


def test_run_is_warned_before_its_time_limit(sweep: SlurmSweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    sweep.cluster.command("scontrol", "update", f"job={the_job(sweep)}", "TimeLimit=1")
    sweep.wait_exit()
    (run,) = sweep.runs
    assert run.state == "killed", sweep.summary
    assert "time limit" in str(run.reason)
    assert sweep.why_stopped() == ["time_limit"]
    wait_for(lambda: not sweep.cluster.jobs(), "the queue to be empty")
    sweep.check_nothing_is_left()
