"""Prints its attempt and the paths of earlier logs. The first attempt waits for a file."""

import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--until")
parser.add_argument("--x", type=float)
config, _ = parser.parse_known_args()
attempt = os.environ["ML_TRACKING_OPS_ATTEMPT"]
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalar("Accuracy", config.x, 0)
    print(attempt, os.environ["ML_TRACKING_OPS_PREVIOUS_RUN_FILES"], flush=True)
    while attempt == "1" and not Path(config.until).exists():
        time.sleep(0.005)
sys.exit(0)
