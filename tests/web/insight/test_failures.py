"""What makes runs fail, and that no page hides it."""

from pathlib import Path

from pages import Client, finished_run, text_of, write_sweep
from rows import row

from ml_tracking_ops.web.insight.axes import axes_of
from ml_tracking_ops.web.insight.failures import failures
from ml_tracking_ops.web.tables.rows import Row

SPACE = {
    "width": {"type": "choice", "candidates": [64, 4096]},
    "lr": {"type": "uniform", "min": 0, "max": 1},
}


def runs(n: int, n_killed: int = 0) -> list[Row]:
    """Those with the larger width fail; `lr` has nothing to do with it."""
    found = []
    for index in range(1, n + 1):
        width = 4096 if index % 3 == 0 else 64
        state = "killed" if index <= n_killed else "failed" if width == 4096 else "finished"
        values = {"width": width, "lr": index * 7 % 10 / 10}
        found.append(row(index, state=state, hyperparameters=values))
    return found


def test_hyperparameter_that_goes_with_failing_comes_first() -> None:
    rows = runs(30)
    found = failures(rows, axes_of({"hyperparameters": SPACE}, rows))
    assert found is not None
    assert (found.n_failed, found.n_ended) == (10, 30)
    assert [one.name for one in found.ranking] == ["width", "lr"]
    assert found.ranking[0].explained == 1
    assert [(part.label, part.n, part.mean) for part in found.parts] == [
        ("64", 20, 0.0),
        ("4096", 10, 1.0),
    ]


def test_nothing_is_said_of_few_runs_or_where_all_ended_alike() -> None:
    rows = runs(30)
    axes = axes_of({"hyperparameters": SPACE}, rows)
    assert failures(runs(9), axes) is None
    assert failures([one for one in rows if one.state == "failed"], axes) is None
    assert failures([one for one in rows if one.state == "finished"], axes) is None
    assert failures(rows, []) is None
    told = failures(runs(30, n_killed=6), axes)
    assert told is not None
    assert (told.n_failed, told.n_ended) == (8, 24)


def test_pages_say_how_many_failed_runs_they_cannot_draw(client: Client, logdir: Path) -> None:
    events = [event for index in range(1, 9) for event in finished_run(index, index / 10)]
    for index in range(9, 13):
        events += finished_run(index, state="failed", exit_code=1, reason="no memory")
    write_sweep(logdir / "s", events)
    for panel in ("history", "scatter"):
        text = text_of(client.get(f"/sweeps/s?panel={panel}").text)
        assert "4 runs failed before there was a value, marked at the edge" in text
    assert "What makes runs fail" in text_of(client.get("/sweeps/s?panel=importance").text)


def test_best_run_that_failed_is_said_to_have_failed(client: Client, logdir: Path) -> None:
    events = [*finished_run(1, 0.5), *finished_run(2, 0.9)]
    events[-1] = {**events[-1], "state": "failed", "reason": "RuntimeError: no memory"}
    write_sweep(logdir / "s", events)
    text = text_of(client.get("/sweeps/s").text)
    assert "run 2 , which failed: Failed" in text
