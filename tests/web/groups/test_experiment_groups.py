"""`/api/groups` of experiments: groups by a key of their configurations."""

import json
from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger

LEVELS = ((0.1, 1.0), (0.1, 3.0), (0.2, 5.0), (None, 100.0))


@pytest.fixture
def names(logdir: Path) -> list[str]:
    """Two experiments with one learning rate, one with another, and one without any."""
    found = []
    for rate, level in LEVELS:
        config = {"depth": 3} if rate is None else {"optimizer": {"lr": rate}, "depth": 3}
        with ExperimentLogger(logdir, config=config) as writer:
            for step in range(5):
                writer.add_scalar("loss", level + step, step)
        found.append(Path(writer.folder).name)
    return found


def means(client: Client, query: str) -> dict[str, list[float]]:
    answer = json.loads(client.get(f"/api/groups?metric=loss&{query}").text)
    return {group["name"]: group["mean"] for group in answer["metrics"]["loss"]}


def test_experiments_are_averaged_over_those_with_one_setting(
    client: Client, names: list[str]
) -> None:
    assert means(client, "group=p.optimizer.lr") == {
        "optimizer.lr 0.1": [2.0 + step for step in range(5)],
        "optimizer.lr 0.2": [5.0 + step for step in range(5)],
    }


def test_groups_are_over_what_is_selected_or_passes_the_filters(
    client: Client, names: list[str]
) -> None:
    selected = means(client, f"group=p.optimizer.lr&run={names[1]}&run={names[2]}")
    assert selected["optimizer.lr 0.1"][0] == 3.0
    assert list(means(client, "group=p.optimizer.lr&p.optimizer.lr=0.15..0.3")) == [
        "optimizer.lr 0.2"
    ]
    assert means(client, "group=p.optimizer.lr&archived=1") == {}


def test_page_offers_the_settings_that_differ(client: Client, names: list[str]) -> None:
    page = client.get("/experiments").text
    assert '"p.optimizer.lr"' in page
    assert '"p.depth"' not in page  # all have the same


def test_unknown_setting_is_an_error(client: Client, names: list[str]) -> None:
    response = client.get("/api/groups?group=p.width&metric=loss")
    assert response.status_code == 400
    assert "p.width" in response.text
    assert client.get("/api/groups?group=combination&metric=loss").status_code == 400
    assert client.get("/api/groups?group=p.width").status_code == 400


def annotate(logdir: Path, name: str, tags: list[str], label: str) -> None:
    message = {"format_version": 1, "runs": {name: {"name": label, "tags": tags}}}
    (logdir / name / "annotations.json").write_text(json.dumps(message))


def test_experiments_are_averaged_by_tag_and_by_a_part_of_their_names(
    client: Client, logdir: Path, names: list[str]
) -> None:
    for name, tags, label in zip(
        names,
        (["old"], ["old", "best"], [], ["best"]),
        ("a1-x", "a1-y", "a10-x", "b2"),
        strict=True,
    ):
        annotate(logdir, name, tags, label)
    by_tag = means(client, "group=tag")
    assert {name: mean[0] for name, mean in by_tag.items()} == {"best": 51.5, "old": 2.0}
    by_name = means(client, "group=name.^([a-z]\\d%2B)")
    assert {name: mean[0] for name, mean in by_name.items()} == {"a1": 2.0, "a10": 5.0, "b2": 100.0}
    assert list(means(client, "group=name.-x")) == ["-x"]
    page = client.get("/experiments").text
    assert '"value": "tag"' in page


def test_invalid_pattern_is_an_error(client: Client, names: list[str]) -> None:
    response = client.get("/api/groups?group=name.(a&metric=loss")
    assert response.status_code == 400
    assert "is not a regular expression" in response.text
    assert means(client, "group=name.nothing") == {}
