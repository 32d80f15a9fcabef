"""A sweep with repeats: a row for each combination, which opens to its runs."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pages import Client, finished_run, page_data, text_of, write_sweep

REPEATS = {"count": 2, "seed_name": "seed"}
# combination 1 has the best run, 2 the best mean, 3 failed, 4 has one value so far
VALUES = {1: (1, 0.9), 2: (1, 0.1), 3: (2, 0.6), 4: (2, 0.7), 5: (3, None), 6: (4, 0.95)}


def events(**changes: Any) -> list[dict[str, Any]]:
    found = []
    for index, (combination, value) in VALUES.items():
        sampled, *rest = finished_run(index, value)
        shared = {"learning_rate": combination / 1000, "batch_size": 32, "seed": index}
        found += [{**sampled, "hyperparameters": shared, "combination": combination}, *rest]
        if value is None:
            found[-1] = {**found[-1], "state": "failed", "reason": "RuntimeError: no memory"}
    return found


@pytest.fixture
def sweep(logdir: Path) -> Path:
    write_sweep(logdir / "s", events(), repeats=REPEATS)
    return logdir / "s"


def rows_of(html: str) -> list[str]:
    return re.findall(r'<tr id="((?:run|combination)-\d+)"', html)


def test_combinations_come_in_the_order_of_their_means_and_incomplete_ones_last(
    client: Client, sweep: Path
) -> None:
    html = client.get("/sweeps/s").text
    assert rows_of(html) == ["combination-2", "combination-1", "combination-4", "combination-3"]
    text = text_of(html)
    assert "0.650 ± 0.071" in text
    assert "0.50 ± 0.57" in text
    assert "0.95 (n = 1)" in text
    assert "4 combinations, 6 runs" in text
    assert [run["name"] for run in page_data(html)["runs"]] == [
        f"run {index}" for index in (3, 4, 1, 2, 6, 5)
    ]


def test_lower_means_come_first_where_lower_is_better(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", events(), repeats=REPEATS, optimization_goal="min")
    html = client.get("/sweeps/s").text
    assert rows_of(html)[:2] == ["combination-1", "combination-2"]
    assert 'aria-sort="ascending"' in html


def test_open_combination_is_followed_by_its_runs(client: Client, sweep: Path) -> None:
    html = client.get("/sweeps/s?open=1").text
    assert rows_of(html)[:4] == ["combination-2", "combination-1", "run-1", "run-2"]
    assert 'href="?" aria-expanded="true"' in html
    assert rows_of(client.get("/rows/sweeps/s?open=1&rows=3-4").text) == ["run-1", "run-2"]


def test_row_of_a_combination_ticks_all_its_runs(client: Client, sweep: Path) -> None:
    row = re.search(r'<tr id="combination-2".*?data-runs="([^"]*)"', client.get("/sweeps/s").text)
    assert row is not None
    assert json.loads(unescape(row[1])) == ["s/run_0003", "s/run_0004"]
    html = client.get("/sweeps/s?run=s/run_0003&run=s/run_0004").text
    ticked = re.findall(r'aria-label="Draw the runs of combination (\d)" checked', html)
    assert ticked == ["2"]


def test_filters_choose_runs_and_the_mean_stays_that_of_all(client: Client, sweep: Path) -> None:
    html = client.get("/sweeps/s?p.seed=3&open=2").text
    assert rows_of(html) == ["combination-2", "run-3"]
    assert "0.650 ± 0.071" in text_of(html)
    assert "1 of 2 runs" in text_of(html)


def test_range_of_the_metric_asks_for_the_mean_of_a_combination(
    client: Client, sweep: Path
) -> None:
    """Combination 1 has a run with 0.9, but its mean is 0.5."""
    html = client.get("/sweeps/s?m.Accuracy=0.6..&open=2").text
    assert rows_of(html) == ["combination-2", "run-3", "run-4", "combination-4"]
    passing = client.get("/api/insight/s?m.Accuracy=0.6..").json()["passing"]
    assert passing == [2, 4]
    html = client.get("/sweeps/s?m.Accuracy=0.45..0.55&p.seed=1").text
    assert rows_of(html) == ["combination-1"]
    apart = client.get("/sweeps/s?m.Accuracy=0.6..&repeats=apart").text
    assert rows_of(apart) == ["run-6", "run-1", "run-4", "run-3"]


def test_range_of_another_metric_asks_for_its_mean(
    client: Client, sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages import log

    for index, value in ((1, 1.0), (2, 3.0), (3, 2.5), (4, 4.0)):
        log(sweep / f"run_{index:04d}.dat", monkeypatch, Loss=[5.0, value])
    assert rows_of(client.get("/sweeps/s?m.Loss=2.4..2.6").text) == []
    assert rows_of(client.get("/sweeps/s?m.Loss=1.9..2.1").text) == ["combination-1"]


def test_runs_can_be_listed_apart(client: Client, sweep: Path) -> None:
    html = client.get("/sweeps/s?repeats=apart&sort=index&order=desc").text
    assert rows_of(html) == [f"run-{index}" for index in (6, 5, 4, 3, 2, 1)]
    assert "one row a combination" in text_of(html)


def test_drawings_get_combinations_unless_runs_are_listed_apart(
    client: Client, sweep: Path
) -> None:
    runs = client.get("/api/insight/s").json()["runs"]
    assert runs["index"] == [1, 2, 3, 4]
    assert runs["value"] == [0.5, pytest.approx(0.65), None, 0.95]
    assert runs["text"][1] == "0.650 ± 0.071"
    assert runs["is_full"] == [True, True, False, False]
    assert "seed" not in runs["hyperparameters"]
    apart = client.get("/api/insight/s?repeats=apart").json()["runs"]
    assert apart["index"] == [1, 2, 3, 4, 5, 6]
    assert "text" not in apart
    passing = client.get("/api/insight/s?state=failed").json()["passing"]
    assert passing == [3]


def test_views_speak_of_combinations(client: Client, sweep: Path) -> None:
    history = text_of(client.get("/sweeps/s?panel=history").text)
    assert "so far 0.650 ± 0.071 (mean ± standard deviation), by combination 2" in history
    assert "1 combination failed before there was a value" in history
    scatter = text_of(client.get("/sweeps/s?panel=scatter").text)
    assert "over 3 combinations" in scatter
    importance = text_of(client.get("/sweeps/s?panel=importance").text)
    assert "over 3 combinations with a value, each with the mean of its runs" in importance


def test_statistic_of_another_metric_is_the_mean_over_the_runs(
    client: Client, sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages import log

    for index, value in ((3, 1.0), (4, 2.0)):
        log(sweep / f"run_{index:04d}.dat", monkeypatch, Loss=[5.0, value])
    html = client.get("/sweeps/s?columns=last.Loss&sort=last.Loss&order=desc").text
    assert rows_of(html)[0] == "combination-2"
    assert "1.50 ± 0.71" in text_of(html)
