"""Succeeds as run 1, 2, … and fails from a number on, or is killed as if memory ran out."""

import os
import signal
import sys

from ml_tracking_ops.experiment.logger import ExperimentLogger

options = dict(arg.lstrip("-").split("=", 1) for arg in sys.argv[1:])
stem = os.environ["ML_TRACKING_OPS_RUN_FILE"].partition("_attempt")[0].removesuffix(".dat")
number = int(stem.rpartition("_")[2])
if number >= int(options.get("fails_from", "1000000")):
    sys.exit("CUDA error: no CUDA-capable device is detected")
with ExperimentLogger() as logger:
    logger.add_scalar("Accuracy", 1 / number, 1)
if float(options.get("size", 0)) > 300:
    os.kill(os.getpid(), signal.SIGKILL)
