"""Logs a metric that improves until a file appears, and no longer then."""

import time
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--until")
config, _ = parser.parse_known_args()
writer = ExperimentLogger(logdir=config.logdir)
print("ready", flush=True)
value = 0.0
for step in range(100_000):
    value += not Path(config.until).exists()
    writer.add_scalar("Accuracy", value, step)
    time.sleep(0.01)
