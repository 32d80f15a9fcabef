"""Tables whose rows are in groups: a row for each group, which opens to its runs."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages import Client, finished_run, text_of, write_sweep

from ml_tracking_ops.logger import ExperimentLogger

VALUES = {1: (32, 0.9), 2: (32, 0.7), 3: (64, 0.6), 4: (64, None), 5: (64, 0.2)}


@pytest.fixture
def sweep(logdir: Path) -> None:
    events: list[dict[str, Any]] = []
    for index, (size, value) in VALUES.items():
        end = {} if value is not None else {"state": "failed", "exit_code": 1}
        sampled, *rest = finished_run(index, value, **end)
        shared = {"learning_rate": 0.001 * size, "batch_size": size, "seed": index}
        events += [{**sampled, "hyperparameters": shared}, *rest]
    write_sweep(logdir / "s", events)


@pytest.fixture
def experiments(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rate, level in (("a_1", 0.1, 1.0), ("a_2", 0.2, 3.0), ("b_1", 0.4, 9.0)):
        (logdir / name).mkdir(parents=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / name / f"{name}.dat"))
        with ExperimentLogger(config={"kind": name[0], "lr": rate}) as writer:
            writer.add_scalar("val/loss", level, 0)


def rows_of(html: str) -> list[str]:
    return re.findall(r'<tr id="((?:run|group)-[\w-]+)"', html)


def lines_of(html: str) -> list[str]:
    body = html.partition('id="table-rows"')[2].partition("</tbody>")[0]
    return [text_of(line) for line in body.split("<tr ")[1:]]


def test_rows_of_a_sweep_are_groups_with_means_in_the_order_of_these(
    client: Client, sweep: None
) -> None:
    html = client.get("/sweeps/s?by=p.batch_size").text
    assert rows_of(html) == ["group-1", "group-2"]
    first, second = lines_of(html)
    assert "batch_size 32 n = 2" in first
    assert "0.80 ± 0.14" in first
    assert "n = 3" in second
    assert "0.40 ± 0.28" in second  # of the two that have a value
    assert "4.0 ± 1.0" in second  # the seeds 3, 4 and 5
    assert "2 finished" in second
    assert "2 groups, 5 runs" in text_of(html)
    assert rows_of(client.get("/sweeps/s?by=p.batch_size&order=asc").text) == ["group-2", "group-1"]


def test_group_opens_to_its_runs_in_the_order_of_the_table(client: Client, sweep: None) -> None:
    html = client.get("/sweeps/s?by=p.batch_size&open=2&sort=p.seed&order=asc").text
    assert rows_of(html) == ["group-1", "group-2", "run-3-in-3", "run-4-in-3", "run-5-in-3"]


def test_filters_decide_which_runs_are_in_the_groups(client: Client, sweep: None) -> None:
    html = client.get("/sweeps/s?by=p.batch_size&m.Accuracy=0.5..").text
    first, second = lines_of(html)
    assert "n = 2" in first
    assert "n = 1" in second
    assert rows_of(client.get("/sweeps/s?by=p.batch_size&p.batch_size=64").text) == ["group-1"]


def test_groups_by_all_but_the_seed_and_by_tag_hold_every_run(
    client: Client, logdir: Path, sweep: None
) -> None:
    message = {
        "format_version": 1,
        "runs": {"1": {"tags": ["good", "old"]}, "3": {"tags": ["old"]}},
    }
    (logdir / "s" / "annotations.json").write_text(json.dumps(message))
    but = lines_of(client.get("/sweeps/s?by=but.seed").text)
    assert [re.findall(r"n = \d", line) for line in but] == [["n = 2"], ["n = 3"]]
    html = client.get("/sweeps/s?by=tag&open=0").text
    lines = lines_of(html)
    assert "good n = 1" in lines[0]
    assert "old n = 2" in lines[1]
    assert "no tag n = 3" in lines[2]
    assert 'value="tag" selected' in html


def test_repeats_can_be_grouped_otherwise(client: Client, logdir: Path) -> None:
    events = []
    for index in (1, 2, 3, 4):
        sampled, *rest = finished_run(index, index / 10)
        shared = {"learning_rate": (index + 1) // 2, "batch_size": 32, "seed": index % 2}
        events += [
            {**sampled, "hyperparameters": shared, "combination": (index + 1) // 2},
            *rest,
        ]
    write_sweep(logdir / "r", events, repeats={"count": 2, "seed_name": "seed"})
    assert "2 combinations, 4 runs" in text_of(client.get("/sweeps/r").text)
    html = client.get("/sweeps/r?by=p.seed").text
    assert [re.findall(r"seed \d n = \d", line) for line in lines_of(html)] == [
        ["seed 0 n = 2"],
        ["seed 1 n = 2"],
    ]


def test_experiments_are_grouped_with_the_means_of_their_metrics(
    client: Client, experiments: None
) -> None:
    html = client.get("/experiments?table=1&by=p.kind&sort=best.val%2Floss&open=1").text
    lines = lines_of(html)
    assert rows_of(html)[:2] == ["group-2", "group-1"]
    assert "kind b n = 1" in lines[0]
    assert "2.0 ± 1.4" in lines[1]
    assert len(lines) == 4
    assert "2 groups of 3" in text_of(html)
    by_name = lines_of(client.get("/experiments?table=1&by=name.&by.part=_(.)").text)
    assert "1 n = 2" in by_name[0] or "1 n = 2" in by_name[1]


def test_impossible_groups_are_reported_and_the_runs_are_listed(
    client: Client, experiments: None
) -> None:
    for by, output in (
        ("p.width", "no run has the setting width"),
        ("name.(a", "is not a regular expression"),
        ("name.", "Write a regular expression"),
    ):
        html = client.get(f"/experiments?table=1&by={by}").text
        assert output in text_of(html)
        assert len(lines_of(html)) == 3


def test_grouped_tables_are_exported_with_means_and_standard_deviations(
    client: Client, sweep: None, experiments: None
) -> None:
    text = client.get("/export/sweep/s?by=p.batch_size&columns=best_value&columns=p.seed").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row["group"] for row in rows] == ["batch_size 32", "batch_size 64"]
    assert [row["n"] for row in rows] == ["2", "3"]
    assert [float(row["best_value"]) for row in rows] == pytest.approx([0.8, 0.4])
    assert float(rows[0]["best_value.std"]) == pytest.approx(0.1414, abs=1e-3)
    assert [float(row["seed"]) for row in rows] == [1.5, 4.0]
    query = "by=p.kind&columns=last.val%2Floss&format=json"
    found = json.loads(client.get(f"/export/experiments?{query}").text)
    assert [(one["group"], one["last.val/loss"]) for one in found] == [
        ("kind b", 9.0),
        ("kind a", 2.0),
    ]
    assert client.get("/export/experiments?by=p.width").status_code == 400


def test_only_ticked_runs_are_exported_where_that_is_asked(client: Client, sweep: None) -> None:
    query = "ticked=1&run=s%2Frun_0002&run=s%2Frun_0005&columns=best_value&sort=index&order=asc"
    text = client.get(f"/export/sweep/s?{query}").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row["index"] for row in rows] == ["2", "5"]
    html = client.get("/sweeps/s").text
    assert "/export/sweep/s?format=csv&amp;ticked=1" in html
