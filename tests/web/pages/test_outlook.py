"""The page of a running sweep, and the place of a run among the others."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Client, finished_run, text_of, write_sweep
from training import SweepFiles

from ml_tracking_ops.web.insight.standing import differing, ordinal


@pytest.fixture
def running(logdir: Path) -> Iterator[SweepFiles]:
    sweep = SweepFiles(logdir / "s")
    yield sweep
    sweep.close()


def test_running_sweep_shows_what_runs_and_the_time_left(
    client: Client, running: SweepFiles
) -> None:
    running.start(1)
    assert "known once a run has ended" in text_of(client.get("/sweeps/s").text)
    running.end(1, best_value=0.9)
    for index in (2, 3):
        running.start(index)
        running.end(index, best_value=0.1)
    for index in range(4, 14):
        running.start(index)
    text = text_of(client.get("/sweeps/s").text)
    assert "About " in text
    assert "2 runs have ended since, none better" in text
    assert "Running now run 4" in text
    assert "run 11" in text
    assert "and 2 more" in text


def test_paused_sweep_estimates_no_time(client: Client, running: SweepFiles) -> None:
    running.start(1)
    running.end(1)
    running.journal.append(
        "requested", id="a", action="pause", by="ada", outcome="done", message=""
    )
    text = text_of(client.get("/sweeps/s").text)
    assert "No new runs start" in text
    assert "About " not in text


def test_sweep_that_is_over_answers_with_its_result(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9)])
    text = text_of(client.get("/sweeps/s").text)
    assert (
        text.index("Result Finished")
        < text.index("0.9 at step 7")
        < text.index("2 of 40 runs ended")
    )
    assert "left" not in text[text.index("Result") : text.index("Training runs")]


def test_run_says_its_place_and_leads_to_what_differs_from_the_best(
    client: Client, logdir: Path
) -> None:
    values = {1: 0.5, 2: 0.9, 3: 0.5, 4: None}
    write_sweep(logdir / "s", [e for n, value in values.items() for e in finished_run(n, value)])
    assert "1st of 3 by Accuracy" in text_of(client.get("/runs/s/run_0002").text)
    assert "differs" not in client.get("/runs/s/run_0002").text
    html = client.get("/runs/s/run_0003").text
    assert re.search(r"2nd of 3 by Accuracy ?, 0.4 behind +run 2", text_of(html))
    assert 'href="#differences"' in html
    assert "learning_rate 0.003 0.002" in text_of(html)
    assert "batch_size 32 32" not in text_of(html)
    assert "behind" not in text_of(client.get("/runs/s/run_0004").text)


def test_runs_that_failed_or_were_killed_are_not_ranked(client: Client, logdir: Path) -> None:
    runs = [(1, 0.5, "finished"), (2, 0.9, "failed"), (3, 0.7, "killed"), (4, 0.6, "early_stopped")]
    events = [e for n, value, state in runs for e in finished_run(n, value, state=state)]
    write_sweep(logdir / "s", events)
    shown = {n: text_of(client.get(f"/runs/s/run_000{n}").text) for n, *_ in runs}
    assert "1st of 2 by Accuracy, not counting 2 that failed or were killed" in shown[4]
    assert re.search(r"2nd of 2 by Accuracy.*, 0.1 behind +run 4", shown[1])
    assert "Run 4, the best that did not fail" in shown[1]
    assert "Not ranked (failed). It would be 1st of 3 by Accuracy, not counting 1" in shown[2]
    assert "Not ranked (killed). It would be 1st of 3" in shown[3]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (113, "113th"),
        (1021, "1,021st"),
    ],
)
def test_place_is_an_ordinal(place: int, text: str) -> None:
    assert ordinal(place) == text


def test_hyperparameter_that_one_of_two_runs_lacks_differs() -> None:
    found = differing({"a": 1, "b": None}, {"a": 1, "c": 2})
    assert [(one.name, one.has_own, one.has_best) for one in found] == [
        ("b", True, False),
        ("c", False, True),
    ]
