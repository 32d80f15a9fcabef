"""How runs start, live and end on a real Slurm, with each way in which Slurm knows processes."""

import signal
import time

import pytest
from cluster_sweep import wait_for
from conftest import TRACKERS, SlurmSweep, on_clusters

from ml_tracking_ops.logger import read_log

LONG_S = 7  # longer than the sweep waits for Slurm once the record of a run exists
both_trackers = on_clusters(*TRACKERS)


def check_end(sweep: SlurmSweep, state: str, *reason: str) -> None:
    """The one run has ended as expected, in one attempt, and nothing is left of it."""
    (run,) = sweep.runs
    assert run.state == state, sweep.summary
    assert run.attempt == 1
    assert all(part in str(run.reason) for part in reason), run.reason
    sweep.check_nothing_is_left()


def cause_of(sweep: SlurmSweep) -> str:
    return next(str(event["cause"]) for event in sweep.events if event["event"] == "ended")


@both_trackers
def test_sweep_finishes_with_job_node_and_queue_time_of_each_run(sweep: SlurmSweep) -> None:
    sweep.configure(n_runs=6)
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [run.state for run in sweep.runs] == ["finished"] * 6, sweep.summary
    for run in sweep.runs:
        assert run.ref is not None
        assert run.ref.label.startswith("job ")
        assert run.node in ("node1", "node2")
        assert run.queued_at is not None
        assert run.started_at is not None
        assert run.queued_at <= run.started_at
        assert run.best_value is not None
    sweep.check_nothing_is_left()


@both_trackers
@pytest.mark.parametrize("mode", ["waits", "ignore"])
def test_rule_stops_a_run_and_all_that_belongs_to_it(sweep: SlurmSweep, mode: str) -> None:
    rule = {"rule": "threshold", "metric": "Accuracy", "above": -1}
    sweep.configure(mode, stopping_rules=[rule])
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    check_end(sweep, "early_stopped", "Accuracy")


@both_trackers
def test_interrupted_sweep_leaves_nothing_in_the_queue_nor_on_the_nodes(
    sweep: SlurmSweep,
) -> None:
    sweep.configure("waits", n_runs=8, engine={"max_jobs": 8})
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_states(*["running"] * 4, *["queued"] * 4)
    sweep.signal(signal.SIGINT)
    sweep.wait_exit()
    assert {run.state for run in sweep.runs} == {"killed"}, sweep.summary
    sweep.check_nothing_is_left()


@both_trackers
def test_second_interrupt_ends_even_what_ignores_the_first(sweep: SlurmSweep) -> None:
    sweep.configure("ignore", grace_s=600)
    sweep.start()
    sweep.wait_ready()
    sweep.signal(signal.SIGINT)
    wait_for(lambda: "stopping" in (sweep.folder / "output").read_text(), "the first signal")
    sweep.signal(signal.SIGINT)
    sweep.wait_exit()
    check_end(sweep, "killed")


