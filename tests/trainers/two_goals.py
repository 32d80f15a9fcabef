"""Logs an accuracy that grows with `x`, a latency that grows faster, and memory."""

import os
import time

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(x=0.5, y=0.5)
with ExperimentLogger() as writer:
    for step in range(1, 6):
        writer.add_scalar("accuracy", hp.x * step / 5, step)
        writer.add_scalar("latency_ms", 1 + 10 * hp.x**2 + hp.y, step)
        time.sleep(float(os.environ.get("STEP_S", "0")))
    writer.add_scalar("memory/gb", 30 * hp.y, 5)
