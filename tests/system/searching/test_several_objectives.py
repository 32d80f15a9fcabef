"""Real sweeps with several objectives and with constraints on outcomes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from sweeps import (
    kill_sweep_when,
    run_command,
    sweep_folder,
    write_config,
)

from ml_tracking_ops.orchestrator import resume, run_sweep

OBJECTIVES = [{"metric": "accuracy", "goal": "max"}, {"metric": "latency_ms", "goal": "min"}]


def config_for(folder: Path, **changes: Any) -> Path:
    path = write_config(
        folder,
        "two_goals.py",
        **{
            "seed": 5,
            "max_runs": 16,
            "hyperparameters": {
                "x": {"type": "uniform", "min": 0, "max": 1},
                "y": {"type": "uniform", "min": 0, "max": 1},
            },
            "objectives": OBJECTIVES,
            "where": ["memory/gb <= 24"],
            "sampler": {"type": "nsga2", "population_size": 4},
            **changes,
        },
    )
    config = json.loads(path.read_text())
    if "objectives" in config:
        del config["optimization_metric"], config["optimization_goal"]
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    return path


def expected_front(runs: list[dict[str, Any]]) -> list[str]:
    known = {
        run["name"]: (-run["values"]["accuracy"], run["values"]["latency_ms"])
        for run in runs
        if run["values"]["memory/gb"] <= 24
    }
    return [
        name
        for name, one in known.items()
        if not any(
            other != one and all(a <= b for a, b in zip(other, one, strict=True))
            for other in known.values()
        )
    ]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project with one finished sweep."""
    folder = tmp_path_factory.mktemp("objectives")
    config_for(folder)
    done = run_command("sweep", "--workers", "4", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "Pareto front: " in done.stdout
    assert "hypervolume" in done.stdout
    return folder


def test_show_names_the_front_and_no_best_run(finished: Path) -> None:
    name = sweep_folder(finished / "runs").name
    report = json.loads(run_command("show", name, "--json", folder=finished).stdout)
    assert report["best"] is None
    assert [one["metric"] for one in report["objectives"]] == ["accuracy", "latency_ms"]
    assert report["front"] == expected_front(report["runs"])
    assert report["front"]
    assert {run["name"] for run in report["runs"] if run["is_on_front"]} == {*report["front"]}
    assert report["hypervolume"] > 0
    assert all(run["is_feasible"] == (run["values"]["memory/gb"] <= 24) for run in report["runs"])
    assert any(not run["is_feasible"] for run in report["runs"])
    table = run_command("show", name, folder=finished).stdout
    assert "latency_ms" in table.splitlines()[1]
    assert report["front"][0] in table


def test_list_and_export_say_what_is_on_the_front(finished: Path) -> None:
    name = sweep_folder(finished / "runs").name
    (listed,) = json.loads(run_command("list", "--json", folder=finished).stdout)
    assert listed["best"] is None
    assert f"front of {len(listed['front'])}" in run_command("list", folder=finished).stdout
    rows = [*csv.DictReader(io.StringIO(run_command("export", name, folder=finished).stdout))]
    assert {row["name"] for row in rows if row["is_on_front"] == "true"} == {*listed["front"]}
    assert all(float(row["latency_ms"]) > 0 for row in rows)
    assert "best_value" not in rows[0]


def test_commands_that_need_one_best_run_are_refused(finished: Path) -> None:
    name = sweep_folder(finished / "runs").name
    waited = run_command("wait", name, "--until", "best<1", folder=finished)
    assert waited.returncode == 2
    assert "several objectives" in waited.stderr
    replayed = run_command("replay", name, "--rule", "asha", folder=finished)
    assert replayed.returncode == 2
    assert "--metric accuracy" in replayed.stderr
    one = run_command("replay", name, "--rule", "asha", "--metric", "accuracy", folder=finished)
    assert one.returncode == 0, one.stderr


@pytest.mark.parametrize("sampler", ["random", "tpe", {"type": "nsga2", "population_size": 4}])
def test_resumed_sweep_proposes_what_it_would_have(tmp_path: Path, sampler: Any) -> None:
    changes = {"sampler": sampler, "max_runs": 14, "environment": {"STEP_S": "0.02"}}
    whole = run_sweep(
        config_for(tmp_path / "whole", **changes), logdir=tmp_path / "whole/runs", workers=1
    )
    folder = tmp_path / "killed"
    config_for(folder, **changes)
    sweep = kill_sweep_when(folder, lambda record: record.counts.get("finished", 0) >= 7)
    result = resume(sweep)
    assert [run.hyperparameters for run in result.runs] == [
        run.hyperparameters for run in whole.runs
    ]
    assert [run.index for run in result.front] == [run.index for run in whole.front]


def test_python_has_the_front_and_optuna_agrees(tmp_path: Path) -> None:
    result = run_sweep(config_for(tmp_path), logdir=tmp_path / "runs", workers=2)
    assert result.best is None
    assert [one.metric for one in result.objectives] == ["accuracy", "latency_ms"]
    assert result.hypervolume
    study = result.to_optuna()
    assert study.directions == [
        optuna.study.StudyDirection.MAXIMIZE,
        optuna.study.StudyDirection.MINIMIZE,
    ]
    best = {trial.user_attrs["index"] for trial in study.best_trials}
    assert best == {run.index for run in result.front}


def test_best_run_of_one_metric_meets_where_and_only_such_a_run_reaches_the_target(
    tmp_path: Path,
) -> None:
    config = config_for(
        tmp_path,
        objectives=None,
        optimization_metric="latency_ms",
        optimization_goal="max",
        where=["accuracy <= 0.5"],
        target=4.5,
        sampler="sobol",
        max_runs=12,
    )
    source = json.loads(config.read_text())
    source |= {"optimization_metric": "latency_ms", "optimization_goal": "max"}
    config.write_text(json.dumps(source))
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    feasible = [run for run in result.runs if run.values["accuracy"] <= 0.5]
    best = max(feasible, key=lambda run: run.best_value or 0.0)
    assert result.best is best
    assert len(feasible) < len(result.runs)
    reached = [run.index for run in result.runs if (run.best_value or 0.0) >= 4.5]
    assert reached
    met = [run.index for run in feasible if (run.best_value or 0.0) >= 4.5]
    assert len(result.runs) == (met[0] if met else 12)


def test_rule_judges_by_its_objective(tmp_path: Path) -> None:
    rule = {"rule": "threshold", "metric": "accuracy", "above": 0.5}
    config = config_for(tmp_path, stopping_rules=[rule], environment={"STEP_S": "0.2"}, max_runs=6)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=3)
    stopped = [run for run in result.runs if run.state == "early_stopped"]
    assert stopped
    assert all((run.stopped_by or {})["metric"] == "accuracy" for run in stopped)


def test_asha_without_a_metric_stops_what_others_dominate(tmp_path: Path) -> None:
    rule = {"rule": "asha", "reduction_factor": 2, "max_resource": 3}
    config = config_for(tmp_path, stopping_rules=[rule], environment={"STEP_S": "0.2"}, max_runs=8)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    stopped = [run for run in result.runs if run.state == "early_stopped"]
    assert stopped
    assert all("is not among the best 1/2 of" in (run.reason or "") for run in stopped)
    assert any("dominated by" in (run.reason or "") for run in stopped)
