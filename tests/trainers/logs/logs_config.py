"""Logs more settings than the hyperparameters, like Hydra's resolved configuration."""

from argparse import ArgumentParser

from ml_tracking_ops.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
config = parser.parse_args()

settings = {
    "x": config.x,
    "optimizer": {"name": "sgd" if config.x < 0.5 else "adam", "betas": [0.9, 0.99]},
    "n_layer": 6,
    "name": "gpt",
}
with ExperimentLogger(logdir=config.logdir, config=settings) as writer:
    writer.add_scalar("Accuracy", config.x, 1)
