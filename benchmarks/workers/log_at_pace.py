"""Runs that log at a steady rate, all in one process.

Usage: log_at_pace.py LOGDIR N_RUNS N_METRICS VALUES_A_SECOND SECONDS

VALUES_A_SECOND counts for each metric of each run. The folder of a run has its number as name. It
prints "ready", and starts when a line arrives on stdin.
"""

import os
import sys
import time
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger


def main() -> None:
    logdir, n_runs, n_metrics = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    pace, seconds = float(sys.argv[4]), float(sys.argv[5])
    loggers = [open_logger(logdir / f"run_{index:03d}") for index in range(n_runs)]
    names = [f"metric {index}" for index in range(n_metrics)]
    for logger in loggers:
        for name in names:
            logger.add_scalar(name, 0.5, 0)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    n_rounds = int(pace * seconds)
    for step in range(1, n_rounds + 1):
        for index, logger in enumerate(loggers):
            due = began + (step - 1 + index / n_runs) / pace
            ahead_s = due - time.monotonic()
            if ahead_s > 0.0002:
                time.sleep(ahead_s)
            for name in names:
                logger.add_scalar(name, step / n_rounds, step)
    for logger in loggers:
        logger.close()


def open_logger(folder: Path) -> ExperimentLogger:
    folder.mkdir(parents=True)
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(folder / f"{folder.name}.dat")
    return ExperimentLogger()


main()
