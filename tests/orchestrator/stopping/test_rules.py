"""The rules that look at all runs, against the papers and against Optuna's pruners."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import mean, median

import optuna
import pytest
from histories import METRIC, Point, interleaved, rounds, stop_steps, stops
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.stopping.halving import Asha, Hyperband, bracket_sizes
from ml_tracking_ops.orchestrator.stopping.median import Median
from ml_tracking_ops.orchestrator.stopping.patience import Patience
from ml_tracking_ops.orchestrator.stopping.threshold import Threshold
from ml_tracking_ops.orchestrator.store.objective import Goal

NAN, INF = math.nan, math.inf
goals = st.sampled_from(["min", "max"])


@pytest.fixture(autouse=True, scope="module")
def _quiet_optuna() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def optuna_study(goal: Goal, pruner: optuna.pruners.BasePruner) -> optuna.Study:
    directions = {"min": "minimize", "max": "maximize"}
    return optuna.create_study(direction=directions[goal], pruner=pruner, study_name="same")


def optuna_stops(points: Sequence[Point], study: optuna.Study) -> dict[int, int | None]:
    """At which step Optuna prunes which of the same runs."""
    trials = [study.ask() for _ in range(max(point.run for point in points))]
    pruned: dict[int, int | None] = {}
    for point in points:
        if point.run in pruned:
            continue
        trial = trials[point.run - 1]
        trial.report(point.value, point.step)
        if trial.should_prune():
            pruned[point.run] = point.step
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif point.is_last:
            study.tell(trial, point.value)
    return pruned


# --- ASHA --------------------------------------------------------------------------------------


@given(interleaved(), goals, st.integers(1, 3), st.integers(2, 4), st.integers(0, 1))
def test_asha_stops_what_optuna_prunes(
    points: list[Point], goal: Goal, first: int, factor: int, bracket: int
) -> None:
    pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=first, reduction_factor=factor, min_early_stopping_rate=bracket
    )
    rule = Asha(METRIC, goal, min_resource=first, reduction_factor=factor, bracket=bracket)
    assert stop_steps(points, rule) == optuna_stops(points, optuna_study(goal, pruner))


@pytest.mark.parametrize(("bracket", "rungs"), [(0, [1, 3]), (1, [3]), (2, [])])
def test_asha_has_the_rungs_of_the_papers_figure_1(bracket: int, rungs: list[int]) -> None:
    """n = 9, r = 1, R = 9, η = 3: the last rung, R itself, is the end of a run."""
    rule = Asha(METRIC, "min", min_resource=1, reduction_factor=3, max_resource=9, bracket=bracket)
    best = rounds(*[[0.1] * 9] * 3)
    assert stops(best, rule) == {}
    worse = [Point(4, step, 0.5, step == 9) for step in range(1, 10)]
    assert list(stop_steps(best + worse, rule).values()) == rungs[:1]


def test_asha_promotes_a_third_as_in_the_paper() -> None:
    """Nine runs that reach rung 1 one after another, the worst first, and then run in lockstep."""
    losses = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    rule = Asha(METRIC, "min", min_resource=1, reduction_factor=3, max_resource=9)
    points = rounds(*([loss] * 9 for loss in losses))
    # each was the best so far at rungs 1 and 3, so asynchrony stops none
    assert stops(points, rule) == {}
    rule = Asha(METRIC, "min", min_resource=1, reduction_factor=3, max_resource=9)
    best_first = rounds(*([loss] * 9 for loss in reversed(losses)))
    assert list(stops(best_first, rule)) == [2, 3, 4, 5, 6, 7, 8, 9]


def test_asha_names_the_compared_values() -> None:
    rule = Asha(METRIC, "max", min_resource=2, reduction_factor=3)
    points = rounds([0.5, 0.9], [0.9, 0.6], [0.1, 0.7])
    (second, third) = stops(points, rule).values()
    assert (third.rule, third.step, third.value, third.threshold) == ("asha", 2, 0.7, 0.9)
    assert third.reason == (
        "stopped early at step 2: Accuracy 0.7 is not among the best 1/3 of 3 runs at step 2 "
        "(the cut is 0.9)"
    )
    assert "best 1/3 of 2 runs" in second.reason


def test_asha_treats_nan_as_the_worst_value() -> None:
    rule = Asha(METRIC, "min", reduction_factor=2)
    decisions = stops(rounds([NAN, 1.0], [3.0, 1.0], [2.0, 1.0]), rule)
    assert list(decisions) == [1]
    assert decisions[1].threshold is None


def test_asha_counts_values_where_steps_do_not_compare() -> None:
    rule = Asha(METRIC, "max", min_resource=3, resource="values")
    good = [Point(1, 1000 * n, 0.9, n == 3) for n in range(1, 4)]
    bad = [Point(2, 10 * n, 0.1, n == 3) for n in range(1, 4)]
    (decision,) = stops(good + bad, rule).values()
    assert (decision.step, decision.reason.count("after 3 values")) == (30, 1)


@given(interleaved(), goals)
def test_asha_forgets_a_run_that_begins_again(points: list[Point], goal: Goal) -> None:
    rule = Asha(METRIC, goal, min_resource=1, reduction_factor=2)
    again = Asha(METRIC, goal, min_resource=1, reduction_factor=2)
    for point in points:
        again.observe(99, point.step, point.value)
    again.forget(99)
    assert stop_steps(points, again) == stop_steps(points, rule)


# --- Hyperband ---------------------------------------------------------------------------------


def test_hyperband_has_the_brackets_of_the_papers_table_1() -> None:
    """R = 81, η = 3: n_0 of the brackets s = 4 … 0."""
    assert bracket_sizes(1, 81, 3) == [81, 34, 15, 8, 5]


def test_hyperband_spreads_runs_in_the_papers_proportions() -> None:
    rule = Hyperband(METRIC, "max", max_resource=81)
    found = Counter(rule._bracket_of(run) for run in range(1, 144))
    assert found == {0: 81, 1: 34, 2: 15, 3: 8, 4: 5}
    assert {rule._bracket_of(run) for run in range(1, 31)} == {0, 1, 2, 3, 4}


@given(interleaved(max_steps=8), goals)
@settings(max_examples=50)
def test_hyperband_stops_what_optuna_prunes(points: list[Point], goal: Goal) -> None:
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9, reduction_factor=3)
    study = optuna_study(goal, pruner)
    expected = optuna_stops(points, study)
    brackets = {t.number + 1: pruner._get_bracket_id(study, t) for t in study.get_trials()}
    rule = Hyperband(METRIC, goal, max_resource=9, bracket_of=brackets.__getitem__)
    assert stop_steps(points, rule) == expected


# --- median ------------------------------------------------------------------------------------


@given(interleaved(), goals, st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))
def test_median_stops_what_optuna_prunes(
    points: list[Point], goal: Goal, warmup: int, min_runs: int, interval: int
) -> None:
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=min_runs,
        n_warmup_steps=warmup,
        n_min_trials=min_runs,
        interval_steps=interval,
    )
    rule = Median(
        METRIC, goal, warmup=warmup, min_runs=min_runs, interval=interval, compare_with="value"
    )
    assert stop_steps(points, rule) == optuna_stops(points, optuna_study(goal, pruner))


@given(interleaved(max_runs=6, max_steps=6), goals)
def test_median_is_viziers_rule(points: list[Point], goal: Goal) -> None:
    """A run's best by step s against the median of the finished runs' averages up to s."""
    sign = 1 if goal == "max" else -1
    runs: dict[int, list[float]] = {}
    finished: list[list[float]] = []
    expected: dict[int, int | None] = {}
    for run, step, value, is_last in points:
        if run in expected:
            continue
        runs.setdefault(run, []).append(sign * value)
        averages = [mean(values[:step]) for values in finished]
        if averages and max(runs[run]) < median(averages) - 1e-9:
            expected[run] = step
        elif is_last:
            finished.append(runs[run])
    found = stop_steps(points, Median(METRIC, goal, min_runs=1))
    assert found == expected


def test_median_names_the_compared_values() -> None:
    done = [Point(run, step, 0.8, step == 2) for run in range(1, 6) for step in (1, 2)]
    (decision,) = stops([*done, Point(6, 1, 0.2, False)], Median(METRIC, "max")).values()
    assert (decision.step, decision.value, decision.threshold) == (1, 0.2, 0.8)
    assert decision.reason == (
        "stopped early at step 1: Accuracy: its best value 0.2 is worse than the median 0.8 "
        "of 5 finished runs (average so far)"
    )


def test_median_waits_for_enough_runs_that_came_as_far() -> None:
    done = [Point(run, step, 0.8, step == run) for run in range(1, 6) for step in range(1, run + 1)]
    bad = [Point(9, step, 0.1, step == 5) for step in range(1, 6)]
    assert stop_steps(done + bad, Median(METRIC, "max", warmup=2, min_runs=3)) == {9: 2}
    assert stop_steps(done + bad, Median(METRIC, "max", warmup=4, min_runs=3)) == {}


# --- patience, threshold -----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True), st.integers(1, 5), goals
)
def test_patience_stops_where_optunas_patient_pruner_does(
    values: list[int], patience: int, goal: Goal
) -> None:
    """For different values only. Optuna's `patience` counts one value less."""
    pruner = optuna.pruners.PatientPruner(None, patience - 1)
    points = rounds(values)
    rule = Patience(METRIC, goal, patience)
    assert stop_steps(points, rule) == optuna_stops(points, optuna_study(goal, pruner))


