"""Which rule would have saved most without losing the winner."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sweeps import choice, run_command, sweep_folder, write_config

from ml_tracking_ops.logger.reading.columns import Series
from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.stopping.suggestions import (
    FinishedSweep,
    Suggestion,
    candidates,
    suggest_rules,
)
from ml_tracking_ops.orchestrator.store.histories.run_history import RunHistory

METRIC = "accuracy"


def history(index: int, values: Sequence[float], start: float) -> RunHistory:
    """A finished run that logs a value a second."""
    times = start + np.arange(1.0, len(values) + 1)
    series = Series(np.arange(1, len(values) + 1), times, np.array(values, float))
    end = start + len(values)
    return RunHistory(index, f"run{index}", "finished", {METRIC: series}, start, end)


def sweep(tops: Sequence[float], n_values: int = 20) -> FinishedSweep:
    """Runs one after the other whose curves never cross."""
    runs = [
        history(index, [top * n / n_values for n in range(1, n_values + 1)], 100.0 * index)
        for index, top in enumerate(tops, 1)
    ]
    return FinishedSweep("s", runs, METRIC, "max")


def best_of(found: list[Suggestion]) -> Suggestion:
    return found[0]


def test_rule_that_saves_most_and_keeps_the_best_comes_first() -> None:
    found = suggest_rules([sweep([0.5, 0.9, 0.1, 0.2, 0.3, 0.4, 0.6, 0.2, 0.1, 0.3])])

    first = best_of(found)
    assert first.keeps_the_best
    assert first.n_replays == 5
    assert first.regret == 0.0
    assert first.share > 0.4
    kept = [one.share for one in found if one.keeps_the_best]
    assert kept == sorted(kept, reverse=True)


def test_rule_that_loses_late_starters_is_not_first() -> None:
    flat = [[0.5 + 0.001 * n for n in range(20)] for _ in range(9)]
    late = [0.0] * 15 + [0.9] * 5
    runs = [history(n, values, 100.0 * n) for n, values in enumerate([*flat, late], 1)]
    found = suggest_rules([FinishedSweep("late", runs, METRIC, "max")])

    assert best_of(found).keeps_the_best
    losing = [one for one in found if not one.keeps_the_best]
    assert losing
    assert all(one.regret > 0 for one in losing)


def test_rule_has_to_keep_the_best_of_every_sweep() -> None:
    tops = [0.5, 0.9, 0.1, 0.2, 0.3, 0.4]
    one, both = suggest_rules([sweep(tops)]), suggest_rules([sweep(tops), sweep(tops[::-1])])

    assert best_of(both).n_replays == 2 * best_of(one).n_replays
    assert best_of(both).keeps_the_best


def test_short_runs_are_compared_where_they_can_be() -> None:
    assert {rule.rule for rule in candidates([sweep([0.1] * 5, n_values=2)])} == {"median"}
    assert suggest_rules([sweep([0.1] * 5, n_values=1)])


def test_command_suggests_a_rule_to_write_into_a_configuration(tmp_path: Path) -> None:
    write_config(tmp_path, "noisy.py", max_runs=6, seed=1)
    run_sweep(tmp_path / "experiment_cfg.json", logdir=tmp_path / "runs", workers=1)
    folder = sweep_folder(tmp_path / "runs")
    done = run_command("replay", folder.name, "--suggest", folder=tmp_path)
    report = json.loads(
        run_command("replay", folder.name, "--suggest", "--json", folder=tmp_path).stdout
    )

    assert done.returncode == 0
    assert "6 runs" in done.stdout
    assert report["sweeps"] == [folder.name]
    suggested = report["suggested"]
    if suggested is None:
        assert "no rule would have saved time" in done.stdout
    else:
        line = next(line for line in done.stdout.splitlines() if "stopping_rules" in line)
        rules = json.loads("{" + line + "}")["stopping_rules"]
        assert rules == [suggested["rule"]]
        write_config(tmp_path / "next", "noisy.py", stopping_rules=rules)
        dry = run_command("sweep", "--dry-run", folder=tmp_path / "next")
        assert dry.returncode == 0


def test_sweep_suggests_a_replay_of_a_similar_sweep(tmp_path: Path) -> None:
    write_config(tmp_path, "noisy.py", max_runs=5, seed=1)
    first = run_command("sweep", folder=tmp_path)
    folder = sweep_folder(tmp_path / "runs")
    again = run_command("sweep", "--dry-run", folder=tmp_path)
    write_config(tmp_path, "noisy.py", max_runs=5, stopping_rules=[{"rule": "median"}])
    ruled = run_command("sweep", "--dry-run", folder=tmp_path)
    write_config(tmp_path, "noisy.py", hyperparameters={"c": choice(1)}, optimization_metric="F1")
    other = run_command("sweep", "--dry-run", folder=tmp_path)

    offer = f"ml-tracking-ops replay {folder.name} --suggest"
    assert "--suggest" not in first.stderr
    assert offer in again.stderr
    assert "--suggest" not in ruled.stderr
    assert "--suggest" not in other.stderr


def test_offered_replay_works_with_another_log_folder(tmp_path: Path) -> None:
    config = write_config(tmp_path, "noisy.py", max_runs=5, seed=1)
    run_sweep(config, logdir=tmp_path / "my logs", workers=1)
    again = run_command("sweep", "--dry-run", "--logdir", "my logs", folder=tmp_path)
    offer = shlex.split(again.stderr.split("saved most in ")[1].split(": ", 1)[1].split("\n")[0])
    done = run_command(*offer[1:], folder=tmp_path)

    assert offer[:2] == ["ml-tracking-ops", "replay"]
    assert done.returncode == 0, done.stderr
    assert "5 runs" in done.stdout
