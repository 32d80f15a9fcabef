"""A sweep that is killed and resumed runs the same combinations as without that."""

from pathlib import Path
from typing import Any

import pytest
from sweeps import kill_sweep_when, write_config

from ml_tracking_ops.orchestrator import SweepResult, resume, run_sweep
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
    "bayes under hyperband": {
        "sampler": {"type": "bayes", "n_startup_trials": 4},
        "stopping_rules": [{"rule": "hyperband", "max_resource": 4, "reduction_factor": 2}],
    },
    "bayes under wandb_hyperband": {
        "sampler": {"type": "bayes", "n_startup_trials": 4},
        "stopping_rules": [{"rule": "wandb_hyperband", "min_iter": 1, "eta": 2}],
    },
    "bayes without a rule": {"sampler": {"type": "bayes", "n_startup_trials": 4}},
    "bayes with objectives": {
        "sampler": {"type": "bayes", "n_startup_trials": 4},
        "objectives": [{"metric": "accuracy", "goal": "max"}, {"metric": "cost", "goal": "min"}],
        "optimization_metric": None,
        "optimization_goal": None,
    },
    "bayes with a constraint": {
        "sampler": {"type": "bayes", "n_startup_trials": 4},
        "stopping_rules": [ASHA],
        "where": ["cost <= 1"],
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
    """Whether a run that a rule stops ends by itself before that is chance, and what follows
    depends on it: such sweeps are run again."""
    changes = SWEEPS[name]
    for number in range(3):
        whole, resumed = whole_and_resumed(tmp_path / str(number), changes)
        if states(whole) == states(resumed):
            break
    assert states(whole) == states(resumed)
    assert [run.hyperparameters for run in resumed.runs] == [
        run.hyperparameters for run in whole.runs
    ]


def whole_and_resumed(folder: Path, changes: dict[str, Any]) -> tuple[SweepResult, SweepResult]:
    whole = run_sweep(
        config_for(folder / "whole", **changes), logdir=folder / "whole/runs", workers=1
    )
    config_for(folder / "killed", **changes)
    sweep = kill_sweep_when(folder / "killed", lambda record: len(record.runs) >= 7)
    return whole, resume(sweep)


def states(result: SweepResult) -> list[str]:
    return [run.state for run in result.runs]


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
