"""What fails around the runs: the sweep's process, the controller, nodes, Slurm's commands."""

import json
import signal

from conftest import LOSES_NODES, TRACKERS, SlurmSweep, on_clusters
from shared_folder import LOGIN_NODE

both_trackers = on_clusters(*TRACKERS)

AGAIN = r"ready, [1-9]\d* attempts before"
"""Slurm may end the second attempt, too, before the cause is gone."""


def n_started(sweep: SlurmSweep) -> int:
    """How many trainings have been started, as the runners took down."""
    records = sweep.path.glob(".slurm/*.processes.jsonl")
    return sum(path.read_text().count('"process_started"') for path in records)


def test_killed_sweep_is_resumed_with_the_same_jobs(sweep: SlurmSweep) -> None:
    sweep.configure("waits", n_runs=6, engine={"max_jobs": 6})
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_states(*["running"] * 4, *["queued"] * 2)
    jobs = sweep.cluster.jobs()
    sweep.kill()
    sweep.release()
    sweep.resume()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)] * 6, sweep.summary
    assert sorted(str(run.ref and run.ref.label) for run in sweep.runs) == sorted(
        f"job {job}" for job in jobs
    )
    assert n_started(sweep) == 6
    sweep.check_nothing_is_left()


def test_killed_sweep_is_resumed_from_another_login_node(sweep: SlurmSweep) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    sweep.kill()
    sweep.resume(prefix=LOGIN_NODE)
    sweep.wait_for("another to follow it", lambda: "adopted" in str(sweep.events))
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)] * 2, sweep.summary
    sweep.check_nothing_is_left()


def test_runs_that_end_without_an_orchestrator_keep_their_exit_codes(sweep: SlurmSweep) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    sweep.kill()
    sweep.release()
    sweep.check_nothing_is_left()
    sweep.resume()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt, run.exit_code) for run in sweep.runs] == [
        ("finished", 1, 0)
    ] * 2, sweep.summary


def test_sweep_killed_between_submission_and_journal_finds_its_job(sweep: SlurmSweep) -> None:
    sweep.command("sbatch", '"$REAL" "$@"; kill -9 $PPID; rm -f "$0"')
    sweep.configure("waits")
    sweep.start()
    sweep.wait_exit()
    assert [event["event"] for event in sweep.events][-1] == "submitting"
    sweep.release()
    sweep.resume()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)], sweep.summary
    assert n_started(sweep) == 1
    sweep.check_nothing_is_left()


def test_submission_that_reports_failure_is_adopted(sweep: SlurmSweep) -> None:
    message = "echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1"
    sweep.command("sbatch", f'"$REAL" "$@" > /dev/null; {message}')
    sweep.configure(n_runs=2)
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)] * 2
    assert n_started(sweep) == 2
    sweep.check_nothing_is_left()


def test_passing_failure_of_sbatch_is_tried_again(sweep: SlurmSweep) -> None:
    once = 'if mkdir "$0.once" 2> /dev/null; then echo "Unable to contact slurm controller" >&2'
    sweep.command("sbatch", f'{once}; exit 1; fi; exec "$REAL" "$@"')
    sweep.configure()
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)]


def test_failed_queries_change_no_state(sweep: SlurmSweep) -> None:
    sweep.command("squeue", "echo 'slurm_load_jobs error: Unable to contact' >&2; exit 1")
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_for("the warning", lambda: sweep.record.warnings)
    sweep.wait_states("running", "running")
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [run.state for run in sweep.runs] == ["finished"] * 2


def test_killed_controller_loses_nothing(sweep: SlurmSweep) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    sweep.cluster.kill_controller()
    sweep.release()
    sweep.wait_exit()
    sweep.cluster.start_controller()
    assert [(run.state, run.attempt) for run in sweep.runs] == [("finished", 1)] * 2, sweep.summary
    # such a controller may take jobs that are over for running ones until it is asked to end them
    sweep.cluster.cancel_all()
    sweep.check_nothing_is_left()


def test_job_that_the_controller_lost_is_submitted_again(sweep: SlurmSweep) -> None:
    """As when the controller dies right after it took a job: nothing of it was saved."""
    lose = 'rm -f "$0"; id=$("$REAL" --hold "$@"); scancel "$id"; echo 999999'
    sweep.command("sbatch", lose)
    hide = '"$REAL" "$@" | grep -v CANCELLED; exit 0'
    sweep.command("squeue", hide)
    sweep.configure()
    sweep.start()
    assert sweep.wait_exit(300) == 0, sweep.summary
    (run,) = sweep.runs
    assert (run.state, run.attempt) == ("finished", 2), sweep.summary
    assert [attempt.state for attempt in run.earlier] == ["lost"]
    sweep.check_nothing_is_left()


@both_trackers
def test_preempted_run_is_tried_again_with_its_earlier_files(sweep: SlurmSweep) -> None:
    sweep.configure("waits", retries=0)
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    blocker = sweep.cluster.ask_for_all("high")
    sweep.wait_for("a second attempt", lambda: sweep.runs[0].attempt >= 2)
    sweep.cluster.command("scancel", blocker)
    sweep.wait_ready(1, AGAIN)
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    (run,) = sweep.runs
    assert run.state == "finished"
    assert {attempt.state for attempt in run.earlier} == {"killed"}
    assert all("preempted" in str(attempt.reason) for attempt in run.earlier)
    sweep.check_nothing_is_left()


@on_clusters(LOSES_NODES)
def test_run_on_a_node_that_failed_is_tried_again(sweep: SlurmSweep) -> None:
    sweep.configure("waits", retries=0)
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    node = str(sweep.runs[0].node)
    sweep.cluster.kill_node(node)
    try:
        sweep.wait_for("a second attempt", lambda: sweep.runs[0].attempt >= 2)
        sweep.wait_ready(1, AGAIN)
    finally:
        sweep.cluster.start_node(node)
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    (run,) = sweep.runs
    assert run.state == "finished"
    assert {attempt.state for attempt in run.earlier} == {"lost"}
    assert "node failed" in str(run.earlier[0].reason)
    sweep.check_nothing_is_left()


def test_time_limit_ends_a_run_that_a_resume_would_run_again(sweep: SlurmSweep) -> None:
    sweep.configure("waits", engine={"time": 1})
    sweep.start()
    sweep.wait_exit(300)
    (run,) = sweep.runs
    assert run.state == "killed", sweep.summary
    assert "time limit" in str(run.reason)
    sweep.check_nothing_is_left()


def test_all_runs_are_asked_about_in_one_call(sweep: SlurmSweep) -> None:
    calls = sweep.folder / "calls"
    sweep.command("squeue", f'echo "$@" >> {calls}; exec "$REAL" "$@"')
    sweep.configure("waits", n_runs=20, engine={"max_jobs": 20})
    sweep.start()
    sweep.wait_for("all jobs", lambda: len(sweep.cluster.jobs()) == 20)
    sweep.wait_for("a call", calls.exists)
    n_before = len(sweep.cluster.jobs())
    sweep.signal(signal.SIGINT)
    sweep.wait_exit()
    assert n_before == 20
    lines = calls.read_text().splitlines()
    assert all("--states=all" in line and "--name" not in line for line in lines)
    assert len(lines) < 20, json.dumps(lines)
    sweep.check_nothing_is_left()
