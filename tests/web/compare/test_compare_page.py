"""The page Compare as the server renders it: runs of every kind, and mistakes in the address."""

import re
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from event_writing import event, simple, write_events
from pages import HOSTILE, Client, finished_run, log, page_data, text_of, write_sweep

from ml_tracking_ops.logger import ExperimentLogger


def address(*run_ids: str, **more: str) -> str:
    return f"/compare?{urlencode([*(('run', one) for one in run_ids), *more.items()])}"


def cells(html: str, name: str) -> list[str]:
    """The texts of a row of the table, by its heading."""
    for row in re.findall(r"<tr[^>]*>\s*<th scope=\"row\".*?</tr>", html, re.DOTALL):
        head, *found = re.split(r"<td[^>]*>", row)
        if text_of(head).strip().startswith(name):
            return [text_of(cell).strip() for cell in found]
    raise AssertionError(f"no row {name}")


@pytest.fixture
def runs(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run of each of two sweeps, and an experiment."""
    write_sweep(logdir / "one", [*finished_run(1, 0.5), *finished_run(2, 0.75)])
    write_sweep(logdir / "two", finished_run(1, 0.25))
    log(logdir / "one" / "run_0002.dat", monkeypatch, Accuracy=[0.5, 0.75, 0.625])
    log(logdir / "two" / "run_0001.dat", monkeypatch, Accuracy=[0.25])
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / "hand" / "hand.dat"))
    (logdir / "hand").mkdir()
    with ExperimentLogger(config={"learning_rate": 0.002, "model": {"depth": 4}}) as writer:
        writer.add_scalar("Accuracy", 0.875, 0)
    return ["one/run_0002", "two/run_0001", "hand"]


def test_runs_of_different_kinds_are_side_by_side(client: Client, runs: list[str]) -> None:
    html = client.get(address(*runs)).text
    assert cells(html, "learning_rate") == ["0.002", "0.001", "0.002"]
    assert cells(html, "model.depth") == ["not set", "not set", "4"]
    assert cells(html, "Sweep") == ["one", "two", "experiment"]
    assert [run["id"] for run in page_data(html)["runs"]] == runs
    media = {f"media={run}" for run in runs}
    assert {"sweep=one", "sweep=two", "catalog", *media} == set(page_data(html)["follow"])


def test_values_have_their_difference_to_the_chosen_baseline(
    client: Client, runs: list[str]
) -> None:
    html = client.get(address(*runs, baseline="two/run_0001")).text
    assert cells(html, "Accuracy best") == ["0.75 +0.5", "0.25", "0.875 +0.625"]
    assert cells(html, "Accuracy last") == ["0.625 +0.375", "0.25", "0.875 +0.625"]


def test_equal_settings_are_folded_and_shown_on_demand(client: Client, runs: list[str]) -> None:
    sweep_runs = ["one/run_0001", "one/run_0002"]
    html = client.get(address(*sweep_runs)).text
    assert "1 differs, 1 equal" in text_of(html)
    assert "The same for all: batch_size" in text_of(html)
    shown = client.get(address(*sweep_runs, equal="1")).text
    assert cells(shown, "batch_size") == ["32", "32"]


def test_missing_run_is_reported_and_the_others_are_compared(
    client: Client, runs: list[str]
) -> None:
    answer = client.get(address("gone", *runs))
    assert answer.status_code == 200
    assert "There is no run gone in this log folder" in text_of(answer.text)
    assert [run["id"] for run in page_data(answer.text)["runs"]] == runs


@pytest.mark.parametrize("run_id", ["../secret", "one/../../secret", "/etc/passwd", "one/.hidden"])
def test_id_that_is_a_path_is_not_found(client: Client, logdir: Path, run_id: str) -> None:
    write_sweep(logdir / "one", finished_run(1, 0.5))
    (logdir.parent / "secret.dat").write_bytes(b"secret")
    answer = client.get(address(run_id))
    assert page_data(answer.text)["runs"] == []
    assert "There is no run" in answer.text


def test_too_many_runs_to_compare_are_reported(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", [event for n in range(1, 46) for event in finished_run(n, 0.5)])
    html = client.get(address(*(f"s/run_{n:04d}" for n in range(1, 46)))).text
    assert "The address names 45 runs. The first 40 are compared" in text_of(html)
    assert len(page_data(html)["runs"]) == 40


def test_texts_of_users_are_escaped(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (logdir / "hand").mkdir(parents=True)
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / "hand" / "hand.dat"))
    with ExperimentLogger(config={HOSTILE: HOSTILE, "same": HOSTILE}) as writer:
        writer.add_scalar(HOSTILE, 1.0, 0)
    log(logdir / "other" / "other.dat", monkeypatch, **{HOSTILE: [2.0]})
    html = client.get(address("hand", "other", HOSTILE, find=HOSTILE, equal="1")).text
    assert "<script>alert" not in html
    assert text_of(html).count(HOSTILE) > 3


def test_folder_of_tensorboard_is_compared(client: Client, logdir: Path, runs: list[str]) -> None:
    points = [event(float(step), step, simple("Accuracy", step / 2)) for step in (1, 2)]
    write_events(logdir / "board" / "events.out.tfevents.1.host.1.0", points)
    html = client.get(address("board", runs[2])).text
    assert cells(html, "Accuracy last") == ["1", "0.875 −0.125"]


def test_page_without_runs_suggests_the_best_and_the_newest(
    client: Client, runs: list[str]
) -> None:
    html = client.get("/compare").text
    added = re.findall(r'aria-label="Add ([^"]*)"', html)
    assert set(added) == {"run 2 of one", "run 1 of two", "hand of experiment"}


@pytest.mark.parametrize(
    ("search", "found"), [("learning_rate=0.002", 2), ("TWO run", 1), ("hand", 1), ("no such", 0)]
)
def test_runs_of_any_kind_are_found_by_words(
    client: Client, runs: list[str], search: str, found: int
) -> None:
    html = client.get(f"/compare?find={quote(search)}").text
    assert html.count('aria-label="Add ') == found


def test_compared_run_is_not_offered_again(client: Client, runs: list[str]) -> None:
    html = client.get(address("hand", find="hand")).text
    assert "No other run matches" in html


def test_selections_lead_to_the_page(client: Client, runs: list[str]) -> None:
    sweep = client.get("/sweeps/one?run=one/run_0001&run=one/run_0002").text
    assert 'href="/compare?run=one%2Frun_0001&amp;run=one%2Frun_0002"' in sweep
    single = client.get("/sweeps/one?run=one/run_0001").text
    assert 'id="compare-selected"' not in single


def test_runs_of_several_sweeps_have_names_and_colours_that_differ(
    client: Client, runs: list[str]
) -> None:
    drawn = page_data(client.get(address("one/run_0001", "two/run_0001", "hand")).text)["runs"]
    assert [run["name"] for run in drawn] == ["one · run 1", "two · run 1", "hand"]
    assert len({run["color"] for run in drawn}) == 3
