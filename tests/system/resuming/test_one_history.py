"""A run that was tried again and continued from its checkpoint has one history."""

import json
from pathlib import Path

import pytest
from pages import Client, text_of
from sweeps import choice

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.logger.reading.attempts import earlier_logs
from ml_tracking_ops.logger.reading.reader import read_run_log
from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.cli.main import main

CONTINUES = """
import json, os, sys, time
from pathlib import Path
from ml_tracking_ops.experiment.logger import ExperimentLogger
writer = ExperimentLogger()
run_file = Path(os.environ["ML_TRACKING_OPS_RUN_FILE"])
start = 0
for earlier in reversed(json.loads(os.environ["ML_TRACKING_OPS_PREVIOUS_RUN_FILES"])):
    if (checkpoint := Path(earlier).with_suffix(".ckpt")).exists():
        start = int(checkpoint.read_text())
        break
for step in range(start, 20):
    writer.add_scalar("Accuracy", 0.95 - abs(step - 5) * 0.01, step)
    if step % 4 == 0:
        run_file.with_suffix(".ckpt").write_text(str(step))
    if step == 10 and os.environ["ML_TRACKING_OPS_ATTEMPT"] == "1":
        sys.exit(3)
if os.environ.get("WAITS"):
    time.sleep(60)  # for the rule that stops it
"""

RESTARTS = """
import os, sys
from ml_tracking_ops.experiment.logger import ExperimentLogger
writer = ExperimentLogger()
attempt = int(os.environ["ML_TRACKING_OPS_ATTEMPT"])
for step in range(4):
    writer.add_scalar("Accuracy", 0.9 if attempt == 1 else 0.1 * step, step)
sys.exit(3 if attempt == 1 else 0)
"""

OTHER_METRICS = """
import os, sys
from ml_tracking_ops.experiment.logger import ExperimentLogger
writer = ExperimentLogger()
attempt = os.environ["ML_TRACKING_OPS_ATTEMPT"]
writer.add_scalar("warmup" if attempt == "1" else "Accuracy", 0.5, 0)
sys.exit(3 if attempt == "1" else 0)
"""


def sweep(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch, **changes: object) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(script)
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"lr": choice(0.1)},
        "max_runs": 1,
        "early_stopping": False,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        "retries": 1,
        "retry_backoff_s": 0,
        **changes,
    }
    Path("experiment_cfg.json").write_text(json.dumps(config))
    return run_sweep("experiment_cfg.json", logdir="runs", workers=1).folder


def test_run_that_continued_has_one_curve_and_one_best_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sweep(tmp_path, CONTINUES, monkeypatch)
    (second,) = folder.glob("*_attempt2.dat")
    (first,) = earlier_logs(second)
    assert read_log(first)["Accuracy"].step.tolist() == list(range(11))
    log = read_run_log(second)
    assert log["Accuracy"].step.tolist() == list(range(20))
    abandoned = log.abandoned("Accuracy")
    assert abandoned is not None
    assert abandoned.step.tolist() == [8, 9, 10]
    capsys.readouterr()
    main(["show", str(folder), "--json"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["best_value"], run["best_step"]) == (0.95, 5)
    main(["export", str(second)])
    assert len(capsys.readouterr().out.splitlines()) == 21
    points = Client(folder.parent).get(f"/api/points?run={folder.name}/{second.stem}")
    assert points.status_code == 200


def test_run_that_began_again_has_the_history_of_its_last_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sweep(tmp_path, RESTARTS, monkeypatch)
    capsys.readouterr()
    main(["show", str(folder), "--json"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["best_value"] == pytest.approx(0.3)


def test_rules_know_what_earlier_attempts_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the first attempt the second one would improve until its end."""
    rule = {"early_stopping": True, "early_stopping_patience": 6}
    folder = sweep(tmp_path, CONTINUES, monkeypatch, **rule, environment={"WAITS": "1"})
    capsys.readouterr()
    main(["show", str(folder), "--json"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["state"] == "early_stopped"
    assert run["best_value"] == 0.95


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-01-01_10-00-02_0001_attempt3.dat", ["_0001.dat", "_0001_attempt2.dat"]),
        ("2026-01-01_10-00-01_0001_attempt2.dat", ["_0001.dat"]),
        ("2026-01-01_10-00-00_0001.dat", []),
        ("experiment.dat", []),
    ],
)
def test_earlier_attempts_are_recognised_by_name(
    tmp_path: Path, name: str, expected: list[str]
) -> None:
    for second, stem in enumerate(("0001", "0001_attempt2", "0001_attempt3", "0002")):
        (tmp_path / f"2026-01-01_10-00-0{second}_{stem}.dat").touch()
    found = [Path(path).name.partition("10-00-")[2][2:] for path in earlier_logs(tmp_path / name)]
    assert found == expected


def test_every_attempt_has_its_own_page_with_log_and_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = CONTINUES + "print('the end of attempt', os.environ['ML_TRACKING_OPS_ATTEMPT'])\n"
    folder = sweep(tmp_path, script.replace("sys.exit(3)", "sys.exit('no memory')"), monkeypatch)
    (second,) = folder.glob("*_attempt2.dat")
    (first,) = earlier_logs(second)
    client = Client(folder.parent)
    latest = client.get(f"/runs/{folder.name}/{second.stem}").text
    earlier = client.get(f"/runs/{folder.name}/{Path(first).stem}").text
    assert f'href="/runs/{folder.name}/{Path(first).stem}"' in latest
    assert f'href="/runs/{folder.name}/{second.stem}"' in earlier
    assert "the end of attempt 2" in latest
    assert "the end of attempt 2" not in earlier
    assert "no memory" in earlier
    assert "exit code 1" in text_of(earlier)


def test_attempts_that_log_different_metrics_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep(tmp_path, OTHER_METRICS, monkeypatch)
    (second,) = folder.glob("*_attempt2.dat")
    log = read_run_log(second)
    assert list(log) == ["warmup", "Accuracy"]
    assert [log.abandoned(name) for name in log] == [None, None]
    client = Client(folder.parent)
    for address in ("/sweeps", f"/sweeps/{folder.name}", f"/runs/{folder.name}/{second.stem}"):
        assert client.get(address).status_code == 200
    points = client.get(f"/api/points?run={folder.name}/{second.stem}")
    assert points.status_code == 200
