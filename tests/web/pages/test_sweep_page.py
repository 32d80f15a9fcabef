"""The page of a sweep as the server renders it: its table, its headline, its best runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from pages import Client, finished_run, page_data, text_of, write_sweep

from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.series.best_history import BestHistory, draw_history
from ml_tracking_ops.web.tables.sweeps import all_runs


def test_sweep_shows_its_configuration(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    text = text_of(client.get("/sweeps?panel=summary").text)
    for expected in (
        "learning_rate uniform 1e-5 to 0.01",
        "batch_size choice 32 64 128",
        "train_script.py",
        "Runs at most 40",
        "maximise Accuracy",
        "after 5 values without improvement",
        "Seed 1234",
        "ml-tracking-ops --run_sweep=True '--logdir=my runs'",
    ):
        assert expected in text


def test_sweep_shows_counts_and_the_best_run(client: Client, logdir: Path) -> None:
    events = finished_run(1, 0.5) + finished_run(2, 0.75)
    events += finished_run(3, state="failed", exit_code=1, reason="exit code 1: boom")
    write_sweep(logdir / "s", events)
    html = client.get("/sweeps/s").text
    text = text_of(html)
    assert "3 of 40 runs ended" in text
    assert "2 finished" in text
    assert "1 failed" in text
    assert "0.75 at step 7 of run 2" in text
    assert "Failed, exit 1" in text
    assert 'data-why="exit code 1: boom"' in html


def test_sweep_that_paused_because_runs_failed_says_so(client: Client, logdir: Path) -> None:
    """Its orchestrator has ended, so its state is `failed`, but it only waits to be resumed."""
    why = "paused: 1 run in a row failed"
    events = finished_run(1, state="failed", exit_code=1, reason="exit code 1: boom")
    write_sweep(logdir / "s", events)
    journal = Journal(logdir / "s" / "journal.jsonl", lambda trouble: None)
    journal.append("failing", indices=[1], reason=why)
    journal.append("sweep_ended", state="failed", reason=why)
    journal.close()
    html = client.get("/sweeps/s").text
    heading = html[html.index('id="progress-heading"') :]
    assert "state-paused" in heading[: heading.index("</header>")]
    assert why in text_of(html)


def test_table_is_paged_and_draws_the_runs_of_its_page(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [event for n in range(1, 31) for event in finished_run(n, n / 100)])
    first = client.get("/sweeps/s").text
    second = client.get("/sweeps/s?page=2").text
    assert [run["id"] for run in page_data(first)["runs"]] == [
        f"s/run_{n:04d}" for n in range(30, 5, -1)
    ]
    assert [run["name"] for run in page_data(second)["runs"]] == [
        f"run {n}" for n in range(5, 0, -1)
    ]
    assert "Page 2 of 2" in text_of(second)


def test_table_sorts_by_the_best_value(client: Client, logdir: Path) -> None:
    values = {1: 0.3, 2: None, 3: 0.9, 4: 0.1}
    write_sweep(logdir / "s", [e for n, value in values.items() for e in finished_run(n, value)])
    runs = page_data(client.get("/sweeps/s?sort=best_value").text)["runs"]
    assert [run["name"] for run in runs] == ["run 3", "run 1", "run 4", "run 2"]


def test_statistics_of_all_runs_are_computed_once_until_one_changes(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def counted(rows: list[Any], *given: Any) -> BestHistory | None:
        drawn.append(len(rows))
        return draw_history(rows, *given)

    monkeypatch.setattr(all_runs, "draw_history", counted)
    runs = [event for n, value in enumerate([0.1, 0.9, 0.5], 1) for event in finished_run(n, value)]
    write_sweep(logdir / "s", runs)
    for query in ("?sort=best_value", "?sort=p.learning_rate&order=asc", "?p.batch_size=32"):
        assert page_data(client.get(f"/sweeps/s{query}").text)["runs"]
    assert drawn == [3]
    journal = Journal(logdir / "s/journal.jsonl", lambda trouble: None)
    for event in finished_run(4, 0.95):
        journal.append(**event)
    journal.close()
    data = page_data(client.get("/sweeps/s?sort=best_value").text)
    assert data["runs"][0]["id"] == "s/run_0004"
    assert drawn == [3, 4]


def test_table_shows_the_mean_of_repeats_and_sorts_by_it(client: Client, logdir: Path) -> None:
    values = {1: (1, 0.9), 2: (2, 0.5), 3: (2, 0.6), 4: (3, 0.95), 5: (3, 0.25)}
    events = []
    for index, (combination, value) in values.items():
        sampled, *others = finished_run(index, value)
        events += [{**sampled, "combination": combination}, *others]
    write_sweep(logdir / "s", events, repeats={"count": 2, "seed_name": "seed"})
    html = client.get("/sweeps/s?sort=mean&repeats=apart").text
    assert "0.550 ± 0.071" in text_of(html)
    assert "Mean" in text_of(html)
    runs = page_data(html)["runs"]
    assert [run["name"] for run in runs] == ["run 1", "run 4", "run 5", "run 2", "run 3"]
    write_sweep(logdir / "t", finished_run(1, 0.5))
    assert "Mean" not in text_of(client.get("/sweeps/t").text)


def test_without_optimization_metric_there_is_no_best_column(client: Client, logdir: Path) -> None:
    changes = {"optimization_metric": None, "optimization_goal": None, "early_stopping": False}
    write_sweep(logdir / "s", finished_run(1), **changes)
    html = client.get("/sweeps/s").text
    assert "Best" not in text_of(html)
    assert 'data-field="best_value"' not in html


def test_headline_and_stars_of_repeats_are_of_the_best_combination(
    client: Client, logdir: Path
) -> None:
    values = (0.9, 0.1, 0.6, 0.7)  # the best run is of the worse combination
    events = []
    for index, value in enumerate(values, start=1):
        sampled, *rest = finished_run(index, value)
        events += [{**sampled, "combination": (index + 1) // 2}, *rest]
    write_sweep(logdir / "s", events, repeats={"count": 2, "seed_name": "learning_rate"})
    html = client.get("/sweeps/s").text
    assert re.search(r'id="best-value">0\.650 ± 0\.071<', html)
    assert "Best single run: 0.9" in text_of(html)
    assert re.findall(r'<tr id="combination-(\d+)"[^>]* is-best"', html) == ["2"]
    html = client.get("/sweeps/s?repeats=apart").text
    starred = re.findall(r'<tr id="run-(\d+)"[^>]*class="is-best"', html)
    assert sorted(starred) == ["3", "4"]
    rows = client.get("/rows/sweeps/s?rows=1-4&repeats=apart").text
    assert sorted(re.findall(r'<tr id="run-(\d+)"[^>]*class="is-best"', rows)) == ["3", "4"]
