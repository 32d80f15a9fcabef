"""What others wrote is shown in the terminal, and never obeyed by it."""

from io import StringIO
from pathlib import Path

import pytest
from sweeps import choice, write_config

from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.cli.terminal.progress import PlainProgress, ProgressText
from ml_tracking_ops.orchestrator.cli.terminal.words import printable_line
from ml_tracking_ops.orchestrator.store.journal import Journal

NASTY = "a\x1b[2J\nb\x9b\u202e\x07"
SPELLED = r"a\x1b[2J\nb\x9b\u202e\x07"
EVENTS = (
    {"event": "sampled", "index": 1, "hyperparameters": {"x": NASTY}},
    {"event": "started", "index": 1, "name": "r", "attempt": 1, "slot": 0},
    {
        "event": "ended",
        "index": 1,
        "status": "failed",
        "best_value": 1.0,
        "best_step": 1,
        "reason": NASTY,
    },
    {"event": "warning", "message": NASTY},
)


def test_text_in_any_language_stays_as_it_is() -> None:
    for text in ("größer", "学習率", "a b", "👍🏽", "\u00a0"):
        assert printable_line(text) == text
    assert printable_line(NASTY) == SPELLED
    assert printable_line("\ud800") == r"\ud800"


def test_progress_spells_control_characters_out() -> None:
    out = StringIO()
    text = ProgressText(1, "max", NASTY)
    progress = PlainProgress(text, out)
    for event in EVENTS:
        progress.on_event({"time": 1.0, **event})
    ended, warned = out.getvalue().splitlines()
    for line in (ended, warned, text.best_line()):
        assert SPELLED in line
        assert printable_line(line) == line


def test_commands_spell_control_characters_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, "short.py", hyperparameters={"x": choice(NASTY)})
    assert main(["sweep", str(config), "--dry-run"]) == 0
    dry_run = capsys.readouterr().out
    assert r"\x1b[2J" in dry_run
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "experiment_description.json").write_text('{"config": {}}')
    journal = Journal(folder / "journal.jsonl", pytest.fail)
    for event in EVENTS:
        journal.append(**event)
    journal.close()
    assert main(["show", str(folder)]) == 0
    assert capsys.readouterr().out.count(SPELLED) == 2  # value and reason
    assert main(["show", NASTY]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_bar_counts_finished_runs_and_shows_no_time_at_the_end() -> None:
    story = ProgressText(3, "max", "acc")
    for index in (1, 2):
        story.take_in({"event": "sampled", "index": index, "hyperparameters": {}, "time": 1.0})
        started = {"event": "started", "index": index, "name": f"r{index}", "attempt": 1}
        story.take_in({**started, "slot": 0, "time": 1.0})
    story.take_in({"event": "ended", "index": 1, "status": "finished", "time": 2.0})
    assert story.counts() == "1/3 runs, 1 running, 1 finished"
    assert story.time_left().endswith(" left")
    story.take_in({"event": "ended", "index": 2, "status": "finished", "time": 2.0})
    story.take_in({"event": "sweep_ended", "status": "finished", "reason": "target", "time": 3.0})
    assert story.counts() == "2/3 runs, 2 finished"
    assert story.time_left() == ""
