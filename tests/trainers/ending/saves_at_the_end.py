"""Logs 0.95, waits for a file, and says that it has saved its model."""

import sys
import time
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

until = next(arg.partition("=")[2] for arg in sys.argv if arg.startswith("--until="))
with ExperimentLogger() as logger:
    logger.add_scalar("Accuracy", 0.95, 1)
    while not Path(until).exists():
        time.sleep(0.005)
print("model saved")
