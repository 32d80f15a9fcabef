"""Runs until a file appears: tests decide how long a run lasts."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--until")
parser.add_argument("--exit_code", type=int, default=0)
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalar("Accuracy", 1.0, 0)
    print("ready", flush=True)
    while not Path(config.until).exists():
        time.sleep(0.005)
sys.exit(config.exit_code)
