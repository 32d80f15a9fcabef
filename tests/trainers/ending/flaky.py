"""Fails until it has been started `--succeeds_at` times. Counts its starts in `--counter`."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--counter", type=Path)
parser.add_argument("--succeeds_at", type=int)
config, _ = parser.parse_known_args()
with config.counter.open("a") as file:
    file.write("x")
number = len(config.counter.read_text())
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalar("Accuracy", 0.1 * number, number)
print(f"start {number}")
sys.exit(0 if number >= config.succeeds_at else 5)
