"""A training script that logs ten values of a learning curve in half a second."""

import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
arguments = parser.parse_args()
with ExperimentLogger(arguments.logdir) as writer:
    for step in range(1, 11):
        time.sleep(0.05)
        writer.add_scalar("score", arguments.x * (1 - 0.8**step), step)
