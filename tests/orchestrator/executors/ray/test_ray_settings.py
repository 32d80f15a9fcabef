"""The keys of the engine for Ray."""

import importlib.util
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.executors.ray.driver import last_line
from ml_tracking_ops.orchestrator.executors.ray.settings import (
    RaySettings,
    placed,
    setting_problems,
)
from ml_tracking_ops.orchestrator.executors.registry import make_executor


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"num_cpu": 2}, "num_cpu", "did you mean num_cpus"),
        ({"num_gpus": -1}, "num_gpus", "must be a number, 0 or more, got -1"),
        ({"max_jobs": 0}, "max_jobs", "must be a whole number"),
        ({"resources": {"tpu": "two"}}, "resources", 'must be an object such as {"tpu": 1}'),
        ({"shared_folder": "yes"}, "shared_folder", "must be true or false"),
        ({"num_gpus": 1.5}, "num_gpus", "must be a whole number or less than 1, got 1.5"),
        ({"resources": {"GPU": 1, "tpu": 1}}, "resources.GPU", "Set num_gpus beside type"),
        ({"runtime_env": {"pipp": []}}, "runtime_env.pipp", "did you mean pip?"),
        ({"runtime_env": {"working_dir": "."}}, "runtime_env.working_dir", "is a key of its own"),
    ],
)
def test_mistake_in_a_key_is_explained(keys, key, message):
    ((found, sentence),) = setting_problems(keys)
    assert found == key
    assert message in sentence


def test_what_ray_accepts_is_no_mistake():
    environment = {"pip": ["lightning"], "excludes": ["data/"], "a_plugin_of_ours": {"x": 1}}
    keys = {"num_cpus": 1.5, "num_gpus": 0.5, "resources": {"tpu": 1}, "runtime_env": environment}
    assert [*setting_problems(keys)] == []
    assert [*setting_problems({"num_gpus": 2.0})] == []


def test_error_of_ray_in_two_parts_is_one_sentence():
    error = ValueError("GPU resource quantities >1 must", "be whole numbers.")
    assert last_line(error) == "GPU resource quantities >1 must be whole numbers."


def test_needs_of_a_run_are_described():
    settings = RaySettings(num_cpus=4, num_gpus=0.5, memory=8_000_000_000, resources={"tpu": 1})
    assert settings.needs_text() == "4 CPU, 0.5 GPU, 8.0 GB, 1 tpu"


def needs() -> SweepConfig:
    return SweepConfig.model_construct(
        gpus_per_run=1,
        runs_per_gpu=1,
        min_free_gpu_memory_gb=None,
        stop_signal="SIGTERM",
        grace_s=None,
    )


def test_number_of_runs_at_once_must_be_given():
    with pytest.raises(UsageError, match="max_jobs beside the type of the executor"):
        make_executor({"type": "ray"}, None, needs(), Path(), Path())


def test_missing_ray_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(
        "ml_tracking_ops.orchestrator.executors.registry.find_spec", lambda name: None
    )
    with pytest.raises(UsageError, match=r"install ml-tracking-ops\[ray\]"):
        make_executor({"type": "ray", "max_jobs": 2}, None, needs(), Path(), Path())


def test_working_dir_is_sent_without_the_log_folder(tmp_path: Path):
    keys = {"working_dir": ".", "runtime_env": {"pip": ["lightning"], "excludes": ["data/"]}}
    found = placed(keys, tmp_path, tmp_path / "logs" / "runs")
    assert found["working_dir"] == str(tmp_path)
    environment = {"pip": ["lightning"], "excludes": ["data/", "/logs/runs/"]}
    assert found["runtime_env"] == environment


def test_logs_elsewhere_and_archives_elsewhere_change_nothing(tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    found = placed({"working_dir": str(project)}, project, tmp_path / "runs")
    assert found == {"working_dir": str(project), "runtime_env": {}}
    archive = {"working_dir": "s3://bucket/code.zip"}
    assert placed(archive, project, project / "runs") == archive


@pytest.mark.parametrize(
    ("given", "message"), [("nowhere", "there is no folder"), ("code", "which is not in")]
)
def test_working_dir_without_the_script_is_explained(tmp_path: Path, given: str, message: str):
    (tmp_path / "code").mkdir()
    with pytest.raises(UsageError, match=rf"executor\.working_dir: .*{message}"):
        placed({"working_dir": given}, tmp_path, tmp_path / "runs")
