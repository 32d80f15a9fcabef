"""A sweep that is killed in the middle and resumed runs what it would have run without that."""

from pathlib import Path
from typing import Any

import pytest
from sweeps import kill_sweep_when, write_config

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail

PLANE: dict[str, Any] = {
    "x": {"type": "uniform", "min": 0, "max": 1},
    "y": {"type": "uniform", "min": 0, "max": 1},
}
ASHA = {"rule": "asha", "max_resource": 4, "reduction_factor": 2}
SWEEPS: dict[str, dict[str, Any]] = {
    "tpe": {"sampler": {"type": "tpe", "n_startup_trials": 4}},
    "cma_es": {"sampler": {"type": "cma_es", "n_startup_trials": 2}},
    "bayes under asha": {
        "sampler": {"type": "bayes", "n_startup_trials": 4},
        "stopping_rules": [ASHA],
    },
    "tpe under asha": {
        "sampler": {"type": "tpe", "n_startup_trials": 3},
        "stopping_rules": [ASHA],
    },
    "auto under asha": {"sampler": "auto", "stopping_rules": [ASHA], "max_runs": 18},
    "repeats": {
        "sampler": {"type": "tpe", "n_startup_trials": 3},
        "repeats": {"count": 2, "seed_name": "seed"},
    },
}


def config_for(folder: Path, **changes: Any) -> Path:
    return write_config(
        folder,
        "climbs.py",
        **{
            "seed": 5,
            "max_runs": 12,
            "hyperparameters": PLANE,
            "optimization_metric": "accuracy",
            "optimization_goal": "max",
            "early_stopping": False,
            "system_metrics": False,
            **changes,
        },
    )


@pytest.mark.parametrize("name", SWEEPS)
def test_resumed_sweep_runs_what_it_would_have(tmp_path: Path, name: str) -> None:
    changes = SWEEPS[name]
    whole = run_sweep(
        config_for(tmp_path / "whole", **changes), logdir=tmp_path / "whole/runs", workers=1
    )
    folder = tmp_path / "killed"
    config_for(folder, **changes)
    sweep = kill_sweep_when(folder, lambda record: len(record.runs) >= 7)
    result = resume(sweep)
    assert [run.hyperparameters for run in result.runs] == [
        run.hyperparameters for run in whole.runs
    ]
    assert [run.state for run in result.runs] == [run.state for run in whole.runs]


def test_curve_of_a_run_ends_where_a_rule_stopped_it(tmp_path: Path) -> None:
    """What it logs until it is gone is chance, and no sampler may depend on that."""
    config = config_for(tmp_path, stopping_rules=[ASHA], max_runs=6)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    ended = [
        e for e in JournalTail(result.folder / "journal.jsonl").read() if e["event"] == "ended"
    ]
    stopped = [run for run in result.runs if run.state == "early_stopped"]
    assert stopped
    for event, run in zip(ended, result.runs, strict=True):
        expected = 4 if run.state == "finished" else (run.stopped_by or {})["step"]
        assert event["curve"][-1][0] == expected
