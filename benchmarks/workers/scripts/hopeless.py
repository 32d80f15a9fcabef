"""Logs twenty values a second, after a while the deciding one, and prints how long SIGTERM took."""

import random
import signal
import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
arguments = parser.parse_args()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
writer = ExperimentLogger(arguments.logdir)
for step in range(random.randint(20, 40)):
    writer.add_scalar("loss", 1.0, step)
    writer.add_scalar("score", float(step), step)
    time.sleep(random.uniform(0.04, 0.06))
written_at = time.time()
writer.add_scalar("score", -1.0, 1000)
if signal.sigtimedwait({signal.SIGTERM}, 10.0):
    print(f"signal after {time.time() - written_at:.6f}", flush=True)
