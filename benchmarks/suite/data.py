"""Data sets that several figures read. They are written once and kept."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml_tracking_ops.logger import read_log

from .logs import METRICS, write_experiments, write_log
from .peers import python_of, run_worker
from .scratch import FOLDER


def experiments(n_runs: int, n_steps: int) -> Path:
    """Return a log folder with this number of experiments and of steps, with five metrics each."""
    name = f"{n_runs}-experiments-of-{n_steps}"
    return _kept(name, lambda folder: write_experiments(folder, n_runs, n_steps))


def short_experiments(n_runs: int) -> Path:
    """Return a log folder with this number of equal experiments: 20 steps of two metrics each."""
    return _kept(f"{n_runs}-short-experiments", lambda folder: _write_alike(folder, n_runs))


def _write_alike(logdir: Path, n_runs: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "one.dat"
        write_log(path, 20, METRICS[:2])
        data = path.read_bytes()
    first = time.time() - 60 * n_runs
    for index in range(n_runs):
        name = time.strftime("%Y-%m-%d_%H-%M-%S", time.gmtime(first + 60 * index))
        (logdir / name).mkdir(parents=True)
        (logdir / name / f"{name}.dat").write_bytes(data)


def one_log(n_steps: int) -> Path:
    """Return a log folder of one experiment with this number of steps of five metrics."""
    return _kept(f"1-experiment-of-{n_steps}", lambda folder: write_experiments(folder, 1, n_steps))


def tensorboard_runs(n_runs: int, n_steps: int) -> Path:
    """Return the same runs as event files."""
    source = experiments(n_runs, n_steps)
    return _kept(f"{source.name}-tensorboard", lambda folder: _translate(source, folder))


def _translate(source: Path, folder: Path) -> None:
    rows = {path.stem: _rows(path) for path in sorted(source.glob("*/*.dat"))}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "runs.npz"
        np.savez(path, metrics=np.array(METRICS), **rows)
        run_worker(python_of("tensorboard"), "write_tensorboard", path, folder, timeout_s=600)


def _rows(path: Path) -> np.ndarray:
    """Return metric, step, wall time and value of each point, in the order of the steps."""
    log = read_log(path)
    columns = [
        np.column_stack(
            (np.full(len(log[name]), index), log[name].step, log[name].wall_time, log[name].value)
        )
        for index, name in enumerate(METRICS)
    ]
    rows = np.concatenate(columns)
    return rows[np.argsort(rows[:, 1], kind="stable")]


def _kept(name: str, write: Callable[[Path], object]) -> Path:
    folder = FOLDER / name
    if not folder.exists():
        print(f"  writing {name} …", flush=True)
        unfinished = folder.with_suffix(f".{os.getpid()}")
        try:
            write(unfinished)
            _age(unfinished)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _age(folder: Path) -> None:
    """Let files seem an hour old. What has just changed is not read ahead."""
    at = time.time() - 3600
    for path in folder.rglob("*"):
        os.utime(path, (at, at))
