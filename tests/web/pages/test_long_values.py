"""Values of 300,000 characters: pages stay small, and filters still tell them apart."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pages import Client, finished_run, write_sweep

from ml_tracking_ops.logger import ExperimentLogger

LONG = "x" * 300_000
PROMPTS = (f"{LONG[:999]}a{LONG}", f"{LONG[:999]}b{LONG}")


@pytest.fixture
def sweep(logdir: Path) -> Path:
    events = []
    for index in range(1, 11):
        sampled, *rest = finished_run(index, index / 100)
        values = {"prompt": PROMPTS[index % 2], "items": [1] * 10_000}
        events += [{**sampled, "hyperparameters": values}, *rest]
    events[-1] = {**events[-1], "state": "failed", "reason": f"RuntimeError: {LONG}"}
    write_sweep(
        logdir / "s", events, hyperparameters={"prompt": {"type": "choice", "candidates": PROMPTS}}
    )
    return logdir / "s"


@pytest.mark.parametrize(
    "path",
    [
        *(f"/sweeps/s?panel={panel}" for panel in ("summary", "history", "parallel", "scatter")),
        "/sweeps/s?panel=importance",
        "/sweeps/s?panel=workers",
        "/runs/s/run_0010",
        "/rows/sweeps/s?rows=1-10",
        "/api/insight/s",
    ],
)
def test_page_of_a_sweep_with_very_long_values_stays_small(
    client: Client, sweep: Path, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) < 200_000
    assert "characters, #" in answer.text


def test_long_values_that_differ_in_the_middle_can_be_filtered(client: Client, sweep: Path) -> None:
    axis = next(
        one for one in client.get("/api/insight/s").json()["axes"] if one["name"] == "prompt"
    )
    assert len(set(axis["values"])) == 2
    for value in axis["values"]:
        passing = client.get("/api/insight/s?" + urlencode({"p.prompt": value})).json()["passing"]
        assert len(passing) == 5
    html = client.get("/sweeps/s").text
    offered = re.findall(r'name="p\.prompt" value="([^"]*)"', html)
    assert sorted(map(unescape, offered)) == sorted(axis["values"])


def test_page_of_an_experiment_with_very_long_settings_stays_small(
    client: Client, logdir: Path
) -> None:
    (logdir / "e").mkdir(parents=True)
    with ExperimentLogger.at(str(logdir / "e/e.dat")) as writer:
        writer.add_scalar("loss", 1.0, 1)
        writer.log_config({"prompt": LONG, "nested": {"deep": LONG}})
    answer = client.get("/runs/e")
    assert len(answer.content) < 100_000
    assert "300,000 characters" in answer.text
    assert json.loads((logdir / "e/e.run.json").read_text())  # all of it is kept
