"""Configurations in what `export`, `list` and `show` write, beside hyperparameters of sweeps."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from event_writing import read_by_tensorboard
from sweeps import run_command, write_config

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two experiments with nested configurations, and one without."""
    folder = tmp_path_factory.mktemp("logged")
    configs: list[dict[str, Any]] = [
        {"optimizer": {"lr": 0.1, "name": "sgd"}, "name": "ä", "depth": 3},
        {"optimizer": {"lr": 0.2}, "layers": [8, 8], "noise": float("nan")},
        {},
    ]
    for number, config in enumerate(configs):
        with ExperimentLogger(folder / "runs", config=config) as writer:
            writer.add_scalar("loss", 1.0, 1)
            writer.add_scalar("loss", 0.5 + number, 2)
    return folder


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep whose runs log more settings than their hyperparameters."""
    folder = tmp_path_factory.mktemp("swept")
    write_config(folder, "logs_config.py", first_runs=[{"x": 0.25}, {"x": 0.75}], max_runs=2)
    assert run_command("sweep", folder=folder).returncode == 0
    return folder


def export(folder: Path, *arguments: str) -> str:
    done = run_command("export", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_table_of_experiments_has_a_column_for_each_setting(logged: Path) -> None:
    rows = csv_rows(export(logged))
    assert list(rows[0])[:5] == ["name", "path", "state", "started_at", "started_at_utc"]
    assert set(list(rows[0])[5:-1]) == {
        *("optimizer.lr", "optimizer.name", "config.name", "depth", "layers", "noise")
    }
    assert list(rows[0])[-1] == "last.loss"
    by_loss = {row["last.loss"]: row for row in rows}
    assert (by_loss["0.5"]["optimizer.lr"], by_loss["0.5"]["config.name"]) == ("0.1", "ä")
    assert (by_loss["1.5"]["layers"], by_loss["1.5"]["noise"]) == ("[8, 8]", "")
    assert (by_loss["2.5"]["optimizer.lr"], by_loss["2.5"]["depth"]) == ("", "")
    assert export(logged, "runs") == export(logged)


def test_table_of_experiments_as_json_has_configuration_and_environment(logged: Path) -> None:
    entries = json.loads(export(logged, "--format=json"))
    assert {entry["config"].get("optimizer.lr") for entry in entries} == {0.1, 0.2, None}
    assert all(entry["environment"]["command"] for entry in entries)
    assert {entry["last"]["loss"] for entry in entries} == {0.5, 1.5, 2.5}
    listed = json.loads(run_command("list", "--json", folder=logged).stdout)
    assert [one["config"] for one in listed] == [one["config"] for one in entries]
    assert all(one["environment"]["command"] for one in listed)


def test_table_of_experiments_as_parquet_has_the_same_columns(logged: Path) -> None:
    export(logged, "--format=parquet", "-o", "table.parquet")
    table = pyarrow.parquet.read_table(logged / "table.parquet").to_pydict()
    assert sorted(table["optimizer.lr"], key=str) == [0.1, 0.2, None]
    assert sorted(table["last.loss"]) == [0.5, 1.5, 2.5]


def test_experiments_as_event_files_have_a_folder_each(logged: Path) -> None:
    export(logged, "--format=tensorboard", "-o", "events")
    folders = sorted((logged / "events").iterdir())
    assert len(folders) == 3
    last = {read_by_tensorboard(folder)["loss"][-1][-1] for folder in folders}
    assert last == {0.5, 1.5, 2.5}


def test_export_of_an_experiment_has_its_configuration_in_json(logged: Path) -> None:
    listed = json.loads(run_command("list", "--json", folder=logged).stdout)
    found = next(one for one in listed if one["config"].get("depth") == 3)
    exported = json.loads(export(logged, found["name"], "--format=json"))
    assert exported["config"] == found["config"]
    assert exported["metrics"]["loss"]["value"] == [1.0, 0.5]


def test_folder_without_experiments_is_an_error(tmp_path: Path, swept: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "other").mkdir()
    for arguments in ((), ("other",), ("--logdir=none",), ("other", "3")):
        done = run_command("export", *arguments, folder=tmp_path)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
    done = run_command("export", folder=swept)
    assert (done.returncode, "Name a sweep" in done.stderr) == (2, True)


def test_sweep_has_columns_for_logged_settings(swept: Path) -> None:
    [folder] = (swept / "runs").iterdir()
    rows = sorted(csv_rows(export(swept, str(folder))), key=lambda row: row["x"])
    assert [row["x"] for row in rows] == ["0.25", "0.75"]
    assert [row["optimizer.name"] for row in rows] == ["sgd", "adam"]
    assert {row["n_layer"] for row in rows} == {"6"}
    assert {row["config.name"] for row in rows} == {"gpt"}
    assert all(row["name"] != "gpt" for row in rows)

    export(swept, str(folder), "--format=parquet", "-o", "sweep.parquet")
    table = pyarrow.parquet.read_table(swept / "sweep.parquet").to_pydict()
    assert sorted(table["optimizer.name"]) == ["adam", "sgd"]

    report = json.loads(run_command("show", str(folder), "--json", folder=swept).stdout)
    assert all(run["config"]["n_layer"] == 6 for run in report["runs"])
    shown = json.loads(run_command("show", str(folder), "1", "--json", folder=swept).stdout)
    assert shown["config"]["optimizer.betas"] == [0.9, 0.99]
    assert shown["environment"]["folder"] == str(swept)
    assert shown["environment"]["host"]
    one = json.loads(export(swept, str(folder), "1", "--format=json"))
    assert one["config"]["x"] in (0.25, 0.75)
    assert one["config"]["optimizer.betas"] == [0.9, 0.99]
