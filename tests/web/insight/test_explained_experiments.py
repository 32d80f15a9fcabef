"""The views that explain experiments: chosen ones, or all that the page lists."""

import json
from pathlib import Path
from typing import Any

import pytest
from pages import Client, text_of

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.insight.subject import selection_key


@pytest.fixture
def names(logdir: Path) -> list[str]:
    """Twelve experiments, better with a smaller rate. One of them logs only another metric."""
    found = []
    for number in range(12):
        config = {"optimizer": {"lr": 10.0**-number}, "kind": "ab"[number % 2], "depth": 3}
        with ExperimentLogger(logdir, config=config) as writer:
            writer.add_scalar("reward" if number == 11 else "val/loss", 20.0 - number, 1)
        found.append(Path(writer.folder).name)
    return found


def ask(client: Client, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(client.get(f"/api/insight?{query}").text)
    return answer


def test_experiments_are_columns_with_their_best_value_and_the_settings_that_differ(
    client: Client, names: list[str]
) -> None:
    answer = ask(client)
    assert (answer["metric"], answer["goal"], answer["passing"]) == ("val/loss", "min", None)
    assert answer["runs"]["name"] == answer["runs"]["title"] == names
    assert answer["runs"]["value"] == [*(20.0 - n for n in range(11)), None]
    axes = [(axis["name"], axis["scale"]) for axis in answer["axes"]]
    assert axes == [("optimizer.lr", "log"), ("kind", "category")]


def test_selection_and_filters_decide_which_experiments_are_explained(
    client: Client, names: list[str]
) -> None:
    chosen = ask(client, f"run={names[0]}&run={names[2]}&where=kind%20%3D%3D%20%22a%22")
    assert chosen["runs"]["name"] == [names[0], names[2]]
    assert chosen["passing"] == [1, 2]
    assert ask(client, "p.kind=b")["passing"] == [2, 4, 6, 8, 10, 12]
    assert ask(client, "objective=reward")["runs"]["value"] == [None] * 11 + [9.0]
    assert client.get("/api/insight?steps=1").status_code == 400


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        ("history", "Best val/loss so far 10 , by"),
        ("parallel", "What the best 5 experiments have"),
        ("scatter", "(Spearman's ρ) of optimizer.lr and the best val/loss: +1.00"),
        ("importance", "How much each setting matters for the best val/loss , over 11 experiments"),
    ],
)
def test_page_shows_each_view_of_the_experiments(
    client: Client, names: list[str], panel: str, message: str
) -> None:
    html = client.get(f"/experiments?panel={panel}").text
    assert message in text_of(html)
    assert 'aria-label="Understanding these experiments"' in html


def test_metric_without_a_direction_asks_for_it(client: Client, names: list[str]) -> None:
    html = client.get("/experiments?panel=history&objective=reward").text
    assert "First choose whether higher or lower values of reward are better" in text_of(html)
    assert "First choose" not in text_of(client.get("/experiments?panel=history").text)


def test_importance_is_of_the_chosen_experiments(client: Client, names: list[str]) -> None:
    query = "&".join(f"run={name}" for name in names[:10])
    page = client.get(f"/experiments?panel=importance&{query}").text
    assert 'hx-get="/insight/importance?panel=importance&amp;run=' in page
    part = client.get(f"/insight/importance?{query}").text
    assert "over 10 experiments with a value" in text_of(part)
    assert f"run={names[0]}&amp;" in part  # in the links to the scatter
    assert "hx-get" not in client.get(f"/insight/importance?{query}").text


def test_key_of_a_selection_is_kept_while_in_use() -> None:
    first = selection_key([], "loss")
    assert selection_key([], "loss") is first
    assert selection_key([], "other") is not first


def test_experiments_without_settings_are_explained_by_their_values(
    client: Client, logdir: Path
) -> None:
    for value in (3.0, 2.0):
        with ExperimentLogger(logdir) as writer:
            writer.add_scalar("loss", value, 1)
    assert ask(client)["runs"]["value"] == [3.0, 2.0]
    assert "have no setting in which they differ" in client.get("/experiments?panel=bars").text
    scatter = client.get("/experiments?panel=scatter").text
    assert "of each experiment by <strong>best loss</strong>" in scatter
