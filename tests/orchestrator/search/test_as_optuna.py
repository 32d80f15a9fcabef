"""A sweep as an Optuna study."""

from pathlib import Path

import optuna
from spaces import space_of
from sweeps import choice, write_config

from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.search.as_optuna import as_optuna_study
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import RunState

SPACE = space_of(
    {
        "rate": {"type": "loguniform", "min": 1e-5, "max": 0.1},
        "depth": {"type": "int", "min": 1, "max": 8, "step": 2},
        "width": {"type": "logint", "min": 1, "max": 512},
        "noise": {"type": "normal", "mu": 0, "sigma": 1},
        "share": {"type": "uniform", "min": 0, "max": 1, "step": 0.25},
        "optimizer": {"type": "choice", "candidates": ["sgd", "adam", None, [1, 2]]},
        "momentum": {"type": "uniform", "min": 0, "max": 1, "when": {"optimizer": "sgd"}},
        "fixed": {"type": "constant", "value": "a"},
    }
)


def run(index: int, state: RunState, value: float | None, **more: object) -> RunRecord:
    hyperparameters = {
        "rate": 0.01,
        "depth": 3,
        "width": 7,
        "noise": -0.5 * index,
        "share": 0.25,
        "optimizer": "adam",
        "fixed": "a",
        **more,
    }
    return RunRecord(index, hyperparameters, f"r{index}", state, best_value=value, best_step=5)


def test_trials_hold_the_values_themselves_and_how_runs_ended() -> None:
    runs = [
        run(1, "finished", 0.5, optimizer="sgd", momentum=0.9),
        run(2, "early_stopped", 0.4, optimizer=[1, 2]),
        run(3, "failed", None, optimizer=None),
        run(4, "finished", float("nan")),
        run(5, "running", 0.3),
        RunRecord(6, {}, "r6", "finished", best_value=0.9, is_confirming=True),
    ]
    study = as_optuna_study("s", runs, SPACE, "max")

    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED", "FAIL", "FAIL"]
    assert study.best_trial.user_attrs["run"] == "r1"
    assert study.best_params["momentum"] == 0.9
    assert study.best_params["optimizer"] == "sgd"
    assert "fixed" not in study.best_params
    assert study.trials[1].params["optimizer"] == "[1, 2]"
    assert study.trials[1].intermediate_values == {5: 0.4}
    assert study.trials[2].params["optimizer"] is None


def test_result_of_a_sweep_is_a_study_that_optuna_can_use(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=6,
        hyperparameters={"x": {"type": "uniform", "min": 0, "max": 1}, "c": choice("a", "b")},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    study = result.to_optuna()

    assert result.best is not None
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    assert study.best_value == result.best.best_value
    assert study.best_params == result.best.hyperparameters
    assert set(optuna.importance.get_param_importances(study)) == {"x", "c"}