@pytest.mark.parametrize(
    ("values", "min_delta", "warmup", "goal", "stop_step"),
    [
        ([0.5, 0.55, 0.6, 0.65], 0.0, 0, "max", None),
        ([0.5, 0.55, 0.6, 0.65], 0.1, 0, "max", 3),
        ([0.5, 0.55, 0.61, 0.65, 0.7], 0.1, 0, "max", 5),
        ([0.5, 0.45, 0.41, 0.35, 0.3], 0.1, 0, "min", 3),
        ([0.5, 0.4, 0.3, 0.2, 0.1], 0.0, 4, "max", 5),
        ([INF, 1.0, 0.5], 0.1, 0, "min", None),
    ],
)
def test_patience_wants_min_delta_and_waits_for_its_warmup(
    values: list[float], min_delta: float, warmup: int, goal: Goal, stop_step: int | None
) -> None:
    rule = Patience(METRIC, goal, 2, min_delta=min_delta, warmup=warmup)
    assert stop_steps(rounds(values), rule).get(1) == stop_step


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (NAN, "Accuracy was NaN"),
        (INF, "Accuracy was inf, above 10"),
        (-INF, "Accuracy was -inf, below 1"),
        (10.5, "Accuracy was 10.5, above 10"),
        (0.5, "Accuracy was 0.5, below 1"),
    ],
)
def test_threshold_stops_beyond_a_limit(value: float, message: str) -> None:
    (decision,) = stops(rounds([1.0, 10.0, value]), Threshold(METRIC, above=10, below=1)).values()
    assert decision.step == 3
    assert decision.reason == f"stopped early at step 3: {message}"


