"""Logs values that do not improve, and a better one after SIGTERM."""

import signal
import sys
import time

from ml_tracking_ops.experiment.logger import ExperimentLogger

logger = ExperimentLogger()


def end(number: int, frame: object) -> None:
    logger.add_scalar("Accuracy", 0.9356, 7)
    logger.close()
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
for step in range(1, 7):
    logger.add_scalar("Accuracy", 0.5, step)
while True:
    time.sleep(0.01)
