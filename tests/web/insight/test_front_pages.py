"""The Pareto front on the pages of a sweep with several objectives, and of its runs."""

from pathlib import Path
from typing import Any

import pytest
from pages import Client, finished_run, log, text_of, write_sweep

from ml_tracking_ops.web.serving.static_files import static_files

AIMS = {
    "objectives": [
        {"metric": "accuracy", "goal": "max"},
        {"metric": "latency_ms", "goal": "min", "reference": 10},
    ],
    "where": ["memory_gb <= 24"],
    "early_stopping": False,
    "optimization_metric": None,
    "optimization_goal": None,
}


def run(index: int, accuracy: float, latency: float, memory: float = 1.0) -> list[dict[str, Any]]:
    values = {"accuracy": accuracy, "latency_ms": latency, "memory_gb": memory}
    events = finished_run(index, None, values=values, best_step=None)
    return [{**event, "time": float(index)} for event in events]


@pytest.fixture
def pages(client: Client, logdir: Path) -> Client:
    runs = [run(1, 0.5, 2), run(2, 0.9, 1, 30), run(3, 0.4, 3), run(4, 0.7, 4)]
    write_sweep(logdir / "s", [event for events in runs for event in events], **AIMS)
    return client


def test_page_says_which_runs_are_on_the_front(pages: Client) -> None:
    html = pages.get("/sweeps/s").text
    text = text_of(html)
    assert "Pareto front 2 of 3 results" in text
    assert "1 run misses memory_gb <= 24" in text
    assert "up to accuracy 0.4, latency_ms 10" in text
    assert 'data-view="front"' in html
    assert 'data-up-metric="accuracy"' in html
    assert "on the front" in text
    assert "violates where" in text
    assert html.count('class="is-best') == 2
    assert "optimises no metric" not in text


def test_drawing_gets_results_front_and_hypervolume(pages: Client) -> None:
    answer = pages.get("/api/insight/s").json()
    assert answer["front"]["runs"] == [1, 4]
    assert answer["front"]["n_results"] == 3
    assert [step[::2] for step in answer["front"]["volumes"]] == [
        [1, pytest.approx(0.8)],
        [3, pytest.approx(0.8 + 0.2 * 6)],
    ]
    assert answer["runs"]["results"] == {
        "accuracy": [0.5, 0.9, 0.4, 0.7],
        "latency_ms": [2, 1, 3, 4],
    }
    assert answer["runs"]["is_full"] == [True, False, True, True]


def test_page_of_a_run_shows_its_state(pages: Client) -> None:
    def run_text(name: str) -> str:
        return text_of(pages.get(f"/runs/s/{name}").text)

    assert "On the Pareto front, with 1 other" in run_text("run_0001")
    assert "it misses memory_gb <= 24" in run_text("run_0002")
    assert "Not on the Pareto front" in run_text("run_0003")


def test_table_sorts_by_objectives_and_compare_knows_their_goals(pages: Client) -> None:
    html = pages.get("/sweeps/s?sort=objective.latency_ms&order=asc").text
    order = [html.index(f'id="run-{index}"') for index in (2, 1, 3, 4)]
    assert order == sorted(order)
    compared = pages.get("/compare?run=s/run_0001&run=s/run_0004")
    assert compared.status_code == 200
    for panel in ("scatter", "summary", "workers", "front&fx=accuracy&fy=latency_ms"):
        assert pages.get(f"/sweeps/s?panel={panel}").status_code == 200


def test_best_run_of_one_metric_is_one_that_meets_where(client: Client, logdir: Path) -> None:
    events = [
        {**event, **({"values": {"memory_gb": memory}} if event["event"] == "ended" else {})}
        for index, memory in ((1, 3.0), (2, 30.0))
        for event in finished_run(index, index / 10)
    ]
    write_sweep(logdir / "s", events, where=["memory_gb <= 24"])
    html = client.get("/sweeps/s").text
    assert html.count('class="is-best') == 1
    assert 'id="run-1" data-run="s/run_0001" data-state="finished"' in html
    assert "violates where" in html
    assert '<p class="best-value num" id="best-value">0.1</p>' in html


