"""Keys that do not go with the engine of a sweep are mistakes in its configuration."""

from pathlib import Path
from typing import Any

import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError

ASHA = {"rule": "asha", "min_resource": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").touch()
    return tmp_path


def problems(folder: Path, **changes: Any) -> dict[str, str]:
    source = {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": False,
        "optimization_metric": "accuracy",
        "optimization_goal": "max",
        "hyperparameters": {"lr": {"type": "uniform", "min": 0, "max": 1}},
        **changes,
    }
    try:
        validate_config(source, folder)
    except ConfigError as error:
        return {problem.key: problem.message for problem in error.problems}
    return {}


def test_paused_runs_on_ray_need_a_shared_folder(folder: Path) -> None:
    rules = [ASHA, {**ASHA, "resume": True}]
    ray = {"type": "ray", "max_jobs": 2}
    ((key, message),) = problems(folder, stopping_rules=rules, executor=ray).items()
    assert key == "stopping_rules.1.resume"
    assert "would not find its checkpoint" in message
    assert "Set shared_folder to true in executor" in message
    assert problems(folder, stopping_rules=[ASHA], executor=ray) == {}
    shared = {**ray, "shared_folder": True}
    assert problems(folder, stopping_rules=rules, executor=shared) == {}
    assert problems(folder, stopping_rules=rules, executor={"type": "slurm"}) == {}


def test_check_refuses_paused_runs_on_ray(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "short.py",
        stopping_rules=[{**ASHA, "resume": True}],
        executor={"type": "ray", "max_jobs": 2},
    )
    done = run_command("sweep", "--check", folder=tmp_path)
    assert done.returncode == 2
    assert "stopping_rules.0.resume: is true, but a run that continues" in done.stderr


@pytest.mark.parametrize(
    ("engine", "advice"), [("ray", "Set num_gpus in executor"), ("slurm", "Set gpus_per_node in")]
)
def test_keys_for_gpus_of_one_machine_are_mistakes_on_a_cluster(
    folder: Path, engine: str, advice: str
) -> None:
    keys = {
        "gpus_per_run": 2,
        "runs_per_gpu": 3,
        "min_free_gpu_memory_gb": 4.5,
        "max_runs_on_machine": 1,
    }
    found = problems(folder, executor={"type": engine, "max_jobs": 2}, **keys)
    assert found.keys() == keys.keys()
    assert "got 2" in found["gpus_per_run"]
    assert advice in found["gpus_per_run"]
    assert problems(folder, executor={"type": "local"}, **keys) == {}


def test_keys_that_ask_for_no_gpu_are_accepted_on_a_cluster(folder: Path) -> None:
    ray = {"type": "ray", "max_jobs": 2}
    assert problems(folder, executor=ray, gpus_per_run=0, runs_per_gpu=1) == {}
