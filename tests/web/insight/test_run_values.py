"""What runs have, for the colours of their curves."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from pages import Client, finished_run, log, page_data, write_sweep

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.insight.run_values import offered_settings

IDS = ["one/run_0001", "one/run_0002", "hand", "gone"]


def address(by: str) -> str:
    return f"/api/run-values?{urlencode([('by', by), *(('run', one) for one in IDS)])}"


@pytest.fixture
def runs(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = finished_run(2, 0.5, state="failed", exit_code=1)
    write_sweep(logdir / "one", [*finished_run(1, 0.75), *failed])
    log(logdir / "one" / "run_0001.dat", monkeypatch, Accuracy=[0.75, 0.5])
    (logdir / "hand").mkdir()
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / "hand" / "hand.dat"))
    with ExperimentLogger(config={"learning_rate": 0.1, "optimizer": {"name": "adam"}}) as writer:
        writer.add_scalar("Accuracy", 0.25, 0)


@pytest.mark.parametrize(
    ("by", "kind", "values"),
    [
        ("p.learning_rate", "number", [0.001, 0.002, 0.1, None]),
        ("p.optimizer.name", "category", [None, None, "adam", None]),
        ("p.nothing", "category", [None, None, None, None]),
        ("state", "category", ["finished", "failed", "finished", None]),
        ("m.Accuracy", "number", [0.75, None, 0.25, None]),
        ("tag", "category", [None, None, None, None]),
    ],
)
def test_values_are_those_of_runs_of_any_kind(
    client: Client, runs: None, by: str, kind: str, values: list[object]
) -> None:
    answer = client.get(address(by)).json()
    assert (answer["kind"], answer["values"]) == (kind, values)


def test_unknown_question_is_refused_with_what_is_allowed(client: Client, runs: None) -> None:
    answer = client.get(address("colour"))
    assert answer.status_code == 400
    assert "state, tag, p.NAME or m.METRIC" in answer.json()["error"]


def test_settings_are_offered_in_which_runs_differ() -> None:
    settings = [{"a": 1, "same": 1, "b": 2}, {"a": 2, "same": 1}]
    assert offered_settings(settings) == ["a", "b"]


def test_page_offers_what_its_runs_differ_in(client: Client, runs: None) -> None:
    assert page_data(client.get("/sweeps/one").text)["color_by"] == ["learning_rate"]
