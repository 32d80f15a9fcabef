"""Samplers of other packages: a real package in an environment, and one of OptunaHub's layout."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from sweeps import (
    kill_sweep_when,
    run_command,
    state_of,
    sweep_folder,
    write_config,
)

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.errors import ConfigError, UsageError

LIMIT_S = 120
HUB_SAMPLER = """
import numpy
import optuna
import optunahub


class StepSampler(optunahub.samplers.SimpleBaseSampler):
    def __init__(self, search_space=None, width=0.1, seed=None):
        super().__init__(search_space, seed)
        self._width = width
        self._random = numpy.random.RandomState(seed)

    def sample_relative(self, study, trial, search_space):
        known = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
        if not known:
            return {}
        best = min(known, key=lambda one: -one.value)
        return {
            name: float(numpy.clip(
                best.params[name] + self._random.normal(0, self._width), kind.low, kind.high
            ))
            for name, kind in search_space.items()
        }


__all__ = ["StepSampler"]
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the template's package, and all else from the running one."""
    folder = tmp_path_factory.mktemp("own_sampler")
    python = folder / "env" / "bin" / "python"
    _run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], folder)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    ours = [path for path in sys.path if path and Path(path).is_dir()]
    (packages / "running.pth").write_text("\n".join(ours))
    source = folder / "source"
    source.mkdir()
    for path in (ROOT / "examples" / "own_sampler").iterdir():
        if path.is_file():
            (source / path.name).write_bytes(path.read_bytes())
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    _run([*install, "--no-deps", "--no-index", "--no-build-isolation", source], folder)
    return folder


def _run(command: list[Any], folder: Path) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_sampler_of_an_installed_package_runs_a_sweep(environment: Path) -> None:
    python, source = environment / "env" / "bin" / "python", environment / "source"
    command = [python, "-m", "ml_tracking_ops.orchestrator.cli", "sweep", "--workers", "2"]
    last = _run([*command, "--seed", "3", "--json"], source).splitlines()[-1]
    summary = json.loads(last)
    assert summary["counts"] == {"finished": 20}
    record = state_of(sweep_folder(source / "runs"))
    assert not record.warnings
    tried = [run.hyperparameters for _, run in sorted(record.runs.items())]
    late = tried[8:]
    assert all(
        any(one[name] in {t[name] for t in tried[:n]} for name in one)
        for n, one in enumerate(late, 8)
    )


def test_keys_of_an_installed_sampler_are_checked(environment: Path) -> None:
    python, source = environment / "env" / "bin" / "python", environment / "source"
    config = json.loads((source / "experiment_cfg.json").read_text())
    config["sampler"] = {"type": "hill_climbing", "n_startup": 0, "size": 3}
    (source / "wrong.json").write_text(json.dumps(config))
    done = subprocess.run(
        [python, "-m", "ml_tracking_ops.orchestrator.cli", "sweep", "wrong.json", "--dry-run"],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 2
    assert "n_startup must be a whole number, 1 or more, got 0" in done.stderr
    assert "size is not a key of this sampler" in done.stderr


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A clone of OptunaHub's registry, with one package."""
    package = tmp_path / "registry" / "package" / "samplers" / "step"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(HUB_SAMPLER)
    (package / "README.md").write_text("---\ntitle: Steps from the best\n---\n")
    return tmp_path / "registry"


def config_for(folder: Path, **changes: Any) -> Path:
    sampler = {
        "type": "optunahub",
        "package": "samplers/step",
        "registry": "../registry",
        "settings": {"width": 0.05},
        **changes.pop("sampler", {}),
    }
    space = {name: {"type": "uniform", "min": 0, "max": 1} for name in "xy"}
    config = write_config(
        folder,
        "two_goals.py",
        sampler=sampler,
        hyperparameters=space,
        optimization_metric="accuracy",
        seed=4,
        **{"max_runs": 16, **changes},
    )
    return config


@pytest.mark.usefixtures("registry")
def test_sampler_of_optunahub_from_a_folder_learns_and_resumes_as_it_would_have(
    tmp_path: Path,
) -> None:
    environment = {"environment": {"STEP_S": "0.02"}}
    whole = run_sweep(
        config_for(tmp_path / "whole", **environment), logdir=tmp_path / "whole/runs", workers=1
    )
    values = [run.best_value or 0.0 for run in whole.runs]
    assert not whole.record.warnings
    assert max(values[8:]) > values[0]
    folder = tmp_path / "killed"
    config_for(folder, **environment)
    sweep = kill_sweep_when(folder, lambda record: record.counts.get("finished", 0) >= 7)
    result = resume(sweep)
    assert [run.hyperparameters for run in result.runs] == [
        run.hyperparameters for run in whole.runs
    ]


@pytest.mark.usefixtures("registry")
def test_several_workers_share_a_sampler_of_optunahub(tmp_path: Path) -> None:
    result = run_sweep(config_for(tmp_path / "p"), logdir=tmp_path / "p/runs", workers=4)
    assert result.record.counts == {"finished": 16}
    assert len({tuple(run.hyperparameters.values()) for run in result.runs}) == 16


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ({"package": "samplers/stop"}, "there is no samplers/stop/__init__.py"),
        ({"class": "StopSampler"}, "has no class StopSampler, did you mean StepSampler?"),
        ({"settings": {"height": 1}}, "unexpected keyword argument 'height'"),
    ],
)
def test_mistakes_of_an_optunahub_sampler_are_reported_before_anything_starts(
    tmp_path: Path, sampler: dict[str, Any], message: str
) -> None:
    config = config_for(tmp_path / "p", sampler=sampler)
    with pytest.raises(UsageError) as caught:
        run_sweep(config, logdir=tmp_path / "p/runs", workers=1)
    assert message in str(caught.value)
    assert not (tmp_path / "p/runs").exists()
    done = run_command("sweep", "--dry-run", folder=tmp_path / "p")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_package_of_optunahub_has_to_be_named(tmp_path: Path) -> None:
    config = config_for(tmp_path / "p", sampler={"package": None})
    with pytest.raises(ConfigError, match=r"sampler\.package"):
        run_sweep(config, logdir=tmp_path / "runs")
