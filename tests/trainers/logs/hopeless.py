"""Logs a metric that never improves, until it is stopped."""

import signal
import sys
import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--value", type=float, default=0.5)
config, _ = parser.parse_known_args()


def terminated(number: int, frame: object) -> None:
    print(f"terminated at {time.time()}", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, terminated)
writer = ExperimentLogger(logdir=config.logdir)
for step in range(100_000):
    writer.add_scalar("Accuracy", config.value, step)
    time.sleep(0.02)
