"""Saves a checkpoint in its run folder. Fails at the first attempt, continues at the second."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir", default="runs")
parser.add_argument("--out")
parser.add_argument("--x", type=float)
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    checkpoint = Path(writer.run_dir, "checkpoints", "model.txt")
    is_first = not checkpoint.exists()
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.write_text("first" if is_first else checkpoint.read_text() + " second")
    assert config.out in (None, writer.run_dir)
    assert os.environ["ML_TRACKING_OPS_RUN_DIR"] == writer.run_dir
    writer.add_scalar("Accuracy", config.x, 0)
    if is_first:
        sys.exit(1)
