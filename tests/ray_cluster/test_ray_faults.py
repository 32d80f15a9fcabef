"""What fails around the runs: the sweep's process, its driver, actors, runners, nodes, the head."""

import os
import re
import signal
import subprocess
from urllib.request import urlopen

import pytest
from cluster_sweep import COMMAND, wait_for
from conftest import RaySweep
from small_disk import small_disk

from ml_tracking_ops.orchestrator.store.run_record import RunRecord

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def states(sweep: RaySweep) -> list[tuple[str, int]]:
    return [(run.state, run.attempt) for run in sweep.runs]


def test_killed_sweep_is_resumed_with_the_same_runs(sweep: RaySweep) -> None:
    sweep.configure("waits", n_runs=5, engine={"max_jobs": 5})
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_states(*["running"] * 4, "queued")
    trainings = sweep.trainings()
    sweep.kill()
    wait_for(lambda: not sweep.drivers(), "the driver to end")
    assert sorted(sweep.trainings()) == sorted(trainings)
    sweep.resume()
    sweep.wait_ready(4)
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    # what only waited is submitted again
    assert sorted(states(sweep)) == [("finished", 1)] * 4 + [("finished", 2)], sweep.summary
    sweep.check_nothing_is_left()


def test_sweep_killed_between_submission_and_journal_finds_its_run(sweep: RaySweep) -> None:
    sweep.configure("waits")
    sweep.start()
    sweep.wait_ready()
    sweep.kill()
    journal = sweep.path / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    submitting = next(n for n, line in enumerate(lines) if '"submitting"' in line)
    journal.write_text("".join(lines[: submitting + 1]))
    sweep.resume()
    sweep.wait_states("running")
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("finished", 1)], sweep.summary
    sweep.check_nothing_is_left()


def test_runs_that_end_without_an_orchestrator_keep_their_exit_codes(sweep: RaySweep) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    sweep.kill()
    sweep.release()
    wait_for(lambda: not sweep.processes, "the runs to end")
    sweep.resume()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt, run.exit_code) for run in sweep.runs] == [
        ("finished", 1, 0)
    ] * 2, sweep.summary
    sweep.check_nothing_is_left()


def test_killed_driver_loses_nothing(sweep: RaySweep) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    (driver,) = sweep.drivers()
    os.kill(driver, signal.SIGKILL)
    sweep.wait_for("another driver", lambda: sweep.drivers() not in ([], [driver]))
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("finished", 1)] * 2, sweep.summary
    sweep.check_nothing_is_left()


@pytest.mark.parametrize("victim", ["actor", "runner"])
def test_run_whose_supervision_is_killed_is_tried_again(sweep: RaySweep, victim: str) -> None:
    sweep.configure("waits", retries=0)
    sweep.start()
    sweep.wait_ready()
    sweep.wait_states("running")
    trainings = sweep.trainings()
    for pid in sweep.cluster.slots() if victim == "actor" else sweep.runners():
        os.kill(pid, signal.SIGKILL)
    sweep.wait_ready(1, "ready, 1 attempts before")
    assert not set(trainings) & set(sweep.trainings())
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    (run,) = sweep.runs
    assert (run.state, run.attempt) == ("finished", 2), sweep.summary
    assert [attempt.state for attempt in run.earlier] == ["lost"]
    sweep.check_nothing_is_left()


def test_run_on_a_node_that_died_is_tried_on_another(sweep: RaySweep) -> None:
    sweep.configure("waits", retries=0, n_runs=4)
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_states(*["running"] * 4)
    sweep.cluster.kill_node("node2")
    try:
        sweep.wait_for("their ends", lambda: sum(run.attempt for run in sweep.runs) == 6)
        sweep.release()
        assert sweep.wait_exit() == 0, sweep.summary
    finally:
        sweep.cluster.start_node("node2")
    assert sorted(states(sweep)) == [("finished", 1)] * 2 + [("finished", 2)] * 2, sweep.summary
    lost = [run for run in sweep.runs if run.attempt == 2]
    assert {run.node for run in lost} == {"node1"}
    assert all("node failed" in str(run.earlier[0].reason) for run in lost)
    sweep.check_nothing_is_left(has_lost_node=True)


