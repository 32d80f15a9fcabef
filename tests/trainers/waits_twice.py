"""Logs its attempt and waits for a file named after its value, so that tests end each run alone."""

import os
import time
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--gates")
config, _ = parser.parse_known_args()
attempt = int(os.environ["ML_TRACKING_OPS_ATTEMPT"])
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalar("Accuracy", attempt / 10, 0)
    run = Path(os.environ["ML_TRACKING_OPS_RUN_FILE"]).stem.split("_")[2]
    gate = Path(config.gates) / run
    print("ready", flush=True)
    while not gate.exists():
        time.sleep(0.005)
