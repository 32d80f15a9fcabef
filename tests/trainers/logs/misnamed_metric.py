"""Logs its metric under another name than the configuration says."""

from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    writer.add_scalars({"accuracy": 0.5, "Loss": 1.0}, 1)