@pytest.mark.parametrize("what", ["daemon", "preempted"])
def test_runs_of_a_node_that_ray_loses_are_tried_on_another(sweep: RaySweep, what: str) -> None:
    sweep.configure("waits", retries=0, n_runs=4)
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_states(*["running"] * 4)
    if what == "daemon":
        sweep.cluster.kill_raylet("node2")
    else:
        sweep.cluster.preempt_node("node2", 2)
        sweep.cluster.kill_node("node2")
    try:
        sweep.wait_for("their ends", lambda: sum(run.attempt for run in sweep.runs) == 6)
        sweep.release()
        assert sweep.wait_exit() == 0, sweep.summary
    finally:
        sweep.cluster.kill_node("node2")
        sweep.cluster.start_node("node2")
    assert sorted(states(sweep)) == [("finished", 1)] * 2 + [("finished", 2)] * 2, sweep.summary
    again = [run for run in sweep.runs if run.attempt == 2]
    assert {run.node for run in again} == {"node1"}
    state, reason = ("lost", "its node failed") if what == "daemon" else ("killed", "preempted")
    assert [run.earlier[0].state for run in again] == [state] * 2, sweep.summary
    assert all(reason in str(run.earlier[0].reason) for run in again)
    page = page_of(sweep, again[0])
    assert f'title="{reason}' in page
    sweep.check_nothing_is_left(has_lost_node=True)


def page_of(sweep: RaySweep, run: RunRecord) -> str:
    """The page of a run, from a dashboard."""
    command = [*COMMAND, "web", "--port=0"]
    dashboard = subprocess.Popen(
        command, cwd=sweep.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert dashboard.stdout is not None
        lines = iter(dashboard.stdout.readline, "")
        address = next(found[0] for line in lines if (found := ADDRESS.search(line)))
        with urlopen(f"{address}/runs/{sweep.path.name}/{run.name}", timeout=60) as answer:
            return str(answer.read().decode())
    finally:
        dashboard.terminate()
        dashboard.communicate(timeout=60)


def test_run_on_a_node_without_memory_has_that_reason(sweep: RaySweep) -> None:
    """Ray ends actors above a share of the node's memory, here a very small one."""
    small = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "250"}
    sweep.cluster.start_node("node3", '--resources={"small": 1}', **small)
    try:
        sweep.configure("waits", engine={"resources": {"small": 1}})
        sweep.start()
        sweep.wait_exit()
    finally:
        sweep.cluster.kill_node("node3")
    (run,) = sweep.runs
    assert run.state == "failed", sweep.summary
    assert "out of memory" in str(run.reason)
    sweep.check_nothing_is_left(has_lost_node=True)


@pytest.mark.parametrize("is_away_for_long", [True, False])
def test_runs_are_tried_again_once_a_lost_head_is_back(
    sweep: RaySweep, is_away_for_long: bool
) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")
    trainings = sweep.trainings()
    sweep.cluster.kill_head_server()
    if is_away_for_long:
        wait_for(lambda: not sweep.cluster.slots(), "Ray to end without its head")
    sweep.cluster.down()
    sweep.cluster.up()
    sweep.wait_ready(2, "ready, 1 attempts before")
    assert not set(trainings) & set(sweep.trainings())
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("finished", 2)] * 2, sweep.summary
    assert any("Ray closed the connection" in one for one in sweep.record.warnings)
    sweep.check_nothing_is_left(has_lost_node=True)


def test_full_disk_keeps_what_runs_write_on_their_nodes(sweep: RaySweep) -> None:
    with small_disk(sweep.folder / "runs", as_root=True) as disk:
        sweep.configure("waits", n_runs=2)
        sweep.start()
        sweep.wait_ready(2)
        disk.fill()
        sweep.wait_for("the warning", lambda: "until there is room: free some" in sweep.printed)
        sweep.release()
        wait_for(lambda: not sweep.trainings(), "the trainings to end")
        disk.free()
        assert sweep.wait_exit() == 0, sweep.summary
        assert states(sweep) == [("finished", 1)] * 2, sweep.summary
        assert all(path.read_bytes() for path in sweep.path.glob("*.dat"))
        sweep.check_nothing_is_left()
