"""What makes runs fail, and that no page hides it."""

from pathlib import Path

import pytest
from optuna.importance._ped_anova.evaluator import _QuantileFilter
from optuna.trial import create_trial
from pages import Client, finished_run, text_of, write_sweep
from rows import row

from ml_tracking_ops.web.insight.axes import axes_of
from ml_tracking_ops.web.insight.importance.failures import failing_question, failures
from ml_tracking_ops.web.tables.rows import Row

SPACE = {
    "width": {"type": "choice", "candidates": [64, 4096]},
    "lr": {"type": "uniform", "min": 0, "max": 1},
}


def runs(n: int, n_killed: int = 0) -> list[Row]:
    """Runs with the larger width fail, independent of `lr`."""
    found = []
    for index in range(1, n + 1):
        width = 4096 if index % 3 == 0 else 64
        state = "killed" if index <= n_killed else "failed" if width == 4096 else "finished"
        values = {"width": width, "lr": index * 7 % 10 / 10}
        found.append(row(index, state=state, hyperparameters=values))
    return found


def test_hyperparameter_that_goes_with_failing_comes_first() -> None:
    rows = runs(30)
    found = failures(rows, axes_of({"hyperparameters": SPACE}, rows), None)
    assert found is not None
    assert (found.n_failed, found.n_ended) == (10, 30)
    assert [one.name for one in found.ranking] == ["width", "lr"]
    assert found.ranking[0].explained == 1
    assert [(part.label, part.n, part.mean) for part in found.parts] == [
        ("64", 20, 0.0),
        ("4096", 10, 1.0),
    ]


@pytest.mark.parametrize("n", range(12, 60, 3))
def test_ped_anova_compares_just_the_failed_runs_with_all_that_ended(n: int) -> None:
    rows = runs(n, n_killed=2)
    asked = failing_question(rows, axes_of({"hyperparameters": SPACE}, rows))
    n_failed = int(sum(asked["values"]))
    kept = _QuantileFilter(asked["quantile"], False, None).filter(
        [create_trial(value=value) for value in asked["values"]]
    )
    assert len(asked["values"]) == n - 2
    assert [trial.value for trial in kept] == [1] * n_failed


def test_page_shows_by_ped_anova_what_makes_runs_fail(client: Client, logdir: Path) -> None:
    events = []
    for index in range(1, 31):
        does_fail = index % 4 == 0
        end = {"state": "failed", "exit_code": 1} if does_fail else {}
        run = finished_run(index, None if does_fail else index / 30, **end)
        run[0]["hyperparameters"]["width"] = 4096 if does_fail else 64
        events += run
    write_sweep(logdir / "s", events)
    assert 'hx-get="/insight/importance/s"' in client.get("/sweeps/s?panel=importance").text
    html = client.get("/insight/importance/s").text
    assert "hx-get" not in html
    part = html[html.index("What makes runs fail") :]
    assert text_of(part).count("Importance (PED-ANOVA)") == 1
    assert part.index(">width<") < part.index(">learning_rate<")
    assert "how much the 7 failed runs differ from all 30" in text_of(part)
    assert "By width : 64: 0 % of 23 failed; 4096: 100 % of 7 failed" in text_of(part)


def test_few_runs_or_equal_ends_say_nothing() -> None:
    rows = runs(30)
    axes = axes_of({"hyperparameters": SPACE}, rows)
    assert failures(runs(9), axes, None) is None
    assert failures([one for one in rows if one.state == "failed"], axes, None) is None
    assert failures([one for one in rows if one.state == "finished"], axes, None) is None
    assert failures(rows, [], None) is None
    message = failures(runs(30, n_killed=6), axes, None)
    assert message is not None
    assert (message.n_failed, message.n_ended) == (8, 24)


def test_pages_say_how_many_failed_runs_they_cannot_draw(client: Client, logdir: Path) -> None:
    events = [event for index in range(1, 9) for event in finished_run(index, index / 10)]
    for index in range(9, 13):
        events += finished_run(index, state="failed", exit_code=1, reason="no memory")
    write_sweep(logdir / "s", events)
    for panel in ("history", "scatter"):
        text = text_of(client.get(f"/sweeps/s?panel={panel}").text)
        assert "4 runs failed before there was a value, marked at the edge" in text
    assert "What makes runs fail" in text_of(client.get("/sweeps/s?panel=importance").text)


def test_best_run_that_failed_is_marked_as_failed(client: Client, logdir: Path) -> None:
    events = [*finished_run(1, 0.5), *finished_run(2, 0.9)]
    events[-1] = {**events[-1], "state": "failed", "reason": "RuntimeError: no memory"}
    write_sweep(logdir / "s", events)
    text = text_of(client.get("/sweeps/s").text)
    assert "run 2 , which failed: Failed" in text
    assert "Best that did not fail: 0.5 at step 7 of run 1" in text
