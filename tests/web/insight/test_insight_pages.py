"""What the pages of a sweep and of its runs say to understand and to repeat it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pages import HOSTILE, Client, finished_run, log, text_of, write_sweep

from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.insight.views import PANELS
from ml_tracking_ops.web.serving.static_files import static_files


def test_any_run_can_be_repeated_from_the_summary_and_from_its_page(
    client: Client, logdir: Path
) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3)])
    best, third = "--learning_rate=0.002", "--learning_rate=0.003"
    assert best in client.get("/sweeps/s?panel=summary").text
    html = client.get("/sweeps/s?rerun=3&sort=duration").text
    assert third in html
    assert best not in html
    assert '<input type="hidden" name="sort" value="duration">' in html
    assert best in client.get("/sweeps/s?rerun=99").text
    html = client.get("/runs/s/run_0003").text
    assert third in html
    assert f"logs to {logdir}" in text_of(html)


def columns(client: Client, since: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/insight/s{since and f'?since={since}'}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_only_runs_that_changed_are_sent_again(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9)])
    first = columns(client)
    assert (first["is_complete"], first["runs"]["value"]) == (True, [0.5, 0.9])
    nothing = columns(client, first["cursor"])
    assert (nothing["is_complete"], nothing["runs"]["index"]) == (False, [])
    journal = Journal(logdir / "s" / "journal.jsonl", lambda trouble: None)
    for event in finished_run(3, 0.7):
        journal.append(**event)
    journal.close()
    more = columns(client, first["cursor"])
    assert (more["is_complete"], more["runs"]["index"], more["runs"]["value"]) == (
        False,
        [3],
        [0.7],
    )
    (logdir / "s" / "journal.jsonl").unlink()
    shutil.rmtree(logdir / "s")
    write_sweep(logdir / "s", finished_run(1, 0.1))
    assert columns(client, more["cursor"])["is_complete"]


def test_runs_that_pass_the_filters_of_the_table_are_named(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3)])

    def passing(query: str) -> Any:
        return client.get(f"/api/insight/s?{query}").json()["passing"]

    assert passing("") is None
    assert sorted(passing("p.learning_rate=0.002..")) == [2, 3]
    assert passing("p.learning_rate=0.002..&m.Accuracy=0.6..") == [2]
    assert passing("p.batch_size=64") == []


def test_any_metric_can_be_drawn_against_a_hyperparameter(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2), *finished_run(3, 0.7)])
    for index in (1, 3):
        log(logdir / "s" / f"run_{index:04d}.dat", monkeypatch, Loss=[index, 0.5, index / 10])
    output = client.get("/api/insight/s?up=Loss&of=last").json()
    assert output["runs"]["up"] == [0.1, None, 0.3]
    assert client.get("/api/insight/s?up=Loss&of=max").json()["runs"]["up"] == [1, None, 3]
    text = text_of(client.get("/sweeps/s?panel=scatter&up=Loss&of=last&across=learning_rate").text)
    assert "The last Loss of 2 runs by learning_rate" in text
    for query in ("up=nothing", "up=Loss&of=median", "up=&of=last", "across=nothing"):
        assert client.get(f"/sweeps/s?panel=scatter&{query}").status_code == 200


def test_unknown_sweeps_and_parameters_are_refused(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [])
    assert client.get("/api/insight/nothing").status_code == 404
    assert "not known" in client.get("/api/insight/s?from=1").json()["error"]
    for since in ("x", "1.2.3", "-1", "9" * 400):
        assert columns(client, since)["is_complete"]


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        ("history", "number 2 of 2 runs to end with a value"),
        ("parallel", "What the best 2 runs have"),
        ("scatter", "The best Accuracy of 2 runs by learning_rate"),
        ("importance", "over 2 runs with a value. That is too few"),
        ("workers", "The workers were busy"),
        ("summary", "Hyperparameter sweep summary"),
        ("no-such-panel", "number 2 of 2 runs to end with a value"),
    ],
)
def test_each_view_says_in_words_what_it_shows(
    client: Client, logdir: Path, panel: str, message: str
) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3)])
    assert message in text_of(client.get(f"/sweeps/s?panel={panel}").text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "No run logged Accuracy. Log it under exactly this name"),
        ({"optimization_metric": None}, "This sweep optimises no metric. Name one"),
    ],
)
@pytest.mark.parametrize("panel", ["history", "parallel", "scatter", "importance"])
def test_empty_view_says_why_and_what_to_do(
    client: Client, logdir: Path, panel: str, changes: dict[str, Any], message: str
) -> None:
    write_sweep(logdir / "s", finished_run(1), **changes)
    assert message in text_of(client.get(f"/sweeps/s?panel={panel}").text)


def test_every_drawing_has_a_module_that_draws_it(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3)])
    pages = [client.get(f"/sweeps/s?panel={panel}").text for panel in PANELS]
    drawn = re.findall(r'id="insight-figure" data-view="(\w+)"', "".join(pages))
    assert drawn == ["history", "parallel", "scatter", "bars", "distribution", "workers"]
    for name in drawn:
        assert b"export class View {" in static_files().files[f"insight/views/{name}.js"].data


def test_hostile_names_and_values_stay_text_in_every_view(client: Client, logdir: Path) -> None:
    events = finished_run(1, 0.5)
    events[0]["hyperparameters"] = {HOSTILE: HOSTILE, "x": [HOSTILE]}
    write_sweep(logdir / "s", events, optimization_metric=HOSTILE)
    for panel in PANELS:
        assert "<script>alert" not in client.get(f"/sweeps/s?panel={panel}&across=x").text


def test_only_spans_that_may_have_changed_are_sent_again(client: Client, logdir: Path) -> None:
    events = [*finished_run(1, 0.5), *finished_run(2, 0.5)[:2], *finished_run(3, 0.5)]
    write_sweep(logdir / "s", events)
    first = client.get("/api/workers/s").json()
    assert (first["first"], first["spans"]["index"]) == (0, [1, 2, 3])
    again = client.get(f"/api/workers/s?since={first['cursor']}").json()
    assert (again["first"], again["spans"]["index"]) == (1, [2, 3])


def test_original_sweep_says_why_it_has_no_time_line(client: Client, logdir: Path) -> None:
    (logdir / "s").mkdir(parents=True)
    old = {"main_script_name": "t.py", "hyperparameters": {}, "sampled_hyperparameters": [{"x": 1}]}
    (logdir / "s" / "experiment_description.json").write_text(json.dumps(old))
    assert "did not record when" in text_of(client.get("/sweeps/s?panel=workers").text)
    assert client.get("/api/workers/s").json()["spans"]["index"] == []
    for panel in PANELS:
        assert client.get(f"/sweeps/s?panel={panel}").status_code == 200


def repeated_run(index: int, combination: int, repeat: int, value: float) -> list[dict[str, Any]]:
    sampled, *rest = finished_run(index, value)
    hyperparameters = {"learning_rate": combination / 1000, "batch_size": 32, "seed": repeat}
    more = {"combination": combination, "repeat": repeat, "hyperparameters": hyperparameters}
    return [{**sampled, **more}, *rest]


def test_verdict_says_which_combination_of_repeats_won(client: Client, logdir: Path) -> None:
    values = {1: (0.50, 0.51, 0.49), 2: (0.90, 0.91, 0.89), 3: (0.50, 0.52, 0.51)}
    events = [
        event
        for combination, row in values.items()
        for repeat, value in enumerate(row, 1)
        for event in repeated_run(3 * combination + repeat - 3, combination, repeat, value)
    ]
    write_sweep(logdir / "s", events, repeats={"count": 3, "seed_name": "seed"})
    text = text_of(client.get("/sweeps/s").text)
    assert "Winner: run 4, the best of 3 combinations with a probability of over 99 %" in text
    assert "0.900 ± 0.010" in text


def test_verdict_says_that_the_seed_changes_nothing(client: Client, logdir: Path) -> None:
    events = [
        event
        for index in range(1, 5)
        for event in repeated_run(index, (index + 1) // 2, 2 - index % 2, (index + 1) // 2 / 4)
    ]
    write_sweep(logdir / "s", events, repeats={"count": 2, "seed_name": "seed"})
    page = client.get("/sweeps/s").text
    assert "so the seed changes nothing. Check that the script uses it." in text_of(page)
    assert "Nothing won" in text_of(page)
    verdict = page[page.index('<section id="verdict"') :].split("</section>")[0]
    assert "0.5 ± 0" in text_of(verdict)
    assert "<meter" not in verdict
    assert "deviation of a run" not in text_of(verdict)


def test_runs_that_confirm_are_listed_but_say_nothing_of_the_space(
    client: Client, logdir: Path
) -> None:
    events = [event for index in (1, 2, 3) for event in finished_run(index, 0.5 + index / 100)]
    events.append({"event": "confirming", "combinations": [3, 2], "n_runs": 3})
    again = [(3, 1, 0.91), (2, 1, 0.92), (3, 2, 0.93), (2, 2, 0.91)]
    for index, (combination, repeat, value) in enumerate(again, 4):
        first, *rest = repeated_run(index, combination, repeat, value)
        events += [{**first, "confirms": True}, *rest]
    write_sweep(logdir / "s", events, confirm={})
    page = client.get("/sweeps/s?panel=history").text
    text = text_of(page)
    assert "Nothing won: of 2 combinations" in text
    assert "of 3 runs to end with a value" in text
    assert "run_0007" in client.get("/rows/sweeps/s?rows=1-9").text
    assert columns(client)["runs"]["index"] == [1, 2, 3]


def test_history_names_improvements_within_the_spread_between_seeds(
    client: Client, logdir: Path
) -> None:
    values = {1: (0.50, 0.60), 2: (0.52, 0.62), 3: (0.9, 0.8)}
    events = [
        event
        for combination, row in values.items()
        for repeat, value in enumerate(row, 1)
        for event in repeated_run(2 * combination + repeat - 2, combination, repeat, value)
    ]
    write_sweep(logdir / "s", events, repeats={"count": 2, "seed_name": "seed"})
    text = text_of(client.get("/sweeps/s?panel=history").text)
    assert "One improvement is smaller than the spread between seeds (0.071)" in text
    assert text.count("within the spread between seeds") == 1
