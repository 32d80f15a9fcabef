"""Logs that nobody writes any more."""

import os
from pathlib import Path

from ml_tracking_ops.logger import ExperimentLogger

LONG_AGO = 1_700_000_000


def write_settled_log(logdir: Path, name: str, modified_at: float = LONG_AGO) -> Path:
    """Write an experiment of a hundred steps that was last modified at this time."""
    path = logdir / name / f"{name}.dat"
    path.parent.mkdir(parents=True)
    with ExperimentLogger.at(path) as logger:
        for step in range(100):
            logger.add_scalar("loss", step, step)
    os.utime(path, (modified_at, modified_at))
    return path
