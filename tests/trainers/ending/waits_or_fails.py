"""Fails if its number is even. Otherwise waits for a file before it logs anything."""

import os
import sys
import time
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

number = int(os.environ["ML_TRACKING_OPS_RUN_NAME"].rpartition("_")[2])
if number % 2 == 0:
    sys.exit("out of memory")
until = next(arg.partition("=")[2] for arg in sys.argv if arg.startswith("--until="))
while not Path(until).exists():
    time.sleep(0.005)
with ExperimentLogger() as logger:
    logger.add_scalar("Accuracy", 1.0, 1)
