"""On a terminal a run that ends takes one line, aligned with the others and cut to the width."""

import os
import pty
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from sweeps import COMMAND, choice, write_config

from ml_tracking_ops.orchestrator.cli.terminal.end_lines import (
    DifferingNames,
    ShortEndLine,
    WholeEndLine,
    terminal_width,
)
from ml_tracking_ops.orchestrator.cli.terminal.progress import PlainProgress, open_progress
from ml_tracking_ops.orchestrator.reports.short_states import short_state
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import RunState


class Screen(StringIO):
    """A terminal that says how wide it is by `COLUMNS`."""

    def isatty(self) -> bool:
        return True


def ended(index: int, state: RunState = "finished", **fields: Any) -> RunRecord:
    values = {"lr": 0.1 / index, "layers": index, "epochs": 50}
    return RunRecord(
        index,
        **{"hyperparameters": values, "state": state, "started_at": 0, "ended_at": 5} | fields,
    )


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (ended(1), "finished"),
        (ended(1, "early_stopped", stopped_by={"rule": "asha", "step": 40}), "asha @ 40"),
        (ended(1, "early_stopped", stopped_by={"rule": "target", "step": None}), "target"),
        (ended(1, "early_stopped", stopped_by={"rule": [1], "step": "x"}), "stopped early"),
        (ended(1, "early_stopped", stopped_by={"rule": "asha", "step": True}), "asha"),
        (ended(1, "early_stopped"), "stopped early"),
        (ended(1, "failed", exit_code=3), "failed, exit 3"),
        (ended(1, "failed", exit_code=-11), "failed, SIGSEGV"),
        (ended(1, "failed", exit_code=-1000), "failed, signal 1000"),
        (ended(1, "failed"), "failed"),
        (ended(1, "killed"), "killed"),
        (ended(1, "killed", stopped_by_hand="stopped by ada"), "killed by hand"),
    ],
)
def test_state_is_described_in_a_few_words(run: RunRecord, expected: str) -> None:
    assert short_state(run) == expected


def test_lines_of_one_terminal_line_are_aligned_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    line = ShortEndLine(100, "Accuracy", StringIO())
    early = ended(2, "early_stopped", stopped_by={"rule": "asha", "step": 40}, best_value=0.25)
    names = ["lr", "layers"]
    lines = [line(ended(1, best_value=0.9), names), line(early, names)]
    assert lines[0] == "run   1  finished         5.0s  Accuracy 0.9  lr=0.1  layers=1"
    assert lines[1] == "run   2  asha @ 40        5.0s  Accuracy 0.25  lr=0.05  layers=2"
    third = line(ended(3, best_value=0.9), names)
    assert third.index("lr=") == lines[1].index("lr=")
    monkeypatch.setenv("COLUMNS", "50")
    assert line(early, names) == "run   2  asha @ 40        5.0s  Accuracy 0.25  lr…"


def test_wide_characters_do_not_make_a_line_longer_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    line = ShortEndLine(3, "精度", StringIO())
    run = ended(1, hyperparameters={"学習率" * 9: 0.1, "b": "層" * 40}, best_value=1.0)
    text = line(run, list(run.hyperparameters))
    assert cell_len(text) <= 60
    assert text.endswith("…")


def test_failed_run_shows_its_error_instead_of_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    reason = "exit code 1: ValueError: no data\nsecond line"
    text = ShortEndLine(3, "loss", StringIO())(
        ended(1, "failed", exit_code=1, reason=reason), ["lr"]
    )
    assert "failed, exit 1" in text
    assert "5.0s  ValueError: no data  lr=0.1" in text
    assert "second" not in text


def test_only_hyperparameters_that_differ_are_named() -> None:
    differing = DifferingNames()
    differing.take_in({"a": 1, "b": 2, "c": 3})
    assert differing.names == ["a", "b", "c"]
    differing.take_in({"a": 1, "b": 3, "c": 3})
    assert differing.names == ["b"]
    differing.take_in({"a": 1, "b": 3, "d": 1})
    assert differing.names == ["b", "c", "d"]


def events(index: int) -> list[dict[str, Any]]:
    values = {"lr": index / 7, "layers": index, "epochs": 50, "width": "x" * 60 + str(index)}
    times = {"time": 1.0, "index": index}
    stopped = {
        "rule": "asha",
        "step": 40,
        "reason": "stopped early at step 40: Accuracy " + "y" * 99,
    }
    result = {"state": "early_stopped", "best_value": 0.5, "best_step": 3}
    return [
        {"event": "sampled", "hyperparameters": values, **times},
        {"event": "started", "name": f"r{index}", **times},
        {"event": "stopped_early", **stopped, **times},
        {"event": "ended", **result, **times},
    ]


@pytest.mark.parametrize("is_verbose", [False, True])
def test_terminal_has_one_line_a_run_unless_verbose(
    monkeypatch: pytest.MonkeyPatch, is_verbose: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = Screen()
    progress = open_progress(2, "max", "Accuracy", out, is_verbose=is_verbose)
    progress.on_event(events(1)[0])
    for event in events(2):
        progress.on_event(event)
    progress.close()
    text = out.getvalue()
    assert ("asha @ 40" in text) is not is_verbose
    assert ("y" * 99 in text) is is_verbose


def test_pipe_gets_complete_output() -> None:
    out = StringIO()
    progress = open_progress(2, "max", "Accuracy", out)
    assert isinstance(progress, PlainProgress)
    for event in events(1):
        progress.on_event(event)
    (line,) = out.getvalue().splitlines()
    for part in ("stopped early", "y" * 99, "epochs=50", "Accuracy 0.5 at step 3", "x" * 60):
        assert part in line
    whole = WholeEndLine(2, "Accuracy")
    assert whole(ended(1, best_value=0.5, best_step=3), []) in (
        "run 1  finished         5.0s  Accuracy 0.5 at step 3  lr=0.1 layers=1 epochs=50"
    )


def test_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    first, second = pty.openpty()
    try:
        with open(second, "w", closefd=False) as terminal:
            assert terminal_width(terminal) > 0
    finally:
        os.close(first)
        os.close(second)
    assert terminal_width(StringIO()) == 80
    monkeypatch.setenv("COLUMNS", "no number")
    assert terminal_width(StringIO()) == 80


def test_sweep_on_a_real_terminal_writes_no_line_that_wraps(tmp_path: Path) -> None:
    """What the command draws on a terminal of 60 columns."""
    write_config(
        tmp_path,
        "short.py",
        max_runs=2,
        first_runs=[{"long": "z" * 90}, {"long": "z" * 91}],  # equal values are not printed
        hyperparameters={"x": choice(1, 2), "long": choice("z" * 90, "z" * 91)},
    )
    script = (
        "import os, pty, sys\n"
        "os.chdir(sys.argv[1])\n"
        "status = pty.spawn(sys.argv[2:])\n"
        "sys.exit(os.waitstatus_to_exitcode(status))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), *COMMAND, "sweep", "--workers", "1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        env={**os.environ, "COLUMNS": "60", "TERM": "xterm"},
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text
    ends = re.findall(r"run [12]  finished[^\x1b\r\n]*", text)
    assert len(ends) == 2, text
    assert all(len(line) <= 60 for line in ends)
    assert all(line.endswith("…") for line in ends)
