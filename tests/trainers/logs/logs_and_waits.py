"""Logs a value and its settings, prints `ready`, starts a child, and waits until it is ended."""

import subprocess
import sys
import time

from ml_tracking_ops.experiment.logger import ExperimentLogger

writer = ExperimentLogger("elsewhere", config={"model": {"depth": 3}})
writer.add_scalar("Loss", 0.5, 1)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ready", child.pid, flush=True)
while True:
    time.sleep(0.05)
