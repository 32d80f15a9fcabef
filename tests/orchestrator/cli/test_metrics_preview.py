"""`ml-tracking-ops metrics-preview`: what a pattern finds in an output."""

import json
from pathlib import Path

from sweeps import run_command

OUTPUT = """\
starting
epoch 1 - loss: 0.5 - Acc@1: 70.1
epoch 2 - loss: 0.25 - Acc@1: 75.5
loss: 1 loss: 2
"""


def test_preview_shows_the_metrics_that_a_pattern_finds(tmp_path: Path) -> None:
    (tmp_path / "out.log").write_text(OUTPUT)
    done = run_command("metrics-preview", "out.log", "--pattern", "name: value", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout == (
        "2 of 4 lines match\n"
        "METRIC  VALUES  STEPS   FIRST  LAST\n"
        "loss    2       1 to 2  0.5    0.25\n"
        "Acc@1   2       1 to 2  70.1   75.5\n"
    )
    assert "note: 'loss' occurs twice in a line" in done.stderr


def test_preview_compares_all_named_patterns(tmp_path: Path) -> None:
    (tmp_path / "out.log").write_text(OUTPUT)
    done = run_command("metrics-preview", "out.log", folder=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "4 lines"
    assert any(
        line.split("  ")[0] == '"name: value"' and line.endswith("loss, Acc@1") for line in lines
    )
    assert any(line.startswith('"stable_baselines3"') for line in lines)


def test_preview_as_json_holds_every_value(tmp_path: Path) -> None:
    (tmp_path / "out.log").write_text('{"loss": NaN, "step": 3}\n{"loss": 0.5, "step": 4}\n')
    done = run_command("metrics-preview", "out.log", "--pattern", "json", "--json", folder=tmp_path)
    (found,) = json.loads(done.stdout)
    assert found["metrics"] == {"loss": {"values": ["nan", 0.5], "steps": [3, 4]}}
    assert (found["n_lines"], found["n_matching"]) == (2, 2)


def test_preview_that_finds_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "out.log").write_text("hello\n")
    done = run_command("metrics-preview", "out.log", "--pattern", "json", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "0 of 1 lines match\n"


def test_preview_of_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    done = run_command("metrics-preview", "out.log", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "ml-tracking-ops: there is no file out.log\n")
    (tmp_path / "out.log").write_text("x\n")
    done = run_command("metrics-preview", "out.log", "--pattern", "(", folder=tmp_path)
    assert done.returncode == 2
    assert "--pattern is not a regular expression" in done.stderr
