"""What another rule would have done to a finished sweep."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from histories import METRIC, Point, interleaved, stop_steps
from hypothesis import given
from hypothesis import strategies as st
from sweeps import choice, run_command, sweep_folder, write_config

from ml_tracking_ops.experiment.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.columns import Series
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.reports.replays import load_histories, parse_rule
from ml_tracking_ops.orchestrator.running import resumption
from ml_tracking_ops.orchestrator.running.runs.limits import SweepLimits
from ml_tracking_ops.orchestrator.stopping import Rule, StoppingRules
from ml_tracking_ops.orchestrator.stopping.halving import Asha
from ml_tracking_ops.orchestrator.stopping.median import Median
from ml_tracking_ops.orchestrator.stopping.patience import Patience
from ml_tracking_ops.orchestrator.stopping.replay import decisions, logged_in_order, replay_rules
from ml_tracking_ops.orchestrator.stopping.threshold import Threshold
from ml_tracking_ops.orchestrator.store.catalog import find_item
from ml_tracking_ops.orchestrator.store.histories.run_history import RunHistory
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


def series(points: Sequence[tuple[float, int, float]]) -> Series:
    """(wall time, step, value), in the order logged."""
    times, steps, values = zip(*points, strict=True) if points else ((), (), ())
    return Series(np.array(steps, int), np.array(times, float), np.array(values, float))


def history(index: int, values: Sequence[float], start: float = 0.0, **changes: Any) -> RunHistory:
    """A finished run that logs a value a second, at steps 10, 20, …."""
    points = [(start + n, 10 * n, value) for n, value in enumerate(values, start=1)]
    fields: dict[str, Any] = {
        "index": index,
        "name": f"run{index}",
        "state": "finished",
        "series": {METRIC: series(points)},
        "started_at": start,
        "ended_at": start + len(values) + 0.5,
        **changes,
    }
    return RunHistory(**fields)


def rules_of(which: int, goal: Goal) -> Rule:
    return [
        Asha(METRIC, goal, reduction_factor=2),
        Median(METRIC, goal, min_runs=2),
        Patience(METRIC, goal, 2),
    ][which]


@given(interleaved(), st.sampled_from(["min", "max"]), st.integers(0, 2))
def test_replay_decides_as_the_sweep_would_have(
    points: list[Point], goal: Goal, which: int
) -> None:
    by_run: dict[int, list[tuple[float, int, float]]] = {}
    for time, point in enumerate(points):
        by_run.setdefault(point.run, []).append((time, point.step, point.value))
    runs = [
        RunHistory(
            run, f"run{run}", "finished", {METRIC: series(logged)}, logged[0][0], logged[-1][0]
        )
        for run, logged in sorted(by_run.items())
    ]
    found = decisions(runs, StoppingRules([rules_of(which, goal)]))
    steps = {logged.run.index: decision.step for logged, decision in found}
    assert steps == stop_steps(points, rules_of(which, goal))


def test_savings_and_costs_are_those_of_the_stopped_runs() -> None:
    runs = [
        history(1, [0.5, 0.6, 0.7, 0.8]),
        history(2, [0.1, 0.2, 0.3, 0.95], start=0.1),  # the best in the end, a slow starter
        history(3, [0.2, 0.2, 0.2, 0.2], start=0.2),
    ]
    rule = Asha(METRIC, "max", min_resource=20, reduction_factor=2)
    outcome = replay_rules(runs, StoppingRules([rule]), METRIC, "max")
    assert [stop.run.index for stop in outcome.stops] == [2, 3]
    assert (outcome.saved_values, outcome.saved_steps) == (4, 40)
    assert outcome.saved_s == pytest.approx(2 * 2.5)
    assert outcome.best_run is runs[0]
    assert (outcome.best_value, outcome.regret) == (0.8, pytest.approx(0.15))
    assert [stop.run.index for stop in outcome.lost("max")] == [2]
    second = outcome.stops[0]
    assert (second.best_then, second.best_later) == (0.2, 0.95)
    assert (second.saved_values, second.saved_steps) == (2, 20)


def test_rule_that_stops_nothing_saves_and_costs_nothing() -> None:
    runs = [history(1, [0.5, 0.6]), history(2, [0.1, 0.2])]
    outcome = replay_rules(runs, StoppingRules(), METRIC, "min")
    assert (outcome.stops, outcome.saved_s, outcome.regret) == ((), 0, 0.0)
    assert outcome.best_value == 0.1


def test_best_so_far_of_a_stopped_run_still_counts() -> None:
    runs = [history(1, [0.9, 0.5, 0.4, 0.3]), history(2, [0.1, 0.2, 0.3, 0.4])]
    outcome = replay_rules(runs, StoppingRules([Patience(METRIC, "max", 2)]), METRIC, "max")
    assert [stop.run.index for stop in outcome.stops] == [1]
    assert (outcome.best_value, outcome.regret, outcome.lost("max")) == (0.9, 0.0, [])


def test_rule_on_another_metric_saves_values_of_the_optimised_one() -> None:
    loss = series([(1.0, 10, 0.5), (2.0, 20, 99.0)])
    run = history(1, [0.1, 0.2, 0.3, 0.4])
    run = history(1, [0.1, 0.2, 0.3, 0.4], series={**run.series, "Loss": loss})
    outcome = replay_rules([run], StoppingRules([Threshold("Loss", above=9)]), METRIC, "max")
    (stop,) = outcome.stops
    assert (stop.saved_values, stop.best_then, outcome.regret) == (2, 0.2, pytest.approx(0.2))


def test_clock_that_was_set_back_does_not_change_the_order_of_a_run() -> None:
    points = [(5.0, 1, 0.1), (3.0, 2, 0.2), (4.0, 3, 0.3)]
    run = history(1, [], series={METRIC: series(points)}, started_at=3.0, ended_at=3.5)
    logged = list(logged_in_order([run], frozenset((METRIC,))))
    assert [(one.metric, one.position) for one in logged] == [
        (METRIC, 0),
        (METRIC, 1),
        (METRIC, 2),
        (None, 0),
    ]


def test_median_ignores_failed_runs() -> None:
    failed = [history(n, [0.9, 0.9], state="failed") for n in (1, 2, 3)]
    late = history(4, [0.1, 0.1], start=100)
    rule = Median(METRIC, "max", min_runs=1)
    assert replay_rules([*failed, late], StoppingRules([rule]), METRIC, "max").stops == ()


def test_resumed_sweep_shows_its_rules_the_past_in_order(tmp_path: Path) -> None:
    """Two runs at the same time. The worse one reached each rung first and was not stopped."""
    record = SweepRecord(goal="max")
    loggers = {run: ExperimentLogger.at(tmp_path / f"run{run}.dat") for run in (1, 2)}
    for step in (1, 2):
        loggers[2].add_scalar(METRIC, 0.2, step)
        loggers[1].add_scalar(METRIC, 0.9, step)
    for run, logger in loggers.items():  # the better ends first
        logger.close()
        record.apply({"event": "sampled", "index": run, "hyperparameters": {}})
        record.apply({"event": "started", "index": run, "name": f"run{run}", "time": 1.0})
        record.apply(
            {
                "event": "ended",
                "index": run,
                "state": "finished",
                "time": 1.0 + run,
                "best_value": 0.9 if run == 1 else 0.2,
                "best_step": 1,
            }
        )
    rules = StoppingRules([Asha(METRIC, "max", min_resource=1, reduction_factor=2)])
    watched = SweepLimits(
        SweepConfig.model_validate(
            {
                "main_script_name": "x.py",
                "max_runs": 9,
                "early_stopping": False,
                "hyperparameters": {"x": choice(1)},
                "optimization_metric": METRIC,
                "optimization_goal": "max",
                "max_runs_without_improvement": 3,
            }
        )
    )
    assert resumption.replay_ended_runs(tmp_path, record, rules, watched) is None
    assert rules.update(3, METRIC, [1], [0.95]) is None
    decision = rules.update(3, METRIC, [2], [0.5])
    assert decision is not None
    assert "best 1/2 of 3 runs at step 2 (the cut is 0.9)" in decision.reason
    assert watched.see_end(4) is None  # run 2 was one without improvement, this is the second
    assert watched.see_end(5) is not None


@pytest.mark.parametrize(
    "text",
    [
        "asha:min_resource=5,reduction_factor=4",
        '{"rule": "asha", "min_resource": 5, "reduction_factor": 4}',
    ],
)
def test_rule_is_named_with_its_settings(text: str) -> None:
    dumped = parse_rule(text).model_dump()
    assert (dumped["rule"], dumped["min_resource"], dumped["reduction_factor"]) == ("asha", 5, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ahsa", 'unknown rule "ahsa", did you mean asha?'),
        ("asha:min_resource=0", "min_resource: must be a whole number, 1 or more, got 0"),
        ("patience", "patience: is missing. It must be a whole number, 1 or more"),
        ("asha:minresource=1", "did you mean min_resource?"),
        ("median:compare_with=best", '"running_average" or "value", got "best"'),
        ("asha:resume=true", "resume: cannot be replayed"),
        ("{", "is not valid JSON"),
    ],
)
def test_wrong_rule_is_explained(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text)
    assert message in str(caught.value)


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """A folder with a finished sweep of four runs of ten steps, one after the other."""
    write_config(
        tmp_path,
        "short.py",
        main_script_name="rises.py",
        max_runs=4,
        seed=1,
        hyperparameters={"slope": {"type": "uniform", "min": 0, "max": 1}},
    )
    (tmp_path / "rises.py").write_text(
        "import sys\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "slope = float(sys.argv[2].partition('=')[2])\n"
        "with ExperimentLogger() as writer:\n"
        "    for step in range(1, 11):\n"
        "        writer.add_scalar('Accuracy', slope * step, step)\n"
    )
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_replay_says_what_rules_would_have_saved_and_cost(swept: Path) -> None:
    folder = sweep_folder(swept / "runs")
    done = run_command(
        "replay",
        folder.name,
        "--rule",
        "asha:min_resource=2,reduction_factor=2",
        "--rule",
        "threshold:above=0",
        "--json",
        folder=swept,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["optimization_metric"] == "Accuracy"
    assert (report["sweep"]["n_runs"], report["sweep"]["values"]) == (4, 40)
    asha, threshold = report["replays"]
    slopes = {
        event["index"]: event["hyperparameters"]["slope"]
        for event in JournalTail(folder / "journal.jsonl").read()
        if event["event"] == "sampled"
    }
    # one after the other, and no slope crosses another: each is judged at its second value
    expected = [
        n for n in slopes if slopes[n] < sorted(slopes[m] for m in range(1, n + 1))[-max(1, n // 2)]
    ]
    assert [stop["index"] for stop in asha["stopped"]] == expected
    assert asha["saved"]["values"] == asha["saved"]["steps"] == 8 * len(expected)
    assert asha["cost"]["regret"] == 0
    assert threshold["n_stopped"] == 4
    assert threshold["saved"]["values"] == 4 * 9
    assert threshold["cost"]["regret"] == pytest.approx(9 * max(slopes.values()))
    assert len(threshold["cost"]["lost"]) >= 1


def test_replay_prints_a_table(swept: Path) -> None:
    folder = sweep_folder(swept / "runs")
    done = run_command("replay", folder, "--rule", "threshold:above=0", folder=swept)
    assert "threshold above=0.0" in done.stdout
    assert "4 of 4" in done.stdout
    assert "Accuracy was " in done.stdout
    assert " lost" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rule", "ahsa"), "did you mean asha?"),
        ((), "replay needs --rule RULE, or --suggest"),
        (("--suggest", "--rule", "asha"), "Use either --rule"),
        (("--suggest",), "Comparing rules needs 5 or more"),
        (("--rule", "asha", "--metric", "Loss"), "none of its runs has logged 'Loss'"),
    ],
)
def test_wrong_use_of_replay_is_explained(
    swept: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run_command("replay", sweep_folder(swept / "runs"), *arguments, folder=swept)
    assert done.returncode == 2
    assert message in done.stderr


def test_sweeps_own_rule_replayed_makes_the_decisions_it_made(tmp_path: Path) -> None:
    """Patience looks at each run alone, so the replay of what was logged must agree."""
    write_config(
        tmp_path,
        "hopeless.py",
        max_runs=2,
        early_stopping=True,
        early_stopping_patience=5,
    )
    (tmp_path / "hopeless.py").write_text(
        (tmp_path / "hopeless.py")
        .read_text()
        .replace("parser.parse_args()", "parser.parse_known_args()[0]")
    )
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "runs")
    events = JournalTail(folder / "journal.jsonl").read()
    made = {e["index"]: e["step"] for e in events if e["event"] == "stopped_early"}
    found = find_item(str(folder), tmp_path)
    rules = StoppingRules([Patience("Accuracy", "max", 5)])
    replayed = decisions(load_histories(found), rules)  # type: ignore[arg-type]
    assert {logged.run.index: d.step for logged, d in replayed} == made == {1: 5, 2: 5}
