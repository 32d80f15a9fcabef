"""A folder that several machines have mounted: the nodes write, a login node reads."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from cluster_sweep import COMMAND, LIMIT_S, SCRIPT, wait_for
from conftest import SlurmSweep
from shared_folder import LOGIN_NODE, mount, shared_folder, unmount
from slurm_cluster import SlurmCluster

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Mounts:
    """The same folder as the nodes and as a login node have it."""

    on_nodes: Path
    on_login: Path

    def look(self, *arguments: str) -> Any:
        """What a command on the login node says, which is another machine by its name."""
        done = subprocess.run(
            [*LOGIN_NODE, *COMMAND, *arguments, "--json"],
            cwd=self.on_login,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    folder = tmp_path / "folder"
    places = [tmp_path / "nodes", tmp_path / "login"]
    folder.mkdir()
    try:
        for place in places:
            place.mkdir()
            mount(folder, place)
        yield Mounts(*places)
    finally:
        for place in places:
            unmount(place)


@pytest.fixture
def sweep(cluster: SlurmCluster, mounts: Mounts) -> Iterator[SlurmSweep]:
    """A sweep whose folder its nodes and its own machine share."""
    found = SlurmSweep(cluster, mounts.on_nodes)
    yield found
    found.close()


@pytest.fixture
def distant_sweep() -> Iterator[SlurmSweep]:
    """A sweep that no event tells of what its nodes write: they have mounts of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm-test-", ignore_cleanup_errors=True) as top,
        shared_folder(Path(top)) as shared,
    ):
        cluster = SlurmCluster(Path(top) / "c", on_a_node=shared.on_a_node)
        cluster.up()
        project = shared.path / "project"
        project.mkdir()
        found = SlurmSweep(cluster, project)
        try:
            yield found
        finally:
            found.close()
            cluster.down()


def test_runs_are_followed_where_no_event_comes_from_the_nodes(distant_sweep: SlurmSweep) -> None:
    rule = {"rule": "threshold", "metric": "Accuracy", "above": -1}
    distant_sweep.configure("waits", n_runs=4, stopping_rules=[rule])
    distant_sweep.start()
    assert distant_sweep.wait_exit() == 0, distant_sweep.summary
    states = [(run.state, run.attempt) for run in distant_sweep.runs]
    assert states == [("early_stopped", 1)] * 4, distant_sweep.summary
    assert {run.node for run in distant_sweep.runs} == {"node1", "node2"}
    assert all(run.best_value is not None for run in distant_sweep.runs)
    distant_sweep.check_nothing_is_left()


def test_runs_are_followed_and_stopped_on_a_shared_file_system(sweep: SlurmSweep) -> None:
    rule = {"rule": "threshold", "metric": "Accuracy", "above": -1}
    sweep.configure("waits", n_runs=2, stopping_rules=[rule])
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert [(run.state, run.attempt) for run in sweep.runs] == [("early_stopped", 1)] * 2
    sweep.check_nothing_is_left()


@contextmanager
def dashboard(mounts: Mounts) -> Iterator[str]:
    """The address of a dashboard on the login node."""
    process = subprocess.Popen(
        [*LOGIN_NODE, *COMMAND, "web", "--port=0"],
        cwd=mounts.on_login,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield next(found[0] for line in process.stdout if (found := ADDRESS.search(line)))
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)


def has_points(address: str, run: str, n: int) -> bool:
    """Return whether the dashboard reports points of a run that often, once it knows the run."""
    with urlopen(f"{address}/events?run={quote(run)}:0", timeout=LIMIT_S) as stream:
        for line in stream:
            n -= line.strip() == b"event: points"
            if n <= 0:
                return True
            if line.strip() == b"event: gone":
                return False
    return False


def test_login_node_shows_runs_on_nodes_live_and_never_calls_them_killed(
    sweep: SlurmSweep, mounts: Mounts
) -> None:
    sweep.configure("waits", n_runs=2)
    sweep.start()
    sweep.wait_ready(2)
    sweep.wait_states("running", "running")

    def states() -> set[str]:
        """Of the sweep and its runs, as the login node shows them."""
        (one,) = mounts.look("list")
        shown = mounts.look("show", one["path"])
        return {one["state"], *(run["state"] for run in shown["runs"])}

    wait_for(lambda: states() == {"running"}, "the login node to show the runs")
    with dashboard(mounts) as address:
        for run in sweep.runs:
            name = f"{sweep.path.name}/{run.name}"
            wait_for(partial(has_points, address, name, 3), "points of a run")
            assert states() == {"running"}
        sweep.release()
        assert sweep.wait_exit() == 0, sweep.summary
        seen: set[str] = set()
        wait_for(
            lambda: seen.update(now := states()) or now == {"finished"},
            "the login node to show the end",
        )
    assert seen <= {"running", "finished"}
    sweep.check_nothing_is_left()


def test_experiment_on_a_node_is_running_as_a_login_node_sees_it(mounts: Mounts) -> None:
    script = mounts.on_nodes / "train.py"
    shutil.copy(SCRIPT, script)
    command = [sys.executable, "train.py", "--logdir", "runs", "--mode", "waits", "--x", "1"]
    training = subprocess.Popen(command, cwd=mounts.on_nodes, stdout=subprocess.PIPE, text=True)
    try:
        assert training.stdout is not None
        assert "ready" in training.stdout.readline()

        def shown() -> list[str]:
            return [str(one["state"]) for one in mounts.look("list")]

        wait_for(shown, "the login node to show it")
        assert shown() == ["running"]
        (mounts.on_nodes / "release").touch()
        assert training.wait(LIMIT_S) == 0
        wait_for(lambda: shown() == ["finished"], "the login node to show its end")
    finally:
        training.kill()
        training.communicate(timeout=LIMIT_S)
