"""What `list`, `show` and `export` say where the best run failed, and of home folders."""

from pathlib import Path

import pytest
from pages import finished_run, write_sweep

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.cli.main import main


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    runs = [(1, 0.5, "finished"), (2, 0.9, "failed"), (3, 0.7, "early_stopped")]
    events = [e for n, value, state in runs for e in finished_run(n, value, state=state)]
    write_sweep(tmp_path / "runs" / "s", events)
    return tmp_path / "runs"


def test_best_run_that_failed_is_named_with_the_best_of_the_others(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--logdir", str(logdir)]) == 0
    assert "0.9 (failed)" in capsys.readouterr().out
    assert main(["show", str(logdir / "s")]) == 0
    message = capsys.readouterr().out
    assert "best: run_0002 (failed)\nbest that did not fail: run_0003" in message


def test_states_are_words_in_tables_and_names_in_json(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["list", "--logdir", str(logdir)], ["show", str(logdir / "s")]):
        assert main(command) == 0
        message = capsys.readouterr().out
        assert "1 stopped early" in message
        assert "early_stopped" not in message
    assert main(["show", str(logdir / "s"), "3"]) == 0
    assert "run_0003: stopped early" in capsys.readouterr().out
    assert main(["show", str(logdir / "s"), "--json"]) == 0
    assert '"early_stopped": 1' in capsys.readouterr().out


def test_home_folder_of_export_may_be_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with ExperimentLogger("~/logs") as writer:
        writer.add_scalar("loss", 1.0, 0)
    assert main(["export", "~/logs"]) == 0
    assert Path(writer.folder).name in capsys.readouterr().out
