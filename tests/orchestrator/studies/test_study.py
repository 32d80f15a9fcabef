"""A study: a program asks for runs and tells their results. It looks like a sweep."""

import math
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from sweeps import run_command, state_of

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import Study, SweepHeldError, UsageError
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.steering.requests import new_request, submit
from ml_tracking_ops.orchestrator.store.journal import JournalTail

SPACE = {
    "x": {"type": "uniform", "min": -1, "max": 1},
    "lr": {"type": "loguniform", "min": 1e-4, "max": 0.1},
}


def open_study(logdir: Path, **changes: Any) -> Study:
    settings: dict[str, Any] = {
        "hyperparameters": SPACE,
        "max_runs": 4,
        "seed": 3,
        "optimization_metric": "loss",
        "optimization_goal": "min",
        **changes,
    }
    return Study(logdir=logdir, **settings)


def loss(hyperparameters: dict[str, Any]) -> float:
    return float(hyperparameters["x"] ** 2 + abs(math.log10(hyperparameters["lr"]) + 2))


def test_study_writes_what_a_sweep_writes(tmp_path: Path) -> None:
    with open_study(tmp_path) as study:
        while (run := study.ask()) is not None:
            for step in range(3):
                run.report(loss(run.hyperparameters) / (step + 1), step)
            study.tell(run)
    record = state_of(study.folder)
    assert record.counts == {"finished": 4}
    assert record.state == "finished"
    for run_record in record.runs.values():
        log = read_log(study.folder / f"{run_record.name}.dat")
        assert log["loss"].step.tolist() == [0, 1, 2]
        assert run_record.best_value == pytest.approx(loss(run_record.hyperparameters) / 3)
    shown = run_command("show", study.folder, folder=tmp_path)
    assert "4 finished" in shown.stdout
    assert study.best is not None
    assert study.best.best_value == min(r.best_value or 9.0 for r in record.runs.values())


def test_result_can_be_reported_without_running_reports(tmp_path: Path) -> None:
    with open_study(tmp_path, max_runs=2) as study:
        first, second = study.ask(), study.ask()
        assert first is not None
        assert second is not None
        study.tell(second.index, 0.5)
        study.tell(first, state="failed", reason="diverged")
        assert study.ask() is None
        with pytest.raises(ValueError, match="is not open"):
            study.tell(first, 1.0)
    states = [(run.state, run.best_value, run.reason) for run in study.runs]
    assert states == [("failed", None, "diverged"), ("finished", 0.5, None)]


@pytest.mark.parametrize("state", ["complete", "early_stopped", None, ["finished"]])
def test_unknown_state_is_refused_and_the_run_stays_open(tmp_path: Path, state: Any) -> None:
    with open_study(tmp_path, max_runs=1) as study:
        run = study.ask()
        assert run is not None
        with pytest.raises(ValueError, match="Use 'finished', 'failed' or 'killed'") as caught:
            study.tell(run, 0.5, state=state)
        assert repr(state) in str(caught.value)
        study.tell(run, 0.4)
    assert [(one.state, one.best_value) for one in study.runs] == [("finished", 0.4)]
    assert read_log(study.folder / f"{run.name}.dat")["loss"].value.tolist() == [0.4]


def test_rule_stops_a_run_of_a_study(tmp_path: Path) -> None:
    rules = [{"rule": "asha", "min_resource": 1, "reduction_factor": 2}]
    with open_study(tmp_path, max_runs=4, stopping_rules=rules) as study:
        for value in (0.1, 0.2, 5.0):
            run = study.ask()
            assert run is not None
            run.report(value, 1)
            stops = run.should_stop()
            study.tell(run)
        assert stops
    assert study.runs[2].state == "early_stopped"
    assert study.runs[2].stopping_rule == "asha"
    kinds = [event["event"] for event in JournalTail(study.folder / "journal.jsonl").read()]
    assert kinds.count("stopped_early") >= 1


def test_study_under_a_rule_learns_from_the_runs_that_it_stops(tmp_path: Path) -> None:
    rule = {"rule": "asha", "max_resource": 9}
    sampler = {"type": "bayes", "n_startup_trials": 4}
    with open_study(tmp_path, stopping_rules=[rule], sampler=sampler, max_runs=16) as study:
        while (run := study.ask()) is not None:
            for step in range(1, 10):
                run.report(loss(run.hyperparameters) + 1 / step, step)
                if run.should_stop():
                    break
            study.tell(run)
    ended = [e for e in JournalTail(study.folder / "journal.jsonl").read() if e["event"] == "ended"]
    steps = {tuple(step for step, _ in event["curve"]) for event in ended}
    assert steps == {(1,), (1, 3), (1, 3, 9)}
    for run_record, event in zip(study.record.runs.values(), ended, strict=True):
        assert event["curve"][0][1] == pytest.approx(loss(run_record.hyperparameters) + 1)
    assert study.record.warnings == []


