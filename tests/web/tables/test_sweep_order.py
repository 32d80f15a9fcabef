"""The newest run is first while a sweep runs, and the best one afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Client, finished_run, page_data, text_of, write_sweep
from training import SweepFiles

ROWS = r'<tr id="(run-\d+)"'


@pytest.fixture
def running(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    yield sweep
    sweep.close()


@pytest.mark.parametrize(("goal", "order"), [("max", [2, 1, 3]), ("min", [3, 1, 2])])
def test_sweep_that_is_over_has_its_best_run_first(
    client: Client, logdir: Path, goal: str, order: list[int]
) -> None:
    events = [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3, 0.1)]
    write_sweep(logdir / "s", [*events, *finished_run(4)], optimization_goal=goal)
    html = client.get("/sweeps/s").text
    assert re.findall(ROWS, html) == [f"run-{index}" for index in [*order, 4]]
    runs = page_data(html)["runs"]
    assert [run.get("is_best", False) for run in runs] == [True, False, False, False]
    by_number = client.get("/sweeps/s?sort=index&order=asc").text
    assert re.findall(ROWS, by_number) == [f"run-{index}" for index in (1, 2, 3, 4)]


def test_sweep_that_runs_has_its_newest_run_first(client: Client, running: SweepFiles) -> None:
    for index in (1, 2, 3):
        running.start(index)
        running.end(index, best_value=1 / index)
    assert re.findall(ROWS, client.get("/sweeps/s").text) == ["run-3", "run-2", "run-1"]


def test_sweep_without_a_metric_has_its_newest_run_first_when_it_is_over(
    client: Client, logdir: Path
) -> None:
    changes = {"optimization_metric": None, "optimization_goal": None, "early_stopping": False}
    write_sweep(logdir / "s", [*finished_run(1), *finished_run(2)], **changes)
    assert re.findall(ROWS, client.get("/sweeps/s").text) == ["run-2", "run-1"]


def test_metric_curve_duration_and_start_come_before_the_hyperparameters(
    client: Client, logdir: Path
) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    columns = re.findall(r'<th scope="col" data-column="([^"]*)"', client.get("/sweeps/s").text)
    assert columns == [
        "index",
        "state",
        "best_value",
        "curve",
        "duration",
        "started_at",
        "p.learning_rate",
        "p.batch_size",
    ]


def test_state_is_short_and_the_whole_reason_on_demand(client: Client, logdir: Path) -> None:
    reason = "stopped early at step 40: Accuracy 0.5 is not among the best 1/3 of 9 runs"
    decision = {"rule": "asha", "metric": "Accuracy", "step": 40, "reason": reason}
    *begin, end = finished_run(1, 0.5, state="early_stopped", reason=reason)
    write_sweep(logdir / "s", [*begin, {"event": "stopped_early", "index": 1, **decision}, end])
    html = client.get("/sweeps/s").text
    assert ">asha @ 40</button>" in html
    assert f'data-why="{reason}"' in html
    assert "Stopped early: asha @ 40" in text_of(html).replace(" : ", ": ")
    assert "1 of 1" not in text_of(client.get("/sweeps/s?q=nothing").text)
    assert re.findall(ROWS, client.get("/sweeps/s?q=asha").text) == ["run-1"]


def test_best_value_after_the_decision_is_marked(client: Client, logdir: Path) -> None:
    """`asha @ 1` beside a best value of step 7 looks like a mistake of the rule."""
    events = []
    for index, step in ((1, 1), (2, 7)):
        *begin, end = finished_run(index, 0.8, state="early_stopped", reason="stopped early")
        decision = {"event": "stopped_early", "index": index, "rule": "asha", "step": step}
        events += [*begin, {**decision, "reason": "stopped early"}, end]
    write_sweep(logdir / "s", events)
    html = client.get("/sweeps/s").text
    assert ">asha @ 1, best after</button>" in html
    assert ">asha @ 7</button>" in html
