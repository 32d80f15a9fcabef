"""What list, show and export print: shapes that scripts rely on."""

import csv
import io
import json
from pathlib import Path

from sweeps import (
    run_command,
    state_of,
    sweep_folder,
)


def test_list_json_has_a_stable_shape(finished: Path) -> None:
    entries = json.loads(run_command("list", "--json", folder=finished).stdout)
    assert [entry["kind"] for entry in entries] == ["experiment", "sweep"]
    assert [entry["state"] for entry in entries] == ["finished", "finished"]
    for entry in entries:
        assert Path(finished, entry["path"]).is_dir()
        assert entry["started_at"] > 1.7e9
        assert entry["name"]
    table = run_command("list", folder=finished).stdout
    assert all(entry["name"] in table for entry in entries)


def test_show_sweep_json_has_a_stable_shape(finished: Path) -> None:
    folder = sweep_folder(finished / "runs")
    shown = json.loads(run_command("show", folder, "--json", folder=finished).stdout)
    assert (shown["state"], shown["seed"]) == ("finished", 5)
    assert (shown["optimization_metric"], shown["optimization_goal"]) == ("Accuracy", "max")
    assert shown["counts"] == {"finished": 3}
    assert [run["index"] for run in shown["runs"]] == [1, 2, 3]
    best = max(shown["runs"], key=lambda run: run["best_value"])
    assert shown["best"] == best["name"]
    assert set(best) == {
        "name",
        "index",
        "state",
        "reason",
        "hyperparameters",
        "best_value",
        "best_step",
        "started_at",
        "ended_at",
        "exit_code",
        "attempt",
        "slot",
        "job",
        "node",
        "gpus",
        "queued_at",
        "config",
        "is_confirming",
        "label",
        "tags",
        "note",
        "values",
        "is_feasible",
        "is_on_front",
    }
    assert best["best_value"] == best["hyperparameters"]["x"]
    assert (best["best_step"], best["exit_code"], best["attempt"]) == (1, 0, 1)
    assert best["started_at"] <= best["ended_at"]
    by_name = run_command("show", folder.name, folder=finished)
    assert best["name"] in by_name.stdout


def test_show_and_export_a_run(finished: Path) -> None:
    (entry,) = (
        e
        for e in json.loads(run_command("list", "--json", folder=finished).stdout)
        if e["kind"] == "experiment"
    )
    shown = json.loads(run_command("show", entry["name"], "--json", folder=finished).stdout)
    assert shown["name"] == entry["name"]
    assert shown["metrics"] == {
        "Loss": {
            "count": 3,
            "first_step": 1,
            "last_step": 4,
            "last": 0.25,
            "min": 0.25,
            "max": 0.5,
        }
    }
    exported = run_command("export", entry["path"], "--format", "csv", folder=finished).stdout
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert list(rows[0]) == ["metric", "step", "wall_time", "value"]
    assert [(row["metric"], row["step"], row["value"]) for row in rows] == [
        ("Loss", "1", "0.5"),
        ("Loss", "2", "nan"),
        ("Loss", "4", "0.25"),
    ]
    run_command("export", entry["name"], "--format", "json", "-o", "out.json", folder=finished)
    columns = json.loads((finished / "out.json").read_text())["metrics"]["Loss"]
    assert columns["value"] == [0.5, "NaN", 0.25]


def test_show_and_export_a_run_of_a_sweep(finished: Path) -> None:
    folder = sweep_folder(finished / "runs")
    run = state_of(folder).runs[2]
    shown = json.loads(
        run_command("show", f"{folder.name}/{run.name}", "--json", folder=finished).stdout
    )
    assert shown["name"] == run.name
    assert shown["hyperparameters"] == run.hyperparameters
    assert shown["metrics"]["Accuracy"]["count"] == 1


def test_export_a_sweep_as_a_table(finished: Path) -> None:
    folder = sweep_folder(finished / "runs")
    exported = run_command("export", folder, "--format", "csv", folder=finished).stdout
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["index"] for row in rows] == ["1", "2", "3"]
    assert all(row["x"] == row["best_value"] for row in rows)
