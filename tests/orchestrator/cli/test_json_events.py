"""`--json`: each event of a sweep is a line of JSON, as the published schema says."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from places import ROOT
from sweeps import choice, run_command, start_command, sweep_folder, wait_until, write_config

from ml_tracking_ops.orchestrator.reports.events import events_schema
from ml_tracking_ops.orchestrator.store.sweep_record import _FOLDS

VALIDATOR = jsonschema.Draft202012Validator(events_schema())


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the events in an output, checked with the schema."""
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        VALIDATOR.validate(event)
    return events


def described_events() -> set[str]:
    return set(events_schema()["discriminator"]["mapping"])


def test_sweep_prints_its_events_and_a_summary_as_json(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    done = run_command("sweep", "--workers", "1", "--seed", "3", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    events = lines_of(done.stdout)
    assert [events[0]["event"], events[-1]["event"]] == ["sweep", "summary"]
    assert events[0]["folder"] == str(sweep_folder(tmp_path / "runs"))
    assert events[0]["seed"] == 3
    assert [event["event"] for event in events].count("ended") == 2
    ended = [event for event in events if event["event"] == "ended"]
    best = max(ended, key=lambda event: event["best_value"])
    assert events[-1]["best"]["best_value"] == best["best_value"]
    assert events[-1]["counts"] == {"finished": 2}
    assert events[-1]["exit_code"] == 0


def test_journal_and_attach_hold_the_same_events_as_json(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    run_command("sweep", "--json", folder=tmp_path)
    folder = sweep_folder(tmp_path / "runs")
    journal = lines_of((folder / "journal.jsonl").read_text())
    attached = run_command("attach", folder.name, "--json", folder=tmp_path)
    assert lines_of(attached.stdout)[1:-1] == journal


def test_sweep_whose_runs_fail_says_so_in_json_and_by_its_exit_code(tmp_path: Path) -> None:
    write_config(tmp_path, "crashing.py", max_runs=3)
    done = run_command("sweep", "--json", "--workers", "1", folder=tmp_path)
    events = lines_of(done.stdout)
    assert done.returncode == events[-1]["exit_code"] == 1
    assert "failing" in [event["event"] for event in events]


def test_sweep_in_the_background_prints_one_line_of_json(tmp_path: Path) -> None:
    until = tmp_path / "until"
    write_config(tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice("U")})
    config = tmp_path / "experiment_cfg.json"
    config.write_text(config.read_text().replace('"U"', json.dumps(str(until))))
    done = run_command("sweep", "--detach", "--json", folder=tmp_path)
    (event,) = lines_of(done.stdout)
    assert Path(event["folder"]) == sweep_folder(tmp_path / "runs")
    until.touch()
    waited = run_command("wait", event["name"], "--json", folder=tmp_path)
    assert waited.returncode == 0, waited.stderr
    assert lines_of(waited.stdout)[0]["state"] == "finished"


def test_dry_run_prints_each_command_as_json(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    events = lines_of(run_command("sweep", "--dry-run", "--json", folder=tmp_path).stdout)
    assert [event["index"] for event in events] == [1, 2]
    assert events[0]["command"][1].endswith("short.py")
    assert f"--x={events[0]['hyperparameters']['x']}" in events[0]["command"]


def test_attach_to_a_running_sweep_ends_with_its_summary(tmp_path: Path) -> None:
    until = tmp_path / "until"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(until))}
    )
    assert run_command("sweep", "--detach", folder=tmp_path).returncode == 0
    follower = start_command("attach", "--json", folder=tmp_path)
    output = tmp_path / "output"
    try:
        wait_until(lambda: '"started"' in output.read_text(), "the start of the run")
        until.touch()
        assert follower.wait(60) == 0
    finally:
        until.touch()
        follower.kill()
        follower.wait(60)
    last = output.read_text().splitlines()[-1]
    assert lines_of(last)[0]["event"] == "summary"


def test_every_event_that_is_written_or_folded_is_described() -> None:
    running = (ROOT / "orchestrator" / "running").rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in running)
    written = set(re.findall(r'_recorder\.(?:write|report)\(\s*"(\w+)"', text))
    assert {"sampled", "improved", "ended"} <= written
    assert written | set(_FOLDS) | {"trouble"} <= described_events()


def test_schema_of_the_events_is_printed(tmp_path: Path) -> None:
    printed = json.loads(run_command("schema", "--events", folder=tmp_path).stdout)
    assert printed == events_schema()
    jsonschema.Draft202012Validator.check_schema(printed)


@pytest.mark.parametrize("name", sorted(described_events()))
def test_every_event_and_field_says_what_it_is(name: str) -> None:
    schema = events_schema()
    definition = schema["$defs"][schema["discriminator"]["mapping"][name].rpartition("/")[2]]
    assert definition["description"].endswith(".")
    fields = {name: about for name, about in definition["properties"].items() if name != "event"}
    assert [name for name, about in fields.items() if not about.get("description")] == []
