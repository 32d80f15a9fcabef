"""Logs an accuracy that climbs for four steps, to what `x` and `y` allow, and what they cost."""

import os
import time

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(x=0.5, y=0.5, seed=0)
with ExperimentLogger() as writer:
    for step in range(1, 5):
        miss = (hp.x - 0.7) ** 2 + (hp.y - 0.2) ** 2
        writer.add_scalar("accuracy", 1 - miss - 0.1 / step, step)
        writer.add_scalar("cost", hp.x + hp.y, step)
        time.sleep(float(os.environ.get("STEP_S", "0.05")))
