"""The seed's example, with a made-up loss instead of a model."""

import math
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir", type=str, default="runs")
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--train_steps", type=int, default=20)
config = parser.parse_args()

writer = ExperimentLogger(logdir=config.logdir)
for step in range(1, config.train_steps + 1):
    writer.add_scalar("Loss", math.exp(-step * config.learning_rate), step)
    if step % 5 == 0:
        writer.add_scalar("Accuracy", 1 - math.exp(-step * config.learning_rate), step)
print("done")
