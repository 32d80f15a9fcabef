"""Logs NaN and infinity, then a number."""

import math
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    for step, value in enumerate((math.nan, math.inf, 0.25, math.nan)):
        writer.add_scalar("Accuracy", value, step)
