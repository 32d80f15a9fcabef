"""What the server says of bars, distributions, contours, scatters and parallel axes."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pages import Client, finished_run, log, text_of, write_sweep

from ml_tracking_ops.web.insight.views import axis_choices

GAP = "gap := loss/val - loss/train"


@pytest.fixture
def sweep(client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Four runs whose last `loss/val` is their number, and `loss/train` a tenth of it."""
    events = [event for index in (1, 2, 3, 4) for event in finished_run(index, index / 10)]
    write_sweep(logdir / "s", events)
    for index in (1, 2, 3, 4):
        path = logdir / "s" / f"run_{index:04d}.dat"
        values = {"loss/val": [0.0, index], "loss/train": [0.0, index / 10]}
        log(path, monkeypatch, **values)
    return client


def test_bars_have_the_mean_and_the_spread_of_each_value(sweep: Client) -> None:
    html = sweep.get("/sweeps/s?panel=bars&across=learning_rate&up=loss/val&of=last").text
    found = re.search(r'data-bars="([^"]*)"', html)
    assert found is not None
    bars = json.loads(unescape(found[1]))
    assert [(bar["mean"], bar["std"], bar["n"]) for bar in bars] == [
        (1, None, 1),
        (2, None, 1),
        (3, None, 1),
        (4, None, 1),
    ]
    assert "Mean last loss/val by learning_rate" in text_of(html)


def test_bars_can_be_grouped_by_tag(sweep: Client, logdir: Path) -> None:
    assert "<option>tag</option>" not in sweep.get("/sweeps/s?panel=bars").text
    tags = {"1": ["b"], "2": ["a", "b"], "3": []}
    message = {"runs": {index: {"tags": some} for index, some in tags.items()}}
    (logdir / "s" / "annotations.json").write_text(json.dumps(message))
    html = sweep.get("/sweeps/s?panel=bars&across=tag&up=loss/val&of=last").text
    found = re.search(r'data-bars="([^"]*)"', html)
    assert found is not None
    bars = json.loads(unescape(found[1]))
    assert [(bar["label"], bar["mean"], bar["n"]) for bar in bars] == [
        ("a", 2, 1),
        ("b", 1.5, 2),
        ("no tag", 3.5, 2),
    ]
    assert "Mean last loss/val by tag , over 4 runs" in text_of(html)


def test_distribution_has_quantiles_that_were_logged(sweep: Client) -> None:
    text = text_of(sweep.get("/sweeps/s?panel=distribution").text)
    assert "all 4 0.1 0.2 0.3 0.3 0.4" in text


def test_contour_says_when_there_is_nothing_to_interpolate(sweep: Client) -> None:
    text = text_of(sweep.get("/sweeps/s?panel=contour").text)
    assert "over learning_rate and batch_size , interpolated between 4 runs" in text
    text = text_of(sweep.get("/sweeps/s?panel=contour&up=other&of=last").text)
    assert "0 runs have a value here. A contour needs at least 4." in text


def test_scatter_may_have_metrics_on_both_axes_and_in_colour(sweep: Client) -> None:
    html = sweep.get("/sweeps/s?panel=scatter&across=last.loss/train").text
    assert "of each run by last loss/train" in text_of(html)
    more = ["last.loss/train", f"last.{GAP}", "nonsense"]
    asked = urlencode([("up", "loss/val"), ("of", "last"), *(("more", one) for one in more)])
    runs = sweep.get(f"/api/insight/s?{asked}").json()["runs"]
    assert runs["up"] == [1, 2, 3, 4]
    assert runs["more"]["last.loss/train"] == [0.1, 0.2, 0.3, 0.4]
    assert runs["more"][f"last.{GAP}"] == pytest.approx([0.9, 1.8, 2.7, 3.6])
    assert "nonsense" not in runs["more"]


def test_scatter_may_have_settings_on_both_axes(sweep: Client) -> None:
    html = sweep.get("/sweeps/s?panel=scatter&across=learning_rate&up=p.batch_size").text
    assert re.search("of learning_rate and the batch_size|The batch_size of 4 runs", text_of(html))
    runs = sweep.get("/api/insight/s?up=p.batch_size&of=best").json()["runs"]
    assert runs["up"] == [32, 32, 32, 32]


@pytest.mark.parametrize(
    ("asked", "shown", "values"),
    [
        ([], ["a", "b", "-c"], ["a", "b", "-c"]),
        (["b", "-a", "gone", "b"], ["b", "a"], ["b", "-a", "-c"]),
        (["-c", "--c"], ["-c"], ["-c", "a", "b"]),
    ],
)
def test_axes_follow_the_requested_order(
    asked: list[str], shown: list[str], values: list[str]
) -> None:
    found = axis_choices(asked, ["a", "b", "-c"])
    assert [one.name for one in found if one.is_shown] == shown
    assert [one.value for one in found] == values
