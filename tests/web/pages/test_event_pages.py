"""Event files on pages: charts, configuration, what is not shown."""

from pathlib import Path

import pytest
from pages import Client
from tensorboardX import SummaryWriter


@pytest.fixture
def run(logdir: Path) -> str:
    with SummaryWriter(str(logdir / "ppo" / "seed 1")) as writer:
        for step in range(100):
            writer.add_scalar("loss", step / 2, step)
        writer.add_text("note", "a text that is not shown")
        writer.add_hparams({"lr": 0.25}, {"best": 1.0}, name="trial")
    return "ppo/seed 1"


def test_points_and_other_tags_are_on_the_page(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}").text
    series = client.get(f"/api/series?run={run}").json()

    assert "1 tag, not shown: note/text_summary" in page
    assert "a text that is not shown" not in page
    assert "loss" in str(series)


def test_hparams_are_columns_of_the_table(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}/trial").text

    assert "lr" in page
    assert "0.25" in page
    table = client.get("/experiments?table=1&p.lr=0.2..0.3").text
    assert 'data-run="' in table
    assert "lr" in client.get("/export/experiments?format=csv").text.splitlines()[0]
