"""How runs start, live and end on a real Ray cluster."""

import json
import signal
import subprocess
import zipfile
from pathlib import Path

from cluster_sweep import COMMAND, wait_for
from conftest import RaySweep
from ray_cluster import ADDRESSES, HEAD

from ml_tracking_ops.logger import read_log


def states(sweep: RaySweep) -> list[tuple[str, int]]:
    return [(run.state, run.attempt) for run in sweep.runs]


def test_sweep_runs_on_both_nodes_and_leaves_nothing(sweep: RaySweep) -> None:
    sweep.configure("waits", n_runs=4)
    sweep.start()
    sweep.wait_ready(4)
    sweep.wait_for("samples", lambda: len(list(sweep.path.glob("*.system.dat"))) == 4)
    sweep.release()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("finished", 1)] * 4, sweep.summary
    assert {run.node for run in sweep.runs} == {"node1", "node2"}
    for run in sweep.runs:
        assert run.ref is not None
        assert run.ref.label.endswith(" on Ray")
        assert run.queued_at is not None
        assert run.started_at is not None
        assert run.queued_at <= run.started_at
        assert run.best_value is not None
    for path in sweep.path.glob("*.system.dat"):
        assert set(read_log(path)) >= {"system/cpu", "system/memory"}
    sweep.check_nothing_is_left()


def test_project_is_sent_to_the_nodes_without_its_logs(sweep: RaySweep) -> None:
    sweep.configure("files", n_runs=1, engine={"working_dir": "."})
    sweep.start("--check")
    assert sweep.wait_exit() == 0, sweep.summary
    assert "2 nodes with 4 CPU. Room for 4 runs at once" in sweep.summary
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    (log,) = sweep.path.glob("*.log")
    there = json.loads(log.read_text().splitlines()[-1])
    assert "_ray_pkg_" in there["folder"]
    assert "train.py" in there["files"]
    assert "runs" not in there["files"]
    (model,) = sweep.path.glob("*.files/model.bin")
    assert model.stat().st_size == 100_000
    sweep.check_nothing_is_left()


def test_rule_stops_a_run_and_all_that_belongs_to_it(sweep: RaySweep) -> None:
    rule = {"rule": "threshold", "metric": "Accuracy", "above": -1}
    sweep.configure("family", stopping_rules=[rule])
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("early_stopped", 1)], sweep.summary
    sweep.check_nothing_is_left()


def test_unmet_resources_are_reported_and_ctrl_c_ends_the_wait(sweep: RaySweep) -> None:
    sweep.configure(engine={"num_cpus": 64})
    sweep.start()
    message = "no node of the Ray cluster has 64 CPU: runs wait until one joins"
    sweep.wait_for("the warning", lambda: message in sweep.record.warnings)
    assert [(run.state, run.reason) for run in sweep.runs] == [("queued", "waiting for 64 CPU")]
    sweep.signal(signal.SIGINT)
    assert sweep.wait_exit() == 130
    assert states(sweep) == [("killed", 1)]
    sweep.check_nothing_is_left()


def test_second_interrupt_ends_even_what_ignores_the_first(sweep: RaySweep) -> None:
    sweep.configure("ignore", n_runs=2, grace_s=600)
    sweep.start()
    sweep.wait_ready(2)
    sweep.signal(signal.SIGINT)
    wait_for(lambda: sweep.why_stopped() == ["stop"] * 2, "the first signal")
    sweep.signal(signal.SIGINT)
    assert sweep.wait_exit() == 130
    assert states(sweep) == [("killed", 1)] * 2, sweep.summary
    sweep.check_nothing_is_left()


def test_sweep_is_steered_as_on_one_machine(sweep: RaySweep) -> None:
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
    assert states(sweep) == [("finished", 2), *[("finished", 1)] * 3], sweep.summary
    (run, *_) = shown(sweep)
    assert run["node"] in ("node1", "node2")
    assert str(run["job"]).endswith("on Ray")
    sweep.check_nothing_is_left()


def shown(sweep: RaySweep) -> list[dict[str, object]]:
    """What `show` says of the runs."""
    done = subprocess.run(
        [*COMMAND, "show", str(sweep.path), "--json"],
        env=sweep.environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    runs: list[dict[str, object]] = json.loads(done.stdout)["runs"]
    return runs


def wheel(folder: Path) -> Path:
    """A package that is nowhere else."""
    path = folder / "mlto_tiny-1.0-py3-none-any.whl"
    information = "mlto_tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mlto_tiny.py", "NAME = 'tiny'\n")
        about = "Metadata-Version: 2.1\nName: mlto-tiny\nVersion: 1.0\n"
        archive.writestr(f"{information}/METADATA", about)
        kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{information}/WHEEL", kind)
        archive.writestr(f"{information}/RECORD", "")
    return path


def on_one_node(**runtime_env: object) -> dict[str, object]:
    """Two nodes of one machine would set it up in the same folder."""
    environment = {**runtime_env, "config": {"eager_install": False}}
    return {"resources": {f"node:{ADDRESSES[HEAD]}": 0.01}, "runtime_env": environment}


def test_packages_are_installed_before_the_first_run(sweep: RaySweep, tmp_path: Path) -> None:
    train = sweep.folder / "train.py"
    train.write_text("import mlto_tiny; print(mlto_tiny.NAME)\n" + train.read_text())
    sweep.configure(n_runs=2, engine=on_one_node(pip=[str(wheel(tmp_path))]))
    sweep.start()
    assert sweep.wait_exit() == 0, sweep.summary
    assert states(sweep) == [("finished", 1)] * 2, sweep.summary
    assert all("tiny" in path.read_text() for path in sweep.path.glob("*.log"))
    reasons = {str(event["reason"]) for event in sweep.events if event["event"] == "queued"}
    assert any("or for Ray to set up pip" in reason for reason in reasons)
    sweep.check_nothing_is_left()


def test_package_that_cannot_be_installed_is_named(sweep: RaySweep) -> None:
    packages = {"packages": ["mlto-no-such-package"], "pip_install_options": ["--no-index"]}
    sweep.configure(engine=on_one_node(pip=packages))
    sweep.start()
    assert sweep.wait_exit() == 1, sweep.summary
    (run,) = sweep.runs
    assert run.state == "failed"
    assert "No matching distribution found for mlto-no-such-package" in str(run.reason)
    (log,) = sweep.path.glob("*.log")
    assert "Could not find a version" in log.read_text()
    sweep.check_nothing_is_left()