@both_trackers
def test_job_cancelled_by_hand_is_killed_with_that_reason(sweep: SlurmSweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    sweep.cluster.command("scancel", *sweep.cluster.jobs())
    sweep.wait_exit()
    check_end(sweep, "killed", "cancelled from outside")


@both_trackers
def test_cancelled_run_that_ignores_signals_is_gone(sweep: SlurmSweep) -> None:
    sweep.configure("ignore")
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    sweep.cluster.command("scancel", *sweep.cluster.jobs())
    sweep.wait_exit()
    check_end(sweep, "killed", "cancelled from outside")


def test_cancelled_in_the_queue_is_killed(sweep: SlurmSweep) -> None:
    blocker = sweep.cluster.occupy()
    sweep.configure()
    sweep.start()
    sweep.wait_for("the job", lambda: len(sweep.cluster.jobs()) == 2)
    (job,) = (one for one in sweep.cluster.jobs() if one != blocker)
    sweep.cluster.command("scancel", job)
    sweep.wait_exit()
    sweep.cluster.command("scancel", blocker)
    check_end(sweep, "killed", "cancelled from outside")


def test_full_partition_is_the_reason_and_a_queued_run_can_be_stopped(
    sweep: SlurmSweep,
) -> None:
    blocker = sweep.cluster.occupy()
    sweep.configure()
    sweep.start()
    sweep.wait_for("the reason", lambda: any(run.reason for run in sweep.runs))
    (run,) = sweep.runs
    assert run.state == "queued"
    assert str(run.reason).startswith("waiting")
    sweep.cluster.command("scancel", blocker)
    assert sweep.wait_exit() == 0, sweep.summary
    check_end(sweep, "finished")


@pytest.mark.parametrize(
    ("mode", "reason"), [("fails", "exit code 3"), ("crashes", "signal 11 (SIGSEGV)")]
)
def test_failing_script_is_recognised_by_its_exit_code(
    sweep: SlurmSweep, mode: str, reason: str
) -> None:
    sweep.configure(mode)
    sweep.start()
    sweep.wait_exit()
    check_end(sweep, "failed", reason)


@on_clusters(*TRACKERS[1:])
def test_run_that_takes_too_much_memory_is_out_of_memory(sweep: SlurmSweep) -> None:
    sweep.configure("memory", engine={"mem": 200})
    sweep.start()
    sweep.wait_exit()
    assert cause_of(sweep) == "out_of_memory", sweep.summary
    check_end(sweep, "failed", "out of memory")


@both_trackers
def test_daemon_that_a_script_leaves_is_ended(sweep: SlurmSweep) -> None:
    sweep.configure("daemon")
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    check_end(sweep, "finished")


def test_refused_job_fails_with_what_slurm_says(sweep: SlurmSweep) -> None:
    sweep.configure(engine={"partition": "nowhere"})
    sweep.start()
    sweep.wait_exit()
    check_end(sweep, "failed", "could not be started", "invalid partition specified")


def test_failing_setup_is_shown_with_what_it_printed(sweep: SlurmSweep) -> None:
    sweep.configure(engine={"setup": ["echo no such module >&2", "exit 1"]})
    sweep.start()
    sweep.wait_exit()
    check_end(sweep, "failed", "never started", "no such module")


def test_job_that_never_starts_gives_one_warning(sweep: SlurmSweep) -> None:
    sweep.configure(n_runs=2, engine={"partition": "short", "time": 60})
    sweep.start()
    sweep.wait_for("the warning", lambda: sweep.record.warnings)
    sweep.signal(signal.SIGINT)
    sweep.wait_exit()
    (warning,) = (one for one in sweep.record.warnings if "never starts" in one)
    assert "PartitionTimeLimit" in warning
    assert "lower time" in warning
    sweep.check_nothing_is_left()


def test_run_that_waited_for_long_starts_once(sweep: SlurmSweep) -> None:
    blocker = sweep.cluster.occupy()
    sweep.configure("waits")
    sweep.start()
    sweep.wait_for("the reason", lambda: any(run.reason for run in sweep.runs))
    told_at = time.monotonic()
    sweep.wait_for("time to pass", lambda: time.monotonic() > told_at + LONG_S)
    sweep.cluster.command("scancel", blocker)
    sweep.wait_ready()
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    check_end(sweep, "finished")


def test_system_metrics_of_a_node_are_sampled(sweep: SlurmSweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_for("samples", lambda: list(sweep.folder.glob("runs/*/*.system.dat")))
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    (path,) = sweep.path.glob("*.system.dat")
    assert set(read_log(path)) >= {"system/cpu", "system/memory"}


def test_timeout_counts_from_the_start_of_the_process(sweep: SlurmSweep) -> None:
    blocker = sweep.cluster.occupy()
    sweep.configure("waits", timeout_s=3)
    sweep.start()
    sweep.wait_for("the reason", lambda: any(run.reason for run in sweep.runs))
    (run,) = sweep.runs
    assert run.queued_at is not None
    sweep.cluster.command("scancel", blocker)
    sweep.wait_exit()
    (run,) = sweep.runs
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.ended_at - run.started_at >= 3
    check_end(sweep, "killed", "timeout_s was over")


def test_check_asks_slurm_before_anything_starts(sweep: SlurmSweep) -> None:
    sweep.configure()
    sweep.start("--check")
    assert sweep.wait_exit() == 0, sweep.summary
    assert "slurm: Job" in sweep.summary
    sweep.configure(engine={"cpus_per_task": 64})
    sweep.start("--check")
    assert sweep.wait_exit() == 2
    assert "Slurm would refuse such a job" in sweep.summary
    assert sweep.events == []
