"""Logs `--value`, then runs until it is stopped."""

import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--value", type=float)
config, _ = parser.parse_known_args()
ExperimentLogger(logdir=config.logdir).add_scalar("Accuracy", config.value, 1)
while True:
    time.sleep(60)
