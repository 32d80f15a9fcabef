"""A folder that two machines have mounted: the nodes write, a login node looks on.

The mounts are bindfs's, with caches as network file systems have them: a lock that is held through
one is not seen through the other, and no event tells of what is written there. Where this machine
has no FUSE, plain bind mounts take their place; then only the states are tried.
"""

import json
import re
import shutil
import subprocess
import sys
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
from slurm_cluster import SlurmCluster

CACHES = "attr_timeout=3,entry_timeout=3,negative_timeout=3"
LOGIN = ["unshare", "--uts", "sh", "-c", 'hostname login2 && exec "$@"', "sh"]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Mounts:
    """The same folder as the nodes and as a login node have it."""

    on_nodes: Path
    on_login: Path

    def look(self, *arguments: str) -> Any:
        """What a command on the login node says, which is another machine by its name."""
        done = subprocess.run(
            [*LOGIN, *COMMAND, *arguments, "--json"],
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
            _mount(folder, place)
        yield Mounts(*places)
    finally:
        for place in places:
            command = ["umount", "--lazy", str(place)]
            subprocess.run(command, check=False, capture_output=True, timeout=LIMIT_S)


def _mount(folder: Path, place: Path) -> None:
    paths = [str(folder), str(place)]
    if shutil.which("bindfs") is not None:
        fuse = ["bindfs", "-o", CACHES, *paths]
        done = subprocess.run(fuse, capture_output=True, check=False, timeout=LIMIT_S)
        if done.returncode == 0:
            return
    subprocess.run(["mount", "--bind", *paths], check=True, timeout=LIMIT_S)


@pytest.fixture
def sweep(cluster: SlurmCluster, mounts: Mounts) -> Iterator[SlurmSweep]:
    """A sweep whose folder its nodes and its own machine share."""
    found = SlurmSweep(cluster, mounts.on_nodes)
    yield found
    found.close()


def test_runs_are_followed_and_stopped_on_a_shared_file_system(sweep: SlurmSweep) -> None:
    rule = {"rule": "threshold", "metric": "Accuracy", "above": -1}
    sweep.configure("waits", n_runs=2, stopping_rules=[rule])
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.story
    assert [(run.state, run.attempt) for run in sweep.runs] == [("early_stopped", 1)] * 2
    sweep.check_nothing_is_left()


@contextmanager
def dashboard(mounts: Mounts) -> Iterator[str]:
    """The address of a dashboard on the login node."""
    process = subprocess.Popen(
        [*LOGIN, *COMMAND, "web", "--port=0"],
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
    """Whether the dashboard tells of points of a run so often; not while it knows no such run."""
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
        assert sweep.wait_exit() == 0, sweep.story
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