def test_threads_have_a_run_each(tmp_path: Path) -> None:
    rules = [{"rule": "asha", "reduction_factor": 2}]
    with open_study(tmp_path, max_runs=24, sampler="tpe", stopping_rules=rules) as study:

        def work(_: int) -> None:
            while (run := study.ask()) is not None:
                for step in range(1, 9):
                    run.report(loss(run.hyperparameters), step)
                    if run.should_stop():
                        break
                study.tell(run)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
    record = state_of(study.folder)
    assert len(record.runs) == 24
    assert set(record.counts) <= {"finished", "early_stopped"}
    assert record.n_skipped == 0


def test_target_ends_a_study(tmp_path: Path) -> None:
    with open_study(tmp_path, max_runs=50, target=0.2) as study:
        run = study.ask()
        assert run is not None
        study.tell(run, 0.1)
        assert study.ask() is None
    assert "reached the target" in str(state_of(study.folder).reason)


CRASHES = """
import os, sys
sys.path.insert(0, {here!r})
from test_study import loss, open_study
study = open_study({logdir!r}, max_runs=14, sampler="tpe")
for _ in range(12):
    run = study.ask()
    if run.index == 12:
        run.report(1.0, 0)
        os.kill(os.getpid(), 9)
    study.tell(run, loss(run.hyperparameters))
"""


def test_study_of_a_killed_program_resumes_with_its_open_run(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    support = str(Path(__file__).parents[2] / "support")
    code = textwrap.dedent(CRASHES.format(here=here, logdir=str(tmp_path)))
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {support!r})\n{code}"],
        timeout=120,
        check=False,
    )
    (folder,) = (path.parent for path in tmp_path.glob("*/journal.jsonl"))
    before = {run.index: run.hyperparameters for run in state_of(folder).runs.values()}
    with Study.resume(folder) as study:
        run = study.ask()
        assert run is not None
        assert (run.index, run.attempt) == (12, 2)
        assert run.hyperparameters == before[12]
        study.tell(run, loss(run.hyperparameters))
        while (run := study.ask()) is not None:
            study.tell(run, loss(run.hyperparameters))
    record = state_of(folder)
    assert record.counts == {"finished": 14}

    whole = open_study(tmp_path / "whole", max_runs=12, sampler="tpe")
    with whole:
        while (run := whole.ask()) is not None:
            study_value = loss(run.hyperparameters)
            whole.tell(run, study_value)
    assert [run.hyperparameters for run in whole.runs] == [before[n] for n in range(1, 13)]


def test_study_is_held_by_one_program(tmp_path: Path) -> None:
    with open_study(tmp_path) as study, pytest.raises(SweepHeldError):
        Study.resume(study.folder)


def test_study_is_not_resumed_as_a_sweep(tmp_path: Path) -> None:
    open_study(tmp_path).close()
    (folder,) = (path.parent for path in tmp_path.glob("*/journal.jsonl"))
    done = run_command("sweep", "--resume", folder, folder=tmp_path)
    assert done.returncode == 2
    assert "Study.resume(" in done.stderr


def test_user_stops_a_run_and_the_study(tmp_path: Path) -> None:
    with open_study(tmp_path) as study:
        run = study.ask()
        assert run is not None
        submit(study.folder, new_request("stop", "mia@box", index=run.index))
        assert run.should_stop()
        study.tell(run)
        submit(study.folder, new_request("stop", "mia@box"))
        assert study.ask() is None
    record = state_of(study.folder)
    assert record.runs[1].reason == "stopped by hand (mia@box)"
    assert record.state == "killed"


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="command: belongs to a sweep that starts its runs"):
        open_study(tmp_path, command=["x"])
    with pytest.raises(ConfigError, match="sampler"):
        open_study(tmp_path, sampler="nope")
    assert list(tmp_path.iterdir()) == []


def test_study_as_one_of_optunas(tmp_path: Path) -> None:
    with open_study(tmp_path) as study:
        run = study.ask()
        assert run is not None
        study.tell(run, 0.5)
        found = study.to_optuna()
    assert isinstance(found, optuna.Study)
    assert found.best_value == 0.5


def test_run_requeued_by_a_user_is_handed_out_again(tmp_path: Path) -> None:
    with open_study(tmp_path, max_runs=1) as study:
        run = study.ask()
        assert run is not None
        study.tell(run, state="failed")
        submit(study.folder, new_request("requeue", "mia@box", index=1))
        again = study.ask()
        assert again is not None
        assert (again.index, again.attempt) == (1, 2)
        study.tell(again, 0.5)
        assert study.ask() is None
    assert [run.state for run in study.runs] == ["finished"]


