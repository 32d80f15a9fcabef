"""Notes that it ran, and logs twenty values."""

import os
import sys

from ml_tracking_ops.experiment.logger import ExperimentLogger

notes = os.open("ran", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(notes, f"{os.environ['ML_TRACKING_OPS_RUN_FILE']}\n".encode())
with ExperimentLogger() as writer:
    for step in range(20):
        writer.add_scalar("Accuracy", step, step)
sys.exit(0)
