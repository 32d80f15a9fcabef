"""Keys of configurations in the table of experiments, as hyperparameters in a sweep's."""

import json
import re
from pathlib import Path

import pytest
from pages import Client
from sweeps import run_command

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture
def names(logdir: Path) -> list[str]:
    """Three experiments that differ in their learning rate, and have the same depth."""
    found = []
    for lr in (0.1, 0.01, 0.001):
        config = {"optimizer": {"lr": lr, "name": "adam"}, "depth": 3}
        with ExperimentLogger(logdir, config=config) as writer:
            writer.add_scalar("Loss", lr, 0)
            found.append(Path(writer.folder).name)
    return found


def shown(client: Client, query: str) -> list[str]:
    page = client.get(f"/experiments?table=1&{query}").text
    return re.findall(r'<tr[^>]*data-run="([^"]*)"', page)


def test_keys_that_differ_between_experiments_have_columns(
    client: Client, names: list[str]
) -> None:
    page = client.get("/experiments?table=1").text
    heads = re.findall(r'<th[^>]*title="([^"]*)"', page)

    assert "optimizer.lr" in page
    assert any("optimizer.lr" in head for head in heads) or 'data-column="p.optimizer.lr"' in page
    assert len(shown(client, "")) == 3


def test_experiments_are_filtered_sorted_and_searched_by_them(
    client: Client, names: list[str]
) -> None:
    assert shown(client, "p.optimizer.lr=0.005..0.05") == [names[1]]
    assert shown(client, "sort=p.optimizer.lr&order=asc") == names[::-1]
    assert shown(client, "q=optimizer.lr%3D0.1") == [names[0]]


def test_lists_and_sweeps_have_the_configuration(
    client: Client, logdir: Path, names: list[str]
) -> None:
    listed = json.loads(run_command("list", "--json", folder=logdir.parent).stdout)
    assert {entry["config"]["optimizer.lr"] for entry in listed} == {0.1, 0.01, 0.001}
    exported = client.get("/export/experiments?format=csv&p.optimizer.lr=0.005..0.05").text
    assert "optimizer.lr" in exported.splitlines()[0]
    assert len(exported.splitlines()) == 2