def test_request_from_before_the_resume_does_not_end_a_study(tmp_path: Path) -> None:
    open_study(tmp_path).close()
    (folder,) = (path.parent for path in tmp_path.glob("*/journal.jsonl"))
    submit(folder, new_request("stop", "mia@box"))
    with Study.resume(folder) as study:
        assert study.ask() is not None


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (
            ZeroDivisionError("no\n  data"),
            "failed",
            "the program ended with ZeroDivisionError: no data",
        ),
        (KeyboardInterrupt(), "killed", "the program ended with KeyboardInterrupt"),
        (SystemExit(3), "killed", "the program ended with SystemExit: 3"),
        (SystemExit(0), "finished", None),
    ],
)
def test_error_of_the_program_ends_a_study_that_can_be_resumed(
    tmp_path: Path, error: BaseException, state: str, reason: str | None
) -> None:
    study = open_study(tmp_path, max_runs=2)
    with pytest.raises(type(error)), study:  # noqa: PT012
        first, _ = study.ask(), study.ask()
        assert first is not None
        study.tell(first, 0.5)
        raise error
    record = state_of(study.folder)
    assert (record.state, record.reason) == (state, reason)
    assert record.runs[2].state == "killed"
    assert record.runs[2].reason == (
        reason or "the study was closed before its result was reported"
    )
    with Study.resume(study.folder) as again:
        run = again.ask()
        assert run is not None
        assert (run.index, run.attempt) == (2, 2)
        again.tell(run, 0.4)
    assert state_of(study.folder).state == "finished"


def test_study_has_several_objectives(tmp_path: Path) -> None:
    objectives = [{"metric": "accuracy", "goal": "max"}, {"metric": "ms", "goal": "min"}]
    settings = {"hyperparameters": SPACE, "objectives": objectives, "sampler": "nsga2"}
    with Study(logdir=tmp_path, max_runs=3, seed=1, **settings) as study:
        for accuracy, ms in ((0.9, 5.0), (0.8, 4.0), (0.7, 6.0)):
            run = study.ask()
            assert run is not None
            run.report(accuracy, 1, "accuracy")
            study.tell(run, {"ms": ms})
    assert study.best is None
    assert [run.index for run in study.result.front] == [1, 2]


OBJECTIVES: dict[str, Any] = {
    "objectives": [{"metric": "accuracy", "goal": "max"}, {"metric": "ms", "goal": "min"}],
    "optimization_metric": None,
    "optimization_goal": None,
}


def test_final_values_of_objectives_are_logged_after_the_reported_ones(tmp_path: Path) -> None:
    with open_study(tmp_path, **OBJECTIVES) as study:
        run = study.ask()
        assert run is not None
        for step in range(5):
            run.report(step / 10, step, "accuracy")
        study.tell(run, {"accuracy": 0.9, "ms": 12})
    log = read_log(study.folder / f"{run.name}.dat")
    assert log["accuracy"].step.tolist() == [0, 1, 2, 3, 4, 5]
    assert (log["ms"].step.tolist(), log["ms"].value.tolist()) == ([5], [12])
    assert study.runs[0].values == {"accuracy": 0.9, "ms": 12}


def test_final_values_share_the_last_step_if_it_is_free(tmp_path: Path) -> None:
    with open_study(tmp_path, **OBJECTIVES) as study:
        run = study.ask()
        assert run is not None
        run.report(0.9, 7, "accuracy")
        study.tell(run, {"accuracy": 0.9, "ms": 12})
    log = read_log(study.folder / f"{run.name}.dat")
    assert (log["accuracy"].step.tolist(), log["ms"].step.tolist()) == ([7], [7])


def test_final_values_without_an_objective_are_refused_and_the_run_stays_open(
    tmp_path: Path,
) -> None:
    with open_study(tmp_path, **OBJECTIVES) as study:
        run, diverged = study.ask(), study.ask()
        assert run is not None
        assert diverged is not None
        with pytest.raises(ValueError, match="run 1 has no value of ms: tell got only accuracy"):
            study.tell(run, {"accuracy": 0.9})
        with pytest.raises(ValueError, match=r"needs a dict of values by metric, got 0\.9"):
            study.tell(run, 0.9)
        study.tell(run, {"accuracy": 0.8, "ms": 9})
        study.tell(diverged, {"accuracy": 0.1}, state="failed")
    assert [one.state for one in study.runs] == ["finished", "failed"]
    assert study.runs[0].values == {"accuracy": 0.8, "ms": 9}
