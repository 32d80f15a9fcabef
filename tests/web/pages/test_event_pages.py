"""Event files on pages: charts, configuration, other tags."""

import os
import re
from pathlib import Path

import pytest
from event_writing import event, simple, write_events
from pages import Client
from tensorboardX import SummaryWriter

from ml_tracking_ops.logger import ExperimentLogger

OLD_S = 1e9


def write_old(folder: Path, value: float, name: str = "events.out.tfevents.1700000000.h") -> None:
    """An event file that has not grown for long. An existing one grows."""
    path = folder / name
    write_events(path, [event(value, int(value), simple("loss", value))])
    os.utime(path, (OLD_S + value, OLD_S + value))


def labels(page: str) -> set[str]:
    found = re.findall(r"<button[^>]*>\s*((?:Archive|Delete)[ \d]*)\s*</button>", page)
    return {label.strip() for label in found}


@pytest.fixture
def run(logdir: Path) -> str:
    with SummaryWriter(str(logdir / "ppo" / "seed 1")) as writer:
        for step in range(100):
            writer.add_scalar("loss", step / 2, step)
        writer.add_text("note", "a text that is fetched when it is seen")
        writer.add_hparams({"lr": 0.25}, {"best": 1.0}, name="trial")
    return "ppo/seed 1"


def test_points_and_other_tags_are_on_the_page(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}").text
    series = client.get(f"/api/series?run={run}").json()

    assert "1 tag: note/text_summary" in page
    assert "a text that is fetched when it is seen" not in page
    assert "loss" in str(series)


def test_texts_of_event_files_are_read_in_place(client: Client, run: str) -> None:
    cards = client.get(f"/api/media?run={run}").json()["cards"]
    assert [(card["kind"], card["name"]) for card in cards] == [("text", "note/text_summary")]
    found = client.get(f"/api/media/step?run={run}&kind=text&name=note/text_summary").json()
    assert found["items"][0]["html"] == "<p>a text that is fetched when it is seen</p>\n"
    assert "data-media" in client.get(f"/runs/{run}").text


def test_event_files_can_be_archived_and_not_deleted(client: Client, logdir: Path) -> None:
    write_old(logdir / "dqn", 1)
    with ExperimentLogger(logdir) as own:
        own.add_scalar("loss", 1.0, 1)
    name = Path(own.folder).name
    assert labels(client.get("/runs/dqn").text) == {"Archive"}
    assert labels(client.get(f"/runs/{name}").text) == {"Archive", "Delete"}
    assert labels(client.get("/experiments?run=dqn").text) == {"Archive 1"}
    both = client.get(f"/experiments?run=dqn&run={name}").text
    assert labels(both) == {"Archive 2", "Delete 1"}


def test_table_and_points_follow_an_older_file_that_grows(client: Client, logdir: Path) -> None:
    write_old(logdir / "dqn", 1)
    write_old(logdir / "dqn", 5, name="events.out.tfevents.1800000000.host.1.0")
    query = "format=json&columns=last.loss&columns=max.loss"
    (row,) = client.get(f"/export/experiments?{query}").json()
    assert row["max.loss"] == 5.0
    assert client.get("/api/series?run=dqn").json()["runs"]
    write_old(logdir / "dqn", 9)

    (row,) = client.get(f"/export/experiments?{query}").json()
    assert row["max.loss"] == 9.0
    assert "9" in str(client.get("/api/series?run=dqn").json())


def test_hparams_are_columns_of_the_table(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}/trial").text

    assert "lr" in page
    assert "0.25" in page
    table = client.get("/experiments?table=1&p.lr=0.2..0.3").text
    assert 'data-run="' in table
    assert "lr" in client.get("/export/experiments?format=csv").text.splitlines()[0]
