"""A training script that takes one second and logs one value."""

import time

from ml_tracking_ops.experiment.logger import ExperimentLogger

with ExperimentLogger() as writer:
    time.sleep(1)
    writer.add_scalar("score", 1.0, 1)
