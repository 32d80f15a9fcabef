"""What the runs of a sweep logged as configurations, in its table and groups."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from pages import Client
from sweeps import run_command, write_config

from ml_tracking_ops.logger import run_record
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.web.tables.sweeps.sweep_rows import known_runs


@pytest.fixture
def sweep_id(logdir: Path) -> str:
    """A sweep of four runs, of which two log `optimizer.name=sgd`, and all `n_layer=6`."""
    first = [{"x": x} for x in (0.125, 0.25, 0.75, 0.875)]
    write_config(logdir.parent, "logs_config.py", first_runs=first, max_runs=4)
    done = run_command("sweep", "--logdir", str(logdir), folder=logdir.parent)
    assert done.returncode == 0, done.stderr
    [folder] = [path.parent for path in logdir.glob("*/journal.jsonl")]
    return folder.name


def shown(client: Client, sweep_id: str, query: str) -> list[str]:
    page = client.get(f"/sweeps/{sweep_id}?{query}").text
    return re.findall(r'<tr id="[^"]*" data-run="[^"]*_(\d{4})"', page)


def rows_of(page: str) -> str:
    return "".join(re.findall(r'<tr id="run-[^>]*data-run=.*?</tr>', page, re.DOTALL))


def test_logged_settings_filter_sort_and_search(client: Client, sweep_id: str) -> None:
    assert len(shown(client, sweep_id, "p.optimizer.name=adam")) == 2
    assert len(shown(client, sweep_id, "p.n_layer=6")) == 4
    assert len(shown(client, sweep_id, "p.n_layer=7..9")) == 0
    assert len(shown(client, sweep_id, "q=optimizer.name%3Dsgd")) == 2
    ordered = shown(client, sweep_id, "sort=p.optimizer.name&order=desc&columns=p.optimizer.name")
    table = client.get(f"/export/sweep/{sweep_id}?format=csv&columns=p.x").text
    number_of_x = {line.split(",")[-1]: line.split(",")[0] for line in table.splitlines()[1:]}
    assert {int(run) for run in ordered[:2]} == {
        int(number_of_x["0.125"]),
        int(number_of_x["0.25"]),
    }


def test_logged_settings_are_offered_as_columns_and_not_shown_at_first(
    client: Client, sweep_id: str
) -> None:
    plain = client.get(f"/sweeps/{sweep_id}").text
    chosen = client.get(f"/sweeps/{sweep_id}?columns=p.optimizer.name&columns=p.n_layer").text
    assert 'value="p.optimizer.name"' in plain
    assert "sgd" not in rows_of(plain)
    assert "sgd" in rows_of(chosen)
    assert 'name="p.optimizer.name"' in plain  # a filter
    assert 'name="p.n_layer"' not in plain  # there is nothing to choose


def test_export_of_the_table_has_logged_settings(client: Client, sweep_id: str) -> None:
    plain = client.get(f"/export/sweep/{sweep_id}?format=csv").text.splitlines()
    assert "optimizer.name" in plain[0].split(",")
    query = "format=json&columns=p.optimizer.name&p.optimizer.name=sgd"
    rows = json.loads(client.get(f"/export/sweep/{sweep_id}?{query}").text)
    assert [row["optimizer.name"] for row in rows] == ["sgd", "sgd"]


def test_runs_are_grouped_by_a_logged_setting(client: Client, sweep_id: str) -> None:
    page = client.get(f"/sweeps/{sweep_id}").text
    assert '"value":"p.optimizer.name"' in page.replace('": "', '":"').replace("&#34;", '"')
    query = f"sweep={sweep_id}&group=p.optimizer.name&metric=Accuracy"
    groups = json.loads(client.get(f"/api/groups?{query}").text)["metrics"]["Accuracy"]
    means = {group["name"]: group["mean"] for group in groups}
    assert means == {"optimizer.name adam": [0.8125], "optimizer.name sgd": [0.1875]}


def test_runs_are_coloured_by_a_logged_setting(client: Client, sweep_id: str) -> None:
    page = unescape(client.get(f"/sweeps/{sweep_id}").text)
    assert json.loads(page.partition('"color_by": ')[2].partition("]")[0] + "]") == [
        *("x", "optimizer.name")
    ]
    runs = "&".join(f"run={run}" for run in re.findall(rf'data-run="({sweep_id}/[^"]*)"', page))
    values = client.get(f"/api/run-values?{runs}&by=p.optimizer.name").json()["values"]
    assert sorted(set(values)) == ["adam", "sgd"]


def test_setting_that_is_logged_later_is_added(logdir: Path, sweep_id: str) -> None:
    sweep = Catalog(logdir).sweeps[sweep_id]
    run = sweep.record.runs[1]
    run.state = "running"
    every, columns = known_runs(sweep, {}, {})
    assert "width" not in columns.hyperparameters
    path = sweep.dat_path(run)
    run_record.merge(str(path), {"config": {"width": 64, "n_layer": 7}})
    every, columns = known_runs(sweep, {}, {})
    assert every.rows[0].setting("width") == 64
    assert columns.hyperparameters["n_layer"].values == (6, 7)
    again, _ = known_runs(sweep, {}, {})
    assert again is every
