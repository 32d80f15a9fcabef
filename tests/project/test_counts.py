"""What the benchmarks time, counted: bytes, reads and writes do not depend on the machine.

Counted elsewhere: a value's system call and bytes (test_logged_values.py), what a tail reads
(test_tails.py), that an update is encoded once for all pages (test_events.py).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.records import RECORD_SIZE
from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.executors.local import gpus
from ml_tracking_ops.orchestrator.supervision import process_table
from ml_tracking_ops.web.live.file_topics import RunTopic
from ml_tracking_ops.web.series.store import SeriesStore

METRICS = ("loss/train", "loss/validation", "accuracy", "learning rate", "gradient norm")


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "2026-11-23_10-15-02.dat"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    return path


def log_steps(logger: ExperimentLogger, steps: range) -> None:
    for step in steps:
        logger.add_scalars(dict.fromkeys(METRICS, step / 3), step)


def test_event_pushes_at_most_three_times_the_records(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        log_steps(logger, range(10))
        topic = RunTopic("2026-11-23_10-15-02", run_file)
        log_steps(logger, range(10_000, 10_001))
        (update,) = topic.look().updates
        assert len(update.frame) <= 3 * RECORD_SIZE * len(METRICS)


def test_live_stream_reads_each_record_once(run_file: Path, read_sizes: list[int]) -> None:
    with ExperimentLogger() as logger:
        log_steps(logger, range(1))
        topic = RunTopic("run", run_file)
        log_steps(logger, range(1, 2))
        (update,) = topic.look().updates  # this once it looks for the names before its start
        topic.place = update.end
        read_sizes.clear()
        for start in range(2, 1_002, 50):
            log_steps(logger, range(start, start + 50))
            (update,) = topic.look().updates
            topic.place = update.end
    n_looks = 1_000 // 50
    assert sum(read_sizes) == (1_000 * len(METRICS) + n_looks) * RECORD_SIZE  # the header each time


def test_series_of_an_unchanged_log_are_read_once(run_file: Path, read_sizes: list[int]) -> None:
    with ExperimentLogger() as logger:
        log_steps(logger, range(1_000))
    store = SeriesStore()
    store.overview(run_file)
    n_bytes = sum(read_sizes)
    assert n_bytes <= run_file.stat().st_size + 2 * RECORD_SIZE
    for _ in range(5):
        store.overview(run_file)
        store.all_points(run_file)
    assert sum(read_sizes) == n_bytes


def test_a_sweep_whose_runs_log_nothing_loads_no_numpy(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1, 2]}},
        "max_runs": 2,
        "early_stopping": False,
    }
    program = (
        "import sys; from ml_tracking_ops.orchestrator import run_sweep; "
        f"print(run_sweep({config}).state, 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "finished False\n"


def test_the_command_loads_no_numpy_either(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1, 2]}},
        "max_runs": 2,
        "early_stopping": False,
    }
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    program = (
        "import sys; from ml_tracking_ops.orchestrator.cli.main import main; "
        "code = main(['sweep']); print(code, 'numpy' in sys.modules, 'pynvml' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    has_driver = gpus.has_nvidia_driver()
    assert done.stdout.splitlines()[-1] == f"0 False {has_driver}"


def test_the_command_loads_nothing_that_its_first_run_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1, 2]}},
        "max_runs": 2,
        "early_stopping": False,
    }
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    rooms = [
        *("logger.writing", "logger.media", "logger.system_metrics", "logger.reading.reader"),
        *("orchestrator.executors.ray", "orchestrator.executors.slurm", "orchestrator.verdict"),
        *("orchestrator.store.catalog", "orchestrator.output.parser", "orchestrator.functions"),
        *("orchestrator.search.warm_start", "orchestrator.config.json_mistakes", "web"),
    ]
    program = (
        "import sys; from ml_tracking_ops.orchestrator.cli.main import main; "
        "code = main(['sweep']); print(code, *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    code, *loaded = done.stdout.splitlines()[-1].split()
    needless = [f"ml_tracking_ops.{room}" for room in rooms]
    assert code == "0"
    assert [name for name in loaded if name.startswith(tuple(needless))] == []


def test_a_run_costs_three_writes_of_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text("")
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "choice", "candidates": [1, 2, 3, 4]}},
        "max_runs": 4,
        "early_stopping": False,
    }
    monkeypatch.chdir(tmp_path)
    n_writes = 0
    write = os.write

    def counted_write(fd: int, data: bytes) -> int:
        nonlocal n_writes
        n_writes += os.readlink(f"/proc/self/fd/{fd}").endswith("journal.jsonl")
        return write(fd, data)

    monkeypatch.setattr(os, "write", counted_write)
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2, seed=1)
    monkeypatch.undo()
    assert result.state == "finished"
    assert n_writes == 3 * 4 + 2


def test_the_supervisor_looks_at_its_own_children_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read_paths: list[str] = []
    read = process_table._read

    def counted_read(path: str) -> bytes:
        read_paths.append(path)
        return read(path)

    monkeypatch.setattr(process_table, "_read", counted_read)
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in process_table.living_children()
        child.kill()
    assert f"/proc/{child.pid}/stat" in read_paths
    assert "/proc/1/stat" not in read_paths