@given(st.lists(st.floats(), max_size=20))
def test_threshold_agrees_with_optunas_but_for_infinity(values: list[float]) -> None:
    pruner = optuna.pruners.ThresholdPruner(lower=-10, upper=10)
    rule = Threshold(METRIC, above=10, below=-10)
    points = rounds([*values, 0.0])
    assert stop_steps(points, rule) == optuna_stops(points, optuna_study("max", pruner))


def test_threshold_can_leave_nan_alone() -> None:
    rule = Threshold(METRIC, above=10, check_finite=False)
    assert stops(rounds([NAN, -INF, 3.0]), rule) == {}


# --- together ----------------------------------------------------------------------------------


@given(interleaved(), goals, st.data())
def test_batches_do_not_change_decisions(
    points: list[Point], goal: Goal, data: st.DataObject
) -> None:
    """Consecutive values of one run may arrive in one read or in several."""

    def rules() -> StoppingRules:
        return StoppingRules([Patience(METRIC, goal, 2), Asha(METRIC, goal), Median(METRIC, goal)])

    whole, parts = rules(), rules()
    start = 0
    while start < len(points):
        end = start + 1
        while end < len(points) and points[end].run == points[start].run:
            end += 1
        batch = points[start:end]
        cut = data.draw(st.integers(0, len(batch)))
        run = batch[0].run
        expected = whole.update(run, METRIC, [p.step for p in batch], [p.value for p in batch])
        found = [
            parts.update(run, METRIC, [p.step for p in part], [p.value for p in part])
            for part in (batch[:cut], batch[cut:])
        ]
        assert (found[0] or found[1]) == expected
        if batch[-1].is_last:
            whole.complete(run)
            parts.complete(run)
        start = end


def test_values_logged_after_the_stop_signal_change_nothing() -> None:
    rules = StoppingRules([Threshold(METRIC, above=1), Asha(METRIC, "min", reduction_factor=2)])
    assert rules.update(1, METRIC, [1], [2.0]) is not None
    assert rules.update(1, METRIC, [2], [0.0]) is None
    assert rules.update(2, METRIC, [1], [0.5]) is None
    rules.forget(1)
    assert rules.update(1, METRIC, [1], [0.4]) is None