def test_sweep_without_a_result_says_what_is_missing(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", finished_run(1), **AIMS)
    text = text_of(client.get("/sweeps/s").text)
    assert "No run has a value of each of accuracy, latency_ms" in text
    assert client.get("/api/insight/s").json()["front"]["volumes"] == []


def test_drawing_has_a_module_that_draws_it(pages: Client) -> None:
    html = pages.get("/sweeps/s?panel=front").text
    name = html.partition('id="insight-figure" data-view="')[2].partition('"')[0]
    assert b"export class View {" in static_files().files[f"insight/views/{name}.js"].data


def running_run(index: int) -> list[dict[str, Any]]:
    return finished_run(index)[:2]


def test_running_runs_are_drawn_as_provisional(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = [run(1, 0.5, 2), run(2, 0.4, 3)]
    runs = [*ended, running_run(3), running_run(4), running_run(5), running_run(6)]
    write_sweep(logdir / "s", [event for events in runs for event in events], **AIMS)
    for index, accuracy, latency, memory in ((3, 0.9, 9.0, 1.0), (4, 0.3, 3.0, 1.0), (5, 1, 1, 30)):
        log(
            logdir / "s" / f"run_{index:04d}.dat",
            monkeypatch,
            accuracy=[0.0, accuracy],
            latency_ms=[latency],
            memory_gb=[memory],
        )
    answer = client.get("/api/insight/s").json()
    assert answer["front"]["runs"] == [1]
    assert answer["front"]["provisional"] == [3]
    assert answer["front"]["n_results"] == 2
    assert answer["runs"]["results"]["accuracy"] == [0.5, 0.4, 0.9, 0.3, 1.0, None]
    assert answer["runs"]["is_full"] == [True, True, True, True, False, False]
    text = text_of(client.get("/sweeps/s?panel=front").text)
    assert "3 running runs have a value of every objective so far: 1 would be on the front" in text
    assert "running, so far" in text
    assert "Pareto front 1 of 2 results" in text


def test_running_run_meets_where_so_far(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sweep(logdir / "s", [*running_run(1), *running_run(2)], where=["memory_gb <= 24"])
    for index, memory in ((1, 1.0), (2, 30.0)):
        log(logdir / "s" / f"run_{index:04d}.dat", monkeypatch, Accuracy=[0.5], memory_gb=[memory])
    assert client.get("/api/insight/s").json()["runs"]["is_full"] == [True, False]


def test_views_of_one_metric_show_the_objective_that_is_chosen(pages: Client) -> None:
    history = pages.get("/sweeps/s?panel=history").text
    assert "Best accuracy so far 0.7" in text_of(history)
    assert 'data-objective="accuracy"' in history
    other = pages.get("/sweeps/s?panel=history&objective=latency_ms").text
    assert "Best latency_ms so far 2" in text_of(other)
    assert "lower is better" in text_of(other)
    answer = pages.get("/api/insight/s?objective=latency_ms").json()
    assert (answer["metric"], answer["goal"]) == ("latency_ms", "min")
    assert answer["runs"]["value"] == [2, 1, 3, 4]
    parallel = pages.get("/sweeps/s?panel=parallel&objective=latency_ms").text
    assert 'data-objective="latency_ms"' in parallel


def test_importance_is_that_for_the_objective_that_is_chosen(client: Client, logdir: Path) -> None:
    runs = [run(index, index / 20, 5 + (index % 3)) for index in range(1, 13)]
    write_sweep(logdir / "s", [event for events in runs for event in events], **AIMS)
    page = client.get("/sweeps/s?panel=importance&objective=latency_ms").text
    assert "/insight/importance/s?objective=latency_ms" in page
    accuracy = text_of(client.get("/insight/importance/s?objective=accuracy").text)
    latency = text_of(client.get("/insight/importance/s?objective=latency_ms").text)
    assert "accuracy" in accuracy
    assert "latency_ms" in latency
    assert "+1.00" in accuracy  # the rank correlation with the learning rate
    assert "+1.00" not in latency
