"""The supervisor that a command starts ahead of its sweep."""

import os
from pathlib import Path

import pytest
from sweeps import run_command, wait_until, write_config

from ml_tracking_ops.orchestrator.executors.local import supervisor_process
from ml_tracking_ops.orchestrator.supervision.process_table import find_marked


def test_supervisor_that_was_started_ahead_is_taken_once() -> None:
    supervisor_process.start_supervisor_ahead()
    (ahead,) = supervisor_process._ahead
    first, second = supervisor_process.take_supervisor(), supervisor_process.take_supervisor()
    assert first is ahead
    assert second.program.pid != first.program.pid
    for one in (first, second):
        one.socket.close()
        assert one.program.wait(60) == 0


def test_discarded_supervisor_ends() -> None:
    supervisor_process.start_supervisor_ahead()
    (ahead,) = supervisor_process._ahead
    supervisor_process.discard_supervisor()
    assert ahead.program.wait(60) == 0
    assert supervisor_process._ahead == []


@pytest.mark.parametrize("changes", [{"max_runs": 0}, {"executor": {"type": "slurm"}}])
def test_command_that_cannot_start_a_sweep_leaves_no_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    mark = f"MARK_OF_TEST={os.getpid()}.{tmp_path.name}"
    monkeypatch.setenv(*mark.split("="))
    write_config(tmp_path, "short.py", **changes)
    assert run_command("sweep", folder=tmp_path).returncode == 2
    wait_until(lambda: not find_marked(mark), "the supervisor has ended")
