"""Sweeps whose leaders run again with new seeds."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from sweeps import (
    choice,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail

CONFIRM = {"top": 3, "seeds": 4, "seed_name": "seed"}


def config_for(folder: Path, **changes: Any) -> Path:
    noise = changes.pop("noise", 0.01)
    gap = changes.pop("gap", 1.0)
    more = changes.pop("more", {})
    return write_config(
        folder,
        "noisy.py",
        **{
            "seed": 3,
            "max_runs": 6,
            "confirm": CONFIRM,
            "hyperparameters": {
                "x": {"type": "uniform", "min": 0, "max": 1},
                "noise": {"type": "constant", "value": noise},
                "gap": {"type": "constant", "value": gap},
                **more,
            },
            **changes,
        },
    )


def test_leaders_run_again_with_new_seeds_and_the_best_wins(tmp_path: Path) -> None:
    result = run_sweep(config_for(tmp_path), logdir=tmp_path / "runs", workers=2)

    searched = [run for run in result.runs if not run.is_confirming]
    confirming = [run for run in result.runs if run.is_confirming]
    assert result.state == "finished"
    assert len(searched) == 6
    assert all("seed" not in run.hyperparameters for run in searched)
    assert {run.hyperparameters["seed"] for run in confirming} == {1001, 1002, 1003, 1004}
    best = max(searched, key=lambda run: run.best_value or 0.0)
    assert result.best is best
    assert result.verdict is not None
    assert result.verdict.winner is not None
    assert result.verdict.winner.candidate.run == best.name
    assert result.verdict.winner.n == 4
    assert len({run.combination for run in confirming}) == 3


def test_equal_combinations_have_no_winner(tmp_path: Path) -> None:
    config = config_for(tmp_path, gap=0.0)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)

    assert result.verdict is not None
    assert result.verdict.winner is None


@pytest.mark.parametrize("key", ["confirm", "repeats"])
def test_script_that_ignores_the_seed_has_no_winner(tmp_path: Path, key: str) -> None:
    again = {"confirm": CONFIRM, "repeats": {"count": 2, "seed_name": "seed"}}[key]
    config_for(tmp_path, noise=0.0, **{"confirm": None, key: again})
    sweep = run_command("sweep", "--workers", "2", folder=tmp_path)
    name = sweep_folder(tmp_path / "runs").name
    shown = run_command("show", name, folder=tmp_path)
    report = json.loads(run_command("show", name, "--json", folder=tmp_path).stdout)

    verdict = report["verdict"]
    assert (verdict["winner"], verdict["probability"], verdict["noise"]) == (None, None, 0.0)
    assert verdict["is_seed_unused"]
    assert verdict["leaders"][0]["beats"] == {}
    assert "the seed changes nothing. Check that the script uses it" in verdict["text"]
    for output in (sweep.stdout, shown.stdout):
        assert verdict["text"] in " ".join(output.split())
        assert "winner" not in output
        assert "%" not in output


def test_show_and_summary_name_the_winner(tmp_path: Path) -> None:
    config_for(tmp_path)
    sweep = run_command("sweep", "--workers", "2", folder=tmp_path)
    name = sweep_folder(tmp_path / "runs").name
    shown = run_command("show", name, folder=tmp_path)
    report = json.loads(run_command("show", name, "--json", folder=tmp_path).stdout)

    verdict = report["verdict"]
    assert verdict["winner"] == verdict["leaders"][0]["run"] == report["best"]
    for key in ("probability", "mean", "std", "n", "corrected"):
        assert verdict[key] == verdict["leaders"][0][key]
    assert len(verdict["leaders"]) == 3
    assert verdict["leaders"][1]["beats"].keys() == {
        verdict["leaders"][0]["run"],
        verdict["leaders"][2]["run"],
    }
    assert f"winner: {verdict['winner']}" in sweep.stdout
    assert f"winner: {verdict['winner']}" in shown.stdout


def test_sweep_with_repeats_gets_a_verdict(tmp_path: Path) -> None:
    repeats = {"count": 3, "seed_name": "seed"}
    config = config_for(tmp_path, confirm=None, repeats=repeats, max_runs=12)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)

    assert result.verdict is not None
    assert result.verdict.n_candidates == 4
    assert result.verdict.winner is not None
    assert "seed" not in result.verdict.winner.candidate.hyperparameters


def decisions(folder: Path) -> list[dict[str, Any]]:
    """What was decided, without what depends on the time."""
    kept = ("index", "hyperparameters", "combination", "repeat", "combinations", "reason")
    return [
        {key: event[key] for key in kept if key in event}
        for event in JournalTail(folder / "journal.jsonl").read()
        if event["event"] in ("sampled", "confirming", "dropped")
    ]


def test_confirmation_that_was_killed_continues_with_the_same_runs(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    more = {"until": choice(str(flag))}
    flag.touch()
    whole = run_sweep(
        config_for(tmp_path / "whole", more=more), logdir=tmp_path / "whole" / "runs", workers=1
    )
    flag.unlink()
    config_for(tmp_path / "killed", more=more)
    sweep = start_command("sweep", "--workers", "1", folder=tmp_path / "killed")
    waiting = (tmp_path / "killed").glob
    wait_until(lambda: any("ready" in log.read_text() for log in waiting("runs/*/*.log")))
    folder = sweep_folder(tmp_path / "killed" / "runs")
    sweep.kill()
    sweep.wait(60)
    flag.touch()
    result = resume(folder)

    assert result.state == "finished"
    assert decisions(folder) == decisions(whole.folder)
    assert result.verdict == state_verdict(result)


def state_verdict(result: Any) -> Any:
    from ml_tracking_ops.orchestrator.verdict.evidence import sweep_verdict

    return sweep_verdict(state_of(result.folder))


def test_interrupted_confirmation_is_resumed_without_dropping_anybody(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    config_for(tmp_path, more={"until": choice(str(flag))}, noise=1.0)
    sweep = start_command("sweep", "--workers", "2", folder=tmp_path)
    logs = tmp_path.glob
    wait_until(lambda: any("ready" in log.read_text() for log in logs("runs/*/*.log")))
    sweep.send_signal(signal.SIGINT)
    sweep.wait(60)
    flag.touch()
    folder = sweep_folder(tmp_path / "runs")
    assert state_of(folder).state == "killed"
    result = resume(folder)

    assert result.state == "finished"
    assert result.verdict is not None
    reasons = [
        e["reason"]
        for e in JournalTail(folder / "journal.jsonl").read()
        if "repeat" in e and e["event"] == "dropped"
    ]
    assert not any("no value" in reason for reason in reasons)


def test_more_runs_after_a_confirmation_are_searched_and_confirmed(tmp_path: Path) -> None:
    first = run_sweep(config_for(tmp_path), logdir=tmp_path / "runs", workers=2)
    result = resume(first.folder, max_runs=9)

    searched = [run for run in result.runs if not run.is_confirming]
    assert len(searched) == 9
    assert len({run.combination for run in searched}) == 9
    assert result.record.leaders is not None
    assert result.record.leaders.n_runs == 9
    best = max(searched, key=lambda run: run.best_value or 0.0)
    assert best.combination == result.record.leaders.combinations[0]


def test_target_ends_the_search_and_its_leaders_are_confirmed(tmp_path: Path) -> None:
    config = config_for(tmp_path, max_runs=20, target=0.2, stop_at_target=False)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)

    assert result.state == "finished"
    assert "target" in (result.record.reason or "")
    searched = [run for run in result.runs if not run.is_confirming]
    assert len(searched) < 20
    if sum(run.best_value is not None for run in searched) > 1:
        assert any(run.is_confirming for run in result.runs)


def test_comparing_rules_do_not_stop_runs_that_confirm(tmp_path: Path) -> None:
    rule = {"rule": "asha", "min_resource": 1, "reduction_factor": 2, "resource": "values"}
    config = config_for(tmp_path, max_runs=8, stopping_rules=[rule])
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)

    confirming = [run for run in result.runs if run.is_confirming]
    assert confirming
    assert {run.state for run in confirming} == {"finished"}


def test_max_hours_ends_the_confirmation_too(tmp_path: Path) -> None:
    flag = tmp_path / "never"
    config = config_for(tmp_path, more={"until": choice(str(flag))}, max_hours=0.002)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=4)

    assert result.state == "finished"
    assert "max_hours" in (result.record.reason or "")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"confirm": {"top": 1}}, "confirm.top"),
        ({"confirm": {"seed_name": "x"}}, "confirm.seed_name"),
        ({"repeats": {"count": 2, "seed_name": "s"}}, "confirm"),
        ({"optimization_metric": None, "optimization_goal": None}, "optimization_metric"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, changes: dict[str, Any], key: str) -> None:
    config_for(tmp_path, **changes)
    sweep = run_command("sweep", folder=tmp_path)

    assert sweep.returncode == 2
    assert f"{key}: " in sweep.stderr
