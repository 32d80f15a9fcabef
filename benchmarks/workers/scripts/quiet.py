"""A training script that logs one value and then nothing until it is stopped."""

import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x")
writer = ExperimentLogger(parser.parse_args().logdir)
writer.add_scalar("score", 1.0, 0)
time.sleep(3600)
