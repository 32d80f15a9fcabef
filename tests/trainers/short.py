"""Writes when it began and ended, to count how many run at once."""

import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
parser.add_argument("--c")
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalar("Accuracy", config.x, 1)
    time.sleep(0.1)
